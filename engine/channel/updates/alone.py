"""Phrases that have to stand ``by itself``: what they mean is lost beside another one that trades."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from engine.domain import REPORTS

if TYPE_CHECKING:
    from engine.channel.updates.talk import Talk

_SAYS = REPORTS | {"context"}  # what does not trade
_SENTENCE = re.compile(r"[.;!…\n](?!\d)")  # behind it another sentence begins
_SENTENCE_OR_COMMA = re.compile(rf"{_SENTENCE.pattern}|,(?!\d)")
_GAP = re.compile(r"\W*+")


def crowded(talk: Talk) -> tuple[int, int] | None:
    """The first phrase, half-open offsets, that has to stand by itself and does not; None where there is none.

    In the sentence of one that trades it may name what something is done to (``cancel TP3``), or a condition
    (``TP1 - close half``, ``close half, TP1``). With a comma behind it it is a sentence: ``TP1, close half``. One that
    trades itself (``TP2: 110``) is understood in an answer: where the message names a coin or a side, it may be a call
    of its own.
    """
    phrases = [(one, one.layout) for one in talk.spoken if one.layout]
    trading = [(one, layout) for one, layout in phrases if not _SAYS.issuperset(layout.kinds)]
    named = any(mark.field in ("symbol", "side") for one in talk.spoken for mark, _, _ in one.found)
    for one, layout in phrases:
        if not layout.alone:
            continue
        if named and (one, layout) in trading:
            return one.start, one.end
        for other, others in trading:
            if others is layout:
                continue
            first, last = sorted((one, other), key=lambda phrase: phrase.start)
            ends = _SENTENCE_OR_COMMA if first is one else _SENTENCE
            gap = _GAP.match(talk.working, first.end)
            begins = max(last.start, gap.end() if gap else first.end)  # a phrase takes the signs before it
            if not ends.search(talk.working, first.end, begins):
                return one.start, one.end
    return None

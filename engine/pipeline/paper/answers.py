"""What the account answered to a call: each rule that was asked in its order, and the account itself."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from engine.domain import RuleNote
from engine.risk.book import NO_CALL

if TYPE_CHECKING:
    from engine.paper.call import PaperCall
    from engine.pipeline.paper.desk import Loaded

SILENT = "nothing to say"
NOT_ASKED = "not asked any more"


def answer_lines(call: PaperCall, loaded: Loaded | None) -> Iterator[str]:
    """Who was asked about a call and what was said.

    ``loaded`` has the rules as they were then; without it (None) only those that spoke are known.
    """
    paused = next((note for note in call.notes if note.seen == "halted"), None)
    if paused is not None:
        yield f"answer: refused, {paused.text}{_at(paused.where)}; no rule was asked"
        return
    spoke = {(note.rule, note.where): note for note in call.notes}
    lines = []
    if loaded is None:
        lines = [f"  {note.rule} ({note.where}): {note.text}" for note in call.notes]
        lines.append("  the rules were changed since then: those that said nothing are not known")
    else:
        asked = replace(NO_CALL, channel=call.plan.channel, symbol=call.plan.symbol, side=call.plan.side)
        own = {(rule.name, rule.where) for rule in loaded.rules.rules}
        ending = call.notes[-1] if call.refused and call.notes else None
        over = False
        for rule in loaded.rules.rules:
            if not rule.only.covers(asked):
                continue
            note = spoke.get((rule.name, rule.where))
            lines.append(f"  {rule.name} ({rule.where}): {NOT_ASKED if over else note.text if note else SILENT}")
            over |= note is not None and note is ending
        lines += [_own(note) for key, note in spoke.items() if key not in own]
    yield "rules, in the order in which they are asked:" if lines else "rules: the strategy names none"
    yield from lines
    yield f"answer: {'refused' if call.refused else 'taken'}"


def _own(note: RuleNote) -> str:
    """The account's own word, which is no rule of a file: its size, its margin, the exchange's smallest order."""
    return f"  the account's {note.rule}: {note.text} ({note.seen}, limit {note.limit})"


def _at(where: str) -> str:
    return f" ({where})" if where else ""

"""Find the coin and the side of a call that a form reads.

The coin is a pair (BTC/USDT), a tag (#BTC, $BTC), the word behind a label (Coin:), or a ticker beside the side. It
stands above the levels or in their first line. The side is a word for long or short in a line of the call; where there
is none, the label of the entry (Buy zone) says it, or a sign; where nothing does, the order of the levels may.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence, Set
from dataclasses import dataclass, field
from itertools import pairwise

from engine.channel.form.claims import Claims, Lines
from engine.channel.form.form import Form
from engine.channel.form.scan import Token
from engine.channel.text.vocabulary import DENSE_CHARACTER
from engine.domain import Refusal

PROSE_WORDS = 6  # a line of so many words without a value is talk
MOST_LETTERS = 12  # of a ticker
_ENDS = frozenset({"target", "stop", "number"})  # of the part of a line that may name the coin
_SIDES = frozenset({"long", "short", "entry long", "entry short"})
_NEVER_COINS = _SIDES | {"entry", "target", "stop", "leverage", "no coin"}


@dataclass(slots=True)
class Head:
    """The coin and the side with their tokens, ``says`` being long, short or "", and the lines they were taken from."""

    symbol: Token | None = None
    side: Token | None = None
    says: str = ""
    lines: set[int] = field(default_factory=set)
    refusal: Refusal | None = None


def find_head(form: Form, lines: Lines, claims: Claims, spelled: Callable[[int, int], str]) -> Head:
    """The headline of a message. ``spelled`` gives the original characters of a range."""
    head = Head()
    tokens = lines.tokens
    levels_at = min(number.token.line for number in claims.numbers)  # below it stands no headline
    above = Lines([token for token in tokens if token.line <= levels_at])
    symbol = _symbol(form, above, lines, spelled)
    if isinstance(symbol, Refusal) or symbol is None:
        head.refusal = symbol or Refusal("no-symbol", f'form "{form.name}" found no coin')
        return head
    head.symbol = symbol
    head.lines.add(symbol.line)
    _find_side(head, tokens, claims)
    return head


# ------------------------------------------------------------------ the coin


def _symbol(form: Form, above: Lines, lines: Lines, spelled: Callable[[int, int], str]) -> Token | Refusal | None:
    """The coin, the most certain way of saying it first; only a label or a pair names it below the levels too."""
    sided = {token.line for token in above.tokens if token.kind in _SIDES}
    for group in (
        _labelled(above),
        [token for token in above.tokens if token.kind == "pair"],
        [token for token in above.tokens if token.kind == "tag" and _may_be_coin(form, token, sided)],
        [token for token in above.tokens if token.kind == "alias"],
        _beside_side(form, above, sided, spelled),
        [t for t in above.tokens if t.kind in ("coin", "ticker") and spelled(t.start, t.end).isupper()],
        _labelled(lines),
        [token for token in lines.tokens if token.kind == "pair"],
    ):
        names: dict[str | None, Token] = {}
        known = [token for token in group if token.kind in ("coin", "ticker")]
        for token in known or group:  # a known ticker is more than a word in capitals
            names.setdefault(form.fields.symbol(token.text, "USDT"), token)
        if len(names) > 1:
            first, second = list(names.values())[:2]
            return Refusal("symbol", f'two coins: "{first.text}" and "{second.text}"', second.start)
        if names:
            return next(iter(names.values()))
    return None


def _may_be_coin(form: Form, tag: Token, sided: Set[int]) -> bool:
    """Whether a tag is a coin: it means nothing else, and one of a single letter stands beside the side.

    ``sided`` are the lines that say long or short.
    """
    return (len(tag.text) > 1 or tag.line in sided) and form.means(tag.text) not in _NEVER_COINS


def _is_no_coin(form: Form, name: str) -> bool:
    """Whether a name has another meaning in the form."""
    return form.means(name) not in ("", "coin", "ticker", "alias")


def is_coin(form: Form, token: Token, spelled: Callable[[int, int], str]) -> bool:
    """Whether a token names a coin: a pair, a tag, another name, or a ticker."""
    if token.kind == "tag":
        return form.means(token.text) not in _NEVER_COINS
    return token.kind in ("pair", "alias") or _is_ticker(form, token, spelled)


def _is_ticker(form: Form, token: Token, spelled: Callable[[int, int], str]) -> bool:
    """Whether a word is a known ticker, or one in capitals without another meaning."""
    if token.kind == "coin":
        return True
    if token.kind == "ticker":
        return spelled(token.start, token.end).isupper()
    if token.kind != "word" or not token.text.isascii() or not 2 <= len(token.text) <= MOST_LETTERS:
        return False
    return spelled(token.start, token.end).isupper() and not _is_no_coin(form, token.text)


def _labelled(lines: Lines) -> list[Token]:
    """What stands behind a label such as ``Coin:``."""
    found = []
    for line in lines.by_number.values():
        pair = next((token for token in line if token.kind == "pair"), None)
        for label, behind in pairwise(line):
            if label.kind == "symbol":
                word = behind.kind == "word" and behind.text.isascii() and len(behind.text) <= MOST_LETTERS
                if pair or word or behind.kind in ("tag", "alias", "coin"):
                    found.append(pair or behind)
    return found


def _beside_side(form: Form, lines: Lines, sided: Set[int], spelled: Callable[[int, int], str]) -> list[Token]:
    """A ticker in capitals, or a known one in any letters, in the line that says long or short, or alone on the first.

    Where several stand in one line, none is certain.
    """
    found: list[Token] = []
    for number, line in lines.by_number.items():
        ends = next((at for at, token in enumerate(line) if token.kind in _ENDS), len(line))
        words = [t for t in line[:ends] if t.kind in ("word", "coin", "ticker") and not DENSE_CHARACTER.match(t.text)]
        coins = [token for token in words if _is_ticker(form, token, spelled)]
        if number in sided and len(words) > PROSE_WORDS:
            coins = [token for token in coins if token.kind in ("coin", "ticker")]
        if coins and (number in sided or (number == lines.tokens[0].line and len(words) == 1)):
            found += coins
    return found


# ------------------------------------------------------------------ the side


def _find_side(head: Head, tokens: Sequence[Token], claims: Claims) -> None:
    """Words first, then what the entry's label says, then signs. Two words that differ refuse the message."""
    talk = _talk(tokens, head)
    priced = {number.field for number in claims.numbers}
    for says in (("long", "short"), ("entry long", "entry short"), ("long sign", "short sign")):
        stated = [token for token in tokens if token.kind in says and token.line not in talk]
        if says[0].startswith("entry"):
            stated = [token for token in stated if token.kind in priced or token.line in head.lines]
        if says[0].startswith("entry") and claims.of("entry", "entry add") and not claims.of("target"):
            return  # an entry with a label of its own: what is sold or bought is the target
        if says[0].startswith("entry") and not claims.of("target"):
            stated = stated[:1]  # bought here, sold there: the other verb is the target
        sides = {"long" if token.kind == says[0] else "short" for token in stated}
        if len(sides) > 1 and says[0] == "long":
            head.refusal = Refusal("side", "says both long and short", stated[-1].start)
            return
        if len(sides) == 1:
            head.side, head.says = stated[0], sides.pop()
            head.lines |= {token.line for token in stated}
            return
        if sides:
            return


def _talk(tokens: Sequence[Token], head: Head) -> set[int]:
    """The lines of talk: many words, and no coin, label or price."""
    words: dict[int, int] = {}
    busy = set(head.lines)
    for token in tokens:
        if token.kind == "word":
            words[token.line] = words.get(token.line, 0) + 1
        elif token.kind in ("entry", "target", "stop", "number", "side", "market"):
            busy.add(token.line)
    return {line for line, count in words.items() if count >= PROSE_WORDS and line not in busy}

"""What the marked values of a message mean, collected by field, before they make a setup or an action."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Literal, TypeVar

from engine.channel.layout.pattern import Found
from engine.channel.prepared import Prepared
from engine.channel.profile import Profile
from engine.channel.syntax.tree import Mark
from engine.channel.text.fields import Fields
from engine.channel.text.fold import INDEX, index_number
from engine.domain import Distance, Refusal, Side, Target, Value

T = TypeVar("T")
ENTRIES = frozenset({"entry", "entry market", "entry above", "entry below"})
LARGEST_LEVERAGE = 500
_value = lru_cache(4096)(Value)  # a channel writes the same words at the same places again and again
Fault = tuple[str, str]  # a refusal's code, and what is wrong with the value


@dataclass(slots=True)
class Read:
    """Values by meaning, as they are met.

    ``ranges`` counts the entries that were two bounds. Where the market and the limits come from different marks, a
    price beside "now" is an order of its own. ``breakout`` is the side that a breakout
    entry says. ``entry_shares`` has one place for each order, the market leg's first, None where no share stands.
    ``part``: a share was named without a number ("close some").
    """

    symbols: set[str] = field(default_factory=set)
    sides: tuple[Side, ...] = ()
    entries: list[float] = field(default_factory=list)
    entry_shares: list[float | None] = field(default_factory=list)
    ranges: int = 0
    market: bool = False
    reference: float | None = None
    breakout: Side | None = None
    targets: list[Target] = field(default_factory=list)
    stops: set[float | Distance | Literal["breakeven"]] = field(default_factory=set)
    hard: float | None = None
    close_ms: int | None = None
    leverage: tuple[float, float | None] | None = None
    shares: list[float] = field(default_factory=list)
    part: bool = False
    refs: set[str] = field(default_factory=set)
    numbers: list[int] = field(default_factory=list)
    values: list[Value] = field(default_factory=list)
    last: str = ""  # the field met last: a share belongs to it
    market_marks: tuple[Mark, ...] = ()
    limit_marks: tuple[Mark, ...] = ()

    @property
    def several(self) -> str:
        """The first of symbol, side, stop and id that has two different values; "" when none has."""
        if len(self.symbols) > 1:
            return "symbol"
        if len(self.sides) > 1:
            return "side"
        if len(self.stops) > 1:
            return "stop"
        return "id" if len(self.refs) > 1 else ""

    @property
    def market_apart(self) -> bool:
        """Whether no mark read both the market and a price."""
        return not any(mark in self.limit_marks for mark in self.market_marks)


def read_values(
    profile: Profile, fields: Fields, found: Sequence[Found], working: str, prepared: Prepared
) -> Read | Refusal:
    """Collect the values that a layout found, or say which of them cannot be.

    ``found`` counts in ``working``, the folded text with what is ignored blanked.
    """
    read = Read()
    folded, text = prepared.folded, prepared.original
    for mark, start, end in found:
        name = mark.field
        if name != "any":
            begin, stop = folded.original(start, end)
            value = _value(name, text[begin:stop], begin, stop)
            piece = working[start:end]
            if name == "number" and piece == INDEX:
                piece = str(index_number(text, begin) or "")
            if fault := take(read, mark, piece, profile, fields):
                code, why = fault
                return Refusal(code, f'"{value.text}" {why}', begin)
            read.values.append(value)
    return read


def take(read: Read, mark: Mark, text: str, profile: Profile, fields: Fields) -> Fault | None:
    """Add one value, ``text`` being its folded text; the fault when it cannot be read."""
    name = mark.field
    if name == "target":
        return _take_target(read, mark, text, profile, fields)
    if name == "side":
        side = fields.side(text)
        if side is None:
            return "side", "says both long and short"
        read.sides = _with(read.sides, side)
    elif name == "symbol":
        symbol = fields.symbol(text, profile.settings.quote)
        if symbol is None:
            return "no-quote", "names no quote currency"
        read.symbols.add(symbol)
    elif name == "stop":
        price = fields.notation.parse(text)
        stop = fields.stop(text, profile.settings.distance_from) if price is None else price
        if stop is None:
            return _no_number(fields)
        read.stops.add(stop)
    elif name in ENTRIES:
        return _take_entry(read, mark, text, profile, fields)
    elif name == "share":
        return _take_share(read, text, fields)
    elif name == "leverage":
        read.leverage = read.leverage or fields.leverage(text)
        if not 0 < read.leverage[0] <= LARGEST_LEVERAGE:
            return "leverage", "is no leverage"
    elif name == "id":
        read.refs.add(text.lstrip("#").upper())
    elif name == "number":
        number = fields.number(text)
        if number is None:
            return "number", "is no number of a target or an entry"
        read.numbers.append(number)
    elif name == "stop when":
        read.close_ms = fields.timeframe(text)
        if read.close_ms is None:
            return "stop", "is no length of a candle"
    elif name == "stop hard":
        prices = fields.prices(text)
        if prices is None:
            return _no_number(fields)
        read.hard = prices[0]
    return None


def _take_target(read: Read, mark: Mark, text: str, profile: Profile, fields: Fields) -> Fault | None:
    """Add targets: prices, distances, or an open one."""
    price = fields.notation.parse(text)
    if price is not None:  # nearly always
        read.targets.append(Target(price))
    else:
        targets = fields.targets(text, mark.sample, profile.settings.distance_from)
        if targets is None:
            return _no_number(fields)
        read.targets += targets
    read.last = "target"
    return None


def _take_entry(read: Read, mark: Mark, text: str, profile: Profile, fields: Fields) -> Fault | None:
    """Add an entry: at the market, with or without its price, at a limit, in a range, or a breakout."""
    prices = fields.prices(text, mark.field == "entry" and profile.settings.whole_range_ends)
    if prices is None:
        return _no_number(fields)
    if mark.field in ("entry above", "entry below"):
        read.breakout = Side.LONG if mark.field == "entry above" else Side.SHORT
    at_market = mark.field == "entry market" or not (text[0].isdigit() or text[0] == ".")
    if at_market:
        if not read.market:
            read.entry_shares.insert(0, None)
        read.market = True
        read.market_marks = _with(read.market_marks, mark)
        read.reference = prices[0] if prices else read.reference
    else:
        read.entries += prices
        read.ranges += len(prices) == 2
        read.entry_shares += [None] * len(prices)
        read.limit_marks = _with(read.limit_marks, mark)
    read.last = "entry"
    return None


def _take_share(read: Read, text: str, fields: Fields) -> Fault | None:
    """A share belongs to the entry or the target before it."""
    share = fields.share(text)
    if share is None and text in fields.words.words("part"):
        read.part = True
        return None
    if share is None or not 0 < share <= 1:
        return "share", "is no share of a position"
    if read.last == "target" and read.targets[-1].share is None:
        read.targets[-1] = replace(read.targets[-1], share=share)
    elif read.last == "entry" and read.entry_shares[-1] is None:
        read.entry_shares[-1] = share
    else:
        read.shares.append(share)
    return None


def _with(several: tuple[T, ...], one: T) -> tuple[T, ...]:
    """These, and one more where it is another."""
    return several if one in several else (*several, one)


def _no_number(fields: Fields) -> Fault:
    """The fault of a value with something that is no number in the notation."""
    wanted = fields.notation.name
    return "number", f"is no number written like {wanted}" if wanted else "needs a line numbers: in the profile"

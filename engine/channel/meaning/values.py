"""What the marked values of a message mean, collected by field, before they make a setup or an action."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache

from engine.channel.layout.pattern import Found
from engine.channel.prepared import Prepared
from engine.channel.profile import Profile
from engine.channel.syntax.tree import Mark
from engine.channel.text.fields import Fields
from engine.channel.text.fold import INDEX, index_number
from engine.domain import Distance, Refusal, Side, Target, Value

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
    sides: set[Side] = field(default_factory=set)
    entries: list[float] = field(default_factory=list)
    entry_shares: list[float | None] = field(default_factory=list)
    ranges: int = 0
    market: bool = False
    reference: float | None = None
    breakout: Side | None = None
    targets: list[Target] = field(default_factory=list)
    stops: set[float | Distance | str] = field(default_factory=set)
    hard: float | None = None
    close_ms: int | None = None
    leverage: tuple[float, float | None] | None = None
    shares: list[float] = field(default_factory=list)
    part: bool = False
    refs: set[str] = field(default_factory=set)
    numbers: list[int] = field(default_factory=list)
    values: list[Value] = field(default_factory=list)
    last: str = ""  # the field met last: a share belongs to it
    market_marks: set[Mark] = field(default_factory=set)
    limit_marks: set[Mark] = field(default_factory=set)

    @property
    def market_apart(self) -> bool:
        """Whether no mark read both the market and a price."""
        return not self.market_marks & self.limit_marks


def read_values(
    profile: Profile, fields: Fields, found: Sequence[Found], working: str, prepared: Prepared
) -> Read | Refusal:
    """Collect the values that a layout found, or say which of them cannot be.

    ``found`` counts in ``working``, the folded text with what is ignored blanked.
    """
    read = Read()
    folded, text = prepared.folded, prepared.original
    for mark, start, end in found:
        if mark.field != "any":
            begin, stop = folded.original(start, end)
            value = _value(mark.field, text[begin:stop], begin, stop)
            piece = working[start:end]
            if mark.field == "number" and piece == INDEX:
                piece = str(index_number(text, begin) or "")
            if fault := take(read, mark, piece, profile, fields):
                code, why = fault
                return Refusal(code, f'"{value.text}" {why}', begin)
            read.values.append(value)
    return read


def take(read: Read, mark: Mark, text: str, profile: Profile, fields: Fields) -> Fault | None:
    """Add one value, ``text`` being its folded text; the fault when it cannot be read."""
    name = mark.field
    if name == "side":
        side = fields.side(text)
        if side is None:
            return "side", "says both long and short"
        read.sides.add(side)
    elif name == "symbol":
        symbol = fields.symbol(text, profile.settings.quote)
        if symbol is None:
            return "no-quote", "names no quote currency"
        read.symbols.add(symbol)
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
    elif name == "share":
        return _take_share(read, text, fields)
    else:
        return _take_price(read, mark, text, profile, fields)
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


def _take_price(read: Read, mark: Mark, text: str, profile: Profile, fields: Fields) -> Fault | None:
    """Add an entry, a reference price, a target or a stop."""
    name = mark.field
    number = fields.notation.parse(text)
    is_plain = number is not None  # nearly always
    if number is not None:
        prices = [number]
    else:
        numbers = fields.numbers(text, name == "entry" and profile.settings.whole_range_ends)
        prices = [number for number in numbers if number is not None]
        if len(prices) < len(numbers):
            wanted = fields.notation.name
            return "number", f"is no number written like {wanted}" if wanted else "needs a line numbers: in the profile"
    if name.startswith("entry"):
        _take_entry(read, mark, text, prices)
        read.last = "entry"
    elif name == "target":
        if not is_plain and fields.is_distance(mark.sample) and (away := fields.targets_away(text)):
            read.targets += away
        else:
            read.targets += [Target(price) for price in prices] or [Target(None)]
        read.last = "target"
    elif name == "stop hard":
        read.hard = prices[0]
    else:
        distance = None if is_plain else fields.distance(text)
        read.stops.add(distance or (prices[0] if prices else "breakeven"))
    return None


def _take_entry(read: Read, mark: Mark, text: str, prices: list[float]) -> None:
    """Add an entry: at the market, with or without its price, at a limit, in a range, or a breakout."""
    if mark.field in ("entry above", "entry below"):
        read.breakout = Side.LONG if mark.field == "entry above" else Side.SHORT
    at_market = mark.field == "entry market" or not (text[0].isdigit() or text[0] == ".")
    if at_market:
        if not read.market:
            read.entry_shares.insert(0, None)
        read.market = True
        read.market_marks.add(mark)
        read.reference = prices[0] if prices else read.reference
    else:
        read.entries += prices
        read.ranges += len(prices) == 2
        read.entry_shares += [None] * len(prices)
        read.limit_marks.add(mark)

"""From the values that a layout found to a setup or an action, or to the reason why they make none."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from engine.channel.fold import Folded
from engine.channel.form import Form
from engine.channel.layout import Layout
from engine.channel.levels import implied_side, level_fault
from engine.channel.pattern import Found
from engine.channel.profile import Profile
from engine.domain import Action, Distance, EntryKind, Refusal, Setup, Side, Target, Value

LARGEST_LEVERAGE = 500


@dataclass(slots=True)
class _Read:
    """Values by meaning, as they are met. ``ranges`` counts the entries that were two bounds."""

    symbols: set[str] = field(default_factory=set)
    sides: set[Side] = field(default_factory=set)
    entries: list[float] = field(default_factory=list)
    ranges: int = 0
    market: bool = False
    reference: float | None = None
    targets: list[Target] = field(default_factory=list)
    stops: set[float | Distance | str] = field(default_factory=set)
    leverage: tuple[float, float | None] | None = None
    shares: list[float] = field(default_factory=list)


def build(
    profile: Profile, layout: Layout | Form, found: Sequence[Found], working: str, folded: Folded, text: str
) -> Setup | Action | Refusal:
    """What the values of one setup or update mean.

    ``found`` counts in ``working``, the folded text with what is ignored blanked; ``text`` is the message as posted.
    """
    read = _Read()
    values = []
    for mark, start, end in found:
        if mark.field != "any":
            begin, stop = folded.original(start, end)
            value = Value(mark.field, text[begin:stop], begin, stop)
            fault = _take(read, value, working[start:end], profile)
            if fault:
                code, why = fault
                return Refusal(code, f'"{value.text}" {why}', begin)
            values.append(value)
    result = _action(layout, read, tuple(values)) if layout.action else _setup(profile, layout, read, tuple(values))
    return Refusal(*result) if isinstance(result, tuple) else result


def _take(read: _Read, value: Value, text: str, profile: Profile) -> tuple[str, str] | None:
    """Add one value, ``text`` being its folded text; (code, what is wrong with it) when it cannot be read."""
    fields = profile.fields
    name = value.field
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
    elif name == "share":
        share = fields.share(text)
        if share is None or not 0 < share <= 1:
            return "share", "is no share of a position"
        read.shares.append(share)
        if read.targets and read.targets[-1].share is None:
            read.targets[-1] = Target(read.targets[-1].price, share)
    else:
        return _take_price(read, name, text, profile)
    return None


def _take_price(read: _Read, name: str, text: str, profile: Profile) -> tuple[str, str] | None:
    """Add an entry, a reference price, a target or a stop."""
    whole_ends = name == "entry" and profile.settings.whole_range_ends
    numbers = profile.fields.numbers(text, whole_ends=whole_ends)
    prices = [number for number in numbers if number is not None]
    if len(prices) < len(numbers):
        name = profile.fields.notation.name
        return "number", f"is no number written like {name}" if name else "needs a line numbers: in the profile"
    if name == "entry":
        is_market = not text[0].isdigit() and text[0] != "."
        read.market = read.market or is_market
        if is_market and prices:
            read.reference = prices[0]
        else:
            read.entries += prices
            read.ranges += len(prices) == 2
    elif name == "entry market":
        read.market, read.reference = True, prices[0]
    elif name == "target":
        read.targets += [Target(price) for price in prices] or [Target(None)]
    else:
        read.stops.add(profile.fields.distance(text) or (prices[0] if prices else "breakeven"))
    return None


def _setup(profile: Profile, layout: Layout | Form, read: _Read, values: tuple[Value, ...]) -> Setup | tuple[str, str]:
    """The setup, or (code, sentence)."""
    settings = profile.settings
    for name, several in (("symbol", read.symbols), ("side", read.sides), ("stop", read.stops)):
        if len(several) > 1:
            return name, f"two different values for {name}"
    if not read.symbols:
        return "no-symbol", "no symbol was read"
    entry = _entry(read, profile)
    if len(entry) == 2:
        return entry
    kind, entries, reference = entry
    known = entries or ((reference,) if reference is not None else ())
    prices = [target.price for target in read.targets if target.price is not None]
    stop = next(iter(read.stops), None)
    if isinstance(stop, str):
        return "stop", "a new call cannot have its stop at breakeven"
    if settings.stop_in_points and isinstance(stop, float) and known:
        middle = (min(known) + max(known)) / 2
        if abs(stop - middle) > settings.largest_distance * middle:
            stop = Distance(stop, "points")
    side = next(iter(read.sides), None) or (settings.side if isinstance(settings.side, Side) else None)
    if side is None and settings.side == "from levels":
        side = implied_side(known, prices, stop if isinstance(stop, float) else None)
    if side is None:
        return "no-side", "the message does not say whether it is a long or a short"
    fault = level_fault(side, known, prices, stop, settings)
    if fault:
        return fault
    if sum(target.share or 0 for target in read.targets) > 1 + 1e-9:
        return "share", "the shares of the targets make more than 100%"
    nearest_first = sorted(
        read.targets, key=lambda target: side.sign * target.price if target.price is not None else float("inf")
    )
    if isinstance(stop, Distance):
        stop = replace(stop, base=settings.distance_from)
    leverage, leverage_high = read.leverage or (None, None)
    return Setup(
        next(iter(read.symbols)), side, kind, entries, tuple(nearest_first), stop, layout.name,
        reference=reference, leverage=leverage, leverage_high=leverage_high, values=values,
    )  # fmt: skip


def _entry(read: _Read, profile: Profile) -> tuple[EntryKind, tuple[float, ...], float | None] | tuple[str, str]:
    """How the call gets in: (kind, entries, reference price)."""
    entries = tuple(read.entries)
    if read.market:
        if entries:
            return "mixed-entry", "a market entry and a limit price in one call"
        return EntryKind.MARKET, (), read.reference
    if not entries:
        if profile.settings.market_entry:
            return EntryKind.MARKET, (), None
        return "no-entry", "no entry was read"
    if len(entries) == 1:
        return EntryKind.LIMIT, entries, None
    if read.ranges == 1 and len(entries) == 2 and profile.settings.range == "zone":
        return EntryKind.ZONE, tuple(sorted(entries)), None
    if read.ranges and len(entries) > 2:
        return "mixed-entry", "a range and other entries in one call"
    return EntryKind.LADDER, entries, None


def _action(layout: Layout | Form, read: _Read, values: tuple[Value, ...]) -> Action | tuple[str, str]:
    """The action of an update, or (code, sentence)."""
    if len(read.symbols) > 1 or len(read.stops) > 1:
        return "symbol", "two different values in one update"
    symbol = next(iter(read.symbols), None)
    kind = layout.action
    assert kind
    if kind == "move-stop":
        level = next(iter(read.stops), None)
        if isinstance(level, float):
            return Action(kind, symbol, layout.name, level=level, values=values)
        if level != "breakeven":
            return "stop", "the new stop is neither a price nor breakeven"
        return Action(kind, symbol, layout.name, level="breakeven", values=values)
    share = read.shares[0] if kind == "close" and read.shares else 1.0
    return Action(kind, symbol, layout.name, share=share, values=values)

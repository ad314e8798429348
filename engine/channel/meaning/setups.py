"""From the values that a layout found to a setup or an action, or to the reason why they make none."""

from __future__ import annotations

from collections.abc import Sequence
from math import inf

from engine.channel.form.form import Form
from engine.channel.layout.layout import Layout
from engine.channel.layout.pattern import Found
from engine.channel.meaning.actions import actions_of
from engine.channel.meaning.levels import implied_side, level_fault
from engine.channel.meaning.values import Read, read_values
from engine.channel.prepared import Prepared
from engine.channel.profile import Profile, Settings
from engine.domain import Action, CloseStop, Distance, EntryKind, Refusal, Setup, Side, Target, nearest_first


def build(
    profile: Profile, layout: Layout | Form, found: Sequence[Found], prepared: Prepared, running: bool = False
) -> Setup | tuple[Action, ...] | Refusal:
    """What the values of one setup or update mean; ``found`` counts in the text of ``prepared``.

    ``running``: they may be those of a call that runs already (``levels.level_fault``).
    """
    fields = layout.fields if isinstance(layout, Form) else profile.update_fields if layout.action else profile.fields
    read = read_values(profile, fields, found, prepared.text, prepared)
    if isinstance(read, Refusal):
        return read
    if isinstance(layout, Layout) and layout.action:
        return actions_of(profile, layout, read)
    return setup_of(profile, layout.name, read, running)


def setup_of(profile: Profile, layout: str, read: Read, running: bool = False) -> Setup | Refusal:
    """The setup that these values make, or why they make none."""
    settings = profile.settings
    if several := read.several:
        return Refusal(several, f"two different values for {several}")
    if not read.symbols:
        return Refusal("no-symbol", "no symbol was read")
    entry = entry_of(read, settings)
    if isinstance(entry, Refusal):
        return entry
    kind, entries, reference = entry
    known = (*entries, *((reference,) if reference is not None else ()))
    prices = _target_prices(read.targets)
    stop = next(iter(read.stops), None)
    if isinstance(stop, str) and running:
        stop = Distance(0.0, "points")
    elif isinstance(stop, str):
        return Refusal("stop", "a new call cannot have its stop at breakeven")
    if settings.stop_in_points and isinstance(stop, float) and known:
        middle = (min(known) + max(known)) / 2
        if abs(stop - middle) > settings.largest_distance * middle:
            stop = Distance(stop, "points", settings.distance_from)
    side = read.sides[0] if read.sides else read.breakout
    if side is None and isinstance(settings.side, Side):
        side = settings.side
    if side is None and settings.side == "from levels":
        side = implied_side(known, prices, stop if isinstance(stop, float) and not running else None)
    if side is None:
        return Refusal("no-side", "the message does not say whether it is a long or a short")
    if read.breakout not in (None, side):
        way = "above" if side is Side.SHORT else "below"
        return Refusal("side", f"a {side} does not get in {way} a price it breaks through")
    fault = (
        level_fault(side, known, prices, stop, settings, running)
        or _target_fault(read.targets, stop, settings)
        or _close_stop_fault(read, side, stop)
        or _share_fault(read, kind)
    )
    if fault:
        return Refusal(*fault)
    ladder = kind is EntryKind.LADDER
    shares = tuple([share for share in read.entry_shares if share]) if ladder else ()
    close_stop = None if read.close_ms is None else CloseStop(read.close_ms, read.hard)
    leverage, leverage_high = read.leverage or (None, None)
    targets = tuple(nearest_first(read.targets, side))
    return Setup(
        next(iter(read.symbols)), side, kind, entries, targets, stop, layout, reference,
        leverage, leverage_high, tuple(read.values), ladder and read.market, shares, close_stop,
        next(iter(read.refs), None),
    )  # fmt: skip


def entry_of(read: Read, settings: Settings) -> tuple[EntryKind, tuple[float, ...], float | None] | Refusal:
    """How the call gets in: (kind, entries, reference price)."""
    entries = tuple(read.entries)
    if read.breakout and (read.market or len(entries) != 1):
        return Refusal("mixed-entry", "a breakout and other entries in one call")
    if read.breakout:
        return EntryKind.BREAKOUT, entries, None
    if read.market and entries and not read.market_apart:
        return Refusal("mixed-entry", "a market entry and a limit price in one call")
    if read.market and entries and read.ranges and settings.range == "zone":
        return Refusal("mixed-entry", "a market entry and a range in one call")
    if read.market:
        return (EntryKind.LADDER if entries else EntryKind.MARKET), entries, read.reference
    if not entries:
        if settings.market_entry:
            return EntryKind.MARKET, (), None
        return Refusal("no-entry", "no entry was read")
    if len(entries) == 1:
        return EntryKind.LIMIT, entries, None
    if read.ranges == 1 and len(entries) == 2 and settings.range == "zone":
        return EntryKind.ZONE, tuple(sorted(entries)), None
    if read.ranges and len(entries) > 2 and settings.range == "zone":
        return Refusal("mixed-entry", "a range and other entries in one call")
    return EntryKind.LADDER, entries, None


def _target_prices(targets: Sequence[Target]) -> list[float]:
    """The prices of the targets; one that comes again is the same level where each time it has a share of its own."""
    prices = [target.price for target in targets if target.price is not None]
    if len(set(prices)) == len(prices):
        return prices
    shared = {price for price in prices if all(t.share for t in targets if t.price == price)}
    return [price for at, price in enumerate(prices) if price not in prices[:at] or price not in shared]


def _target_fault(
    targets: Sequence[Target], stop: float | Distance | None, settings: Settings
) -> tuple[str, str] | None:
    """Why targets said as distances cannot be."""
    distances = [target.distance for target in targets if target.distance]
    if not distances:
        return None
    is_mixed = len(distances) < len(targets) and any(target.price is not None for target in targets)
    units = {distance.unit for distance in distances}
    if is_mixed or len(units) > 1:
        return "levels", "prices and distances, or distances of two kinds, among the targets"
    values = {distance.value for distance in distances}
    if len(values) < len(distances):
        return "duplicate-level", "a target stands twice"
    if min(values) <= 0:
        return "number", "a target at no distance"
    if "R" in units and stop is None:
        return "stop", "targets in R need a stop"
    reach = 1000 * settings.largest_distance if "percent" in units else 100.0 if "R" in units else inf
    if max(values) > reach:
        return "distance", "a target is implausibly far away"
    return None


def _close_stop_fault(read: Read, side: Side, stop: float | Distance | None) -> tuple[str, str] | None:
    """Why a stop that waits for a close cannot be."""
    if read.close_ms is None:
        return ("stop", "a hard stop without the stop that waits for a close") if read.hard is not None else None
    if stop is None:
        return "stop", "a stop that waits for a close names no price"
    if read.hard is not None and isinstance(stop, float) and side.sign * read.hard >= side.sign * stop:
        return "levels", "the hard stop lies before the stop that waits for a close"
    return None


def _share_fault(read: Read, kind: EntryKind) -> tuple[str, str] | None:
    """Why the shares of entries or targets cannot be."""
    if sum([target.share or 0 for target in read.targets]) > 1 + 1e-9:
        return "share", "the shares of the targets make more than 100%"
    if kind is not EntryKind.LADDER:
        return None
    named = [share for share in read.entry_shares if share]
    if named and len(named) != len(read.entry_shares):
        return "share", "some of the entries have a share, others have none"
    if sum(named) > 1 + 1e-9:
        return "share", "the shares of the entries make more than 100%"
    return None

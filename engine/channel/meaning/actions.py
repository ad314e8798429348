"""From the values that an update layout found to actions, or to the reason why they make none."""

from __future__ import annotations

from dataclasses import replace

from engine.channel.layout.layout import Layout
from engine.channel.meaning.values import Read
from engine.channel.profile import Profile
from engine.domain import Action, ActionKind, EntryKind, Refusal, Setup


def actions_of(profile: Profile, layout: Layout, read: Read) -> tuple[Action, ...] | Refusal:
    """The actions of an update, one for each kind that its layout names, or for each number of a report."""
    for name, several in (("symbol", read.symbols), ("stop", read.stops), ("side", read.sides), ("id", read.refs)):
        if len(several) > 1:
            return Refusal(name, "two different values in one update")
    common = Action(
        "close",
        next(iter(read.symbols), None),
        layout.name,
        values=tuple(read.values),
        side=read.sides[0] if read.sides else None,
        signal_ref=next(iter(read.refs), None),
        every=layout.every,
    )
    actions: list[Action] = []
    for kind in layout.kinds:
        if kind == "context":
            continue
        made = _action(profile, layout, kind, replace(common, kind=kind), read)  # type: ignore[arg-type]
        if isinstance(made, Refusal):
            return made
        actions += made
    return tuple(actions)


def _action(profile: Profile, layout: Layout, kind: str, common: Action, read: Read) -> list[Action] | Refusal:
    """The actions of one kind."""
    if kind == "close":
        return _close(profile, common, read, layout.part)
    if kind == "cancel":
        if read.entries:
            return [replace(common, entries=tuple(read.entries))]
        return [replace(common, order=number) for number in read.numbers] or [common]
    if kind == "move-stop":
        return _move_stop(common, read)
    if kind in ("target-hit", "entry-filled"):
        return [replace(common, target=number) for number in read.numbers] or [common]
    if kind == "stop-hit":
        return [common]
    return _levels(profile, kind, common, read)


def _close(profile: Profile, common: Action, read: Read, part: bool) -> list[Action] | Refusal:
    share = read.shares[0] if read.shares else 1.0
    if read.part or part:
        if profile.settings.part is None:
            return Refusal("share", "a part is closed, and nothing says how much: write part: 50% under defaults")
        share = profile.settings.part
    return [replace(common, share=share)]


def _move_stop(common: Action, read: Read) -> list[Action] | Refusal:
    level = next(iter(read.stops), None)
    if level is None and len(read.numbers) == 1:
        return [replace(common, target=read.numbers[0])]
    if isinstance(level, float) and level > 0:
        return [replace(common, level=level)]
    if level != "breakeven":
        return Refusal("stop", "the new stop is neither a price, nor a target, nor breakeven")
    return [replace(common, level="breakeven")]


def _levels(profile: Profile, kind: str, common: Action, read: Read) -> list[Action] | Refusal:
    """A change, more targets, or a new entry."""
    stop = next(iter(read.stops), None)
    if isinstance(stop, str):
        return Refusal("stop", "the new stop is no price")
    if any(target.distance for target in read.targets):
        return Refusal("levels", "a target in an update has to be a price")
    prices = [*read.entries, *(target.price for target in read.targets), *([stop] if isinstance(stop, float) else [])]
    if any(price is not None and price <= 0 for price in prices):
        return Refusal("number", "a price of zero")
    if kind == "add-targets" and not read.targets:
        return Refusal("levels", "no target was read")
    if kind == "change" and not (read.entries or read.targets or stop is not None or read.market):
        return Refusal("levels", "nothing says what changes")
    number = read.numbers[0] if read.numbers and kind == "change" else None
    if number is not None and len(read.targets) != 1:
        return Refusal("levels", "one target has a number, and not one new price")
    return [
        replace(
            common,
            entries=tuple(read.entries),
            entry_kind=_entry_kind(profile, read),
            targets=tuple(read.targets),
            stop=stop,
            target=number,
        )
    ]


def _entry_kind(profile: Profile, read: Read) -> EntryKind | None:
    """How new entries are meant, None where there are none."""
    if not read.entries:
        return EntryKind.MARKET if read.market else None
    if len(read.entries) == 1:
        return EntryKind.LIMIT
    zone = read.ranges == 1 and len(read.entries) == 2 and profile.settings.range == "zone"
    return EntryKind.ZONE if zone else EntryKind.LADDER


def again_of(setup: Setup, action: Action) -> Setup:
    """The setup of a call that is entered once more: as it was, but for what the action names anew."""
    kind, entries = setup.entry_kind, action.entries or setup.entries
    if action.entries:
        kind = action.entry_kind or kind
        kind = EntryKind.LIMIT if kind is EntryKind.MARKET else kind
        if kind in (EntryKind.LIMIT, EntryKind.ZONE, EntryKind.LADDER):
            one, zone = len(entries) == 1, kind is EntryKind.ZONE and len(entries) == 2
            kind = EntryKind.LIMIT if one else EntryKind.ZONE if zone else EntryKind.LADDER
    return replace(
        setup,
        entry_kind=kind,
        entries=entries,
        entry_shares=() if action.entries else setup.entry_shares,
        market_leg=setup.market_leg and not action.entries,
        targets=action.targets or setup.targets,
        stop=setup.stop if action.stop is None else action.stop,
        layout=action.layout,
        values=action.values,
    )


def change_of(setup: Setup) -> Action:
    """The change that a call makes which is posted again with other levels."""
    kind: ActionKind = "change"
    return Action(
        kind,
        setup.symbol,
        setup.layout,
        values=setup.values,
        entries=setup.entries,
        entry_kind=setup.entry_kind,
        targets=setup.targets,
        stop=setup.stop,
        side=setup.side,
        signal_ref=setup.ref,
    )

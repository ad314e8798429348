"""Later versions of a call as changes of it: what they say otherwise than the version before."""

from __future__ import annotations

from dataclasses import replace

from engine.channel.meaning.actions import change_of
from engine.collect.binding import Fate, Found, Levels
from engine.domain import Action, Distance, Message, Setup


def changes_in(message: Message, setups: tuple[Setup, ...], fate: Fate) -> list[Found]:
    """The changes that a later version of a call makes, when it is still the same call.

    A version of unknown time, or with another symbol, side or number of calls, changes nothing.
    """
    if message.edited_ms is None or [(s.setup.symbol, s.setup.side) for s in fate.signals] != [
        (setup.symbol, setup.side) for setup in setups
    ]:
        return []
    before = fate.levels or tuple([_levels(signal.setup) for signal in fate.signals])
    fate.levels = tuple([_levels(setup) for setup in setups])
    return [
        Found(message, _said_anew(change_of(setup), known), None, None, signal)
        for signal, setup, known, now in zip(fate.signals, setups, before, fate.levels, strict=True)
        if now != known
    ]


def _said_anew(action: Action, before: Levels) -> Action:
    """What a later version changes: what its text says as it did before stays as the trade has it by now.

    A distance counts from the entries, one in R from the stop as well: it moves with them while its text is the same.
    """
    entries, targets, stop = before
    same_entries = action.entries == entries
    same_stop = action.stop == stop and (same_entries or not isinstance(stop, Distance))
    units = {target.distance.unit for target in targets if target.distance}
    unmoved = (same_entries or not units) and (same_stop or "R" not in units)
    same_targets = action.targets == targets and unmoved
    return replace(
        action,
        entries=() if same_entries else action.entries,
        stop=None if same_stop else action.stop,
        targets=() if same_targets else action.targets,
    )


def _levels(setup: Setup) -> Levels:
    """What a later version of a call may change."""
    return setup.entries, setup.targets, setup.stop

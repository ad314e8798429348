"""What phrases mean together: what one names (coin, side, id, link) holds for those behind it, or for those before."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TypeVar

from engine.channel.meaning.actions import actions_of
from engine.channel.meaning.values import read_values
from engine.channel.profile import Profile
from engine.channel.updates.talk import Talk
from engine.domain import Action, Refusal, Side

T = TypeVar("T")


def actions_in(profile: Profile, talk: Talk) -> tuple[Action, ...] | Refusal:
    """The actions of all phrases, each with the coin, side, id and links that hold for it."""
    made: list[tuple[int, tuple[Action, ...]]] = []
    symbols: list[tuple[int, str]] = []
    sides: list[tuple[int, Side]] = []
    refs: list[tuple[int, str]] = []
    for one in talk.spoken:
        read = read_values(profile, profile.update_fields, one.found, talk.working, talk.prepared)
        if isinstance(read, Refusal):
            return read
        symbols += [(one.start, symbol) for symbol in read.symbols]
        sides += [(one.start, side) for side in read.sides]
        refs += [(one.start, ref) for ref in read.refs]
        if one.layout:
            meant = actions_of(profile, one.layout, read)
            if isinstance(meant, Refusal):
                return meant
            if meant:
                made.append((one.start, meant))
    places = [place for place, _ in made]
    # where the first phrase stands before every coin, each coin follows its phrase: SL hit on ADA, TP2 hit on SOL
    follow = len({symbol for _, symbol in symbols}) > 1 and bool(places) and places[0] < symbols[0][0]
    result: list[Action] = []
    for index, (_, several) in enumerate(made):
        for action in several:
            symbol = _holding(symbols, places, index, follow) if action.symbol is None else {action.symbol}
            ref = _holding(refs, places, index) if action.signal_ref is None else {action.signal_ref}
            side = _holding(sides, places, index) if action.side is None else {action.side}
            if max(len(symbol), len(ref), len(side)) > 1:
                return Refusal("symbol", "several coins, sides or ids, and nothing says which one is meant")
            result.append(
                replace(
                    action,
                    symbol=next(iter(symbol), None),
                    signal_ref=next(iter(ref), None),
                    side=next(iter(side), None),
                    links=tuple(sorted(_holding(talk.links, places, index))),
                )
            )
    actions = tuple(dict.fromkeys(result))
    return _plan(actions) or actions


def _plan(actions: Sequence[Action]) -> Refusal | None:
    """The refusal of several closes of one trade: that says what will be closed where."""
    closed = [
        (action.symbol, action.side, action.signal_ref, action.links) for action in actions if action.kind == "close"
    ]
    if len(set(closed)) < len(closed):
        return Refusal("share", "closes one trade twice: a plan, not an order")
    return None


def _holding(values: Sequence[tuple[int, T]], places: Sequence[int], index: int, follow: bool = False) -> set[T]:
    """The values that hold for the phrase at ``places[index]``.

    Those between the phrase before and this one, else those that stand last before it, else those that stand next.
    ``follow``: those between this phrase and the next one come first.
    """
    here = places[index]
    ends = [*places, 1 << 30]
    if follow and (behind := {value for place, value in values if here < place < ends[index + 1]}):
        return behind
    bounds = [-1, *places]
    for at in range(index, -1, -1):
        low, high = bounds[at], bounds[at + 1]
        if group := {value for place, value in values if low < place <= high or (at == index and place == here)}:
            return group
    for at in range(index, len(places)):
        if group := {value for place, value in values if ends[at] < place < ends[at + 1]}:
            return group
    return set()

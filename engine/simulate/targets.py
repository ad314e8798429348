"""The targets of a call by what its channel has said so far: which of them is which, and what each of them sells.

Each has a number that it keeps wherever it is moved, so that what was taken stays taken under every later list. Those
of the plan have 1, 2 ... in its order; those that it does not use, and those that come later, have others.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import count

from engine.config.strategy import Exit
from engine.domain import Action, AnyTarget, Distance, Setup, Side, Target, nearest_first
from engine.simulate.distances import has_level
from engine.simulate.sharing import target_weights

Levels = tuple[tuple[float | Distance, float], ...]
LevelOf = Callable[[Target], "float | Distance | None"]
"""Where a target is by what was said so far (``distances.level_of``)."""


@dataclass(frozen=True, slots=True)
class Told(Target):
    """A target with its number."""

    number: int = 0


class Targets:
    """All targets of a call, nearest first, as each action leaves them."""

    def __init__(self, setup: Setup, level: LevelOf, leave: Exit) -> None:
        """Those of the call itself."""
        self._side, self._leave = setup.side, leave
        targets = _in_order(setup.targets, setup.side, level)
        usable = [i for i, target in enumerate(targets) if level(target) is not None]
        shares = target_weights([targets[i].share for i in usable], leave.shares)
        planned = [i for i, share in zip(usable, shares, strict=True) if share > 0]
        numbers = {i: number for number, i in enumerate(planned, 1)}
        self._more = count(1 + len(planned))
        self.known = [self._told(target, numbers.get(i) or next(self._more)) for i, target in enumerate(targets)]

    def __len__(self) -> int:
        """How many there are."""
        return len(self.known)

    @staticmethod
    def _told(target: Target, number: int) -> Told:
        return Told(target.price, target.share, target.distance, number)

    @property
    def at_a_distance(self) -> bool:
        """Whether one of them is said at a distance."""
        return any(target.distance is not None for target in self.known)

    def are(self, targets: Sequence[Target], level: LevelOf) -> bool:
        """Whether these are the same targets, with the same shares."""
        said = [(target.price, target.distance, target.share) for target in _in_order(targets, self._side, level)]
        return said == [(target.price, target.distance, target.share) for target in self.known]

    def moved_by(self, action: Action) -> bool:
        """Whether an action says where targets are; a number that no target has moves none."""
        if action.kind not in ("change", "add-targets") or not any(map(has_level, action.targets)):
            return False
        return action.kind != "change" or action.target is None or 1 <= action.target <= len(self.known)

    def hear(self, action: Action, level: LevelOf) -> None:
        """Take in an action: afterwards the targets are those from now on, each with its share where one is said.

        New targets without shares take those of as many targets before them.
        """
        if not self.moved_by(action):
            self.known = _in_order(self.known, self._side, level)  # what some count from may be another one
            return
        new = _in_order(action.targets, self._side, level)
        if action.kind == "add-targets":
            known = self._added(new)
        elif action.target is not None:
            place, (one,) = action.target - 1, new
            was = self.known[place]
            one = replace(one, share=was.share if one.share is None else one.share)
            known = [*self.known[:place], self._told(one, was.number), *self.known[place + 1 :]]
        else:
            if len(new) == len(self.known) and None in [target.share for target in new if has_level(target)]:
                new = [replace(target, share=was.share) for target, was in zip(new, self.known, strict=True)]
            known = self._again(new)
        self.known = _in_order(known, self._side, level)

    def _again(self, new: Sequence[Target]) -> list[Told]:
        """A list of targets that is posted again: which of them are those from before.

        One that stands where one stood is that one. The others between two such are the ones from before between the
        same two, in their order, where there are at least as many; fewer are new ones.
        """
        places = [*map(_place, self.known)]
        found: list[Told] = []
        start = 0
        others: list[Target] = []

        def settle(end: int) -> None:
            before = [target.number for target in self.known[start:end] if has_level(target)]
            numbers = before if len(others) >= len(before) else []
            for i, other in enumerate(others):
                found.append(self._told(other, numbers[i] if i < len(numbers) else next(self._more)))
            others.clear()

        for target in filter(has_level, new):
            place = _place(target)
            if place in places[start:]:
                at = places.index(place, start)
                settle(at)
                found.append(self._told(target, self.known[at].number))
                start = at + 1
            else:
                others.append(target)
        settle(len(self.known))
        return [*found, *(self._told(target, next(self._more)) for target in new if not has_level(target))]

    def _added(self, new: Sequence[Target]) -> list[Told]:
        """More targets. A share that is named is what one sells of a trade in which none is taken yet, and the others
        keep their proportions of the rest. One without a share sells as much of that as they do on average, where they
        have shares; else all take those of the strategy.
        """
        named = {_place(target): target for target in new if has_level(target)}
        kept = [t for t in self.known if _place(t) not in named or named[_place(t)].share is None]
        there = {_place(target) for target in kept if has_level(target)}
        new = [target for target in new if _place(target) not in there]
        standing = [target for target in kept if has_level(target)]
        own = None not in [target.share for target in standing] and any(target.share for target in standing)
        if own or any(target.share for target in new):
            free = [target for target in new if not target.share and has_level(target)]
            rest = max(0.0, 1 - sum(target.share or 0.0 for target in new))
            weights = target_weights([target.share for target in standing], self._leave.shares)
            each = rest / (sum(weight > 0 for weight in weights) + len(free)) if free else 0.0
            left = rest - each * len(free)
            shared = [replace(t, share=weight * left) for t, weight in zip(standing, weights, strict=True)]
            kept = [*shared, *(target for target in kept if not has_level(target))]
            new = [replace(target, share=each) if target in free else target for target in new]
        numbers = {_place(target): target.number for target in self.known if has_level(target)}
        return [*kept, *(self._told(target, numbers.pop(_place(target), 0) or next(self._more)) for target in new)]

    def at_the_same_distance(self, said: Mapping[int, Distance | None]) -> tuple[int, ...]:
        """The numbers of targets that are said at the distance that they were ``said`` at before."""
        return tuple([t.number for t in self.known if t.distance is not None and said.get(t.number) == t.distance])

    def levels(self, level_of: LevelOf) -> tuple[Levels, tuple[int, ...]]:
        """All targets from now on with their shares, and their numbers; the call's own shares where each has one.

        None where prices and distances from a fill that is to come cannot be put in order.
        """
        found = [(level_of(target), target) for target in self.known]
        known = [(level, target) for level, target in found if level is not None]
        if len({level.unit if isinstance(level, Distance) else "price" for level, _ in known}) > 1:
            return (), ()
        sign = self._side.sign
        known.sort(key=lambda one: one[0].value if isinstance(one[0], Distance) else one[0] * sign)
        shares = target_weights([target.share for _, target in known], self._leave.shares)
        sold = [(level, share, t.number) for (level, t), share in zip(known, shares, strict=True) if share > 0]
        return tuple([(level, share) for level, share, _ in sold]), tuple([number for *_, number in sold])


def _place(target: Target) -> tuple[float | None, Distance | None]:
    """Where a target is, in the words of the channel."""
    return target.price, target.distance


def _in_order(targets: Sequence[AnyTarget], side: Side, level: LevelOf) -> list[AnyTarget]:
    """Targets in the order in which price reaches them, open ones last: also prices and distances together, once it is
    known what the distances count from.
    """
    found = nearest_first(targets, side)
    standing = [target for target in found if has_level(target)]
    if len({target.distance is None for target in standing}) < 2:
        return found
    levels = [at for at in map(level, standing) if isinstance(at, float | int)]
    if len(levels) < len(standing):
        return found
    order = sorted(range(len(levels)), key=lambda i: levels[i] * side.sign)
    return [*(standing[i] for i in order), *found[len(standing) :]]

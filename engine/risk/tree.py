"""Conditions joined with ``all``, ``any`` and ``not``: a tree that looks at a trade like one condition.

A tree answers four ways. ``possible`` says for many calls at once which of them it may hold for, from what is known
without the account; ``holds`` answers for one call, without words; ``look`` answers and tells. ``along`` answers for
what an account goes through between calls, and ``floor`` says above which equity that answer is no.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from math import inf
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

import numpy as np

from engine.config.yamlfile import Path
from engine.risk.condition import Case, Condition, Finding
from engine.risk.conditions import CONDITIONS
from engine.risk.groups import Groups

if TYPE_CHECKING:
    from engine.domain import Account
    from engine.simulate.judge import Course
    from engine.simulate.offers import Offers
    from engine.simulate.table import Bools


class Tree(Protocol):
    """What a rule asks."""

    @property
    def resizable(self) -> bool:
        """Whether a smaller size can always make it no longer hold."""
        ...

    @property
    def fixed(self) -> bool:
        """Whether it needs only the call and its market, so that ``possible`` is the whole answer."""
        ...

    @property
    def needs_no_call(self) -> bool:
        """Whether it looks at the account and the clock alone, so that ``along`` has an answer."""
        ...

    def asks(self, key: str) -> bool:
        """Whether a condition of this name is in it."""
        ...

    @property
    def quick(self) -> Callable[[Case], bool]:
        """``holds`` as a function that asks without a detour."""
        ...

    def possible(self, offers: Offers, timezone: str) -> Bools:
        """For which calls it may hold, shape (n,)."""
        ...

    def along(self, course: Course, timezone: str) -> Bools:
        """Whether it holds at each moment of a course, shape (n,)."""
        ...

    def floor(self, account: Account) -> float:
        """Above which equity it does not hold, as ``Condition.floor``; infinite where that cannot be told."""
        ...

    def holds(self, case: Case) -> bool:
        """Whether it holds."""
        ...

    def look(self, case: Case) -> Finding:
        """What is seen of a trade, an account and a clock."""
        ...


@dataclass(frozen=True, slots=True)
class Leaf:
    """One condition with its limit."""

    condition: Condition
    limit: Any

    @property
    def resizable(self) -> bool:
        """See ``Tree``."""
        return self.condition.resizable

    @property
    def fixed(self) -> bool:
        """See ``Tree``."""
        return self.condition.mask is not None

    @property
    def needs_no_call(self) -> bool:
        """See ``Tree``."""
        return self.condition.along is not None

    def asks(self, key: str) -> bool:
        """See ``Tree``."""
        return self.condition.key == key

    @property
    def quick(self) -> Callable[[Case], bool]:
        """See ``Tree``."""
        return partial(self.condition.holds, self.limit) if self.condition.holds else self.holds

    def possible(self, offers: Offers, timezone: str) -> Bools:
        """See ``Tree``."""
        if self.condition.mask is None:
            return np.ones(len(offers), np.bool_)
        return self.condition.mask(self.limit, offers, timezone)

    def along(self, course: Course, timezone: str) -> Bools:
        """See ``Tree``."""
        if self.condition.along is None:
            raise ValueError(f"{self.condition.key} needs a call")
        return self.condition.along(self.limit, course, timezone)

    def floor(self, account: Account) -> float:
        """See ``Tree``."""
        return self.condition.floor(self.limit, account) if self.condition.floor else inf

    def holds(self, case: Case) -> bool:
        """See ``Tree``."""
        quick = self.condition.holds
        return quick(self.limit, case) if quick else self.condition.look(self.limit, case).holds

    def look(self, case: Case) -> Finding:
        """See ``Tree``."""
        return self.condition.look(self.limit, case)


@dataclass(frozen=True, slots=True)
class _Parts:
    """What ``AllOf`` and ``AnyOf`` have in common; ``join`` says how the answers of many become one."""

    parts: tuple[Tree, ...]
    join: ClassVar[np.ufunc]

    @property
    def fixed(self) -> bool:
        """See ``Tree``."""
        return all(part.fixed for part in self.parts)

    @property
    def needs_no_call(self) -> bool:
        """See ``Tree``."""
        return all(part.needs_no_call for part in self.parts)

    def asks(self, key: str) -> bool:
        """See ``Tree``."""
        return any(part.asks(key) for part in self.parts)

    def possible(self, offers: Offers, timezone: str) -> Bools:
        """See ``Tree``."""
        joined: Bools = self.join.reduce([part.possible(offers, timezone) for part in self.parts])
        return joined

    def along(self, course: Course, timezone: str) -> Bools:
        """See ``Tree``."""
        joined: Bools = self.join.reduce([part.along(course, timezone) for part in self.parts])
        return joined


@dataclass(frozen=True, slots=True)
class AllOf(_Parts):
    """Holds when every part holds. It ends when one part ends, so the gentlest resize of a part is enough."""

    join: ClassVar[np.ufunc] = np.logical_and

    def floor(self, account: Account) -> float:
        """See ``Tree``: above the lowest floor of a part."""
        return min([part.floor(account) for part in self.parts])

    @property
    def resizable(self) -> bool:
        """See ``Tree``."""
        return any(part.resizable for part in self.parts)

    @property
    def quick(self) -> Callable[[Case], bool]:
        """See ``Tree``."""
        return self.holds

    def holds(self, case: Case) -> bool:
        """See ``Tree``."""
        return all(part.holds(case) for part in self.parts)

    def look(self, case: Case) -> Finding:
        """See ``Tree``."""
        seen = [(part.resizable, part.look(case)) for part in self.parts]
        holds = all(finding.holds for _, finding in seen)
        factor = max((finding.factor for resizable, finding in seen if resizable), default=1.0)
        return _joined([finding for _, finding in seen], holds, " and ", factor if holds else 1.0)


@dataclass(frozen=True, slots=True)
class AnyOf(_Parts):
    """Holds when a part holds. It ends when all parts have ended, so the strongest resize decides."""

    join: ClassVar[np.ufunc] = np.logical_or

    def floor(self, account: Account) -> float:
        """See ``Tree``: above the highest floor of a part."""
        return max([part.floor(account) for part in self.parts])

    @property
    def resizable(self) -> bool:
        """See ``Tree``."""
        return all(part.resizable for part in self.parts)

    @property
    def quick(self) -> Callable[[Case], bool]:
        """See ``Tree``."""
        return self.holds

    def holds(self, case: Case) -> bool:
        """See ``Tree``."""
        return any(part.holds(case) for part in self.parts)

    def look(self, case: Case) -> Finding:
        """See ``Tree``; where it holds, only the parts that hold are told."""
        seen = [part.look(case) for part in self.parts]
        holding = [finding for finding in seen if finding.holds]
        return _joined(holding or seen, bool(holding), " and ", min((f.factor for f in holding), default=1.0))


@dataclass(frozen=True, slots=True)
class Not:
    """Holds when its part does not; a smaller size never mends that."""

    part: Tree

    @property
    def resizable(self) -> bool:
        """See ``Tree``."""
        return False

    @property
    def fixed(self) -> bool:
        """See ``Tree``."""
        return self.part.fixed

    @property
    def needs_no_call(self) -> bool:
        """See ``Tree``."""
        return self.part.needs_no_call

    def asks(self, key: str) -> bool:
        """See ``Tree``."""
        return self.part.asks(key)

    @property
    def quick(self) -> Callable[[Case], bool]:
        """See ``Tree``."""
        return self.holds

    def possible(self, offers: Offers, timezone: str) -> Bools:
        """See ``Tree``; what may hold may also not hold, so only a whole answer can be turned round."""
        return ~self.part.possible(offers, timezone) if self.part.fixed else np.ones(len(offers), np.bool_)

    def along(self, course: Course, timezone: str) -> Bools:
        """See ``Tree``."""
        return ~self.part.along(course, timezone)

    def floor(self, account: Account) -> float:  # noqa: ARG002
        """See ``Tree``; where its part does not hold, it does."""
        return inf

    def holds(self, case: Case) -> bool:
        """See ``Tree``."""
        return not self.part.holds(case)

    def look(self, case: Case) -> Finding:
        """See ``Tree``."""
        seen = self.part.look(case)
        return Finding(not seen.holds, seen.seen, seen.limit, seen.text)


def build_tree(data: dict[str, Any], path: Path, groups: Groups, report: Callable[[Path, str], None]) -> Tree:
    """The tree that a ``when:`` describes (it has passed the schema); ``groups`` are the symbols that move together.

    A limit that cannot be meant is reported with its path and the range allowed, and left as it stands.
    """
    ((key, value),) = data.items()
    at = (*path, key)
    if key in ("all", "any"):
        parts = tuple(build_tree(part, (*at, i), groups, report) for i, part in enumerate(value))
        return AllOf(parts) if key == "all" else AnyOf(parts)
    if key == "not":
        return Not(build_tree(value, at, groups, report))
    condition = CONDITIONS[key]
    try:
        limit = condition.read(value)
        return Leaf(condition, (limit, groups) if condition.grouped else limit)
    except ValueError as error:
        report(at, str(error))
        return Leaf(condition, value)


def _joined(seen: list[Finding], holds: bool, word: str, factor: float) -> Finding:
    """Several findings told as one."""
    return Finding(
        holds,
        ", ".join(finding.seen for finding in seen),
        ", ".join(finding.limit for finding in seen),
        word.join(finding.text for finding in seen),
        factor,
    )

"""Conditions joined with ``all``, ``any`` and ``not``: a tree that looks at a trade like one condition."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from engine.config.yamlfile import Path
from engine.risk.condition import Case, Condition, Finding
from engine.risk.conditions import CONDITIONS


class Tree(Protocol):
    """What a rule asks."""

    @property
    def resizable(self) -> bool:
        """Whether a smaller size can always make it no longer hold."""
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

    def look(self, case: Case) -> Finding:
        """See ``Tree``."""
        return self.condition.look(self.limit, case)


@dataclass(frozen=True, slots=True)
class AllOf:
    """Holds when every part holds. It ends when one part ends, so the gentlest resize of a part is enough."""

    parts: tuple[Tree, ...]

    @property
    def resizable(self) -> bool:
        """See ``Tree``."""
        return any(part.resizable for part in self.parts)

    def look(self, case: Case) -> Finding:
        """See ``Tree``."""
        seen = [(part.resizable, part.look(case)) for part in self.parts]
        holds = all(finding.holds for _, finding in seen)
        factor = max((finding.factor for resizable, finding in seen if resizable), default=1.0)
        return _joined([finding for _, finding in seen], holds, " and ", factor if holds else 1.0)


@dataclass(frozen=True, slots=True)
class AnyOf:
    """Holds when a part holds. It ends when all parts have ended, so the strongest resize decides."""

    parts: tuple[Tree, ...]

    @property
    def resizable(self) -> bool:
        """See ``Tree``."""
        return all(part.resizable for part in self.parts)

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

    def look(self, case: Case) -> Finding:
        """See ``Tree``."""
        seen = self.part.look(case)
        return Finding(not seen.holds, seen.seen, seen.limit, seen.text)


def build_tree(data: dict[str, Any], path: Path, report: Callable[[Path, str], None]) -> Tree:
    """The tree that a ``when:`` describes (it has passed the schema).

    A limit that cannot be meant is reported with its path and the range allowed, and left as it stands.
    """
    ((key, value),) = data.items()
    at = (*path, key)
    if key in ("all", "any"):
        parts = tuple(build_tree(part, (*at, i), report) for i, part in enumerate(value))
        return AllOf(parts) if key == "all" else AnyOf(parts)
    if key == "not":
        return Not(build_tree(value, at, report))
    condition = CONDITIONS[key]
    try:
        return Leaf(condition, condition.read(value))
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

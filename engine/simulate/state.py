"""What changes while one plan lives, bar by bar: plain data that a process may keep and another go on with."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

from engine.domain import Distance, ExitReason, Fill, Leg, Order, PathStatus
from engine.simulate.plain import level_from, levels_from


@dataclass(slots=True)
class State:
    """Everything that changes while a plan lives.

    ``resting`` are the orders in the book with their numbers (from 1), ``targets`` those still ahead (level, share of
    the filled quantity), ``passed`` the levels of those taken. ``stop`` acts on a touch, ``close_level`` on the close
    of a candle; ``first_stop`` is the one that the risk was planned with. ``trailing`` says that the stop follows
    ``peak``. ``said_stop`` is a distance that the channel named before the fill. ``numbers`` are those of the targets
    passed and ahead, where a change has put them (``Change.numbers``).
    """

    status: PathStatus | None = None
    fills: list[Fill] = field(default_factory=list)
    legs: list[Leg] = field(default_factory=list)
    ambiguous: bool = False
    resting: list[tuple[int, Order]] = field(default_factory=list)
    targets: list[tuple[float | Distance, float]] = field(default_factory=list)
    passed: list[float] = field(default_factory=list)
    stop: float | None = None
    close_level: float | None = None
    first_stop: float | None = None
    said_stop: Distance | None = None
    stop_reason: ExitReason = ExitReason.STOP
    trailing: bool = False
    peak: float = 0.0
    trail_points: float = 0.0
    numbered: int = 0
    numbers: list[int] = field(default_factory=list)
    moved: int = 0
    changed: int = 0
    ts: int = 0
    last_ts: int | None = None
    last_close: float = 0.0

    def saved(self) -> dict[str, Any]:
        """The state as plain data that JSON can hold."""
        return asdict(self)

    @classmethod
    def restored(cls, data: dict[str, Any]) -> State:
        """The state that ``saved`` gave."""
        made = cls(**data)
        made.status = None if made.status is None else PathStatus(made.status)
        made.stop_reason = ExitReason(made.stop_reason)
        made.said_stop = level_from(data.get("said_stop"))
        made.fills = [Fill(**fill) for fill in data["fills"]]
        made.legs = [Leg(**(leg | {"reason": ExitReason(leg["reason"])})) for leg in data["legs"]]
        made.resting = [(number, Order(**order)) for number, order in data["resting"]]
        made.targets = levels_from(data["targets"])
        return made

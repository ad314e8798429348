"""How far what was said live was from what the record made of it: for the line of the day."""

from __future__ import annotations

from dataclasses import dataclass, field
from statistics import mean
from typing import TYPE_CHECKING

from engine.paper.spoken import KINDS, Pair, Spoken

if TYPE_CHECKING:
    from engine.paper.ledger import Ledger


@dataclass
class Distance:
    """The live fills and exits that the record answered within a span, and how many it never made."""

    pairs: list[Pair] = field(default_factory=list)
    withdrawn: int = 0

    @property
    def line(self) -> str:
        """In words; "" where nothing was said live."""
        parts = []
        if self.pairs:
            points = [pair.points for pair in self.pairs]
            r = [pair.r for pair in self.pairs if pair.r is not None]
            in_r = [f" ({mean(r):.3f}R)", f" ({max(r):.3f}R)"] if r else ["", ""]
            parts.append(
                f"{len(points)} live fills and exits were {mean(points):.1f} bp{in_r[0]} from the record's on average, "
                f"{max(points):.1f} bp{in_r[1]} at worst"
            )
        if self.withdrawn:
            parts.append(f"{self.withdrawn} said live never came to be")
        return ", ".join(parts)


def distance_of(ledger: Ledger, account: str, span_ms: tuple[int, int]) -> Distance:
    """The distance within a span of record time (from, before)."""
    found = Distance()

    def pair(one: Pair) -> None:
        if span_ms[0] <= one.record.ts_ms < span_ms[1]:
            found.pairs.append(one)

    spoken = Spoken(pair)
    for event in ledger.events(account, 0, *KINDS):
        spoken.take(event)
        if event.kind == "withdrawn" and span_ms[0] <= event.at_ms < span_ms[1]:
            found.withdrawn += len(event.data["moves"])
    return found


def distance_line(ledger: Ledger, account: str, span_ms: tuple[int, int]) -> str:
    """``distance_of`` in words."""
    return distance_of(ledger, account, span_ms).line

"""What a trade does to an account, move by move: quantity, cash and what becomes real, each when it is known.

A fill or exit inside a bar is known when the bar is over; a funding payment at its settlement. Fees are paid with the
move they belong to. ``realised`` is the part that changes the wallet: profit and loss of exits against the average
entry, less fees and funding; open profit is not in it.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import NamedTuple

from engine.domain import ExitReason, Path, Trade
from engine.market.candles import Candles, Funding
from engine.market.contracts import Contract
from engine.simulate.money import fee_of, settlements
from engine.simulate.terms import Terms

Move = tuple[int, str, float, float, float]
"""A ``Flow`` without its names, which is much quicker to make."""
AT_OPEN = (ExitReason.CHANNEL, ExitReason.REPLACED)  # they act before any order of their bar is filled


class Flow(NamedTuple):
    """At ``at_ms`` the position of ``symbol`` changes by ``quantity`` (signed base units), the cash by ``cash``."""

    at_ms: int
    symbol: str
    quantity: float
    cash: float
    realised: float


@dataclass(slots=True)
class Flows:
    """Flows as columns, in the order in which they were booked; what they realise is left out."""

    at_ms: array[int] = field(default_factory=lambda: array("q"))
    symbol: list[str] = field(default_factory=list)
    quantity: array[float] = field(default_factory=lambda: array("d"))
    cash: array[float] = field(default_factory=lambda: array("d"))

    @classmethod
    def of(cls, flows: Iterable[Move]) -> Flows:
        """These flows."""
        found = cls()
        for flow in flows:
            found.append(flow)
        return found

    def append(self, flow: Move) -> None:
        """One more."""
        at_ms, symbol, quantity, cash, _ = flow
        self.at_ms.append(at_ms)
        self.symbol.append(symbol)
        self.quantity.append(quantity)
        self.cash.append(cash)


@dataclass(frozen=True, slots=True)
class Venue:
    """What a trade meets: the terms, the candles and the funding (None: none is paid), by symbol.

    ``fair`` has the fair prices that liquidate, where they are known; ``contracts`` what is known of the contracts,
    each state with its date, oldest first.
    """

    terms: Terms
    candles: Mapping[str, Candles]
    funding: Mapping[str, Funding] | None = None
    fair: Mapping[str, Candles] | None = None
    contracts: Mapping[str, Sequence[Contract]] | None = None


def flows_of(trade: Trade, venue: Venue) -> Iterator[Flow]:
    """All flows of a trade; their cash sums to its net result."""
    path, quantity = trade.path, trade.quantity
    if not path.fills:
        return
    bars = venue.candles[path.plan.symbol]
    yield from moves_of(path, quantity, venue.terms, bars.end_at)
    history = venue.funding.get(path.plan.symbol) if venue.funding else None
    for ts, paid in settlements(path, history, bars):
        yield funding_flow(path.plan.symbol, ts, paid, quantity)


def moves_of(
    path: Path, quantity: float, terms: Terms, end_at: Callable[[int], int], fills: int = 0, legs: int = 0
) -> Iterator[Flow]:
    """The flows of a path's fills and exits so far, fills first; each is known when its bar is over (``end_at``).

    The first ``fills`` and ``legs`` of them are left out: they are booked.

    What an exit realises is counted against the average entry of what is held then.
    """
    symbol, sign = path.plan.symbol, path.plan.side.sign
    for fill in path.fills[fills:]:
        moved, fee = sign * fill.share * quantity, fee_of(fill, terms) * quantity
        yield Flow(end_at(fill.ts_ms), symbol, moved, -moved * fill.price - fee, -fee)
    for leg, entry in list(zip(path.legs, held_entries(path), strict=True))[legs:]:
        moved, fee = -sign * leg.share * quantity, fee_of(leg, terms) * quantity
        won = -moved * (leg.price - entry)
        yield Flow(end_at(leg.ts_ms), symbol, moved, -moved * leg.price - fee, won - fee)


def held_entries(path: Path) -> Iterator[float]:
    """The average entry of what a path holds at each of its exits: a fill moves it, also one behind an exit; an exit
    leaves it as it is. Fills in the bar of an exit count as before it, but where it goes out at the open (``AT_OPEN``).
    """
    return islice(_entries(path), len(path.legs))


def held_entry(path: Path) -> float | None:
    """The average entry of what a path holds now, or held at its last exit; None where nothing was filled."""
    return [*_entries(path)][-1] if path.fills else None


def _entries(path: Path) -> Iterator[float]:
    """The average entry at each exit, and at last that after all fills."""
    average, held, taken = 0.0, 0.0, 0
    for leg in (*path.legs, None):
        worth, whole = average * held, held
        for fill in path.fills[taken:]:
            if leg is not None and fill.ts_ms + (leg.reason in AT_OPEN) > leg.ts_ms:
                break
            worth, whole, taken = worth + fill.price * fill.share, whole + fill.share, taken + 1
        if whole > held:
            average, held = worth / whole, whole
        yield average
        held -= 0.0 if leg is None else leg.share


def funding_flow(symbol: str, ts_ms: int, paid: float, quantity: float) -> Flow:
    """A funding payment at its settlement; ``paid`` for one unit of planned quantity."""
    return Flow(ts_ms, symbol, 0.0, -paid * quantity, -paid * quantity)

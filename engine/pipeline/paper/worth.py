"""What an account is worth by everything that its ledger knows.

Books book a fill or an exit when the next candle is told; by then it is in the ledger already, among the flows to come.
Whoever looks in between is to see the same money as in the list of trades. A trade that is only live (its first candle
is not over) counts in the equity as it stands at live prices, until the record has it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from engine.paper.worth import booked, leaving_all, marked
from engine.simulate.flows import Flow, moves_of

if TYPE_CHECKING:
    from engine.pipeline.paper.book import Book


@dataclass(frozen=True, slots=True)
class Worth:
    """Money in the account's currency; ``held`` in coins, by symbol; of them ``live`` trades.

    ``marked`` is the equity that rules see, ``equity`` what would be left if all that is open were left now.
    """

    realised: float
    marked: float
    equity: float
    held: dict[str, float]
    live: int


def booked_data(data: Mapping[str, Any], start: float) -> tuple[float, float, dict[str, float]]:
    """Cash, realised money and quantities by symbol of an account's books (``books_data``), with all flows booked."""
    flows = (Flow(*flow) for *_, flow in data.get("flows", ()))
    return booked(float(data.get("cash", start)), float(data.get("wallet", start)), data.get("held", {}), flows)


def worth_of(book: Book, prices: Mapping[str, tuple[int, float]]) -> Worth:
    """An account at the last prices (when, and the price, by symbol); a live trade without one counts at its entry."""
    cash, wallet, held = booked_data(book.fold.books or {}, float(book.begun.data["equity"]))
    known = {symbol: price for symbol, (_, price) in prices.items()}
    live = [side for side in book.live_sides if side.stepper.filled]
    for side in live:
        path = side.stepper.path()
        known.setdefault(side.plan.symbol, path.fills[0].price)
        cash, _, held = booked(cash, 0.0, held, moves_of(path, side.quantity, side.stepper.terms, int))
    equity = marked(cash, held, known)
    fees = leaving_all([*book.open, *(side for side in live if not side.over)], known)
    return Worth(wallet, equity, equity - fees, held, len(live))

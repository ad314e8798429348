"""What an account is worth by everything that its ledger knows.

Books book a fill or an exit when the next candle is told; by then it is in the ledger already, among the flows to come.
Whoever looks in between is to see the same money as in the list of trades. What was said live and is not in the record
yet (a trade whose first candle is not over, a stop that was hit) counts in the equity, until the record has it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from engine.paper.worth import booked, leaving_all, marked
from engine.simulate.flows import Flow, moves_of

if TYPE_CHECKING:
    from engine.paper.call import PaperCall
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
    """An account at the last prices (when, and the price, by symbol); ``last_prices`` has one for all that is held."""
    cash, wallet, held = booked_data(book.fold.books or {}, float(book.begun.data["equity"]))
    known = {symbol: price for symbol, (_, price) in prices.items()}
    live = [side for side in book.live_sides if side.stepper.filled]
    for side in live:
        path = side.stepper.path()
        cash, _, held = booked(cash, 0.0, held, moves_of(path, side.quantity, side.stepper.terms, int))
    stands = book.standing
    for call, side in zip(book.open, stands, strict=True):
        cash, _, held = booked(cash, 0.0, held, _since(call, side))
    equity = marked(cash, held, known)
    fees = leaving_all([side for side in (*stands, *live) if not side.over], known)
    return Worth(wallet, equity, equity - fees, held, len(live))


def _since(call: PaperCall, side: PaperCall) -> Iterable[Flow]:
    """What a trade did live since the record's last candle."""
    if side is call:
        return []
    known, terms = call.acting.stepper.path(), side.stepper.terms
    return moves_of(side.stepper.path(), side.quantity, terms, int, len(known.fills), len(known.legs))

"""What an account is worth by everything that its ledger knows.

Books book a fill or an exit when the next candle is told; by then it is in the ledger already, among the flows to come.
Whoever looks in between is to see the same money as in the list of trades. A trade that is only live (its first candle
is not over) counts in the equity as it stands at live prices, until the record has it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from engine.pipeline.paper.fates import live_side
from engine.simulate.flows import moves_of

if TYPE_CHECKING:
    from engine.pipeline.paper.book import Book


@dataclass(frozen=True, slots=True)
class Worth:
    """``realised`` and ``equity`` in the account's currency; ``held`` in coins, by symbol; of them ``live`` trades."""

    realised: float
    equity: float
    held: dict[str, float]
    live: int


def booked(data: Mapping[str, Any], start: float) -> tuple[float, float, dict[str, float]]:
    """Cash, realised money and quantities by symbol of an account's books (``books_data``), with all flows booked."""
    cash, wallet = float(data.get("cash", start)), float(data.get("wallet", start))
    held: dict[str, float] = dict(data.get("held", {}))
    for *_, (_, symbol, quantity, paid, realised) in data.get("flows", ()):
        cash, wallet = cash + paid, wallet + realised
        held[symbol] = held.get(symbol, 0.0) + quantity
    return cash, wallet, held


def worth_of(book: Book, prices: Mapping[str, tuple[int, float]]) -> Worth:
    """An account at the last prices (when, and the price, by symbol); a symbol without one counts at its entry."""
    cash, wallet, held = booked(book.fold.books or {}, float(book.begun.data["equity"]))
    known, live = {symbol: price for symbol, (_, price) in prices.items()}, 0
    for call in book.fold.rows:
        side = live_side(call, book.heard)
        if side is None or not side.stepper.filled:
            continue
        live, path = live + 1, side.stepper.path()
        known.setdefault(side.plan.symbol, path.fills[0].price)
        for flow in moves_of(path, side.quantity, side.stepper.terms, int):
            cash += flow.cash
            held[flow.symbol] = held.get(flow.symbol, 0.0) + flow.quantity
    equity = cash + sum(quantity * known[symbol] for symbol, quantity in held.items() if symbol in known)
    return Worth(wallet, equity, held, live)

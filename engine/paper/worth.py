"""What an account is worth: one meaning for a running account and for one that is read from its ledger.

1. Every fill and exit that is known is booked, also those whose candle is not over yet (``booked``).
2. What is held is marked at the last price that is known of it (``newest``, ``marked``): that is the equity that rules
   see.
3. People are told what would be left if everything open went out at that price: the same less the fees of leaving
   (``leaving``), as a backtest values what is open at its end.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from engine.domain import Fill, Leg
from engine.paper.call import PaperCall
from engine.simulate.flows import Move

Seen = tuple[int, float]
"""When a price was known (epoch ms), and the price."""


def newest(*known: Mapping[str, Seen], calls: Iterable[PaperCall] = ()) -> dict[str, Seen]:
    """The last price known of each symbol: of several that know some, and of the fills and exits of calls.

    A price of before a trade began says nothing of it; its own fill does.
    """
    found: dict[str, Seen] = {}
    for prices in known:
        for symbol, seen in prices.items():
            found[symbol] = max(found.get(symbol, seen), seen, key=_when)
    for call in calls:
        path, symbol = call.acting.stepper.path(), call.plan.symbol
        moves: list[Fill | Leg] = [*path.fills, *path.legs]
        for seen in [(move.ts_ms, move.price) for move in moves]:
            found[symbol] = max(found.get(symbol, seen), seen, key=_when)
    return found


def _when(seen: Seen) -> int:
    return seen[0]


def booked(
    cash: float, wallet: float, held: Mapping[str, float], flows: Iterable[Move]
) -> tuple[float, float, dict[str, float]]:
    """Cash, realised money and quantities by symbol once these flows are booked."""
    after = dict(held)
    for _, symbol, quantity, paid, realised in flows:
        cash, wallet = cash + paid, wallet + realised
        after[symbol] = after.get(symbol, 0.0) + quantity
    return cash, wallet, after


def marked(cash: float, held: Mapping[str, float], prices: Mapping[str, float]) -> float:
    """The equity at these prices; what has none counts nothing."""
    return cash + sum(quantity * prices[symbol] for symbol, quantity in held.items() if symbol in prices)


def leaving(call: PaperCall, price: float) -> float:
    """The fee of leaving what a call holds at a price, for one unit of its planned quantity."""
    stepper = call.acting.stepper
    return stepper.held * price * stepper.terms.fee(stepper.position.state.ts, maker=False)


def leaving_all(calls: Iterable[PaperCall], prices: Mapping[str, float]) -> float:
    """The fees of leaving the account's trades of these calls; what has no price counts nothing."""
    return sum(call.quantity * leaving(call, prices[call.plan.symbol]) for call in calls if call.plan.symbol in prices)

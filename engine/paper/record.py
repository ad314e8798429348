"""What a desk has done, in the words of a backtest: trades, refusals and the last equity."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from engine.domain import ExitReason, Trade
from engine.market.candles import Candles
from engine.paper.call import PaperCall
from engine.paper.desk import Desk
from engine.simulate.money import fee_of
from engine.simulate.walk import Refused


@dataclass(frozen=True, slots=True)
class Record:
    """Trades by row, valued at the end of the candles where they are open; refusals; the last equity."""

    trades: dict[int, Trade]
    refused: list[Refused]
    equity: float


def record_of(desk: Desk, candles: Mapping[str, Candles]) -> Record:
    """The account's record as a backtest over the same candles would write it."""
    trades: dict[int, Trade] = {}
    refused: list[Refused] = []
    for call in sorted(desk.books.rows, key=lambda call: call.order):
        if call.facts is not None:
            trades[call.row] = trade_at_end(desk, call, candles)
        elif call.asked and call.counted:
            refused.append(Refused(call.row, call.plan.signal_id, call.notes))
    end = max((bars.end_ms for bars in candles.values()), default=0)
    return Record(trades, refused, desk.books.books.equity(end) - leaving(desk, trades))


def trade_at_end(desk: Desk, call: PaperCall, candles: Mapping[str, Candles]) -> Trade:
    """A trade, valued at the last close where it is open."""
    bars = candles[call.plan.symbol]
    return call.trade(call.acting.path_at(desk.market.bar_at(bars.symbol, len(bars) - 1), bars.end_ms))


def leaving(desk: Desk, trades: Mapping[int, Trade]) -> float:
    """The fees of leaving what is open."""
    return sum(
        fee_of(leg, desk.books.rows[row].stepper.terms) * trade.quantity
        for row, trade in trades.items()
        for leg in trade.path.legs
        if leg.reason is ExitReason.END
    )

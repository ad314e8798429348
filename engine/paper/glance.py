"""A first glance at a call, at live prices, long before its candle is over: what the account would say, and at what.

The record of a trade is made of closed candles, so that it is what a backtest makes of them. A person wants to know at
once. So the first price after a call arrives gives a ``glance``: taken or refused, the size, and the price at which a
market order fills now or a limit that the market has reached. It goes into the ledger like all else, changes nothing of
the account, and says afterwards how far the record was from what could be had.
"""

from __future__ import annotations

import copy
from dataclasses import asdict, dataclass, field

from engine.paper.call import PaperCall
from engine.paper.codec import Data
from engine.paper.desk import Desk


@dataclass
class Glances:
    """The calls that no live price was seen for yet. ``limit`` of them at most."""

    desk: Desk
    limit: int = 1000
    _waiting: dict[str, list[PaperCall]] = field(default_factory=dict)

    def expect(self, call: PaperCall) -> None:
        """A call has arrived just now."""
        waiting = self._waiting.setdefault(call.plan.symbol, [])
        if len(waiting) < self.limit:
            waiting.append(call)

    def price(self, symbol: str, ts_ms: int, price: float) -> None:
        """A live price; the calls on that symbol are looked at and written down."""
        calls = self._waiting.pop(symbol, None)
        for call in calls or ():
            self.desk.note("glance", ts_ms, self._look(call, price), call.row)

    def _look(self, call: PaperCall, price: float) -> Data:
        """What the account would say to a call at a price."""
        desk, plan = self.desk, call.plan
        kept = call.entry, call.risk
        entry = desk.broker.entry_at(call, price)
        call.entry, call.risk = entry.average, entry.risk
        try:
            trial = copy.copy(desk.books.books)
            trial.books = copy.deepcopy(trial.books)
            lane = desk.lanes[call.lane]
            trial.strategy, trial.judge = lane.strategy, lane.judge
            answer = trial.offer(call.row)
        finally:
            call.entry, call.risk = kept
        fills = [{"price": at, "share": share} for at, share in entry.fills]
        said: Data = {"price": price, "taken": answer.taken, "quantity": answer.quantity, "fills": fills}
        return said | {"side": plan.side.value, "notes": [asdict(note) for note in answer.notes]}

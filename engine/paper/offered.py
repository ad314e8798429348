"""What the calls of an account show its rules: plans and figures by row, the market's facts, the channel's standing."""

from __future__ import annotations

import heapq
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from engine.domain import MarketFacts, Plan, Proposal, Standing
from engine.market.candles import Candles, Funding
from engine.paper.call import PaperCall
from engine.paper.lane import Lane
from engine.simulate.facts import SPREAD_BARS, market_columns
from engine.simulate.offers import asked_price
from engine.simulate.standing import Tally
from engine.units import DAY_MS

FACTS_MS = 5 * DAY_MS  # so much of the past is enough for every market fact


class _Rows(Sequence[float]):
    """One figure of each call, by row."""

    def __init__(self, calls: Sequence[PaperCall], name: str) -> None:
        self._calls, self._name = calls, name

    def __getitem__(self, row: int) -> float:  # type: ignore[override]
        return float(getattr(self._calls[row], self._name))

    def __len__(self) -> int:
        return len(self._calls)


class _Plans(Sequence[Plan]):
    """The plan of each call, by row."""

    def __init__(self, calls: Sequence[PaperCall]) -> None:
        self._calls = calls

    def __getitem__(self, row: int) -> Plan:  # type: ignore[override]
        return self._calls[row].plan

    def __len__(self) -> int:
        return len(self._calls)


@dataclass
class Offered:
    """See the module's docstring; ``rows`` are all calls that were planned, ``candles`` those known by now."""

    lanes: Mapping[str, Lane]
    rows: Sequence[PaperCall]
    candles: Mapping[str, Candles]
    funding: Mapping[str, Funding] | None
    _closed: list[tuple[int, int]] = field(default_factory=list)
    _tallies: dict[tuple[str, str], Tally] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.plans = _Plans(self.rows)
        self.entries, self.risks = _Rows(self.rows, "entry"), _Rows(self.rows, "risk")

    def proposal(self, row: int, quantity: float) -> Proposal:
        """One call asking to be taken with a quantity, as ``Offers.proposal`` makes it."""
        call = self.rows[row]
        plan, risk, lane = call.plan, call.risk, self.lanes[call.lane]
        leverage = float(plan.leverage or lane.strategy.leverage)
        notional = quantity * call.entry
        prices, shares = call.targets()
        return Proposal(
            plan.signal_id,
            plan.channel,
            plan.symbol,
            plan.side,
            call.posted_ms,
            plan.act_ms,
            call.entry,
            call.stepper.first_stop,
            prices,
            quantity,
            notional,
            risk * quantity if risk > 0 else 0.0,
            notional / leverage,
            leverage,
            shares,
            asked_price(plan),
            self.facts(plan.symbol, plan.act_ms),
            self.standing(call.lane, plan.channel),
            None if lane.judged is None else lane.judged(plan.channel, plan.act_ms),
        )

    def facts(self, symbol: str, now_ms: int) -> MarketFacts:
        """What is known of a market at a moment."""
        bars = self.candles.get(symbol)
        if bars is None:
            return MarketFacts()
        start = int(np.searchsorted(bars.ts, now_ms - FACTS_MS))
        end = int(np.searchsorted(bars.ts, now_ms))
        start = max(0, min(start, end - SPREAD_BARS - 2))
        columns = (bars.open, bars.high, bars.low, bars.close, bars.volume)
        seen = Candles(symbol, bars.timeframe_ms, bars.ts[start:end], *(column[start:end] for column in columns))
        return market_columns([symbol], np.array([now_ms]), {symbol: seen}, self.funding).rows()[0]

    def standing(self, lane: str, channel: str) -> Standing:
        """How a channel stands, from its calls that closed by the moment asked about last."""
        return self._tallies.get((lane, channel), Tally()).standing(channel)

    def closed(self, call: PaperCall) -> None:
        """A call of its own has closed; it counts from when that was known."""
        heapq.heappush(self._closed, (call.end_ms, call.row))

    def stand(self, now_ms: int) -> None:
        """Count the calls that have closed by now."""
        while self._closed and self._closed[0][0] <= now_ms:
            call = self.rows[heapq.heappop(self._closed)[1]]
            key, r = (call.lane, call.plan.channel), call.r()
            if r is not None:
                self._tallies[key] = self._tallies.get(key, Tally()).add(r)

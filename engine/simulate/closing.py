"""A trade that a rule, or a person, ends before its time.

The order to close goes out at a moment and acts like every market order: at the open of the first bar that opens at or
after it, with slippage and taker fee. What the trade did in bars before that one stays as it was; entry orders that had
not filled by then are cancelled.
"""

from __future__ import annotations

from dataclasses import replace
from math import sqrt

import numpy as np

from engine.domain import ExitReason, Fill, Leg, PathStatus, Trade
from engine.simulate.flows import Venue
from engine.simulate.money import fee_of, settlements


def close_early(
    trade: Trade, now_ms: int, venue: Venue, reason: ExitReason = ExitReason.RULE
) -> tuple[Trade, int] | None:
    """The trade as it ends now, and when that is known (epoch ms); None where it ends before, or no bar comes after."""
    path, plan = trade.path, trade.path.plan
    bars = venue.candles[plan.symbol]
    i = int(np.searchsorted(bars.ts, now_ms))
    if i == len(bars) or (path.status is PathStatus.CLOSED and path.legs[-1].ts_ms < bars.ts[i]):
        return None  # a path that is under way (on paper) may have parts out by now, and is not over
    ts, price = int(bars.ts[i]), float(bars.open[i])
    fills = tuple(fill for fill in path.fills if fill.ts_ms < ts)
    legs = tuple(leg for leg in path.legs if leg.ts_ms < ts)
    held = sum(fill.share for fill in fills) - sum(leg.share for leg in legs)
    if not fills:
        gone = replace(path, status=PathStatus.CANCELLED, fills=(), legs=())
        return replace(trade, path=gone, gross=0.0, fees=0.0, funding=0.0, net=0.0, r=None), ts
    slip = venue.terms.slippage + plan.impact * sqrt(held)
    out = Leg(ts, price * (1 - plan.side.sign * slip), held, reason, maker=False)
    ended = replace(path, status=PathStatus.CLOSED, fills=fills, legs=(*legs, out))
    worth = sum(leg.price * leg.share for leg in ended.legs) - sum(fill.price * fill.share for fill in fills)
    gross = plan.side.sign * worth * trade.quantity
    moves: list[Fill | Leg] = [*fills, *ended.legs]
    fees = sum(fee_of(move, venue.terms) for move in moves) * trade.quantity
    history = venue.funding.get(plan.symbol) if venue.funding else None
    funding = sum(paid for _, paid in settlements(ended, history, bars)) * trade.quantity
    net = gross - fees - funding
    r = net / trade.risk if trade.risk > 0 else None
    done = replace(trade, path=ended, gross=gross, fees=fees, funding=funding, net=net, r=r)
    return done, bars.end_at(ts)

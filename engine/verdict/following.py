"""What following one channel would have made of 1,000: an account of its own, without rules, and its figures.

The stake of a trade is set when it is filled, from the equity of that moment (closed trades only), and its result is
booked when it is closed. Years have 365 days; figures of days are taken from the equity at each day's end (UTC):

    Sharpe  = mean / standard deviation of daily returns x sqrt(365)
    Sortino = mean / sqrt(mean of squared negative returns) x sqrt(365)      (Sortino and Price 1994)
    CAGR    = (end / start)^(365 / days) - 1,    Calmar = CAGR / deepest fall     (Young 1991)
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from engine.market.candles import Floats, Ints
from engine.units import DAY_MS

START = 1_000.0
YEAR_DAYS = 365


@dataclass(frozen=True, slots=True)
class Following:
    """Figures of an account that followed a channel; None where there is nothing to divide by.

    ``drawdown`` is the deepest fall as a fraction, ``drawdown_days`` the longest time below an earlier high,
    ``exposure`` the share of time with a position, ``turnover`` what was bought and sold over the mean equity.
    ``fees`` and ``funding`` are positive when paid.
    """

    end: float
    cagr: float | None
    drawdown: float
    drawdown_days: float
    sharpe: float | None
    sortino: float | None
    calmar: float | None
    exposure: float | None
    turnover: float
    fees: float
    funding: float


@dataclass(frozen=True, slots=True)
class Stakes:
    """Trades for one unit of the account's equity, shape (n,) each: times, net result, notional traded, costs."""

    start_ms: Ints
    end_ms: Ints
    net: Floats
    traded: Floats
    fees: Floats
    funding: Floats

    def with_net(self, net: Floats) -> Stakes:
        """The same trades with other results."""
        return Stakes(self.start_ms, self.end_ms, net, self.traded, self.fees, self.funding)


def end_equity(stakes: Stakes) -> float:
    """What 1,000 became."""
    return float(_walk(stakes)[1][-1]) if len(stakes.net) else START


def follow(stakes: Stakes, from_ms: int, to_ms: int) -> Following:
    """Follow a channel from a moment to another; trades may be in any order."""
    equity_at, equity, held = _walk(stakes)
    days = daily(equity_at, equity, from_ms, to_ms)
    end = float(equity[-1]) if len(equity) else START
    drawdown, longest = _fall(equity_at, equity, from_ms, to_ms)
    years = (to_ms - from_ms) / (YEAR_DAYS * DAY_MS)
    cagr = float((max(end, 0.0) / START) ** (1 / years) - 1) if years > 0 else None
    return Following(
        end=end,
        cagr=cagr,
        drawdown=drawdown,
        drawdown_days=longest,
        sharpe=sharpe(days),
        sortino=sortino(days),
        calmar=cagr / drawdown if cagr is not None and drawdown > 0 else None,
        exposure=_exposure(stakes, from_ms, to_ms),
        turnover=float((held * stakes.traded).sum()) / float(np.mean([START, *equity.tolist()])),
        fees=float((held * stakes.fees).sum()),
        funding=float((held * stakes.funding).sum()),
    )


def daily(at_ms: Ints, equity: Floats, from_ms: int, to_ms: int) -> Floats:
    """Returns of whole days from the equity after each step."""
    ends = np.arange(from_ms + DAY_MS, to_ms + 1, DAY_MS)
    values = np.concatenate([[START], equity])[np.searchsorted(at_ms, ends, side="right")]
    before = np.concatenate([[START], values[:-1]])
    with np.errstate(divide="ignore", invalid="ignore"):
        result: Floats = np.where(before > 0, values / before - 1, 0.0)
    return result


def sharpe(days: Floats) -> float | None:
    """The yearly Sharpe ratio of daily returns; None without a spread."""
    spread = float(days.std(ddof=1)) if len(days) > 1 else 0.0
    return float(days.mean()) / spread * YEAR_DAYS**0.5 if spread > 1e-15 else None


def sortino(days: Floats) -> float | None:
    """The yearly Sortino ratio of daily returns; None without a losing day."""
    down = float(np.sqrt((np.minimum(days, 0.0) ** 2).mean())) if len(days) else 0.0
    return float(days.mean()) / down * YEAR_DAYS**0.5 if down > 1e-15 else None


def _walk(stakes: Stakes) -> tuple[Ints, Floats, Floats]:
    """When trades closed, the equity after each, and the equity each was staked with (in the order given)."""
    n = len(stakes.net)
    start, end = stakes.start_ms, np.maximum(stakes.start_ms, stakes.end_ms)
    # at one moment, what closes comes before what opens; a trade never closes before it opens
    kind = np.concatenate([np.ones(n, np.int64), np.where(stakes.end_ms > start, 0, 2)])
    trade = np.tile(np.arange(n), 2)
    order = np.lexsort((trade, kind, np.concatenate([start, end])))
    opens, closes = kind[order] == 1, order[kind[order] != 1] - n
    net, held, equity, after = stakes.net.tolist(), [0.0] * n, START, []
    for i, opened in zip(trade[order].tolist(), opens.tolist(), strict=True):
        if opened:
            held[i] = max(equity, 0.0)
        else:
            equity = max(0.0, equity + held[i] * net[i])
            after.append(equity)
    return end[closes].astype(np.int64), np.array(after, np.float64), np.array(held, np.float64)


def _fall(at_ms: Ints, equity: Floats, from_ms: int, to_ms: int) -> tuple[float, float]:
    """The deepest fall (a fraction) and the longest time below an earlier high, in days."""
    curve = np.concatenate([[START], equity])
    peaks = np.maximum.accumulate(curve)
    times = np.concatenate([[from_ms], at_ms, [to_ms]])
    deepest = float(((peaks - curve) / peaks).max())
    longest = start = 0
    below = False
    for i, low in enumerate((curve < peaks - 1e-12).tolist()):
        if low and not below:
            start = int(times[i])
        if below and not low:
            longest = max(longest, int(times[i]) - start)
        below = low
    if below:
        longest = max(longest, to_ms - start)
    return deepest, longest / DAY_MS


def _exposure(stakes: Stakes, from_ms: int, to_ms: int) -> float | None:
    """The share of the time in which at least one trade was open."""
    if to_ms <= from_ms or not len(stakes.net):
        return 0.0 if to_ms > from_ms else None
    order = np.argsort(stakes.start_ms, kind="stable")
    start = np.clip(stakes.start_ms[order], from_ms, to_ms)
    end = np.maximum.accumulate(np.clip(stakes.end_ms[order], from_ms, to_ms))
    before = np.concatenate([[from_ms], end[:-1]])
    return float(np.maximum(0, end - np.maximum(start, before)).sum()) / (to_ms - from_ms)

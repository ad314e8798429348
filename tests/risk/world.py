"""Calls and accounts at random, for holding two ways of asking a rule against each other."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from engine.domain import Account, History, OpenTrade, Opinion, Order, PathStatus, Plan, Side
from engine.market.candles import Candles, Funding
from engine.simulate.flows import Venue
from engine.simulate.money import Money
from engine.simulate.offers import Offers
from engine.simulate.table import CODE, PathTable
from engine.simulate.terms import Terms
from engine.units import DAY_MS, HOUR_MS, MINUTE_MS, moment_ms

START = moment_ms("2025-03-20")  # a clock change of Europe/Sofia lies inside
SYMBOLS = ("BTCUSDT", "ETHUSDT", "SOLUSDT", "XRPUSDT")
CHANNELS = ("fast_scalps", "btc_alerts", "vip")
DAYS = 14


def candles_of(symbol: str, rng: np.random.Generator, days: int = DAYS) -> Candles:
    """A random walk in candles of five minutes, with a hole of a day in the middle."""
    n = days * 288
    ts = START + np.arange(n, dtype=np.int64) * 5 * MINUTE_MS
    close = 100 * np.exp(np.cumsum(rng.normal(0, 0.002, n)))
    opened = np.concatenate([[100.0], close[:-1]])
    spread = np.abs(rng.normal(0, 0.001, (2, n)))
    high, low = np.maximum(opened, close) * (1 + spread[0]), np.minimum(opened, close) * (1 - spread[1])
    kept = (ts < START + days * DAY_MS // 2) | (ts >= START + days * DAY_MS // 2 + DAY_MS)
    volume = rng.uniform(0, 100, n)
    return Candles(symbol, 5 * MINUTE_MS, *(c[kept] for c in (ts, opened, high, low, close, volume)))


def offers_of(n: int, seed: int) -> Offers:
    """``n`` calls of every sort: without stop, target, stated price; before, inside and after the candles."""
    rng = np.random.default_rng(seed)
    # the last symbol has no candles at all
    candles = {symbol: candles_of(symbol, rng) for symbol in SYMBOLS[:-1]}
    settled = START + np.arange(DAYS * 3, dtype=np.int64) * 8 * HOUR_MS
    rates = {s: Funding(s, settled, rng.normal(0, 0.0005, len(settled))) for s in SYMBOLS[:2]}
    plans = [one_plan(i, rng) for i in range(n)]
    table = PathTable.empty(plans)
    entry = rng.uniform(90, 110, n)
    sign = np.array([plan.side.sign for plan in plans])
    away = rng.choice([0.005, 0.01, 0.02, 0.05], n) * entry
    stop = np.where(rng.random(n) < 0.2, np.nan, entry - sign * away)
    status = rng.choice([CODE[PathStatus.CLOSED], CODE[PathStatus.CLOSED], CODE[PathStatus.EXPIRED]], n)
    act = np.array([plan.act_ms for plan in plans])
    table = replace(table, stop=stop, status=status, end_ms=act + rng.integers(0, 3 * DAY_MS, n))
    r = np.where(rng.random(n) < 0.1, np.nan, rng.normal(-0.05, 1, n))
    zero = np.zeros(n)
    money = Money(zero, zero, zero, zero, entry, np.where(np.isnan(stop), np.nan, away), r)
    posted = (act - rng.choice([5_000, 600_000, 3_600_000], n)).tolist()
    counted = rng.random(n) < 0.9
    words = rng.choice(["FOLLOW", "PAPER ONLY", "AVOID", "NOT ENOUGH DATA"], n).tolist()
    said = [Opinion(word, 10 * i) for i, word in enumerate(words)]
    return Offers(table, money, Venue(Terms(0.0, 0.0, 0.0), candles, rates), posted, 20.0, counted, lambda: said)


def one_plan(i: int, rng: np.random.Generator) -> Plan:
    side = Side.LONG if rng.random() < 0.5 else Side.SHORT
    act_ms = int(START + rng.integers(-DAY_MS, (DAYS + 1) * DAY_MS) // 1000 * 1000)
    prices = sorted((100 * (1 + side.sign * rng.uniform(-0.02, 0.1, rng.integers(0, 4)))).tolist())
    if side is Side.SHORT:
        prices.reverse()
    shares = rng.dirichlet(np.ones(len(prices))).tolist() if prices else []
    kind = rng.integers(3)
    limits = tuple(Order("limit", float(100 * rng.uniform(0.95, 1.05)), 0.5) for _ in range(2))
    return Plan(
        f"{rng.choice(CHANNELS)}/{i}",
        str(rng.choice(CHANNELS)),
        str(rng.choice(SYMBOLS)),
        side,
        act_ms,
        act_ms + DAY_MS,
        limits if kind == 0 else (Order("market", None, 1.0),),
        None,
        tuple(zip(prices, shares, strict=True)),
        leverage=[None, 3.0, 10.0][rng.integers(3)],
        reference=float(100 * rng.uniform(0.95, 1.05)) if kind == 1 else None,
    )


def one_account(now_ms: int, rng: np.random.Generator) -> Account:
    """An account in any state; now and then with nothing left."""
    equity = float(rng.choice([0.0, -5.0, 9_000.0, 9_500.0, 10_000.0]))
    trades = tuple(
        OpenTrade(
            f"x/{i}",
            str(rng.choice(CHANNELS)),
            str(rng.choice(SYMBOLS)),
            Side.LONG if rng.random() < 0.5 else Side.SHORT,
            float(rng.uniform(0, 3_000)),
            float(rng.uniform(0, 1_000)),
            float(rng.choice([0.0, 50.0, 100.0])),
        )
        for i in range(rng.integers(0, 4))
    )
    ago = [now_ms - int(rng.choice([MINUTE_MS, HOUR_MS, 4 * HOUR_MS, DAY_MS])) for _ in range(3)]
    losses = int(rng.integers(0, 5))
    history = History(
        losses,
        ago[0] if losses else None,
        {str(rng.choice(SYMBOLS)): ago[1]} if rng.random() < 0.7 else {},
        {str(rng.choice(CHANNELS)): ago[2]} if rng.random() < 0.7 else {},
    )
    week = None if rng.random() < 0.3 else float(rng.choice([9_000.0, 10_000.0, 0.0]))
    start, peak = rng.choice([9_200.0, 10_000.0, 0.0], 2).tolist()
    return Account(now_ms, equity, start, max(peak, 0.0), trades, week, history)

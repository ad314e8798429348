"""``python -m benchmarks.verdict_random_entry``: matched random entry, 1,000 draws for 2,000 calls, a year of minutes.

Every burst is simulated at 1,000 places of its own: two million paths of three-rung ladders with three targets. Prints
the seconds and the rate. The limit that the project sets itself is 30 s on two cores.
"""

from __future__ import annotations

import time

import numpy as np

from engine.domain import Order, Plan, Side, StopMove
from engine.market.synthetic import SyntheticMarket
from engine.simulate.money import money_of
from engine.simulate.prepared import simulate
from engine.simulate.terms import Terms
from engine.units import DAY_MS, moment_ms
from engine.verdict.moving import Ground, Lives
from engine.verdict.random_entry import random_entry

CALLS, DRAWS = 2_000, 1_000


def calls(world: SyntheticMarket, number: int) -> list[Plan]:
    """Ladders of three limits below (above) the market, stop 2% away, targets at 1, 2 and 3 times the risk."""
    rng = np.random.default_rng(1)
    candles = {symbol: world.candles(symbol) for symbol in world.symbols}
    plans = []
    for i in range(number):
        symbol = world.symbols[i % len(world.symbols)]
        bars = candles[symbol]
        bar = int(rng.integers(30_000, len(bars) - 30_000))
        price, side = float(bars.open[bar]), (Side.LONG if rng.random() < 0.5 else Side.SHORT)
        act, sign = int(bars.ts[bar]) - 20_000, side.sign
        orders = tuple(Order("limit", price * (1 - sign * 0.003 * rung), 1 / 3) for rung in range(3))
        targets = tuple((price * (1 + sign * 0.02 * k), share) for k, share in ((1, 0.5), (2, 0.3), (3, 0.2)))
        stop = price * (1 - sign * 0.02)
        moves = (StopMove(1),)
        plans.append(Plan(f"x/{i}", "x", symbol, side, act, act + DAY_MS, orders, stop, targets, moves, 7 * DAY_MS))
    return plans


def main() -> None:
    """Run it once with all cores and once with one."""
    world = SyntheticMarket(7, moment_ms("2025-01-01"), moment_ms("2026-01-01"))
    candles = {symbol: world.candles(symbol) for symbol in world.symbols}
    terms = Terms(0.0002, 0.0006, 0.0002)
    plans = calls(world, CALLS)
    table = simulate(plans, candles, terms)
    lives = Lives(plans, money_of(table, terms, candles).r, np.array([p.act_ms for p in plans], np.int64), table.end_ms)
    for workers in (None, 1):
        began = time.perf_counter()
        found = random_entry(lives, Ground(candles, terms, None), seed=1, draws=DRAWS, positions=DRAWS, workers=workers)
        took = time.perf_counter() - began
        name = "all cores" if workers is None else "one core"
        print(f"{name}: {CALLS:,} calls, {DRAWS:,} draws: {took:.1f} s, {CALLS * DRAWS / took:,.0f} paths/s; {found}")


if __name__ == "__main__":
    main()

"""Phase 1 on a large workload: paths a second, and how far that is from the memory bound of a full scan.

    python -m benchmarks.simulation medium             20 symbols x a year of minutes, 20,000 calls
    python -m benchmarks.simulation large              the same candles, 100,000 calls
    python -m benchmarks.simulation horizon [FILE.svg]   how the cost grows: calls held for 1, 7 and 30 days, and more
                                                       and more calls; a picture of both

Candles are a seeded random walk in three moods of volatility. Each call enters at the market, with target and stop in
percent of its fill, and is closed after a day; 1,000 quote each, fees 0.05%, no slippage.
"""

from __future__ import annotations

import resource
import sys
import time
from pathlib import Path

import numpy as np

from engine.domain import Distance, Order, Plan, Side, StopMove, Trail
from engine.market.candles import Candles
from engine.simulate.money import money_of
from engine.simulate.prepared import prepare
from engine.simulate.table import REASONS, PathTable
from engine.simulate.terms import Terms
from engine.units import DAY_MS, MINUTE_MS

SYMBOLS, BARS, DAY = 20, 525_600, 1440
CALLS = {"small": 2_000, "medium": 20_000, "large": 100_000}
FREE = Terms(0.0005, 0.0005, 0.0)


def candles_of(rng: np.random.Generator, name: str) -> Candles:
    moods = np.array([0.0003, 0.0007, 0.0018])
    lengths = rng.exponential(360, size=BARS // 200 + 50).astype(np.int64) + 1
    sigma = moods[np.repeat(rng.choice(3, size=lengths.size, p=[0.45, 0.4, 0.15]), lengths)[:BARS]]
    start = np.log(100 * rng.uniform(0.5, 5))
    close = start + np.cumsum(rng.standard_normal(BARS) * sigma - 0.5 * sigma * sigma)
    open_ = np.append(close[0], close[:-1]) + rng.standard_normal(BARS) * sigma * 0.1
    high = np.maximum(open_, close) + np.abs(rng.standard_normal(BARS)) * sigma * 0.5
    low = np.minimum(open_, close) - np.abs(rng.standard_normal(BARS)) * sigma * 0.5
    volume = rng.lognormal(3, 1, BARS)
    ts = np.arange(BARS, dtype=np.int64) * MINUTE_MS
    return Candles(name, MINUTE_MS, ts, *map(np.exp, (open_, high, low, close)), volume)


def drawn(count: int) -> tuple[np.ndarray, ...]:
    """Symbol, bar, side, and target and stop as fractions of the fill; shape (calls,) each, in order of time."""
    rng = np.random.default_rng(777 + count)
    symbol, bar = rng.integers(0, SYMBOLS, count), rng.integers(0, BARS - DAY - 3, count)
    order = np.lexsort((symbol, bar))
    side = rng.choice([-1, 1], count)
    target, stop = rng.uniform(0.005, 0.04, count).round(4), rng.uniform(0.005, 0.03, count).round(4)
    return symbol[order], bar[order], side, target, stop


def plans_of(count: int, *, days: int = 1, gap: str = "level", rich: bool = False) -> list[Plan]:
    made = []
    for i, (s, b, d, up, down) in enumerate(zip(*(x.tolist() for x in drawn(count)), strict=True)):
        act = (b + 1) * MINUTE_MS
        targets = [(Distance(up * 100, "percent"), 1.0)]
        more = {}
        if rich:
            parts = zip((1, 2, 3, 5), (0.4, 0.3, 0.2, 0.1), strict=True)
            targets = [(Distance(up * 50 * k, "percent"), share) for k, share in parts]
            more = {"stop_moves": (StopMove(1),), "trail": Trail(Distance(1.0, "percent"), after_target=2)}
        made.append(
            Plan(
                str(i), "c", f"S{s}", Side.LONG if d > 0 else Side.SHORT, act, act + DAY_MS,
                (Order("market", None, 1.0),), Distance(down * 100, "percent"), tuple(targets),
                close_after_ms=days * DAY_MS, target_gap=gap, **more,
            )
        )  # fmt: skip
    return made


def made_world() -> dict[str, Candles]:
    """A year of minutes of 20 symbols, always the same."""
    rng = np.random.default_rng(12345)
    return {f"S{i}": candles_of(rng, f"S{i}") for i in range(SYMBOLS)}


def result(table: PathTable, world: dict[str, Candles]) -> tuple[dict[str, int], float]:
    """How many exits there are of each kind, and the profit in quote at 1,000 a call."""
    reasons = np.bincount(table.leg_reason[table.leg_ms >= 0], minlength=len(REASONS)).tolist()
    counts = {reason.value: n for reason, n in zip(REASONS, reasons, strict=True) if n}
    return counts, float(np.nansum(1000 * money_of(table, FREE, world).net / table.entry_price))


def timed(label: str, plans: list[Plan], world: dict[str, Candles]) -> float:
    """Lay the plans out, take them through the candles, and say how long each took; the CPU seconds of the paths."""
    start = time.process_time()
    prepared = prepare(plans, world)
    laid = time.process_time()
    table = prepared.run(FREE)
    took = time.process_time() - laid
    n = len(plans)
    print(
        f"{label:34} layout {laid - start:6.3f} s, paths {took:6.3f} s: {n / took:9,.0f} paths/s, "
        f"{n / (took + laid - start):9,.0f} with the layout"
    )
    counts, profit = result(table, world)
    shown = ", ".join(f"{name} {count:,}" for name, count in counts.items())
    print(f"{'':34} {shown}; PnL {profit:.4f}")
    return took


def bound(plans: list[Plan], world: dict[str, Candles]) -> None:
    """How far the paths are from the time in which the memory hands over high and low of every bar they last."""
    high = np.concatenate([world[name].high for name in sorted(world)])
    start = time.process_time()
    for _ in range(5):
        high.max()
    rate = 5 * high.nbytes / (time.process_time() - start)
    prepared = prepare(plans, world)
    start = time.process_time()
    table = prepared.run(FREE)
    took = time.process_time() - start
    last = np.where(table.leg_ms >= 0, table.leg_ms, -1).max(axis=1)
    bars = int(((last - table.first_ms) // MINUTE_MS + 1).sum())
    scan = bars * 16 / rate
    print(
        f"memory: {rate / 1e9:.1f} GB/s; a full scan of the {bars / 1e6:.0f} million bars that the paths last takes "
        f"{scan:.3f} s; the paths take {took:.3f} s, {took / scan:.1f} times that"
    )


def horizon(world: dict[str, Candles], file: str | None) -> None:
    """The cost by the length of a trade and by the number of calls; best of three each."""
    days = {
        d: min(timed(f"20,000 calls, {d} d", plans_of(20_000, days=d), world) for _ in range(3)) for d in (1, 7, 30)
    }
    counts = (5_000, 10_000, 20_000, 40_000, 80_000)
    calls = {n: min(timed(f"{n:,} calls, 1 d", plans_of(n), world) for _ in range(3)) for n in counts}
    print(
        f"30 days cost {days[30] / days[1]:.2f} times one day; 80,000 calls {calls[80_000] / calls[5_000]:.1f} x 5,000"
    )
    if file:
        Path(file).write_text(picture(days, calls), encoding="utf-8")


def picture(days: dict[int, float], calls: dict[int, float]) -> str:
    """Two bar charts beside each other, as SVG that follows the reader's colour scheme."""
    parts = [
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 720 220" font-family="sans-serif" font-size="12">',
        "<style>text{fill:#333}rect{fill:#0072b2}@media(prefers-color-scheme:dark){text{fill:#ddd}}</style>",
    ]
    for left, title, costs, unit in (
        (20, "20,000 calls, by how long a trade may last", days, "d"),
        (380, "by the number of calls, one day each", calls, ""),
    ):
        parts.append(f'<text x="{left}" y="18" font-weight="bold">{title}</text>')
        for i, (name, seconds) in enumerate(costs.items()):
            y, width = 34 + 34 * i, 190 * seconds / max(costs.values())
            parts.append(f'<text x="{left}" y="{y + 15}">{name:,} {unit}</text>')
            parts.append(f'<rect x="{left + 56}" y="{y}" width="{width:.1f}" height="20"/>')
            parts.append(f'<text x="{left + 62 + width:.1f}" y="{y + 15}">{seconds:.3f} s</text>')
    return "\n".join([*parts, "</svg>"]) + "\n"


def main() -> None:
    what = sys.argv[1] if len(sys.argv) > 1 else "medium"
    world = made_world()
    if what == "horizon":
        horizon(world, sys.argv[2] if len(sys.argv) > 2 else None)
        return
    count = CALLS[what]
    bound(plans_of(count), world)
    for gap in ("open", "level"):
        timed(f"one target, gaps at the {gap}", plans_of(count, gap=gap), world)
    timed("4 targets, break-even, trailing", plans_of(count, rich=True), world)
    print(f"RSS {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024} MB")


if __name__ == "__main__":
    main()

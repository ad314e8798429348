"""Other engines on the workload of ``simulation.py``, side by side with ours in one run.

    pip install .[bench]
    python -m benchmarks.simulation_peers medium                 20,000 calls; backtesting.py takes minutes
    python -m benchmarks.simulation_peers large --only vectorbt  100,000 calls

- vectorbt: every call is a column of its own over the candles of its day, since calls overlap; entered at the open,
  stops checked from the bar of the entry on. Built and run in chunks; the first, which compiles, is not timed.
- backtesting.py: one backtest a symbol with hedging; each call is an order with stop and limit, closed after a day.

Both fill a target at the open on a gap, so ours is asked for the same. All three have to agree on how many calls reach
their target, their stop and the end of their day, and on the profit to the cent. Times are CPU seconds of one process
and hold what each engine needs to be told the calls; making the candles is not in them.
"""

from __future__ import annotations

import argparse
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from benchmarks.simulation import BARS, CALLS, DAY, FREE, SYMBOLS, drawn, made_world, plans_of, result
from engine.market.candles import Candles
from engine.simulate.prepared import prepare

NOTIONAL, FEE, CHUNK = 1000.0, 0.0005, 2_000
UNIT = 1e-6  # backtesting.py trades whole numbers: a millionth of a coin is one


@dataclass(frozen=True)
class Calls:
    """The drawn calls as columns: symbol, bar of entry, side, target and stop as fractions, price of entry."""

    symbol: np.ndarray
    bar: np.ndarray
    side: np.ndarray
    target: np.ndarray
    stop: np.ndarray
    entry: np.ndarray


@dataclass(frozen=True)
class Outcome:
    """Exit prices, and which calls reached the end of their day; shape (calls,)."""

    price: np.ndarray
    expired: np.ndarray

    def figures(self, calls: Calls) -> tuple[dict[str, int], float]:
        """Counts of exits, and the profit at 1,000 a call with fees both ways."""
        won = calls.side * (self.price - calls.entry) > 0
        quantity = NOTIONAL / calls.entry
        paid = FEE * quantity * (calls.entry + self.price)
        profit = calls.side * quantity * (self.price - calls.entry) - paid
        counts = {"target": won & ~self.expired, "stop": ~won & ~self.expired, "time": self.expired}
        return {name: int(which.sum()) for name, which in counts.items()}, float(profit.sum())


def calls_of(count: int, world: dict[str, Candles]) -> Calls:
    symbol, bar, side, target, stop = drawn(count)
    entry = np.array([world[f"S{s}"].open[b + 1] for s, b in zip(symbol.tolist(), bar.tolist(), strict=True)])
    return Calls(symbol, bar + 1, side, target, stop, entry)


def with_vectorbt(calls: Calls, world: dict[str, Candles]) -> tuple[Outcome, float]:
    import vectorbt as vbt

    n = len(calls.bar)
    price, expired = np.empty(n), np.zeros(n, np.bool_)
    prices = {name: np.stack([c.open, c.high, c.low, c.close]) for name, c in world.items()}

    def run(rows: np.ndarray) -> None:
        # row 0 is the moment before the bar of the entry, where the order is placed at that bar's open; the last row is
        # the open after the day
        shape = DAY + 2, len(rows)
        o, h, low, c = (np.empty(shape) for _ in range(4))
        for j, i in enumerate(rows.tolist()):
            b = int(calls.bar[i])
            o[1:-1, j], h[1:-1, j], low[1:-1, j], c[1:-1, j] = prices[f"S{calls.symbol[i]}"][:, b : b + DAY]
            end = prices[f"S{calls.symbol[i]}"][0, b + DAY]
            for column in (o, h, low, c):
                column[0, j], column[-1, j] = calls.entry[i], end
        entries, exits = np.zeros(shape, np.bool_), np.zeros(shape, np.bool_)
        entries[0], exits[-1] = True, True
        long = calls.side[rows] > 0
        folio = vbt.Portfolio.from_signals(
            c, entries & long, exits & long, entries & ~long, exits & ~long, open=o, high=h, low=low, price=c,
            size=NOTIONAL / calls.entry[rows], fees=FEE, init_cash=np.inf, tp_stop=calls.target[rows],
            sl_stop=calls.stop[rows], stop_entry_price="fillprice", stop_exit_price="stopmarket",
        )  # fmt: skip
        trades = folio.exit_trades.records
        price[rows[trades["col"]]] = trades["exit_price"]
        expired[rows[trades["col"]]] = trades["exit_idx"] == DAY + 1

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        run(np.arange(20))
        start = time.process_time()
        for begin in range(0, n, CHUNK):
            run(np.arange(begin, min(n, begin + CHUNK)))
    return Outcome(price, expired), time.process_time() - start


def with_backtesting(calls: Calls, world: dict[str, Candles]) -> tuple[Outcome, float]:
    import pandas as pd
    from backtesting import Backtest, Strategy, backtesting

    backtesting._tqdm = lambda steps, **_: steps  # no progress bar
    price, expired = np.full(len(calls.bar), np.nan), np.zeros(len(calls.bar), np.bool_)

    class Follow(Strategy):
        mine: dict[int, list[int]] = {}  # noqa: RUF012 - set below for each symbol

        def init(self) -> None:
            pass

        def next(self) -> None:
            now = len(self.data) - 1
            for trade in self.trades:
                if now == trade.entry_bar + DAY - 1:
                    trade.close()
            for i in self.mine.get(now, ()):
                entry, side = calls.entry[i] * UNIT, int(calls.side[i])
                send = self.buy if side > 0 else self.sell
                send(
                    size=round(NOTIONAL / entry), sl=entry * (1 - side * calls.stop[i]),
                    tp=entry * (1 + side * calls.target[i]), tag=i,
                )  # fmt: skip

    start = time.process_time()
    for s in range(SYMBOLS):
        c = world[f"S{s}"]
        frame = pd.DataFrame(
            {"Open": c.open * UNIT, "High": c.high * UNIT, "Low": c.low * UNIT, "Close": c.close * UNIT}
        )
        Follow.mine = {}
        for i in np.flatnonzero(calls.symbol == s).tolist():
            Follow.mine.setdefault(int(calls.bar[i]) - 1, []).append(i)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            done = Backtest(frame, Follow, cash=1e9, commission=FEE, hedging=True, finalize_trades=True).run()
        trades = done["_trades"]
        at = trades["Tag"].to_numpy(np.int64)
        price[at] = trades["ExitPrice"].to_numpy() / UNIT
        expired[at] = (trades["ExitBar"] - trades["EntryBar"]).to_numpy() >= DAY
    return Outcome(price, expired), time.process_time() - start


PEERS: dict[str, Callable[[Calls, dict[str, Candles]], tuple[Outcome, float]]] = {
    "vectorbt": with_vectorbt,
    "backtesting.py": with_backtesting,
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("size", choices=CALLS, nargs="?", default="medium")
    parser.add_argument("--only", choices=PEERS, help="leave the other one out")
    options = parser.parse_args()
    count, world = CALLS[options.size], made_world()
    calls, plans = calls_of(count, world), plans_of(count, gap="open")
    prepare(plans[:100], world).run(FREE)
    start = time.process_time()
    prepared = prepare(plans, world)
    laid = time.process_time()
    table = prepared.run(FREE)
    took, layout = time.process_time() - laid, laid - start
    counts, profit = result(table, world)
    print(f"{count:,} calls, {SYMBOLS * BARS / 1e6:.1f} million bars")
    print(f"{'ours':16} {took:8.2f} s  {count / took:9,.0f} calls/s   {counts}  PnL {profit:.4f}")
    both = took + layout
    print(f"{'  with layout':16} {both:8.2f} s  {count / both:9,.0f} calls/s")
    differ = False
    for name, run in PEERS.items():
        if options.only in (None, name):
            outcome, seconds = run(calls, world)
            theirs, gained = outcome.figures(calls)
            same = theirs == counts and abs(gained - profit) < 0.01
            differ |= not same
            print(
                f"{name:16} {seconds:8.2f} s  {count / seconds:9,.0f} calls/s   {theirs}  PnL {gained:.4f}  "
                f"{'same result' if same else 'DIFFERS'}; ours is {seconds / took:,.0f} times as fast, "
                f"{seconds / both:,.0f} with the layout"
            )
    if differ:
        raise SystemExit(1)


if __name__ == "__main__":
    main()

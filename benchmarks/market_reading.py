"""Reading a year of one-minute candles of 20 symbols: csv, parquet and the store, side by side in one run.

    python -m benchmarks.market_reading [--symbols 20] [--rows 525600]

Each file is read whole and its closes are summed, so that a mapped file is really read. Times are those of a warm
file cache, the best of three rounds.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet

from engine.market.candles import Candles
from engine.market.store import CandleStore
from engine.units import MINUTE_MS, moment_ms

COLUMNS = ("ts", "open", "high", "low", "close", "volume")


def made(symbol: str, rows: int, seed: int) -> Candles:
    """Candles of a random walk on a tick of 0.1."""
    chance = np.random.default_rng(seed)
    close = np.round(50_000 * np.exp(np.cumsum(chance.normal(0, 5e-4, rows))), 1)
    open_ = np.concatenate([[close[0]], close[:-1]])
    up, down = (np.round(chance.exponential(10, rows), 1) for _ in range(2))
    ts = moment_ms("2025-01-01") + np.arange(rows, dtype=np.int64) * MINUTE_MS
    high, low = np.maximum(open_, close) + up, np.minimum(open_, close) - down
    return Candles(symbol, MINUTE_MS, ts, open_, high, low, close, np.round(chance.exponential(20, rows), 3))


def best(read: Callable[[int], float], symbols: int) -> tuple[float, float]:
    """Seconds of the best of three rounds over all symbols, and the sum that was read."""
    rounds = []
    for _ in range(3):
        began = time.perf_counter()
        total = sum(read(k) for k in range(symbols))
        rounds.append(time.perf_counter() - began)
    return min(rounds), total


def main() -> None:
    """Write, read, print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--symbols", type=int, default=20)
    parser.add_argument("--rows", type=int, default=525_600)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder, store = Path(name), CandleStore(Path(name) / "candles")
        for k in range(options.symbols):
            candles = made(f"TK{k:02}USDT", options.rows, k)
            store.add(candles, "mexc", "swap")
            table = pa.table({column: getattr(candles, column) for column in COLUMNS})
            pa.csv.write_csv(table, folder / f"{k}.csv")
            pa.parquet.write_table(table, folder / f"{k}.parquet", compression="zstd")

        def of_store(k: int) -> float:
            found = store.read("mexc", "swap", f"TK{k:02}USDT", "1m")
            assert found is not None
            return sum(float(getattr(found, column).sum()) for column in COLUMNS[1:])

        def of_csv(k: int) -> float:
            return float(pd.read_csv(folder / f"{k}.csv")[list(COLUMNS[1:])].to_numpy().sum())

        def of_parquet(k: int) -> float:
            table = pa.parquet.read_table(folder / f"{k}.parquet")
            return sum(float(table.column(column).to_numpy().sum()) for column in COLUMNS[1:])

        sizes = {
            "csv (pandas)": sum(f.stat().st_size for f in folder.glob("*.csv")),
            "parquet (zstd, pyarrow)": sum(f.stat().st_size for f in folder.glob("*.parquet")),
            "the store (Arrow IPC, mapped)": sum(f.stat().st_size for f in store.root.rglob("*.arrow")),
        }
        print(f"{options.symbols} symbols x {options.rows:,} rows; ms for each symbol, MB on disk")
        sums = []
        for (label, size), read in zip(sizes.items(), (of_csv, of_parquet, of_store), strict=True):
            seconds, total = best(read, options.symbols)
            sums.append(total)
            print(f"{label:32} {seconds / options.symbols * 1000:9.2f} ms {size / 1e6:9.1f} MB")
        assert np.allclose(sums, sums[0]), "the three read different numbers"


if __name__ == "__main__":
    main()

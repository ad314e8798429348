"""``python -m benchmarks.backtest_report``: a whole backtest of 5,000 trades with verdict and report, and its opening.

Three channels with 5,000 filled trades in all lie in an archive, three years of one-minute candles of six coins
in a candle store, as a user would have them. The command is run as a user runs it, in a process of its own; what it
takes is printed as processor time of all its processes and as wall clock, beside the size of the report and, where a
browser is installed, the moment of its load event. The limits that the project sets itself are 25 s and 2 s.

    python -m benchmarks.backtest_report [RUNS] [--profile]
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from engine.collect.archive import Archive
from engine.collect.demo import DEMO_CHANNELS, demo_messages
from engine.market.store import CandleStore
from engine.market.synthetic import SyntheticMarket
from engine.units import moment_ms
from tests.browser.driver import CHROMEDRIVER, CHROMIUM, browser

ROOT = Path(__file__).parent.parent
FROM, TO = "2023-01-01", "2026-01-01"
RENAMED = {
    "source: synthetic, type: swap, timeframe: 1m, seed: 7": "source: imported, type: swap, timeframe: 1m",
    "period: {from: 2025-01-01, to: 2025-07-01}": f"period: {{from: {FROM}, to: {TO}}}",
}


def make(folder: Path) -> None:
    """A workspace with candles, archive and the demo's strategy on them."""
    world = SyntheticMarket(7, moment_ms(FROM), moment_ms(TO))
    store = CandleStore(folder / "data" / "candles")
    for symbol in world.symbols:
        store.add(world.candles(symbol), "imported", "swap")
    archive = Archive(folder / "data" / "signals_raw.jsonl")
    (folder / "data").mkdir(exist_ok=True)
    for name in DEMO_CHANNELS:
        archive.append(demo_messages(name, world, 1, f"demo_{name}"))
        path = folder / "channels" / f"demo_{name}.channel"
        text = path.read_text(encoding="utf-8").replace(f"source: demo {name}", f"source: telegram @{name}_calls")
        path.write_text(text, encoding="utf-8")
    archive.close()
    strategy = folder / "strategies" / "demo.yaml"
    text = strategy.read_text(encoding="utf-8")
    for old, new in RENAMED.items():
        assert old in text, old
        text = text.replace(old, new)
    strategy.write_text(text, encoding="utf-8")


def run(folder: Path, profile: Path | None) -> tuple[float, float]:
    """One backtest; its processor time and its wall clock in seconds."""
    watched = [] if profile is None else ["-m", "cProfile", "-o", str(profile)]
    command = [sys.executable, *watched, str(ROOT / "cli.py"), "backtest", "demo", "--workspace", str(folder)]
    before, began = os.times(), time.perf_counter()
    subprocess.run([*command, "--out", str(folder / "run")], check=True, stdout=subprocess.DEVNULL)
    after = os.times()
    used = after.children_user - before.children_user + after.children_system - before.children_system
    return used, time.perf_counter() - began


def main(runs: int, profile: Path | None) -> None:
    """Make the workspace, run it so many times, open the report."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for part in ("channels", "rules", "strategies"):
            shutil.copytree(ROOT / part, folder / part)
        make(folder)
        for _ in range(runs):
            used, took = run(folder, profile)
            data = json.loads((folder / "run" / "run.json").read_text(encoding="utf-8"))
            trades = sum(channel["trades"] for channel in data["channels"])
            calls = sum(sum(channel["funnel"]["calls"].values()) for channel in data["channels"])
            report = folder / "run" / "report.html"
            size = report.stat().st_size / 1e6
            print(
                f"backtest of {calls:,} calls, {trades:,} filled trades: {used:.1f} s of processor time, {took:.1f} s "
                f"on the clock (load {os.getloadavg()[0]:.1f}); report {size:.1f} MB",
                flush=True,
            )
        if CHROMIUM and CHROMEDRIVER:
            with browser() as window:
                window.open(report)
                asked = "return performance.getEntriesByType('navigation')[0].loadEventEnd"
                print(f"the report's load event: {window.run(asked):.0f} ms")
        else:
            print("no chromium with chromedriver: the report was not opened")


if __name__ == "__main__":
    numbers = [word for word in sys.argv[1:] if word.isdigit()]
    main(int(numbers[0]) if numbers else 1, Path("backtest.prof").resolve() if "--profile" in sys.argv else None)

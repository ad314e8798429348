"""A whole ``backtest``, as a user starts it: wall time, CPU time of all its processes, and their peak memory.

    python -m benchmarks.backtest_whole large              100,000 calls over 20 symbols x a year of minutes
    python -m benchmarks.backtest_whole medium             20,000 calls over the same 10.5 million candles
    python -m benchmarks.backtest_whole large --keep DIR   build the workspace there, and use it again next time
    python -m benchmarks.backtest_whole large --runs 5     five times one after another: machines are noisy

The calls are those of ``simulation.py``, posted as messages of ten channels ("BUY TK03USDT now, TP 2.31%, SL 1.25%")
into an archive, the candles lie in the store. The measured process reads, plans and replays all of it, asks the rules
about every call, judges the channels, and writes all files of the run with the report. The account is large enough to
take every call, so equity and tables are at their longest. The limits that the project sets itself for ``large``: 12 s
and 1.5 GB.

Nothing is known from runs before: kept paths are deleted first. The bytecode of the program and of its page is there,
as after any first run. Memory is measured in a run of its own, so that measuring costs nothing: the proportional set
size (PSS) of the process and all its children together, in which a page that several share counts once, sampled every
50 ms from ``/proc/*/smaps_rollup``. Mapped candles count too.
"""

from __future__ import annotations

import argparse
import compileall
import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from benchmarks.simulation import CALLS, SYMBOLS, candles_of, drawn
from engine.collect.archive import Archive
from engine.domain import Message
from engine.market.candles import Candles
from engine.market.store import CandleStore
from engine.report.templating import environment
from engine.report.words import Words
from engine.units import MINUTE_MS, moment_ms

ROOT = Path(__file__).parent.parent
START_MS = moment_ms("2024-01-01")
LATENCY_MS = 5_000
CHANNELS = 10
SAMPLED_S = 0.05

PROFILE = """\
channel "Desk {number}"
source: telegram @desk_{number}
numbers: 1,234.56

defaults
quote: USDT
entry: market

words
long = BUY
short = SELL

signal "at the market"
<<<
{{side: BUY}} {{symbol: TK01USDT}} now, TP {{target: 2%}}, SL {{stop: 1%}}
>>>
"""
RULES = """\
rules:
  - {name: needs-a-stop, when: {no stop: true}, then: reject}
  - {name: cap-leverage, when: {leverage over: 10}, then: reject}
  - {name: daily-stop, when: {daily loss over: 5%}, then: {halt: until next day}}
  - {name: crowd, when: {open trades at least: 400}, then: reject}
  - {name: cap-risk, when: {risk per trade over: 1%}, then: {resize: to limit}}
"""
STRATEGY = """\
name: large
channels: [CHANNELS]
market: {source: imported, type: swap, timeframe: 1m}
account: {equity: 1000000 USDT, leverage: 5}
size: {fixed: 1000 USDT}
entry: {latency: 5s}
exit: {close after: 1d}
calls: {repeat: add, opposite: add}
costs: {fees: {maker: 0.05%, taker: 0.05%, source: "the benchmark"}, slippage: 0bp, funding: none}
rules: [large]
"""


def name_of(symbol: int) -> str:
    return f"TK{symbol:02}USDT"


def messages_of(count: int) -> Iterator[Message]:
    """The drawn calls as posts, five seconds before the open at which they act."""
    for number, (symbol, bar, side, up, down) in enumerate(zip(*(x.tolist() for x in drawn(count)), strict=True), 1):
        posted = START_MS + (bar + 1) * MINUTE_MS - LATENCY_MS
        text = f"{'BUY' if side > 0 else 'SELL'} {name_of(symbol)} now, TP {up * 100:.2f}%, SL {down * 100:.2f}%"
        channel = number % CHANNELS
        yield Message(f"desk_{channel}", -1001 - channel, number, 1, "post", posted, None, posted, text)


def build(folder: Path, count: int) -> None:
    """Write profiles, rules, strategy, archive and candles."""
    for name in ("channels", "rules", "strategies"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    for number in range(CHANNELS):
        (folder / "channels" / f"desk_{number}.channel").write_text(PROFILE.format(number=number), encoding="utf-8")
    (folder / "rules" / "large.yaml").write_text(RULES, encoding="utf-8")
    names = ", ".join(f"desk_{number}" for number in range(CHANNELS))
    (folder / "strategies" / "large.yaml").write_text(STRATEGY.replace("CHANNELS", names), encoding="utf-8")
    archive = Archive(folder / "data" / "signals_raw.jsonl")
    archive.append(messages_of(count))
    archive.close()
    store, rng = CandleStore(folder / "data" / "candles"), np.random.default_rng(12345)
    for number in range(SYMBOLS):
        c = candles_of(rng, name_of(number))
        store.add(
            Candles(c.symbol, MINUTE_MS, c.ts + START_MS, c.open, c.high, c.low, c.close, c.volume), "imported", "swap"
        )


def command(folder: Path, profile: Path | None = None) -> list[str | Path]:
    """The command that is measured; nothing is kept of the paths of runs before."""
    shutil.rmtree(folder / "data" / "cache" / "paths", ignore_errors=True)
    how = ["-m", "cProfile", "-o", str(profile)] if profile else []
    return [sys.executable, *how, ROOT / "cli.py", "backtest", "large", "--workspace", folder, "--out", folder / "run"]


def compile_program() -> None:
    """Keep the bytecode of the program and of its page, also where Python is told to keep none."""
    compileall.compile_dir(ROOT / "engine", quiet=1)
    told, sys.dont_write_bytecode = sys.dont_write_bytecode, False
    environment(Words("en")).get_template("report.html.j2")
    sys.dont_write_bytecode = told


def measure(folder: Path, profile: Path | None) -> None:
    """Run ``backtest`` once in a process of its own and print what it took."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    began = time.perf_counter()
    done = subprocess.run(command(folder, profile), capture_output=True, text=True, cwd=ROOT, check=False)
    wall = time.perf_counter() - began
    if done.returncode:
        sys.exit(done.stderr)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    user, system = after.ru_utime - before.ru_utime, after.ru_stime - before.ru_stime
    print(
        f"wall {wall:.1f} s, CPU {user + system:.1f} s ({user:.1f} user, {system:.1f} system) "
        f"on {len(os.sched_getaffinity(0))} cores, largest process {after.ru_maxrss / 1024:,.0f} MB (ru_maxrss)"
    )


def tell(folder: Path) -> None:
    """Print what a run found, and its files."""
    out = folder / "run"
    run = json.loads((out / "run.json").read_text(encoding="utf-8"))
    trades = sum(channel["trades"] for channel in run["channels"])
    print(f"{trades:,} trades judged, {run['account']['trades']:,} taken by the account; files of the run:")
    for file in sorted(out.rglob("*")):
        if file.is_file():
            print(f"  {file.stat().st_size / 1e6:8.2f} MB  {file.relative_to(out)}")


def measure_memory(folder: Path) -> None:
    """Run it once more and print the most memory that it and its children had together at any sample."""
    peak, most, samples = 0, 0, 0
    with subprocess.Popen(command(folder), stdout=subprocess.DEVNULL, cwd=ROOT) as process:
        while process.poll() is None:
            found = [pss for pss in map(pss_of, tree(process.pid)) if pss]
            peak, most, samples = max(peak, sum(found)), max(most, len(found)), samples + 1
            time.sleep(SAMPLED_S)
    if process.returncode:
        sys.exit(f"exit code {process.returncode}")
    print(
        f"peak memory {peak / 1e6:,.0f} MB of all processes together (at most {most}): PSS, "
        f"{samples} samples of /proc/*/smaps_rollup in a second run"
    )


def tree(pid: int) -> Iterator[int]:
    """A process and all below it."""
    yield pid
    try:
        below = [path.read_text() for path in Path(f"/proc/{pid}/task").glob("*/children")]
    except OSError:  # it has just ended
        return
    for child in " ".join(below).split():
        yield from tree(int(child))


def pss_of(pid: int) -> int:
    """The proportional set size of a process in bytes; 0 when it has ended."""
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0
    return next((1024 * int(line.split()[1]) for line in lines if line.startswith("Pss:")), 0)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("size", choices=CALLS, nargs="?", default="large")
    parser.add_argument("--keep", type=Path, help="build the workspace in this folder, or use the one there")
    parser.add_argument("--profile", type=Path, help="write a profile of the process (cProfile) there")
    parser.add_argument("--runs", type=int, default=1, help="how often to run it")
    parser.add_argument("--time-only", action="store_true", help="leave out the second run, which measures memory")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = options.keep or Path(name)
        if not (folder / "data" / "candles").is_dir():
            began = time.perf_counter()
            build(folder, CALLS[options.size])
            print(f"workspace built in {time.perf_counter() - began:.0f} s")
        compile_program()
        for _ in range(options.runs):
            measure(folder, options.profile)
        tell(folder)
        if not options.time_only:
            measure_memory(folder)


if __name__ == "__main__":
    main()

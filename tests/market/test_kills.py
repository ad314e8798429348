"""Faults and kills: whatever happens, in the end every candle is there once, none is invented, and files stay readable.

The whole proof is 20 symbols, 90 days, 60 faults and 20 kills: ``SIGNALPROOF_KILLS=20``.
"""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from engine.market.checking import check_series
from engine.market.store import CandleStore
from engine.market.venue import ADDRESS_VARIABLE
from engine.units import DAY_MS, HOUR_MS, iso
from tests.conftest import ROOT
from tests.doubles.exchange import ExchangeDouble, World
from tests.market.exchange import expected, same, stored

KILLS = int(os.environ.get("SIGNALPROOF_KILLS", "2"))
WHOLE = KILLS >= 20
SYMBOLS, DAYS, FAULTS = (20, 90, 60) if WHOLE else (3, 8, 6)


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="there is no kill -9 here")
def test_kills_and_faults_cost_no_candle(tmp_path: Path) -> None:
    chance = random.Random(11)
    with ExchangeDouble(World.many(SYMBOLS), limited=WHOLE) as double:
        end = (double.world.clock.now_ms() - DAY_MS) // HOUR_MS * HOUR_MS
        start = end - DAYS * DAY_MS
        pages = SYMBOLS * -(-DAYS * 1440 // 2000)
        double.faults.delay_s = 1.0
        double.faults.plan(FAULTS, pages if WHOLE else pages // 2, seed=5)
        names = [listing.base for listing in double.world.listings]
        words = ["market", "fetch", *names, "--from", iso(start), "--to", iso(end), "--only", "candles"]
        command = [sys.executable, str(ROOT / "cli.py"), *words, "--workspace", str(tmp_path)]
        environment = {**os.environ, ADDRESS_VARIABLE: double.url}
        store, kills, began, runs = CandleStore(tmp_path / "data" / "candles"), 0, time.monotonic(), 0
        for _ in range(KILLS + 10):
            runs += 1
            process = subprocess.Popen(
                command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
            )
            if kills < KILLS:
                asked = len(double.paths("kline"))
                some = asked + chance.randint(1, 2 * pages // KILLS if WHOLE else 4)
                deadline = time.monotonic() + 90
                while len(double.paths("kline")) < some and process.poll() is None and time.monotonic() < deadline:
                    time.sleep(0.01)
                time.sleep(chance.uniform(0, 0.3))
                if process.poll() is None:
                    process.kill()
                    kills += 1
                process.communicate(timeout=60)
                for series in store.list():  # readable after each kill
                    assert check_series(store, series).faults == ()
                continue
            text, _ = process.communicate(timeout=600)
            assert process.returncode == 0, text
            break
        rows = 0
        for name in names:
            ours = stored(store, f"{name}USDT")
            rows += len(ours)
            assert same(ours, expected(double, name, start, end)), name
        assert kills > 0
        assert len(double.faults.served) > 0
        assert not list(store.root.rglob("*.tmp"))
        print(
            f"{rows:,} candles of {SYMBOLS} symbols whole after {len(double.faults.served)} faults "
            f"({', '.join(sorted(set(double.faults.served)))}), {kills} kills, {runs} runs, "
            f"{len(double.paths('kline')):,} questions, {double.limiter.over} too early, "
            f"{time.monotonic() - began:.0f} s"
        )

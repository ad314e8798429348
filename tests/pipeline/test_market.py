"""market import and market list, as a person uses them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from tests.conftest import Run

FRAME = pd.DataFrame(
    {"ts": 1738404000000 + 60_000 * np.arange(3)} | {c: [1.0, 2, 3] for c in ("open", "high", "low", "close", "volume")}
)


def test_several_files_at_once_and_then_the_list(workspace: Path, run: Run) -> None:
    for symbol in ("BTCUSDT", "ETHUSDT"):
        FRAME.to_parquet(workspace / f"{symbol}_1m.parquet")
    result = run("market", "import", workspace / "BTCUSDT_1m.parquet", workspace / "ETHUSDT_1m.parquet")
    assert result.exit_code == 0, result.output
    assert result.stdout.count("3 rows") == 2
    listed = run("market", "list")
    assert listed.stdout.splitlines()[0] == (
        "imported swap BTCUSDT 1m: 3 rows, 2025-02-01 10:00:00 to 2025-02-01 10:02:00 UTC, 0 gaps (0 missing)"
    )
    assert list((workspace / "logs").glob("*.log"))


def test_an_empty_store_says_how_to_fill_it(run: Run) -> None:
    assert "cli.py market import FILE fills it" in run("market", "list").stdout


def test_a_bad_file_among_good_ones_is_named_and_the_good_ones_go_in(workspace: Path, run: Run) -> None:
    FRAME.to_parquet(workspace / "BTCUSDT_1m.parquet")
    FRAME.iloc[::-1].to_parquet(workspace / "ETHUSDT_1m.parquet")
    result = run("market", "import", workspace / "BTCUSDT_1m.parquet", workspace / "ETHUSDT_1m.parquet")
    assert result.exit_code == 2
    assert "ETHUSDT_1m.parquet" in result.stderr
    assert "1 of 2 files imported" in result.stderr
    assert "BTCUSDT" in run("market", "list").stdout


def test_one_symbol_for_several_files_is_refused(workspace: Path, run: Run) -> None:
    result = run("market", "import", "a.csv", "b.csv", "--symbol", "BTCUSDT")
    assert result.exit_code == 2
    assert "--symbol fits one file only" in result.stderr


def test_a_time_frame_that_is_none_is_refused_before_anything_is_asked(run: Run) -> None:
    result = run("market", "fetch", "BTCUSDT", "--timeframe", "7q")
    assert result.exit_code == 2
    assert '"7q" is no time frame; such as --timeframe 1m' in result.stderr.replace("\n", " ")

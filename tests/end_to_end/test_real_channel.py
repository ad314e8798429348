"""A real year of a real channel, where it is at hand: import, parse, backtest at 1h and at 1m."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from cli import cli
from tests.conftest import ROOT, SHARED

EXPORT = SHARED / "history" / "zh_btc_eth.result.json"
CANDLES = SHARED / "candles"
pytestmark = pytest.mark.skipif(not EXPORT.is_file(), reason="the real history is not part of the project")


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace with the real history and candles imported."""
    folder = tmp_path_factory.mktemp("real")
    for name in ("channels", "rules", "strategies"):
        shutil.copytree(ROOT / name, folder / name)
    call(folder, "import", EXPORT, "--channel", "btc_eth_zones")
    for symbol in ("BTCUSDT", "ETHUSDT"):
        call(folder, "market", "import", CANDLES / f"binance_long_{symbol}_1h.parquet", "--type", "spot")
        call(folder, "market", "import", CANDLES / f"binance25_{symbol}-perp_1m.parquet")
        call(folder, "market", "import", CANDLES / f"binance25_{symbol}-perp_funding.parquet")
    return folder


def call(folder: Path, *words: object) -> Result:
    result = CliRunner().invoke(cli, [*map(str, words), "--workspace", str(folder)])
    assert result.exit_code == 0, result.output
    return result


def channel(folder: Path, out: str) -> dict:
    (found,) = json.loads((folder / out / "run.json").read_text())["channels"]
    return found


def test_enough_of_it_is_read(real: Path) -> None:
    text = call(real, "parse").stdout
    assert "3,021 posts" in text
    rows = (real / "data" / "signals_parsed.csv").read_text(encoding="utf-8").count("\nbtc_eth_zones/")
    assert rows >= 1250


def test_importing_again_adds_nothing(real: Path) -> None:
    before = (real / "data" / "signals_raw.jsonl").read_bytes()
    assert "0 new in the archive" in call(real, "import", EXPORT, "--channel", "btc_eth_zones").stdout
    assert (real / "data" / "signals_raw.jsonl").read_bytes() == before


def test_a_year_on_hourly_candles(real: Path) -> None:
    call(real, "backtest", "btc_eth_zones_1h", "--out", real / "hour")
    result = channel(real, "hour")
    assert result["trades"] > 300
    assert -0.5 < result["mean_r"] < 0.5
    assert result["ambiguous"] > 0
    assert result["funnel"]["posted"] == 3021
    assert result["funnel"]["calls"]["no data"] > 0  # other coins have no candles here


def test_a_month_on_minute_candles_with_funding(real: Path) -> None:
    call(real, "backtest", "btc_eth_zones_1m", "--out", real / "minute")
    result = channel(real, "minute")
    assert result["trades"] > 20
    assert result["median_delay_ms"] < 120_000
    run = json.loads((real / "minute" / "run.json").read_text())
    assert run["account"]["funding"] != 0


def test_without_its_funding_history_the_run_is_refused(real: Path) -> None:
    shutil.rmtree(real / "data" / "candles" / "imported" / "swap" / "ETHUSDT")
    call(real, "market", "import", CANDLES / "binance25_ETHUSDT-perp_1m.parquet")
    result = CliRunner().invoke(cli, ["backtest", "btc_eth_zones_1m", "--workspace", str(real)])
    assert result.exit_code == 2
    assert "there is no funding history of ETHUSDT" in result.stderr

"""The examples in docs/market-data.md are true."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path

import pytest

from engine.market.importing import ImportReport, import_candles
from engine.market.store import CandleStore

PAGE = (Path(__file__).parents[2] / "docs" / "market-data.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```(\w+)(?: (\w+))?\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
CSV = next(text for kind, _, text in BLOCKS if kind == "csv")


@pytest.fixture
def workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the example's candles in its store."""
    (tmp_path / "BTCUSDT_1m.csv").write_text(CSV)
    report = import_candles(tmp_path / "BTCUSDT_1m.csv", CandleStore(tmp_path / "data" / "candles"))
    assert isinstance(report, ImportReport)
    assert report.rows == 2
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize(("library", "code"), [(library, code) for kind, library, code in BLOCKS if kind == "python"])
def test_other_programs_read_the_store(workspace: Path, library: str, code: str) -> None:
    if importlib.util.find_spec(library) is None:
        pytest.skip(f"{library} is not installed")
    found: dict[str, object] = {}
    exec(code, found)
    assert len(found["candles"]) == 2  # type: ignore[arg-type]


def test_the_message_of_a_refused_row(workspace: Path) -> None:
    (workspace / "BTCUSDT_1m.csv").write_text(CSV.replace("95478.0", "0"))
    problem = import_candles(Path("BTCUSDT_1m.csv"), CandleStore(workspace / "other"))
    assert str(problem) in [text.strip() for kind, _, text in BLOCKS if kind == "text"]


def test_the_store_looks_as_it_is_told(workspace: Path) -> None:
    files = {path.relative_to(workspace).as_posix() for path in workspace.rglob("*") if path.parent.name == "BTCUSDT"}
    told = set(re.findall(r"^(data/candles/\S+)", PAGE, re.MULTILINE))
    assert files == {"data/candles/imported/swap/BTCUSDT/1m.arrow", "data/candles/imported/swap/BTCUSDT/index.json"}
    assert files < told


def test_the_file_names_of_the_page_say_what_they_are_said_to() -> None:
    from engine.market.filename import read_name

    for stem in ("BTCUSDT_1m", "BTC_USDT-1h", "x_ETHUSDT-perp_5m"):
        assert f"`{stem}`" in PAGE
        facts = read_name(stem)
        assert facts.symbol
        assert facts.timeframe_ms
    assert read_name("BTCUSDT-mark_8h").mark

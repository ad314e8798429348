"""Real candles of two exchanges: all of them come in, and the check finds the gaps that their index states."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from engine.market.checking import check_series
from engine.market.importing import ImportReport, import_candles
from engine.market.store import CandleStore
from tests.conftest import SHARED

CANDLES = SHARED / "candles"
ROW = re.compile(r"^\| (\S+\.parquet) \| (\w+) \| (\w+) \| (\w+) \| [^|]+ \| [^|]+ \| (\d+) \| (\S+) \| (\S+) \|", re.M)


@pytest.mark.skipif(not CANDLES.is_dir(), reason="the candles are not part of the project")
def test_every_file_comes_in_with_the_gaps_that_its_index_states(tmp_path: Path) -> None:
    told = ROW.findall((CANDLES / "index.md").read_text(encoding="utf-8"))
    assert len(told) == 97
    store = CandleStore(tmp_path)
    wrong = []
    for name, symbol, _, kind, rows, gaps, missing in told:
        source = re.split(r"_[A-Z0-9]+USDT", name)[0]
        report = import_candles(
            CANDLES / name, store, type="spot" if kind == "spot" else "swap", source=source.replace("_", "-")
        )
        assert isinstance(report, ImportReport), f"{name}: {report}"
        (series,) = [
            row
            for row in store.list()
            if (row.source, row.type, row.symbol, row.series) == (report.source, report.type, symbol, report.series)
        ]
        checked = check_series(store, series)
        found = (str(series.rows), str(len(checked.holes)), str(sum(hole.gap.bars for hole in checked.holes)))
        if kind == "funding":
            found = (found[0], "-", "-")
        if found != (rows, gaps, missing) or checked.faults:
            wrong.append((name, (rows, gaps, missing), found, checked.faults))
    assert wrong == []

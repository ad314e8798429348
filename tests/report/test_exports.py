"""The tables of a report as files, and two runs side by side."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import replace

import pytest
from rich.console import Console

from engine.report.compare import comparison, print_comparison
from engine.report.exports import all_tables, write_tables
from tests.report.sample import HOSTILE, sample_calls, sample_run


@pytest.fixture(scope="module")
def run():
    return sample_run(sample_calls())


def test_every_table_is_a_csv_and_stands_in_the_json(run, tmp_path):
    write_tables(tmp_path, run, sample_calls())
    whole = json.loads((tmp_path / "tables" / "tables.json").read_text(encoding="utf-8"))
    names = {path.stem for path in (tmp_path / "tables").glob("*.csv")}
    assert names == set(whole) == {table.name for table in all_tables(run, sample_calls())}
    for name, rows in whole.items():
        with (tmp_path / "tables" / f"{name}.csv").open(encoding="utf-8", newline="") as file:
            assert len(list(csv.DictReader(file))) == len(rows), name
    keel = next(row for row in whole["channels"] if row["channel"] == "keel")
    assert keel["word"] == "FOLLOW"
    assert keel["random_p"] == 0.001
    assert keel["followed_sharpe"] == 1.7
    assert sum(row["trades"] for row in whole["months"] if row["channel"] == "keel") == 310
    assert {row["by"] for row in whole["splits"]} == {"Symbol", "Side", "Exit", "Weekday", "Hour"}


def test_no_cell_is_run_by_a_spreadsheet(run, tmp_path):
    evil = [replace(c, name="=1+1", channel="@SUM(A1)", why="-2+3") for c in run.channels]
    write_tables(tmp_path, replace(run, channels=evil), sample_calls())
    for path in (tmp_path / "tables").glob("*.csv"):
        with path.open(encoding="utf-8", newline="") as file:
            for row in csv.reader(file):
                assert not [cell for cell in row if cell[:1] in "=@" and cell], path.name


def test_a_run_without_channels_has_empty_tables(run, tmp_path):
    write_tables(tmp_path, replace(run, channels=[]), [])
    assert (tmp_path / "tables" / "channels.csv").read_text() == "channel\n"


def test_two_runs_side_by_side(run):
    other = replace(run, strategy="other", channels=run.channels[:2], inputs={}, assumptions=["one more"])
    lines = comparison(run, other)
    said = {(line.about, line.what): (line.first, line.second) for line in lines}
    assert said["run", "strategy"] == ("vip-ladder", "other")
    assert said["inputs that differ", "channels/keel.channel"] == ("6b86b273ff34fce1", "-")
    assert said["Keel Signals", "verdict"] == ("FOLLOW", "FOLLOW")
    assert said["Quiet Desk", "filled"] == ("0", "-")
    assert said["account", "trades"] == ("368", "368")
    assert [line for line in comparison(run, run) if not line.same] == []


@pytest.mark.parametrize("terminal", [True, False])
def test_a_comparison_is_plain_text_whatever_a_name_holds(run, terminal):
    odd = replace(run, channels=[replace(run.channels[0], name=f"[red]{HOSTILE}\x1b]0;t\x07")])
    out = io.StringIO()
    print_comparison(comparison(odd, run), Console(file=out, force_terminal=terminal, width=250, color_system=None))
    assert f"[red]{HOSTILE} ]0;t" in out.getvalue()
    assert "\x1b]" not in out.getvalue()
    assert "vip-ladder" in out.getvalue()

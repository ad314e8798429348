"""run.json: what was saved is loaded, and what does not fit is said in one line."""

from __future__ import annotations

import json
import math
import re
from dataclasses import replace

import pytest

from engine.report.run import Run
from engine.report.runfile import load_run, save_run
from tests.conftest import ROOT
from tests.report.sample import sample_calls, sample_run


@pytest.fixture(scope="module")
def run() -> Run:
    return sample_run(sample_calls())


def test_a_saved_run_is_loaded_as_it_was(run, tmp_path):
    path = save_run(tmp_path / "runs" / "one", run)
    assert path.name == "run.json"
    assert load_run(path.parent) == run


def test_the_same_run_is_saved_as_the_same_bytes(run, tmp_path):
    assert save_run(tmp_path / "a", run).read_bytes() == save_run(tmp_path / "b", run).read_bytes()


def test_a_figure_without_an_end_is_saved_as_null(run, tmp_path):
    never_lost = replace(run.channels[0], profit_factor=math.inf, median_r=math.nan)
    path = save_run(tmp_path, replace(run, channels=[never_lost]))
    assert "Infinity" not in path.read_text()
    loaded = load_run(tmp_path)
    assert isinstance(loaded, Run)
    assert loaded.channels[0] == replace(never_lost, profit_factor=None, median_r=None)


def test_half_a_character_in_a_name_survives(run, tmp_path):
    odd = replace(run, strategy="\ud83d<b>\u2028")
    save_run(tmp_path, odd)
    assert load_run(tmp_path) == odd


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"format": 6}, "has format 6, this version reads format 5; update SignalProof"),
        ({"format": 4}, "has format 4, this version reads format 5; run the backtest again"),
        ({"format": None}, "has format null, this version reads format 5; run the backtest again"),
        ({"seed": "seven"}, 'field seed has an unexpected value "seven"; run the backtest again'),
        ({"seed": True}, "field seed has an unexpected value true; run the backtest again"),
        ({"period": ["2025-01-01"]}, 'field period has an unexpected value ["2025-01-01"]; run the backtest again'),
        ({"account": []}, "account is not an object; run the backtest again"),
        ({"colour": "red"}, "has an unknown field colour; run the backtest again"),
        ({"channels": [{}]}, "has no field channels[0].channel; run the backtest again"),
        ({"warnings": [1]}, "field warnings[0] has an unexpected value 1; run the backtest again"),
    ],
)
def test_a_run_that_does_not_fit_is_refused_with_one_line(run, tmp_path, change, said):
    path = save_run(tmp_path, run)
    path.write_text(json.dumps(json.loads(path.read_text()) | change))
    assert load_run(tmp_path) == said


@pytest.mark.parametrize("text", ["", "{", "[" * 100_000, "\x00"])
def test_what_is_not_json_is_refused(tmp_path, text):
    (tmp_path / "run.json").write_text(text)
    assert load_run(tmp_path) == "is not JSON; run the backtest again"


def test_json_that_is_not_an_object_is_refused(tmp_path):
    (tmp_path / "run.json").write_text("[1]")
    assert load_run(tmp_path) == "has format null, this version reads format 5; run the backtest again"


def test_a_missing_run_is_refused(tmp_path):
    assert load_run(tmp_path) == "cannot be read: No such file or directory"


def test_a_whole_number_serves_as_a_figure_and_infinity_does_not(run, tmp_path):
    path = save_run(tmp_path, run)
    data = json.loads(path.read_text())
    data["account"]["fees"] = 3
    data["channels"][0]["mean_r"] = math.inf
    path.write_text(json.dumps(data))
    loaded = load_run(tmp_path)
    assert isinstance(loaded, Run)
    assert (loaded.account.fees, loaded.channels[0].mean_r) == (3.0, None)


def test_the_documents_read_the_verdict_as_json(tmp_path, monkeypatch):
    """The block in docs/verdict.md runs on a run's file, and every field that it names is there."""
    page = (ROOT / "docs" / "verdict.md").read_text(encoding="utf-8")
    part = page[page.index("**As JSON.**") : page.index("### As a rule")]
    rows = sample_calls()
    run = sample_run(rows)
    save_run(tmp_path / "runs" / "mine", run)
    monkeypatch.chdir(tmp_path)
    found: dict[str, list[str]] = {}
    exec(part.split("```python\n")[1].split("```")[0], found)
    assert found["follow"] == [c.channel for c in run.channels if c.word == "FOLLOW"]
    data = json.loads((tmp_path / "runs" / "mine" / "run.json").read_text(encoding="utf-8"))
    assert f"`format` ({data['format']};" in part
    channel = data["channels"][0]
    names = [*channel, *channel["judged"], *channel["judged"]["checks"][0], "format", "channels"]
    for name in re.findall(r"`([a-z_]+)`", part):
        assert name in names, name

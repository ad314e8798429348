"""A channel that tries to run code: its name and its messages are text in the page, the tables and the terminal."""

from __future__ import annotations

import base64
import csv
import gzip
import json
import re
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner

from cli import cli
from engine.collect import demo
from tests.conftest import ROOT

NAME = "=cmd()<script>alert(1)</script>{{7*7}}"
POST = '\n<script>alert(1)</script>\n{{7*7}}\n<img src=x onerror="alert(1)">\n=HYPERLINK(A)'


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A month of a demo channel with such a name and such posts."""
    folder = tmp_path_factory.mktemp("hostile")
    for part in ("channels", "rules", "strategies"):
        shutil.copytree(ROOT / part, folder / part)
    profile = folder / "channels" / "demo_keel.channel"
    text = re.sub(r'channel ".*?"', lambda _: f'channel "{NAME}"', profile.read_text(encoding="utf-8"), count=1)
    harmless = "ignore\n- alert(1)\n- {{{{7*7}}}}\n\nwords\n"
    profile.write_text(text.replace("words\n", harmless, 1), encoding="utf-8")
    honest = demo._Keel.text
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(demo._Keel, "text", lambda self, call: honest(self, call) + POST)
        words = ["backtest", "demo", "--to", "2025-02-01", "--out", str(folder / "run"), "--workspace", str(folder)]
        result = CliRunner().invoke(cli, words)
        strategy = folder / "strategies" / "demo.yaml"
        text = strategy.read_text(encoding="utf-8")
        month = re.sub(r"to: \d{4}-\d\d-\d\d", "to: 2025-02-01", text, count=1)
        assert month != text
        strategy.write_text(month, encoding="utf-8")
        words = ["paper", "demo", "--replay", "demo", "--out", str(folder / "paper"), "--workspace", str(folder)]
        replayed = CliRunner().invoke(cli, words)
    assert result.exit_code == 0, result.output
    assert replayed.exit_code == 0, replayed.output
    (folder / "said.txt").write_text(result.stdout, encoding="utf-8")
    return folder


@pytest.mark.parametrize("run", ["run", "paper"])
def test_the_page_shows_it_and_runs_nothing(folder: Path, run: str) -> None:
    page = (folder / run / "report.html").read_text(encoding="utf-8")
    assert "=cmd()&lt;script&gt;alert(1)&lt;/script&gt;{{7*7}}" in page
    assert "<script>alert" not in page
    assert "<img" not in page
    (block,) = re.findall(r'id="stories">(.*?)</script>', page)
    stories = json.loads(gzip.decompress(base64.b64decode(block)))
    assert sum(POST in versions[0][2] for versions, _, _ in stories) > 10


def test_no_table_runs_it(folder: Path) -> None:
    paths = [*(folder / "run").rglob("*.csv"), *(folder / "data").glob("*.csv"), *(folder / "paper").rglob("*.csv")]
    assert len(paths) > 20
    for path in paths:
        with path.open(encoding="utf-8", newline="") as file:
            assert not [cell for row in csv.reader(file) for cell in row if cell[:1] in ("=", "@", "\t")], path.name
    for run in ("run", "paper"):
        assert "'" + NAME in (folder / run / "tables" / "channels.csv").read_text(encoding="utf-8")


def test_the_terminal_prints_it_as_it_stands(folder: Path) -> None:
    assert f"{NAME}: 1,000 USDT following it, compounded, became" in (folder / "said.txt").read_text(encoding="utf-8")

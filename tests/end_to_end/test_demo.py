"""The demo, whole: the truth is known, so the report must rank the channels rightly and lose no call on the way."""

from __future__ import annotations

import csv
import json
import re
import shutil
from pathlib import Path

import pytest

from engine.files import sha256_of
from engine.pipeline.backtest import run_backtest
from engine.pipeline.progress import silent
from engine.pipeline.workspace import Workspace
from engine.report.run import Run
from engine.report.runfile import load_run
from engine.report.tables import read_calls, read_equity
from tests.conftest import EXAMPLES, ROOT
from tests.conftest import Run as Command

WORLDS = max(5, EXAMPLES // 200)  # 20 worlds of three seconds each with 4,000 examples


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace in which the demo has run once; its run is in ``out``."""
    folder = tmp_path_factory.mktemp("demo")
    for name in ("channels", "rules", "strategies"):
        shutil.copytree(ROOT / name, folder / name)
    run_backtest(Workspace(folder), "demo", None, None, folder / "out", silent)
    return folder


@pytest.fixture(scope="module")
def run(demo: Path) -> Run:
    loaded = load_run(demo / "out")
    assert isinstance(loaded, Run), loaded
    return loaded


def test_the_channel_with_the_edge_comes_first_and_alone_shows_it(run: Run) -> None:
    by_mean = sorted(run.channels, key=lambda c: -(c.mean_r or -9))
    assert by_mean[0].channel == "demo_keel"
    shown = {c.channel: c.low is not None and c.low > 0 for c in run.channels}
    assert shown == {"demo_keel": True, "demo_coin": False, "demo_echo": False}
    assert by_mean[0].verdict == "FOLLOW"


def test_every_message_and_every_call_is_counted_once(demo: Path, run: Run) -> None:
    calls = read_calls(demo / "out" / "trades.csv")
    for channel in run.channels:
        funnel = channel.funnel
        assert funnel.posted == funnel.signals + funnel.updates + funnel.refused + funnel.unread
        assert sum(funnel.calls.values()) == funnel.signals  # one call in each message of the demo
        assert sum(funnel.reasons.values()) == funnel.refused
        mine = [c for c in calls if c.channel == channel.channel]
        assert len(mine) == funnel.signals
        assert funnel.calls == {status: sum(c.status == status for c in mine) for status in funnel.calls}
        assert channel.trades == sum(c.status in ("closed", "open") for c in mine)


def test_the_mean_is_that_of_the_table(demo: Path, run: Run) -> None:
    calls = read_calls(demo / "out" / "trades.csv")
    for channel in run.channels:
        counted = [c.r for c in calls if c.channel == channel.channel and c.status in ("closed", "open")]
        assert channel.mean_r == pytest.approx(sum(counted) / len(counted))  # type: ignore[arg-type]


def test_the_account_adds_up(demo: Path, run: Run) -> None:
    calls = read_calls(demo / "out" / "trades.csv")
    net = sum(c.net for c in calls if c.net is not None)
    assert run.account.end_equity == pytest.approx(run.account.start_equity + net)
    assert sum(c.account_net for c in run.channels) == pytest.approx(net)
    ts, equity, drawdown = read_equity(demo / "out" / "equity.csv")
    assert equity[-1] == pytest.approx(run.account.end_equity)
    assert drawdown.max() == pytest.approx(run.account.max_drawdown)
    assert (ts[1:] > ts[:-1]).all()
    refused = [c for c in calls if c.rule]
    assert len(refused) == run.account.refused
    assert sum(int(r["count"]) for r in run.account.refusals) == run.account.refused
    rules = (ROOT / "rules" / "default.yaml").read_text(encoding="utf-8").splitlines()
    for call in refused:
        path, line = call.rule_where.rsplit(":", 1)
        assert path == "rules/default.yaml"
        assert rules[int(line) - 1].strip() == f"- name: {call.rule}"


def test_never_more_than_two_trades_at_once(demo: Path) -> None:
    """The rule of rules/default.yaml, checked on what came out."""
    calls = [c for c in read_calls(demo / "out" / "trades.csv") if c.taken and c.filled_at]
    moments = sorted([(c.filled_at, 1) for c in calls] + [(c.closed_at, -1) for c in calls])
    open_now = most = 0
    for _, change in sorted(moments, key=lambda m: (m[0], m[1])):
        open_now += change
        most = max(most, open_now)
    assert most == 2


def test_echo_is_seen_to_edit_its_calls(run: Run) -> None:
    edited = {c.channel: c.edited for c in run.channels}
    assert edited["demo_echo"] > 20
    assert edited["demo_keel"] == edited["demo_coin"] == 0


def test_the_run_names_the_hash_of_every_input(run: Run) -> None:
    for name in (
        "strategies/demo.yaml",
        "rules/default.yaml",
        "channels/demo_keel.channel",
        "channels/demo_coin.channel",
        "channels/demo_echo.channel",
    ):
        assert run.inputs[name] == sha256_of(ROOT / name)
    assert run.inputs["synthetic market"] == "seed 7"


def test_the_report_stands_alone(demo: Path) -> None:
    html = (demo / "out" / "report.html").read_text(encoding="utf-8")
    for name in ("Keel Signals", "Coin Toss VIP", "Echo Calls", "FOLLOW", "rules/default.yaml"):
        assert name in html
    assert not re.search(r"""(?:src|href)\s*=\s*["']?(?:https?:)?//""", html.split("<script", 1)[0])
    assert "Content-Security-Policy" in html


def test_the_same_files_give_the_same_figures(demo: Path) -> None:
    again = demo / "again"
    run_backtest(Workspace(demo), "demo", None, None, again, silent)
    for name in ("trades.csv", "equity.csv"):
        assert (again / name).read_bytes() == (demo / "out" / name).read_bytes()
    first, second = (json.loads((demo / folder / "run.json").read_text()) for folder in ("out", "again"))
    assert first | {"created": ""} == second | {"created": ""}


def test_a_shorter_period_is_a_piece_of_the_whole(workspace: Path, run: Run) -> None:
    """Nothing after the period is used: what had ended before it is the same call by call."""
    folder = workspace / "cut"
    run_backtest(Workspace(workspace), "demo", None, "2025-05-01", folder, silent)
    assert run.period[1] == "2025-07-01T00:00:00Z"
    cut = read_calls(folder / "trades.csv")
    assert cut
    assert max(c.posted for c in cut) < "2025-05-01"
    assert max(c.closed_at for c in cut) < "2025-05-01"


def test_what_is_held_out_shows_in_one_table_only(workspace: Path, run: Run) -> None:
    folder, held = run_backtest(Workspace(workspace), "demo", None, None, workspace / "held", silent, "2025-04-15")
    assert held.period == ("2025-01-01T00:00:00Z", "2025-04-15T00:00:00Z")
    assert held.holdout is not None
    assert held.holdout.period == ("2025-04-15T00:00:00Z", "2025-07-01T00:00:00Z")
    calls = read_calls(folder / "trades.csv")
    assert max(max(c.posted, c.closed_at) for c in calls) < "2025-04-15"
    whole = {c.channel: sum(c.funnel.calls.values()) for c in run.channels}
    for later, sooner in zip(held.holdout.channels, held.channels, strict=True):
        assert later.calls + sum(sooner.funnel.calls.values()) == whole[later.channel]
    assert load_run(folder) == held
    assert "What was held out" in (folder / "report.html").read_text(encoding="utf-8")
    assert run.holdout is None


@pytest.mark.parametrize("day", ["2024-12-31", "2025-07-01", "soon"])
def test_a_holdout_lies_inside_the_period(day: str, command: Command) -> None:
    result = command("backtest", "demo", "--holdout", day)
    assert result.exit_code == 2
    assert f"--holdout {day}" in result.stderr
    assert day == "soon" or "choose a day from 2025-01-02 to 2025-06-30" in result.stderr


def test_the_command_prints_the_table_and_the_path(workspace: Path, run: Run, request: pytest.FixtureRequest) -> None:
    command: Command = request.getfixturevalue("command")
    mine = ["--out", workspace / "mine"]
    held = command("backtest", "demo", "--to", "2025-03-01", "--holdout", "2025-02-01", *mine)
    assert "held out 2025-02-01 to 2025-03-01: Keel Signals: " in held.stdout
    (workspace / "data" / "trials.jsonl").unlink()
    result = command("backtest", "strategies/demo.yaml", "--to", "2025-03-01", *mine)
    assert result.exit_code == 0, result.output
    for name in ("Keel Signals", "Coin Toss VIP", "Echo Calls"):
        assert name in result.stdout
    assert str(workspace / "mine" / "report.html") in result.stdout.replace("\n", "")
    with (workspace / "data" / "backtest_results.csv").open(encoding="utf-8") as file:
        assert len(list(csv.DictReader(file))) > 100
    assert len((workspace / "data" / "trials.jsonl").read_text().splitlines()) == 1
    assert list((workspace / "logs").glob("*.log"))
    before = (workspace / "mine" / "report.html").read_bytes()
    (workspace / "mine" / "report.html").unlink()
    assert command("report", workspace / "mine").exit_code == 0
    assert (workspace / "mine" / "report.html").read_bytes() == before


def test_trials_are_counted_by_their_inputs_and_outlive_the_runs(demo: Path, tmp_path: Path) -> None:
    """The same again is one trial, another strategy or period is another, whatever happens to runs/."""
    for part in ("channels", "rules", "strategies"):
        shutil.copytree(demo / part, tmp_path / part)

    runs: list[Run] = []

    def settings(to: str, slippage: str = "2bp") -> int:
        path = tmp_path / "strategies" / "demo.yaml"
        path.write_text(re.sub(r"slippage: \w+", f"slippage: {slippage}", path.read_text(encoding="utf-8")), "utf-8")
        _, run = run_backtest(Workspace(tmp_path), "demo", None, to, None, silent)
        runs.append(run)
        sharpe = next(c for c in run.channels if c.channel == "demo_keel").judged.sharpe
        assert sharpe is not None
        return sharpe.trials

    assert [settings("2025-01-20"), settings("2025-01-20")] == [1, 1]
    assert settings("2025-01-21") == 2
    shutil.rmtree(tmp_path / "runs")
    assert settings("2025-01-21") == 2
    assert runs[-1].channels == runs[-2].channels
    assert settings("2025-01-21", "9bp") == 3
    assert settings("2025-01-21", "2bp") == 3
    assert len((tmp_path / "data" / "trials.jsonl").read_text().splitlines()) == 6


def test_a_comparison_of_two_runs(workspace: Path, command: Command) -> None:
    for name, day in (("first", "2025-02-01"), ("second", "2025-02-10")):
        assert command("backtest", "demo", "--to", day, "--out", workspace / "runs" / name).exit_code == 0
    result = command("report", "compare", "first", "second")
    assert result.exit_code == 0, result.output
    assert "run: to: 2025-02-01 | 2025-02-10" in result.stdout
    assert (workspace / "runs" / "second" / "compare.html").is_file()
    assert command("report", "compare", "first").exit_code == 2
    assert command("report", "second", "--lang", "tr").exit_code == 0
    assert '<html lang="tr">' in (workspace / "runs" / "second" / "report.html").read_text(encoding="utf-8")


@pytest.fixture
def command(workspace: Path, request: pytest.FixtureRequest) -> Command:
    """The command line in the workspace (``run`` is the loaded run in this module)."""
    from click.testing import CliRunner

    from cli import cli

    return lambda *words: CliRunner().invoke(cli, [*map(str, words), "--workspace", str(workspace)])


def test_other_worlds(workspace: Path) -> None:
    """In at least 19 of 20 worlds the edge comes first and shows; without an edge that happens at most once."""
    text = (ROOT / "strategies" / "demo.yaml").read_text(encoding="utf-8")
    first = shown = false = 0
    for seed in range(100, 100 + WORLDS):
        path = workspace / "strategies" / f"world{seed}.yaml"
        path.write_text(text.replace("seed: 7}", f"seed: {seed}}}"), encoding="utf-8")
        _, run = run_backtest(Workspace(workspace), str(path), None, None, workspace / "world", silent)
        above = {c.channel: c.low is not None and c.low > 0 for c in run.channels}
        first += max(run.channels, key=lambda c: c.mean_r or -9).channel == "demo_keel"
        shown += above["demo_keel"]
        false += above["demo_coin"] + above["demo_echo"]
    assert first >= 0.95 * WORLDS
    assert shown >= 0.95 * WORLDS
    assert false <= max(1, WORLDS // 20)

"""``explain trade`` of paper trading: the same story as of a backtest's trade, from the events of the ledger."""

from __future__ import annotations

import csv
import json
import shutil
from pathlib import Path

import pytest
from click.shell_completion import ShellComplete

from cli import cli
from engine.collect.archive import Archive
from tests.conftest import Run
from tests.paper.livestage import LiveStage
from tests.pipeline.paper.conftest import Account

RULES = """rules:
  - {name: small, when: {leverage over: 1}, then: warn}
  - {name: no-dogs, when: {symbol in: [DOGEUSDT]}, then: reject, why: dogs bark}
  - {name: two, when: {open trades at least: 1}, then: reject}
  - {name: gold, only: {symbols: [XAUUSDT]}, when: {leverage over: 1}, then: reject}
"""
CALL = "BUY BTCUSDT NOW @ 64800, TP1 65000, TP2 65200, SL 64500"


def told(stage: LiveStage, run: Run, *words: str) -> str:
    """What the command says of the account as it is now."""
    archive = Archive(stage.folder / "data" / "signals_raw.jsonl")
    archive.append(stage.posts)
    stage.desk.ledger.back_up(stage.folder / "data" / "paper.db")
    result = run("explain", "trade", *words)
    assert result.exit_code == 0, result.stderr
    return result.stdout


def test_a_live_trade_from_the_post_to_the_money(account: Account, run: Run) -> None:
    stage = account(rules=RULES)
    stage.post(0.5, CALL, heard=1.0)
    stage.price(2, 64_803.24)
    stage.candle(0, 64_790, 64_820, 64_780, 64_800)
    assert "first candle is not over" in told(stage, run, "vip/1")
    stage.candle(1, 64_800, 65_050, 64_790, 65_010)
    assert "net +" in told(stage, run, "vip/1", "--paper")
    stage.candle(2, 65_010, 65_020, 64_700, 64_710)
    story = told(stage, run, "vip/1", "--account", "live")
    assert story.splitlines()[0] == "vip/1 in live on paper: closed"
    for line in (
        'posted 2025-03-03 12:00:00 (UTC), read by layout "market, two targets"',
        "heard 0.5 s after it was posted",
        "  BUY BTCUSDT NOW @ 64800, TP1 65000, TP2 65200, SL 64500",
        "call: long BTCUSDT, entry at the market (market), stop 64500, targets 65000 / 65200",
        "acts: 2025-03-03 12:00:01",
        "first live price: 64803.24 at 2025-03-03 12:00:02",
        "  no-dogs (rules/mine.yaml:3): nothing to say",
        "answer: taken",
        "  2025-03-03 12:01:00 in: 0.0154321 (100%) at 64800, taker fee 0.50",
        "    live: 64803.24 at 2025-03-03 12:00:02, 0.5 bp away",
        "  2025-03-03 12:01:00 target 1: 0.00771605 (50%) at 65000, maker fee 0.00",
        "  2025-03-03 12:02:00 breakeven: 0.00771605 (50%) at 64800, taker fee 0.25",
        "account: 0.0154321 units, 4.63 USDT at risk, net +0.79 USDT (+0.17 R)",
        "  gross +1.54, fees 0.75, funding 0.00",
    ):
        assert line in story.splitlines(), f"{line}\n---\n{story}"
    (small,) = [line for line in story.splitlines() if "small (rules/mine.yaml:2)" in line]
    assert "taken with a warning" in small
    assert "gold" not in story, "it is not about this symbol"


def test_what_was_said_live_is_in_the_story_at_once(account: Account, run: Run) -> None:
    """The money is that of ``paper status``: what a target has sold is not held any more."""
    stage = account()
    stage.post(0.5, CALL)
    stage.candle(1, 64_800, 64_810, 64_790, 64_805)
    stage.price(125, 64_900, 65_000)
    story = told(stage, run, "vip/1").splitlines()
    assert story[0] == "vip/1 in live on paper: open"
    assert "  2025-03-03 12:02:05 target 1 (live): 0.00771605 (50%) at 65000, maker fee 0.00" in story
    (money,) = [line for line in story if line.startswith("account: ")]
    assert money.endswith("net +2.34 USDT (+0.50 R) if what is held were left at 65000")
    (trade,) = json.loads(run("paper", "status", "--format", "json").stdout)["accounts"][0]["open"]
    assert f"{trade['r']:+.2f}" == "+0.50"
    stage.price(130, 64_800)
    story = told(stage, run, "vip/1").splitlines()
    assert story[0] == "vip/1 in live on paper: closed (live), the record has it when its candle is over"
    assert "  2025-03-03 12:02:10 breakeven (live): 0.00771605 (50%) at 64800, taker fee 0.25" in story
    assert [line.partition(", net ")[2] for line in story if ", net " in line] == ["+0.79 USDT (+0.17 R)"]


def test_a_refused_call_names_who_said_no_and_who_was_not_asked(account: Account, run: Run) -> None:
    stage = account(rules=RULES)
    stage.post(0.5, CALL.replace("BTC", "DOGE"))
    stage.candle(1, 64_800, 64_810, 64_790, 64_800, "DOGEUSDT")
    stage.candle(2, 64_800, 65_250, 64_790, 65_210, "DOGEUSDT")
    story = told(stage, run, "vip/1")
    assert story.splitlines()[0] == "vip/1 in live on paper: refused"
    assert "refused (dogs bark)." in next(line for line in story.splitlines() if "no-dogs (rules/mine.yaml:3)" in line)
    assert "  two (rules/mine.yaml:4): not asked any more" in story
    assert "answer: refused" in story
    assert "the call by itself, whatever the account did: +0.89 R" in story
    (stage.folder / "rules" / "mine.yaml").write_text(RULES.replace("dogs bark", "dogs bite"), encoding="utf-8")
    later = told(stage, run, "vip/1")
    assert "dogs bark" in later
    assert "nothing to say" not in later
    assert "the rules were changed since then: those that said nothing are not known" in later


def test_what_the_channel_said_later(account: Account, run: Run) -> None:
    stage = account(rules=RULES)
    stage.post(0.5, CALL)
    stage.candle(1, 64_800, 64_810, 64_790, 64_800)
    stage.edit(130, 1, CALL.replace("SL 64500", "SL 64600"))
    stage.candle(2, 64_800, 64_810, 64_790, 64_800)
    story = told(stage, run, "vip/1")
    lines = story.splitlines()
    assert "  2025-03-03 12:02:10 edited: moves the stop to 64600" in lines
    assert lines.index("  2025-03-03 12:02:10 edited: moves the stop to 64600") > next(
        i for i, line in enumerate(lines) if " in: " in line
    ), "in the order of time"
    assert "edited 2025-03-03 12:02:10: BUY BTCUSDT NOW @ 64800, TP1 65000, TP2 65200, SL 64600" in story
    assert "if what is held were left at 64800" in story


def test_a_close_at_the_open_stands_before_what_its_candle_fills(account: Account, run: Run) -> None:
    stage = account()
    stage.post(0.5, "BUY BTCUSDT @ 64800 - 64600, TP 65200, SL 64000")
    stage.candle(1, 64_850, 64_860, 64_790, 64_800)
    stage.post(130, "closed 50%", reply_to=1)
    stage.candle(2, 64_800, 64_810, 64_790, 64_800)
    stage.candle(3, 64_810, 64_820, 64_590, 64_600)
    moves = [line[13:].split(": ")[0] for line in told(stage, run, "vip/1").splitlines() if line.startswith("  2025-")]
    assert moves == ["12:01:00 in", "12:02:10 message 2", "12:03:00 channel", "12:03:00 in", "12:03:00 in"]


def test_moves_and_words_stand_in_the_order_of_time(account: Account, run: Run) -> None:
    """Two orders fill after the stop was moved, and they stand behind it."""
    stage = account()
    stage.post(0.5, "BUY BTCUSDT @ 64800 - 64600, TP 65200, SL 64000")
    stage.candle(1, 64_850, 64_860, 64_790, 64_800)
    stage.edit(130, 1, "BUY BTCUSDT @ 64800 - 64600, TP 65200, SL 64100")
    stage.candle(3, 64_810, 64_820, 64_790, 64_800)
    stage.candle(4, 64_800, 64_810, 64_590, 64_600)
    story = told(stage, run, "vip/1")
    times = [line[:21] for line in story.splitlines() if line.startswith("  2025-")]
    assert len(times) == 4, story
    assert times == sorted(times)
    assert times.index("  2025-03-03 12:02:10") == 1


def test_what_was_withdrawn_has_the_words_in_which_it_was_told(account: Account, run: Run) -> None:
    stage = account()
    stage.post(5, "BUY BTCUSDT @ 64800, TP 65000, SL 64500")
    stage.price(6, 64790)
    stage.candle(0, 64790, 64900, 64780, 64900)
    stage.price(61, 64900)
    stage.candle(1, 64900, 64950, 64890, 64940)
    why = "is not in the record: its candles do not show it"
    assert f"withdrawn: in at 64790 (live) {why}" in told(stage, run, "vip/1").splitlines()


def test_no_plan_and_no_reading(account: Account, run: Run) -> None:
    stage = account(rules=RULES)
    stage.post(1, "BUY BTCUSDT @ 64800, TP 65000")
    stage.post(2, "BUY BTCUSDT NOW @ 64800, TP 65000, SL 64500, R 7", heard=3)
    stage.post(3, CALL, heard=400)
    unstopped = told(stage, run, "vip/1")
    assert unstopped.splitlines()[0] == "vip/1 in live on paper: not planned, no stop"
    assert "not planned, no stop: " in unstopped.splitlines()[-1]
    unread = told(stage, run, "vip/2").splitlines()
    assert unread[0] == "vip/2 in live on paper: not read"
    assert unread[-1].startswith("not read, unread: ")
    stale = told(stage, run, "vip/3")
    assert stale.splitlines()[0] == "vip/3 in live on paper: not planned, stale"
    assert "heard 6m 37s after it was posted" in stale


def test_a_call_of_two_strategies_is_told_twice(account: Account, run: Run) -> None:
    stage = account(rules=RULES, second={"fixed: 1000 USDT": "fixed: 500 USDT"})
    stage.post(0.5, CALL)
    stage.candle(1, 64_800, 64_810, 64_400, 64_450)
    heads = [line for line in told(stage, run, "vip/1").splitlines() if line.startswith("vip/1 in ")]
    assert heads == [
        "vip/1 in live, account live+second on paper: closed",
        "vip/1 in second, account live+second on paper: refused",
    ]


@pytest.fixture
def replayed(workspace: Path, run: Run) -> Path:
    """A replay of three weeks of the demo."""
    path = workspace / "strategies" / "demo.yaml"
    path.write_text(path.read_text(encoding="utf-8").replace("to: 2025-07-01", "to: 2025-01-22"), encoding="utf-8")
    assert run("paper", "demo", "--replay", "demo", "--out", workspace / "runs" / "old").exit_code == 0
    return workspace / "runs" / "old"


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_every_call_of_a_replay_has_its_story(replayed: Path, run: Run) -> None:
    """The figures are those of the replay's own lists, one call of each fate."""
    calls = {row["fate"]: row for row in rows(replayed / "paper_calls.csv")}
    trades = {row["signal_id"]: row for row in rows(replayed / "paper_trades.csv")}
    assert {"closed", "refused", "repeat", "open"} & set(calls) >= {"closed", "refused"}
    for fate, row in calls.items():
        story = run("explain", "trade", row["signal_id"], "--run", "old").stdout
        head = f"{row['signal_id']} in demo, replayed (old): "
        assert story.startswith(head + (fate if row["stage"] == fate else f"{row['stage']}, {fate}"))
        assert "^ symbol" in story
        assert row["symbol"] in story
        assert "heard " not in story, "when a replay read it says nothing"
        if row["rule"]:
            assert f"{row['rule']} ({row['rule_where']}): " in story
        trade = trades.get(row["signal_id"])
        if trade is not None:
            assert f"net {float(trade['net']):+,.2f} USDT ({float(trade['r']):+.2f} R)" in story
            assert f"fees {float(trade['fees']):,.2f}, funding {float(trade['funding']):,.2f}" in story
            assert story.count(" fee ") == trade["exits"].count(" @ ") + story.count(" in: ")
        assert f"{row['channel']} alone: " in story or fate in ("repeat", "opposite", "too late")


def test_what_is_not_known_has_a_hint(replayed: Path, workspace: Path, run: Run) -> None:
    name = rows(replayed / "paper_calls.csv")[0]["signal_id"]
    (workspace / "data").mkdir(exist_ok=True)
    shutil.copy(replayed / "paper.db", workspace / "data" / "paper.db")
    assert run("explain", "trade", name).stdout.startswith(f"{name} in demo on paper: "), "there is no backtest"
    for words, says in [
        ((f"{name}9x", "--run", "old"), f'no account has heard a call "{name}9x"'),
        ((name, "--account", "dmo"), 'did you mean "demo"?'),
        ((name, "--paper", "--run", "old"), "a run and the ledger are two places"),
        ((name, "--run", "odl"), "there is no such run"),
    ]:
        found = run("explain", "trade", *words)
        assert (found.exit_code, says in found.stderr) == (2, True), found.stderr
    assert run("backtest", "demo").exit_code == 0
    both = run("explain", "trade", rows(replayed / "paper_calls.csv")[-1]["signal_id"]).stdout
    assert both.rstrip().endswith("--paper"), "it was traded on paper too"
    assert run("explain", "trade", "nobody/1").exit_code == 2


def test_ids_are_completed(replayed: Path, workspace: Path) -> None:
    def offered(line: str, typed: str) -> list[str]:
        complete = ShellComplete(cli, {}, "signalproof", "_SIGNALPROOF_COMPLETE")
        return [item.value for item in complete.get_completions(f"--workspace {workspace} {line}".split(), typed)]

    ids = {row["signal_id"] for row in rows(replayed / "paper_calls.csv")}
    assert set(offered("explain trade --run old", "demo_k")) == {name for name in ids if name.startswith("demo_k")}
    assert offered("explain trade", "demo_k") == []
    (workspace / "data").mkdir(exist_ok=True)
    shutil.copy(replayed / "paper.db", workspace / "data" / "paper.db")
    for line in ("explain trade", "explain trade --paper", "paper close"):
        assert set(offered(line, "demo_")) == ids, line

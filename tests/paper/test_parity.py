"""The promise of paper trading: the same calls on the same candles are the same trades as in a backtest."""

from __future__ import annotations

import csv
import shutil
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from engine.collect.reading import when_known
from engine.domain import Message, Signal
from engine.domain import Path as PathOf
from engine.paper.ledger import Ledger
from engine.paper.reconcile import differences
from engine.paper.record import record_of
from engine.paper.replay import play
from engine.pipeline.accounts import walk_accounts
from engine.pipeline.asked import prices_of
from engine.pipeline.backtest import played_period
from engine.pipeline.paper import against
from engine.pipeline.paper.fates import Heard
from engine.pipeline.progress import silent
from engine.pipeline.workspace import Workspace
from tests.conftest import ROOT, Run
from tests.paper.world import month


def test_trade_by_trade(tmp_path: Path) -> None:
    world = month()
    desk = world.desk(Ledger(tmp_path / "paper.db", every=500))
    play(desk, world.messages, world.candles)
    record = record_of(desk, world.candles)
    ours = {trade.path.plan.signal_id: trade for trade in record.trades.values()}
    theirs = {trade.path.plan.signal_id: trade for trade in world.walked.trades.values()}
    assert len(theirs) > 50
    assert differences(ours, theirs) == []
    assert record.equity == world.walked.end_equity or abs(record.equity / world.walked.end_equity - 1) < 1e-9
    said = [(one.signal_id, [note.rule for note in one.notes]) for one in record.refused]
    assert said == [(one.signal_id, [note.rule for note in one.notes]) for one in world.walked.refused]
    assert len(said) > 20


STRESS = """rules:
  - {name: cap-lev, when: {leverage over: 4}, then: {scale: 80%}}
  - {name: daily-stop, when: {daily loss over: 2%}, then: {halt: until next day, close: open trades}}
  - {name: dd, when: {drawdown over: 6%}, then: {halt: 2d}}
  - {name: wild, when: {volatility over: 1%}, then: {scale: 50%}}
  - {name: loser, when: {channel standing under: {mean r: 0, after trades: 10}}, then: {scale: 50%}}
  - {name: pause, when: {consecutive losses at least: {count: 3, last within: 6h}}, then: reject}
  - {name: few, when: {open trades at least: 4}, then: reject}
  - {name: cap-risk, when: {risk per trade over: 0.8%}, then: {resize: to limit}}
"""
PROVEN = """rules:
  - {name: keep-small, when: {not: {channel verdict in: [FOLLOW]}}, then: {scale: 20%}}
tests:
  - {name: proven, given: {stop: 98, verdict: FOLLOW}, expect: {action: take}}
  - {name: unproven, given: {stop: 98}, expect: {action: scale, rule: keep-small}}
"""
NIGHT = "rules:\n  - {name: night, when: {hours: [22:00-23:00]}, then: {close: open trades}}\n"
CALLS = "repeat: ignore, opposite: ignore"
VARIANTS = {
    "rules that halt and close": {"rules: [default]": "rules: [stress]"},
    "a clock that closes all that is open, also what is partly out": {"rules: [default]": "rules: [night]"},
    "later calls replace": {CALLS: "repeat: replace, opposite: reverse", "rules: [default]": "rules: [stress]"},
    "funding": {CALLS: "repeat: add, opposite: close", "funding: none": "funding: 0.01%"},
    "an impact on the price": {"slippage: 2bp": "slippage: 2bp, impact: square root"},
    "deleted calls are closed": {CALLS: f"{CALLS}, deleted: close"},
    "trailing": {
        "after target 1: {move stop: breakeven}": "trailing: {after target: 1, distance: 1%}",
        "rules: [default]": "rules: [stress]",
        "valid for: 24h": "valid for: 2h",
        "close after: 3d": "close after: 7h",
    },
    "slow and coarse": {
        "zone: ladder 3": "zone: near edge",
        "latency: 5s": "latency: 60s",
        CALLS: "repeat: replace, opposite: close",
        "when target comes first: cancel": "when target comes first: keep",
        "timeframe: 1m": "timeframe: 5m",
    },
}


def varied(workspace: Path, changes: dict[str, str]) -> str:
    """The demo's strategy with changes, each of which is one; the rules that variants name are there."""
    (workspace / "rules" / "stress.yaml").write_text(STRESS, encoding="utf-8")
    (workspace / "rules" / "night.yaml").write_text(NIGHT, encoding="utf-8")
    text = (workspace / "strategies" / "demo.yaml").read_text(encoding="utf-8")
    for old, new in changes.items():
        assert old in text
        text = text.replace(old, new)
    return text


@pytest.mark.parametrize("name", VARIANTS)
def test_whatever_the_strategy_says(name: str, run: Run, workspace: Path) -> None:
    text = varied(workspace, VARIANTS[name] | {"to: 2025-07-01": "to: 2025-01-25"})
    (workspace / "strategies" / "varied.yaml").write_text(text, encoding="utf-8")
    result = run("paper", "varied", "--replay", "demo", "--compare", "--out", workspace / "out")
    assert result.exit_code == 0, result.output
    assert "a backtest gives the same " in result.stdout
    assert "the same money for each channel alone" in result.stdout


def later(signal: Signal, path: PathOf, number: int) -> Message:
    """A version of a call at a third of its trade's life: its stop in profit, its side turned, or no call at all."""
    message, setup = signal.message, signal.setup
    first, last = path.fills[0], path.legs[-1]
    target = next(target.price for target in setup.targets if target.price)
    locked = first.price + 0.3 * (target - first.price)
    sold, bought = ("SHORT", "LONG"), ("SELL", "BUY")
    text = message.text
    if number % 3 == 0:
        (value,) = [one for one in setup.values if one.field == "stop"]
        text = text[: value.start] + f"{locked:.8f}" + text[value.end :]
    elif number % 3 == 1:
        for one, other in (*zip(sold, bought, strict=True), *zip(bought, sold, strict=True)):
            if one in text:
                text = text.replace(one, other)
                break
    else:
        text = "sorry, wrong chart"
    at_ms = first.ts_ms + (last.ts_ms - first.ts_ms) // 3
    return replace(message, version=9, kind="edit", edited_ms=at_ms, received_ms=at_ms, text=text)


def with_edits(world: Any, root: Path, edits: Sequence[Message]) -> tuple[Any, Any, Counter[str], list[Message]]:
    """A backtest of a world whose channels edit as well: its period, its walk, the edits not followed by code, and all
    messages as they became known.
    """
    known: dict[str, list[Message]] = {profile.id: [] for profile in world.loaded.profiles}
    for message in sorted([*world.messages, *edits], key=when_known):
        known[message.channel].append(message)
    workspace, strategy = Workspace(root), world.loaded.strategy
    prices, _ = prices_of(workspace, strategy)
    period = played_period(workspace, world.loaded.file, strategy, world.loaded.profiles, known, prices, silent)
    walked = walk_accounts(period.played, strategy, world.loaded.rules, world.zone, silent).walked
    left = sum((reading.why_unfollowed for reading in period.readings.values()), Counter())
    return period, walked, left, sorted((m for found in known.values() for m in found), key=when_known)


def test_calls_edited_into_something_else(tmp_path: Path) -> None:
    """A stop moved into profit acts, another side and no call at all do not, and are counted: here as there."""
    world = month()
    rows = [row for row in range(len(world.played.table)) if world.played.table.filled[row]]
    paths = {row: world.played.table.path(row) for row in rows}
    signals = world.played.planned
    edits = [later(signals[row], path, n) for n, (row, path) in enumerate(paths.items())
             if signals[row].setup.values and signals[row].message.channel != "demo_coin"]  # fmt: skip
    period, walked, left, heard = with_edits(world, ROOT, edits)
    moved = [u for reading in period.readings.values() for u in reading.updates if u.action.kind == "move-stop"
             and u.message.version == 9]  # fmt: skip
    assert min(left.total(), len(moved)) > 10, (left, len(moved))
    desk = world.desk(Ledger(tmp_path / "paper.db", every=500))
    play(desk, heard, world.candles)
    ours = {trade.path.plan.signal_id: trade for trade in record_of(desk, world.candles).trades.values()}
    theirs = {trade.path.plan.signal_id: trade for trade in walked.trades.values()}
    assert differences(ours, theirs) == []
    before = {trade.path.plan.signal_id: trade for trade in world.walked.trades.values()}
    assert any(trade.path.legs != before[name].path.legs for name, trade in theirs.items() if name in before)


UPDATES = """
update close
<<<
closed {? {share: 50%} }
>>>

update move-stop
<<<
SL to {stop: entry}
>>>
"""


def written_on(signal: Signal, path: PathOf, number: int) -> Iterator[Message]:
    """Later versions of a call, at a third and at two thirds of its trade's life, with more below it each time.

    At five sixths its stop moves into profit, with all of that below it.
    """
    message, first, last = signal.message, path.fills[0].ts_ms, path.legs[-1].ts_ms
    lines = (("TP1 hit +20%", "closed 50%"), ("closed 50%", "closed"), ("SL to entry", "sell all of it"))[number % 3]
    for place, line in enumerate(lines, 1):
        text = "\n".join([message.text, "", *lines[: place - 1], line])
        at_ms = first + (last - first) * place // 3
        yield replace(message, version=1 + place, kind="edit", edited_ms=at_ms, received_ms=at_ms, text=text)
    found = [one for one in signal.setup.values if one.field == "stop"]
    for value in found[:1]:
        target = next(target.price for target in signal.setup.targets if target.price)
        level = path.fills[0].price + 0.3 * (target - path.fills[0].price)
        text = f"{text[: value.start]}{level:.8f}{text[value.end :]}"
        at_ms = first + (last - first) * 5 // 6
        yield replace(message, version=4, kind="edit", edited_ms=at_ms, received_ms=at_ms, text=text)


def test_calls_that_are_written_on(tmp_path: Path) -> None:
    """What is added to a call acts here as there, once, and what is not followed is counted alike."""
    for part in ("channels", "rules", "strategies"):
        shutil.copytree(ROOT / part, tmp_path / part)
    for name in ("demo_keel", "demo_echo"):
        with (tmp_path / "channels" / f"{name}.channel").open("a", encoding="utf-8") as file:
            file.write(UPDATES)
    world = month(to="2025-01-20", root=tmp_path)
    rows = [row for row in range(len(world.played.table)) if world.played.table.filled[row]]
    paths = {row: world.played.table.path(row) for row in rows}
    signals = world.played.planned
    edits = [one for n, (row, path) in enumerate(paths.items()) for one in written_on(signals[row], path, n)]
    period, walked, left, heard = with_edits(world, tmp_path, edits)
    done = Counter(u.action.kind for reading in period.readings.values() for u in reading.updates)
    assert min(done["close"], done["move-stop"], left["unread"]) > 10, (done, left)
    moved = [u for reading in period.readings.values() for u in reading.updates if u.message.version == 4]
    assert len(moved) > 10, "levels are followed below which something was written before"
    ledger = Ledger(tmp_path / "paper.db", every=500)
    desk = world.desk(ledger)
    play(desk, heard, world.candles)
    ours = {trade.path.plan.signal_id: trade for trade in record_of(desk, world.candles).trades.values()}
    theirs = {trade.path.plan.signal_id: trade for trade in walked.trades.values()}
    assert differences(ours, theirs) == []
    before = {trade.path.plan.signal_id: trade for trade in world.walked.trades.values()}
    assert sum(trade.path.legs != before[name].path.legs for name, trade in theirs.items() if name in before) > 10
    counted = Heard().read(ledger.events(desk.account)).unfollowed
    assert sum(counted.values(), Counter()) == left


def test_a_fault_of_a_cent_is_found(tmp_path: Path) -> None:
    theirs = {trade.path.plan.signal_id: trade for trade in month().walked.trades.values()}
    name = next(name for name, trade in theirs.items() if trade.net)
    off = theirs | {name: replace(theirs[name], net=theirs[name].net + 0.01)}
    (found,) = differences(off, theirs)
    assert (found.signal_id, found.what) == (name, "net")
    assert [one.what for one in differences({}, {name: theirs[name]})] == ["traded"]


def test_the_command_says_so(run: Run, workspace: Path) -> None:
    text = (workspace / "strategies" / "demo.yaml").read_text(encoding="utf-8")
    short = text.replace("to: 2025-07-01", "to: 2025-01-20")
    (workspace / "strategies" / "short.yaml").write_text(short, encoding="utf-8")
    result = run("paper", "short", "--replay", "demo", "--compare", "--out", workspace / "out")
    assert result.exit_code == 0, result.output
    assert "a backtest gives the same " in result.stdout
    assert (workspace / "out" / "paper_trades.csv").is_file()
    again = run("paper", "short", "--replay", "demo", "--compare", "--out", workspace / "out")
    assert again.stdout == result.stdout, "a replay of what was replayed changes nothing"


def test_rules_see_the_verdicts_that_a_backtest_sees(run: Run, workspace: Path) -> None:
    """A channel is traded in full once it has shown what it can, in small before: replay and backtest agree when."""
    (workspace / "rules" / "proven.yaml").write_text(PROVEN, encoding="utf-8")
    text = (workspace / "strategies" / "demo.yaml").read_text(encoding="utf-8")
    text = text.replace("rules: [default]", "rules: [proven]").replace("to: 2025-07-01", "to: 2025-05-20")
    (workspace / "strategies" / "proven.yaml").write_text(text, encoding="utf-8")
    result = run("paper", "proven", "--replay", "demo", "--compare", "--out", workspace / "out")
    assert result.exit_code == 0, result.output
    assert "a backtest gives the same " in result.stdout
    with (workspace / "out" / "paper_trades.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    followed = [row for row in rows if "The verdict" not in row["notes"]]
    assert 0 < len(followed) < len(rows), "some calls came before the channel was proven, some after"
    assert {row["channel"] for row in followed} == {"demo_keel"}


def two(workspace: Path, second: dict[str, str] | None = None) -> None:
    """Two strategies of three weeks of the demo: all channels, and one of them that goes in at the near edge."""
    text = varied(workspace, {"to: 2025-07-01": "to: 2025-01-22", "funding: none": "funding: 0.01%"})
    other = {"name: demo": "name: two", "zone: ladder 3": "zone: near edge"}
    other |= {"channels: [demo_keel, demo_coin, demo_echo]": "channels: [demo_coin]"}
    for name, changes in (("one", {"name: demo": "name: one"}), ("two", other | (second or {}))):
        made = text
        for old, new in changes.items():
            assert old in made
            made = made.replace(old, new)
        (workspace / "strategies" / f"{name}.yaml").write_text(made, encoding="utf-8")


def test_several_strategies_in_one_account_are_replayed_as_live(run: Run, workspace: Path) -> None:
    """Each call in each strategy as its backtest has it; the money is that of one wallet."""
    two(workspace)
    result = run("paper", "one", "two", "--replay", "demo", "--compare", "--out", workspace / "out")
    assert result.exit_code == 0, result.output
    lines = result.stdout.splitlines()
    for name in ("one", "two"):
        (said,) = [line for line in lines if line.startswith(f"{name}: a backtest gives the same ")]
        assert int(said.split()[6]) > 20
    rows = list(csv.DictReader((workspace / "out" / "paper_trades.csv").open(encoding="utf-8", newline="")))
    assert {row["account"] for row in rows} == {"one+two"}
    assert {row["strategy"] for row in rows} == {"one", "two"}
    assert {row["channel"] for row in rows if row["strategy"] == "two"} == {"demo_coin"}
    alone = sum("demo_coin alone" in line for line in lines)
    assert alone == 1, "a channel's own account has both strategies"
    page = (workspace / "out" / "report.html").read_text(encoding="utf-8")
    assert "one+two" in page
    again = run("paper", "one", "two", "--replay", "demo", "--compare", "--out", workspace / "out")
    assert again.stdout == result.stdout
    told = run("explain", "trade", rows[-1]["signal_id"], "--run", workspace / "out").stdout
    assert "account one+two, replayed (out): " in told


def test_a_call_that_a_shared_account_has_otherwise_is_found(run: Run, workspace: Path, monkeypatch) -> None:
    """The comparison can fail: an order of the backtest that is a tenth of a percent higher, and a fate of its own."""
    two(workspace)
    there = against._there

    def off(played):
        calls = there(played)
        first, (_, trade) = next(one for one in calls.items() if one[1][1] and one[1][1].path.fills)
        second = next(name for name, (fate, _) in calls.items() if fate == "closed" and name != first)
        return {**calls, first: ("closed", replace(trade, net=trade.net * 1.001)), second: ("expired", None)}

    monkeypatch.setattr(against, "_there", off)
    result = run("paper", "one", "two", "--replay", "demo", "--compare", "--out", workspace / "out")
    assert result.exit_code == 1
    said = [line for line in result.stdout.splitlines() if line.startswith("differs: ")]
    assert sum(": net " in line for line in said) == 2
    assert sum(": fate closed here, expired there" in line for line in said) == 2
    assert "two: 2 of " in result.stdout


@pytest.mark.parametrize(
    ("second", "says"),
    [
        ({"equity: 10000 USDT": "equity: 5000 USDT"}, "they differ in equity; run them one by one"),
        ({"to: 2025-01-22": "to: 2025-01-20"}, "they differ in period"),
        ({"timeframe: 1m": "timeframe: 5m"}, "they differ in market"),
        ({"name: two": "name: one"}, "one is named twice"),
    ],
)
def test_strategies_that_cannot_share_an_account(second: dict[str, str], says: str, run: Run, workspace: Path) -> None:
    two(workspace, second)
    found = run("paper", "one", "two", "--replay", "demo")
    assert (found.exit_code, says in found.stderr) == (2, True), found.stderr

"""What the paper commands show of an account that has every fate: whole texts in both shapes, and figures that add up.

SIGNALPROOF_ACCEPT=1 writes the texts of tests/pipeline/paper/shown/ anew.
"""

from __future__ import annotations

import csv
import io
import json
import os
import shutil
from collections import Counter
from pathlib import Path

import pytest
from rich.console import Console

from engine.paper.ledger import Event, Ledger
from engine.pipeline.asked import no_candles
from engine.pipeline.errors import InputError
from engine.pipeline.paper.book import unwatched
from engine.pipeline.paper.desk import Loaded
from engine.pipeline.paper.fates import STAGES, TAKEN
from engine.pipeline.paper.open import open_table, title_of
from engine.pipeline.paper.table import CALL_COLUMNS, COLUMNS
from engine.pipeline.workspace import Workspace
from tests.conftest import ROOT, Run
from tests.paper.livestage import LiveStage
from tests.pipeline.fateworld import BEGAN_MS, FateWorld

FOLDER = Path(__file__).parent / "shown"
FATES = """
closed open resting waiting refused expired cancelled repeat opposite stale
target first; stop first; too late; no data; no stop; stop too near; stop beyond liquidation
"""


def is_golden(name: str, text: str) -> None:
    """A text is what it was when somebody last looked at it."""
    path = FOLDER / f"{name}.txt"
    text = "\n".join(line.rstrip() for line in text.splitlines()) + "\n"
    if os.environ.get("SIGNALPROOF_ACCEPT"):
        FOLDER.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8", newline="")
    assert text == path.read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> FateWorld:
    """The account after its morning, to be looked at."""
    return FateWorld(tmp_path_factory.mktemp("fates")).play()


@pytest.fixture
def ledger(world: FateWorld, workspace: Path) -> Ledger:
    """Its ledger, in a workspace of one's own."""
    shutil.copytree(world.root, workspace, dirs_exist_ok=True)
    return Ledger(workspace / "data" / "paper.db")


def rows(run: Run, *words: str) -> list[dict[str, str]]:
    done = run("paper", *words, "--format", "csv")
    assert done.exit_code == 0, done.output
    return list(csv.DictReader(io.StringIO(done.stdout)))


def test_a_line_for_each_fate_as_it_becomes_known(world: FateWorld) -> None:
    is_golden("lines", "\n".join(world.lines))


@pytest.mark.parametrize("form", ["plain", "table"])
@pytest.mark.parametrize("command", ["status", "trades", "calls", "calls --refused", "calls --channel beta"])
def test_commands_in_both_shapes(ledger: Ledger, run: Run, command: str, form: str) -> None:
    done = run("paper", *command.split(), "--format", form)
    assert done.exit_code == 0, done.output
    is_golden(f"{command.replace(' --', '-').replace(' ', '-')}-{form}", done.stdout)
    if form == "table":
        assert max(map(len, done.stdout.splitlines())) <= 80


def test_the_live_table(world: FateWorld) -> None:
    desk, last = world.desk, {"OPEUSDT": (0, 101.0)}
    calls = desk.books.open_calls
    for width, name in ((80, "live-table"), (110, "live-table-wide")):
        out = Console(file=io.StringIO(), width=width)
        out.print(open_table(calls, last, desk.zone, title_of(desk, calls, last, "USDT"), width))
        is_golden(name, out.file.getvalue())  # type: ignore[attr-defined]


def test_every_fate_is_there_and_the_counts_add_up(ledger: Ledger, run: Run) -> None:
    found = rows(run, "calls")
    expected = {one.strip() for line in FATES.strip().splitlines() for one in line.split(";" if ";" in line else None)}
    assert {row["fate"] for row in found} == expected
    assert tuple(found[0]) == CALL_COLUMNS
    heard = sum(event.kind in ("call", "refused") for event in ledger.events("live"))
    assert len(found) == heard == 26
    state = json.loads(run("paper", "status", "--format", "json").stdout)["accounts"][0]
    assert state["calls"] == heard
    for channel in state["channels"]:
        mine = [row for row in found if row["channel"] == channel["channel"]]
        assert channel["heard"] == len(mine) == sum(channel["stages"].values()) == sum(channel["fates"].values())
        assert channel["stages"] == Counter(row["stage"] for row in mine)
        assert set(channel["stages"]) <= set(STAGES)
    assert sum(row["stage"] in TAKEN for row in found) == 12


def test_refused_calls_name_the_rule_its_line_and_what_it_saw(ledger: Ledger, run: Run) -> None:
    refused = {row["signal_id"]: row for row in rows(run, "calls", "--refused") if row["stage"] == "refused"}
    said = [(row["rule"], row["rule_where"], row["seen"], row["limit"]) for row in refused.values()]
    assert said == [
        ("no-dogs", "rules/tight.yaml:2", "DOGUSDT", "DOGUSDT"),
        ("by hand", "paper halt", "halted", "paper resume"),
        ("panic", "rules/tight.yaml:11", "PANUSDT", "PANUSDT"),
        ("panic", "rules/tight.yaml:11", "halted", "2025-03-03 12:31"),
    ]
    assert refused["alpha/7"]["reason"].startswith("The symbol is DOGUSDT, the list is DOGUSDT: refused")


def test_trades_are_what_was_filled(ledger: Ledger, run: Run) -> None:
    found = rows(run, "trades")
    assert tuple(found[0]) == COLUMNS
    assert [(row["signal_id"], row["ended"]) for row in found] == [
        ("alpha/1", "target 1"), ("beta/4", "by hand"), ("alpha/14", "stop")
    ]  # fmt: skip
    assert {row["currency"] for row in found} == {"USDT"}
    assert found[0]["closed_at"] == "2025-03-03T12:04:00+02:00"
    net = sum(float(row["net"]) for row in found)
    state = json.loads(run("paper", "status", "--format", "json").stdout)["accounts"][0]
    open_ = {trade["signal_id"]: trade for trade in state["open"]}
    entered = sum(0.0002 * trade["quantity"] * (trade["entry"] or 0.0) for trade in open_.values())
    assert state["realised"] == pytest.approx(state["began_with"] + net - entered, abs=1e-6)
    marked = sum(sign * open_[name]["quantity"] * (open_[name]["last"] - open_[name]["entry"])
                 for name, sign in (("beta/1", -1), ("alpha/12", 1)))  # fmt: skip
    assert state["marked"] == pytest.approx(state["realised"] + marked)
    leaving = sum(0.0002 * open_[name]["quantity"] * open_[name]["last"] for name in ("beta/1", "alpha/12"))
    assert state["equity"] == pytest.approx(state["marked"] - leaving)


def test_json_has_the_names_of_csv(ledger: Ledger, run: Run) -> None:
    for name, columns in (("trades", COLUMNS), ("calls", CALL_COLUMNS)):
        found = json.loads(run("paper", name, "--format", "json").stdout)
        assert found["version"] == 1
        assert {tuple(row) for row in found[name]} == {columns}


def test_the_funnel_in_the_docs_is_that_of_this_account() -> None:
    page = (ROOT / "docs" / "paper-trading.md").read_text(encoding="utf-8")
    lines = (FOLDER / "status-plain.txt").read_text(encoding="utf-8").splitlines()
    first = lines.index("  26 calls heard")
    assert "\n".join(f"  {line}" for line in lines[first : first + 7]) in page


def test_every_field_is_in_the_docs(ledger: Ledger, run: Run) -> None:
    page = (ROOT / "docs" / "paper-trading.md").read_text(encoding="utf-8")
    state = json.loads(run("paper", "status", "--format", "json").stdout)["accounts"][0]
    fields = {*COLUMNS, *CALL_COLUMNS, *state, *state["open"][0], *state["halts"][0], *state["channels"][0]}
    fields |= {*state["alone"][0]}
    fields |= {*state["losses"][0], *state["losses"][0]["rules"][0]}
    assert sorted(name for name in fields if f"`{name}`" not in page) == []


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("halt --channel zzz", 'there is no channel "zzz" here; channels: alpha, beta'),
        ("halt --channel alfa", 'there is no channel "alfa" here; did you mean "alpha"?'),
        ("halt --for soon", '"soon" is not a duration'),
        ("halt --for 0s", "a pause must be longer than 0s; write --for 4h"),
        ("resume --channel bta", 'there is no channel "bta" here; did you mean "beta"?'),
        ("close alpha/1", "no trade alpha/1 is resting or open; it is closed; open: alpha/12"),
        ("close alpha/7", "no trade alpha/7 is resting or open; it is refused; open:"),
        ("close alpha/19", "it is waiting (the first candle is not over yet)"),
        ("close alpha/99", "no trade alpha/99 is resting or open;"),
        ("calls --channel gamma", 'there is no channel "gamma" here'),
        ("trades --since yesterday", '"yesterday" is no time; write --since 2025-03-01'),
        ("status --account live2", 'there is no account "live2" here; did you mean "live"?'),
        ("reconcile 2999-01-01", "2999-01-01 is not over yet"),
        ("reconcile 2020-01-01", "2020-01-01 was before any account began"),
        ("reconcile 3.3.2025", "3.3.2025 is no date; write it as 2025-03-01"),
    ],
)
def test_what_nobody_knows_is_refused_and_nothing_is_written(ledger: Ledger, run: Run, words: str, said: str) -> None:
    before = ledger.last()
    done = run("paper", *words.split())
    assert (done.exit_code, said in done.stderr) == (2, True), done.stderr
    assert ledger.last() == before


def test_words_of_people_wait_and_are_shown(ledger: Ledger, run: Run) -> None:
    assert run("paper", "resume", "--channel", "alpha").stdout == "live: there is no pause of alpha to end\n"
    assert "live: halt of alpha noted; it is done when" in run("paper", "halt", "--channel", "alpha").stdout
    assert "live: resume of beta noted" in run("paper", "resume", "--channel", "beta").stdout
    assert "live: close alpha/12 noted" in run("paper", "close", "alpha/12").stdout
    shown = run("paper", "status").stdout
    assert [line.split(" asked ")[0].strip() for line in shown.splitlines() if "waits for the running" in line] == [
        "halt of alpha", "resume of beta", "close alpha/12"
    ]  # fmt: skip


def test_resume_of_a_channel_ends_its_pause_only(tmp_path: Path) -> None:
    desk = FateWorld(tmp_path).desk
    for number, (kind, channels, said, left) in enumerate([
        ("halt", ["alpha", "beta"], "no new trades of alpha, beta until paper resume", [("alpha", "beta")]),
        ("halt", [], "no new trades until paper resume", [("alpha", "beta"), ()]),
        ("resume", ["beta"], "1 pause of beta ended; still halted: by hand, by hand", [("alpha",), ()]),
        ("resume", ["beta"], "0 pauses of beta ended; still halted: by hand, by hand", [("alpha",), ()]),
        ("resume", [], "2 pauses ended", []),
    ]):  # fmt: skip
        data = {"until_ms": None, "channels": channels}
        assert desk.obey(Event("live", kind, 0, data, seq=1000 + number), BEGAN_MS) == said
        assert [halt.channels for halt in desk.books.books.books.halts] == left


def test_a_running_account_tells_its_prices(ledger: Ledger, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("engine.pipeline.paper.book.is_running", lambda _: True)
    said = {"account": "live", "prices": {"LOSUSDT": [BEGAN_MS + 3_600_000, 96.5]}}
    still = json.loads(run("paper", "status", "--format", "json").stdout)["accounts"][0]
    ledger.path.with_name("paper.alive").write_text(json.dumps(said), encoding="utf-8")
    before = json.loads(run("paper", "status", "--format", "json").stdout)["accounts"][0]
    assert before["running"]
    assert [trade["last"] for trade in before["open"]][:2] == [96.5, 100.5]
    assert before["equity"] == pytest.approx(still["equity"] + before["open"][0]["quantity"] * 0.5)
    ledger.path.with_name("paper.alive").write_text("{", encoding="utf-8")
    assert run("paper", "status").stdout.startswith("live: running, last written")
    assert "it is done within a second" in run("paper", "halt").stdout


def test_what_is_live_and_not_in_the_record_yet_is_shown(stage: LiveStage, workspace: Path, run: Run) -> None:
    stage.post(1.5, "BUY ETHUSDT @ 3000, TP 3100, SL 2950")
    stage.post(2.5, "SELL BTCUSDT NOW @ 64800, TP 64000, SL 65500")
    stage.price(4, 64810)
    stage.price(5, 3020, symbol="ETHUSDT")
    stage.desk.ledger.back_up(workspace / "data" / "paper.db")
    is_golden("live-status", run("paper", "status").stdout + run("paper", "calls").stdout)
    refused = run("paper", "close", "vip/3")
    assert (refused.exit_code, "it is waiting (not taken (live), opposite" in refused.stderr) == (2, True)
    assert "; open: vip/1, vip/2" in refused.stderr
    said = (
        "vip/1 noted; it is done when the account runs again (vip/1 is open live only: the record follows at the next"
    )
    assert said in run("paper", "close", "vip/1").stdout
    assert run("paper", "close", "all").stdout.splitlines() == [
        "live: vip/1 is on the way out already",
        "live: close all noted; it is done when the account runs again (vip/2 is open live only: the record follows at"
        " the next open, when it is there)",
    ]
    orders = Ledger(workspace / "data" / "paper.db").events("live", 0, "close")
    assert [order.data for order in orders] == [
        {"id": "vip/1", "live": ["vip/1"]}, {"id": "all", "live": ["vip/2"]}
    ]  # fmt: skip


def test_status_counts_the_posts_that_were_not_read(ledger: Ledger, workspace: Path, run: Run) -> None:
    """A post counts once, whatever its versions; one that another version made a call does not count."""
    known = next(event for event in ledger.events("live", 0, "call"))
    for name in ("beta/90", "beta/90", "beta/91", known.data["signal"]):
        said = {"signal": name, "code": "no-layout", "text": "no layout knows it"}
        ledger.append(Event("live", "unread", BEGAN_MS, said))
    ledger.flush()
    lines = run("paper", "status", "--format", "plain").stdout.splitlines()
    assert [line.strip() for line in lines if "not read" in line] == [
        f"beta: 2 posts that look like calls were not read (cli.py channel coverage beta --workspace {workspace})"
    ]
    (state,) = json.loads(run("paper", "status", "--format", "json").stdout)["accounts"]
    assert state["unread"] == {"beta": 2}


def test_status_counts_the_edits_that_were_not_followed(ledger: Ledger, workspace: Path, run: Run) -> None:
    for code in ("other-side", "no-layout", "other-side"):
        ledger.append(
            Event("live", "unread", BEGAN_MS, {"signal": "beta/90", "code": code, "text": "so", "later": True})
        )
    ledger.flush()
    lines = run("paper", "status", "--format", "plain").stdout.splitlines()
    assert [line.strip() for line in lines if "not followed" in line] == [
        "beta: 3 later versions of calls not followed: 2 another side, 1 read as nothing"
        f" (cli.py channel coverage beta --workspace {workspace})"
    ]
    (state,) = json.loads(run("paper", "status", "--format", "json").stdout)["accounts"]
    assert (state["unfollowed"], state["unread"]) == ({"beta": {"other-side": 2, "no-layout": 1}}, {})


def test_several_accounts_are_named(ledger: Ledger, run: Run) -> None:
    begun = next(ledger.events("live", 0, "begin"))
    ledger.append(Event("other", "begin", begun.at_ms, begun.data))
    lines = run("paper", "status").stdout.splitlines()
    assert lines[0] == "2 accounts: live (not running), other (not running)"
    assert any(line.startswith("other: not running") for line in lines)
    assert "  0 calls heard" in lines


@pytest.fixture
def two(ledger: Ledger) -> Ledger:
    """The account, and another one of the same strategy that has heard nothing yet."""
    begun = next(ledger.events("live", 0, "begin"))
    ledger.append(Event("other", "begin", begun.at_ms, begun.data))
    return ledger


@pytest.mark.parametrize("words", ["halt", "resume", "halt --channel alpha", "close all"])
def test_a_word_to_several_accounts_names_one(
    two: Ledger, run: Run, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without a running account nothing is written; the running one is meant where there is one."""
    before = two.last()
    done = run("paper", *words.split())
    assert (done.exit_code, two.last()) == (2, before)
    assert "which account?" in done.stderr
    assert "--account live or --account other" in done.stderr
    assert run("paper", *words.split(), "--account", "live").exit_code == 0
    monkeypatch.setattr("engine.pipeline.paper.book.is_running", lambda _: True)
    two.path.with_name("paper.alive").write_text(json.dumps({"account": "live", "prices": {}}), encoding="utf-8")
    said = run("paper", *words.split())
    assert said.exit_code == 0, said.stderr
    assert [line.split(":")[0] for line in said.stdout.splitlines() if not line.startswith("  ")] == ["live"]
    assert {event.account for event in two.events(None, before)} == {"live"}


def test_a_trade_of_one_account_needs_no_name(two: Ledger, run: Run) -> None:
    assert run("paper", "close", "alpha/12").stdout.startswith("live: close alpha/12 noted")
    assert "no trade alpha/99 is resting or open; did you mean" in run("paper", "close", "alpha/99").stderr


def test_trades_of_other_accounts_are_told_at_the_start(two: Ledger) -> None:
    again = "until it runs again: cli.py paper live"
    assert unwatched(two, "other") == [f"nobody watches 4 trades of the account live {again}"]
    assert unwatched(two, "live") == []


def test_verdicts_without_candles_name_their_own_way_to_get_them(
    ledger: Ledger, run: Run, workspace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def none(loaded: Loaded, *_: object) -> None:
        raise InputError(no_candles(Workspace(workspace), loaded.strategy, ["BTCUSDT"]))

    monkeypatch.setattr("engine.pipeline.paper.verdict.newest_verdicts", none)
    done = run("paper", "verdicts", "live")
    assert done.exit_code == 2
    assert "cli.py paper verdicts live --fetch asks the exchange; cli.py market import FILE" in done.stderr

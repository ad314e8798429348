"""What is said of a trade of which a part has left, and of one that a person or a rule has ended."""

from __future__ import annotations

import csv
import io
import json

import pytest

from engine.domain import ExitReason
from engine.paper import account as record
from engine.paper import instant
from engine.paper.ledger import Event
from tests.conftest import Run
from tests.paper import livestage
from tests.paper.livestage import LiveStage
from tests.pipeline.paper.conftest import Account
from tests.pipeline.paper.test_story import told
from tests.pipeline.paper.test_worth import status

WORDS = """
signal "ladder"
<<<
{side: BUY} {symbol: BTCUSDT} IN {entry: 64600-64800}, TP {target: 66000}, SL {stop: 64000}
>>>

update close
<<<
{symbol: BTCUSDT} close {share: 50%}
>>>
"""
LADDER = "BUY BTCUSDT IN 64600-64800, TP 66000, SL 64000"
CALL = "BUY BTCUSDT NOW @ 64800, TP 65500, SL 64500"


@pytest.fixture(autouse=True)
def _words(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(livestage, "PROFILE", livestage.PROFILE + WORDS)


def page_row(stage: LiveStage, run: Run) -> dict[str, str]:
    """The first call of the account's page."""
    assert run("paper", "report", "--out", stage.folder / "page").exit_code == 0
    return next(csv.DictReader((stage.folder / "page" / "trades.csv").open(encoding="utf-8", newline="")))


def test_an_entry_in_the_candle_in_which_a_part_was_closed_makes_nothing_of_it_better(
    account: Account, run: Run
) -> None:
    """Half of the first half goes out at the candle's open, below its entry; the second half comes in after that."""
    stage = account(strategy={"latency: 1s": "latency: 1s, zone: ladder 2"})
    stage.post(0.5, LADDER)
    stage.candle(0, 64_900, 64_900, 64_850, 64_850)
    stage.candle(1, 64_850, 64_850, 64_780, 64_780)
    stage.post(125, "BTCUSDT close 50%")
    stage.candle(2, 64_780, 64_790, 64_760, 64_770)
    stage.candle(3, 64_760, 64_770, 64_590, 64_650)
    stage.candle(4, 64_650, 64_650, 64_640, 64_650)
    state = status(stage, run)
    (trade,) = state["open"]
    first = stage.desk.books.rows[0].quantity / 2
    held = (64_800 / 2 + 64_600) / 1.5
    assert trade["quantity"] == pytest.approx(first * 1.5)
    assert trade["entry"] == pytest.approx(held)
    assert state["realised"] == pytest.approx(10_000 - first / 2 * 40 - 0.0005 * first / 2 * 64_760)
    assert f"vip/1 long BTCUSDT at {held:.6g}, stop 64000" in run("paper", "status").stdout
    assert run("paper", "report", "--out", stage.folder / "page").exit_code == 0
    page = json.loads((stage.folder / "page" / "paper.json").read_text(encoding="utf-8"))
    assert page["open"][0]["entry"] == pytest.approx(held)


def by_hand(stage: LiveStage) -> list[str]:
    """A trade that its owner closes at live prices, before its candle is over."""
    stage.post(0.5, CALL)
    stage.price(2, 64_800)
    stage.candle(0, 64_790, 64_820, 64_780, 64_800)
    stage.candle(1, 64_800, 64_810, 64_790, 64_800)
    stage.said()
    stage.desk.obey(Event("live", "close", stage.now_ms, {"id": "vip/1"}), stage.now_ms)
    stage.instant.refresh()
    stage.price(125, 64_850)
    return stage.said()


def test_what_a_person_closed_is_said_to_be_closed_by_hand(account: Account, run: Run) -> None:
    stage = account()
    assert [line.partition(":")[0] for line in by_hand(stage)] == ["vip/1 long BTCUSDT closed by hand (live)"]
    (trade,) = status(stage, run)["open"]
    assert [move["what"] for move in trade["live"]] == ["by hand 1"]
    assert "; by hand (live) at 64850, 12:02:05" in run("paper", "status").stdout
    stage.candle(2, 64_800, 64_850, 64_790, 64_850)
    stage.candle(3, 64_850, 64_850, 64_840, 64_850)
    assert stage.said() == [], "the record has it at the same price"
    stage.candle(4, 64_850, 64_850, 64_840, 64_850)
    assert status(stage, run)["open"] == []
    (row,) = csv.DictReader(io.StringIO(run("paper", "trades", "--format", "csv").stdout))
    assert (row["ended"], row["exits"]) == ("by hand", "by hand 64850 x 1 @ 2025-03-03T12:03:00+00:00")
    row = page_row(stage, run)
    assert (row["exit_reason"], row["exits"][:7]) == ("by hand", "by hand")
    story = told(stage, run, "vip/1")
    assert "  2025-03-03 12:03:00 by hand: 0.0154321 " in story
    assert "ended by hand (paper close): Closed by hand." in story
    assert "rule" not in story.partition("answer")[2]


@pytest.mark.parametrize("when", ["the record owes it", "it has it"])
def test_a_ledger_of_before_says_by_hand_too(
    when: str, account: Account, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It has "rule" where a person closed; who it was stands beside it."""
    for module in (record, instant):
        monkeypatch.setattr(module, "ended_by", lambda _: ExitReason.RULE)
    stage = account()
    by_hand(stage)
    if when == "the record owes it":
        monkeypatch.undo()
        monkeypatch.chdir(stage.folder)
        stage.start()
    stage.candle(2, 64_800, 64_850, 64_790, 64_850)
    stage.candle(3, 64_850, 64_850, 64_840, 64_850)
    stage.candle(4, 64_850, 64_850, 64_840, 64_850)
    assert not [line for line in stage.said() if "withdrawn" in line]
    (early,) = stage.events("early")
    assert early.data["trade"]["path"]["legs"][0]["reason"] == ("rule" if when == "it has it" else "by hand")
    status(stage, run)
    (row,) = csv.DictReader(io.StringIO(run("paper", "trades", "--format", "csv").stdout))
    assert row["ended"] == "by hand"


def test_what_a_rule_closed_is_closed_in_its_row_and_the_call_goes_on_by_itself(account: Account, run: Run) -> None:
    """Outcome, end, money and R of a row are the account's; what the call makes by itself has columns of its own."""
    rule = "rules:\n  - {name: noon, when: {hours: [12:03-12:04]}, then: {close: open trades}}\n"
    stage = account(rules=rule)
    stage.post(0.5, CALL)
    stage.candle(0, 64_790, 64_820, 64_780, 64_800)
    stage.candle(1, 64_800, 64_810, 64_790, 64_800)
    stage.candle(2, 64_800, 64_850, 64_790, 64_850)
    stage.candle(3, 64_850, 64_850, 64_840, 64_850)
    stage.candle(4, 64_850, 64_850, 64_840, 64_850)
    stage.candle(5, 64_850, 64_850, 64_840, 64_850)
    status(stage, run)
    row = page_row(stage, run)
    net = 1000 / 64_800 * 50 - 0.0005 * (1000 + 1000 / 64_800 * 64_850)
    assert (row["status"], row["exit_reason"]) == ("closed", "rule")
    assert row["closed_at"] == "2025-03-03T12:03:00Z"
    assert float(row["net"]) == pytest.approx(net)
    assert float(row["r"]) == pytest.approx(net / (1000 / 64_800 * 300))
    assert (row["own_status"], row["own_closed_at"], row["own_r"]) == ("open", "", "")
    said = run("paper", "status").stdout
    assert "vip: 1 call heard: 1 closed; none of its calls has closed by itself" in said
    stage.candle(6, 64_850, 65_510, 64_840, 65_500)
    stage.candle(7, 65_500, 65_510, 65_490, 65_500)
    status(stage, run)
    row = page_row(stage, run)
    assert (row["status"], row["closed_at"], row["own_status"]) == ("closed", "2025-03-03T12:03:00Z", "closed")
    assert row["own_closed_at"] == "2025-03-03T12:06:00Z"
    assert float(row["own_r"]) > 2 > float(row["r"])


def test_orders_that_a_person_took_away_are_cancelled_in_their_row(account: Account, run: Run) -> None:
    stage = account()
    stage.post(0.5, "BUY BTCUSDT @ 64700, TP 65500, SL 64500")
    stage.candle(0, 64_790, 64_820, 64_780, 64_800)
    stage.candle(1, 64_800, 64_810, 64_790, 64_800)
    stage.desk.obey(Event("live", "close", stage.now_ms, {"id": "all"}), stage.now_ms)
    for minute in (2, 3, 4):
        stage.candle(minute, 64_800, 64_810, 64_790, 64_800)
    status(stage, run)
    row = page_row(stage, run)
    assert (row["status"], row["closed_at"], row["own_status"]) == ("cancelled", "", "resting")


def test_a_part_that_the_channel_closes_is_named(account: Account, run: Run) -> None:
    stage = account()
    stage.post(0.5, CALL)
    stage.candle(0, 64_790, 64_820, 64_780, 64_800)
    stage.candle(1, 64_800, 64_810, 64_790, 64_800)
    stage.said()
    stage.post(125, "BTCUSDT close 50%")
    assert stage.said() == ["vip/1 long BTCUSDT: its channel closes 50% of it"]


@pytest.mark.parametrize("begun", [True, False])
def test_status_has_an_edited_stop_and_target_at_once(begun: bool, account: Account, run: Run) -> None:
    """Before the record follows: also of a trade that the record has not begun."""
    stage = account()
    two = "BUY BTCUSDT NOW @ 64800, TP1 65000, TP2 65200, SL 64500"
    stage.post(0.5, two)
    stage.price(2, 64_800)
    minute = 0
    if begun:
        stage.candle(0, 64_790, 64_820, 64_780, 64_800)
        stage.candle(1, 64_800, 64_810, 64_790, 64_800)
        minute = 2
    stage.price(60 * minute + 3, 64_810)
    stage.edit(60 * minute + 5, 1, two.replace("65000", "64900").replace("64500", "64600"))
    (trade,) = status(stage, run)["open"]
    assert (trade["stop"], trade["next_target"]) == (64_600, 64_900)
    stage.price(60 * minute + 8, 64_850, 64_905)
    (trade,) = status(stage, run)["open"]
    assert trade["next_target"] == 65_200
    assert trade["state"][:4] == "open"

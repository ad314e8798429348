"""What is open is valued at the last price known of it: after a restart, in a channel's own account, everywhere."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from engine.paper.ledger import Ledger
from engine.paper.replay import play
from engine.paper.worth import newest
from engine.pipeline.paper.account import account_of
from engine.pipeline.paper.alone import alone_accounts, alone_states
from engine.pipeline.paper.book import kept_prices
from engine.pipeline.paper.sources import Sources
from engine.units import MINUTE_MS
from tests.conftest import Run
from tests.paper.livestage import START_MS, LiveStage
from tests.paper.several import FREE, read_table
from tests.pipeline.paper.conftest import Account
from tests.pipeline.paper.test_alone import book_of

CALL = "BUY BTCUSDT NOW @ 64800, TP 66000, SL 64000"
ENDED_BY_A_RULE = """\
a: size {risk: 0.01}; channels c d
rule a: {name: two, when: {open trades at least: 2}, then: {close: open trades}}
price BTCUSDT: 100 100 100 100 102 102
price ETHUSDT: 50 50 50 50 50 51 51
0 c: BUY BTCUSDT @ 100, TP 110, SL 95
1 d: BUY ETHUSDT @ 50, TP 60, SL 45
=
"""


def state_of(stage: LiveStage, run: Run) -> dict[str, Any]:
    stage.desk.ledger.back_up(stage.folder / "data" / "paper.db")
    found: dict[str, Any] = json.loads(run("paper", "status", "--format", "json").stdout)["accounts"][0]
    return found


def test_a_channels_own_trade_that_the_account_has_not_is_worth_what_it_is(tmp_path: Path) -> None:
    """A rule ended both in the shared account; alone, each channel's trade goes on."""
    table = read_table(ENDED_BY_A_RULE)
    play(table.desk(Ledger(tmp_path / "paper.db")), table.messages, table.candles)
    book = book_of(tmp_path / "paper.db", "a", 10_000.0, FREE)
    assert book.open == []
    kept = alone_accounts(book)
    assert [(len(one.open), len(one.trades)) for one in kept] == [(1, 0), (1, 0)]
    page = account_of(book, Sources(), kept_prices(book.fold))
    for one in kept:
        (call,) = one.open
        price = {"BTCUSDT": 100.0, "ETHUSDT": 50.0}[call.plan.symbol]
        assert one.worth == pytest.approx(10_000, abs=25), f"not without what {price:g} is worth"
        assert page.alone[one.channel].end_equity == pytest.approx(one.worth)
    later = {"BTCUSDT": (table.end_ms, 103.0), "ETHUSDT": (table.end_ms, 52.0)}
    page = account_of(book, Sources(), later)
    for one, state in zip(alone_accounts(book, later), alone_states(book, later, "UTC"), strict=True):
        (call,) = one.open
        entry = call.stepper.position.average
        assert one.worth == pytest.approx(10_000 + call.quantity * (later[call.plan.symbol][1] - entry))
        assert one.worth == state["equity"] == pytest.approx(page.alone[one.channel].end_equity)


@pytest.mark.parametrize("candle", [False, True])
def test_after_a_kill_no_price_is_of_before_the_trade(account: Account, run: Run, candle: bool) -> None:
    """The price fell by a percent, then the trade began; the account is killed, and nothing new has come."""
    stage = account(strategy={"fixed: 1000 USDT": "fixed: 10000 USDT"})
    stage.candle(-1, 65_500, 65_500, 65_500, 65_500)
    stage.post(0.5, CALL.replace("64800", "65500").replace("66000", "67000"))
    stage.candle(1, 65_500, 65_500, 63_900, 63_900)
    stage.candle(2, 63_900, 63_900, 63_900, 63_900)
    stage.post(200, CALL.replace("64000", "63000"))
    stage.price(202, 64_810)
    if candle:
        stage.candle(3, 63_900, 64_810, 63_900, 64_800)
        stage.candle(4, 64_810, 64_850, 64_800, 64_840)
    last = 64_840 if candle else 64_810
    stage.candles = type(stage.candles)(MINUTE_MS)
    stage.start()
    state = state_of(stage, run)
    (open_,) = state["open"]
    assert open_["last"] == last
    quantity, fee, entry = open_["quantity"], 0.0005, 64_810
    made = quantity * (last - entry) - fee * quantity * (entry + last)
    assert open_["r"] == pytest.approx(made / (quantity * (entry - 63_000)))
    assert stage.instant.account.prices()["BTCUSDT"][1] == last
    assert state["marked"] == pytest.approx(stage.instant.account.equity()), "the screen and status"
    assert state["losses"][0]["change"] == pytest.approx(state["marked"] - 10_000), "and the day"
    closed = stage.desk.books.rows[0].trade().net
    assert state["equity"] == pytest.approx(10_000 + closed + made)
    assert run("paper", "report", "--out", stage.folder / "page").exit_code == 0
    page = json.loads((stage.folder / "page" / "paper.json").read_text(encoding="utf-8"))
    if candle:
        assert (page["open"][0]["price"], page["open"][0]["net"]) == (last, pytest.approx(made))
        assert page["equity"] == pytest.approx(state["equity"])


def test_what_was_seen_before_the_end_is_known_after_it(account: Account, run: Run) -> None:
    """The last prices that a running account said are newer than the ledger's, also when it runs no more."""
    stage = account()
    stage.post(0.5, CALL)
    stage.candle(1, 64_800, 64_810, 64_790, 64_800)
    alive = stage.folder / "data" / "paper.alive"
    alive.parent.mkdir(exist_ok=True)
    for at_ms, price in ((START_MS + 150_000, 64_900.0), (START_MS, 60_000.0)):
        alive.write_text(json.dumps({"account": "live", "prices": {"BTCUSDT": [at_ms, price]}}), encoding="utf-8")
        newer = at_ms > START_MS
        assert state_of(stage, run)["open"][0]["last"] == (price if newer else 64_800), "what is older says nothing"
    alive.write_text(json.dumps({"account": "other", "prices": {"BTCUSDT": [START_MS * 2, 1.0]}}), encoding="utf-8")
    assert state_of(stage, run)["open"][0]["last"] == 64_800


def test_the_newest_counts() -> None:
    assert newest({"A": (1, 10.0), "B": (5, 20.0)}, {"A": (2, 11.0), "B": (4, 21.0)}) == {
        "A": (2, 11.0),
        "B": (5, 20.0),
    }

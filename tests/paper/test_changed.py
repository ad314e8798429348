"""An account that is started again with other files: what is new acts from then on, and what was traded stays.

A scenario is a live desk on one ledger; between two starts its rules or its strategy are written anew.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

from engine.paper.desk import Desk
from engine.paper.ledger import Event, Ledger
from engine.paper.worth import booked
from engine.pipeline.errors import InputError
from engine.pipeline.paper.changes import acting_from, refuse_another, standing_halts
from engine.pipeline.paper.desk import begin, hashes, load, make_desk, terms_of
from engine.pipeline.workspace import Workspace
from engine.simulate.flows import held_entry
from tests.paper.livestage import START_MS, LiveStage

CALL = "BUY BTCUSDT NOW @ 64800, TP 65000, SL 64500"
OTHER = "BUY ETHUSDT NOW @ 2500, TP 2600, SL 2400"
LIMIT = "BUY BTCUSDT @ 64700, TP 65000, SL 64500"
MAX = "rules:\n  - {name: max, when: {open trades at least: 1}, then: {close: open trades}}\n"
NONE = "rules: []\n"
DAY = "rules:\n  - {name: bad-day, when: {daily loss over: 0.1%}, then: {halt: until next day, close: open trades}}\n"
BIG = {"fixed: 1000 USDT": "fixed: 10000 USDT"}


@dataclass
class Restarted(LiveStage):
    """A stage whose starts are those of ``cli.py paper``: what is different is told to the ledger."""

    def start(self) -> None:
        place = Workspace(self.folder)
        loaded = [load(place, name) for name in self.names]
        ledger = Ledger(self.folder / "paper.db")
        terms = {one.strategy.name: terms_of(one.strategy, one.strategy.costs.fees) for one in loaded}  # type: ignore[arg-type]
        refuse_another(ledger, "live", loaded[0].strategy)
        acting = acting_from(ledger, "live", loaded, hashes(place.sources), self.now_ms)
        self.desk = make_desk(acting, terms, ledger, self.candles, None, "UTC")
        begin(self.desk, loaded, terms, place, self.now_ms)
        self._live()

    def again(self, second: float, rules: str | None = None, strategy: dict[str, str] | None = None) -> None:
        """Stop, and start at a moment with other rules, or another text of the strategy."""
        self.now_ms = START_MS + round(second * 1000)
        path = self.folder / "strategies" / "live.yaml"
        text = path.read_text(encoding="utf-8")
        for old, new in (strategy or {}).items():
            assert old in text
            text = text.replace(old, new)
        text = text.replace("rules: [mine]\n", "")
        if rules is not None:
            (self.folder / "rules" / "mine.yaml").write_text(rules, encoding="utf-8")
            text += "rules: [mine]\n"
        path.write_text(text, encoding="utf-8")
        self.start()

    def trades(self) -> list[tuple[str, float | None, str, float]]:
        """Each taken call: entry, how it stands or ended, net."""
        found = []
        for call in self.desk.books.rows:
            if call.facts is not None:
                trade = call.trade()
                entry = trade.path.fills[0].price if trade.path.fills else None
                ended = trade.path.legs[-1].reason.value if trade.path.legs else trade.path.status.value
                made = trade.net if call.over else -trade.fees  # of an open one: what it has paid
                found.append((call.plan.signal_id, entry, ended, made))
        return found


def money_is_that_of_the_trades(whole: Desk) -> None:
    """Realised money is the start, the net of closed trades and what open ones paid; only they hold anything."""
    for desk in (whole, *whole.alone.values()):
        books = desk.books.books.books
        cash, wallet, held = booked(books.cash, books.wallet, books.held, (flow for *_, flow in books.flows))
        taken = [call for call in desk.books.rows if call.facts is not None]
        flowed = made = 0.0
        open_: dict[str, float] = {}
        for call in taken:
            trade = call.trade()
            flowed, made = flowed + trade.net, made + trade.net
            if not call.over and trade.path.fills:
                left = call.quantity * call.acting.stepper.held * call.plan.side.sign
                open_[call.plan.symbol] = open_.get(call.plan.symbol, 0.0) + left
                made += left * (held_entry(call.acting.stepper.path()) or 0.0)
        assert cash == pytest.approx(10_000 + flowed, abs=1e-6)
        assert wallet == pytest.approx(10_000 + made, abs=1e-6)
        assert {symbol: round(q, 9) for symbol, q in held.items() if abs(q) > 1e-9} == {
            symbol: round(q, 9) for symbol, q in open_.items() if abs(q) > 1e-9
        }


def in_a_trade(folder: Path, rules: str = "", **more: str) -> Restarted:
    stage = Restarted(folder, BIG | more, rules)
    stage.candle(-1, 64800, 64800, 64800, 64800)
    stage.post(5, CALL)
    stage.candle(0, 64800, 64800, 64790, 64800)
    stage.candle(1, 64800, 64810, 64790, 64800)
    assert stage.trades() == [("vip/1", 64800.0, "open", pytest.approx(-5))]
    return stage


@pytest.mark.parametrize("kills", [0, 2])
def test_a_rule_that_is_added_closes_at_the_next_open_after_the_start(tmp_path: Path, kills: int) -> None:
    stage = in_a_trade(tmp_path)
    stage.again(130, MAX)
    for _ in range(kills):
        stage.start()
    stage.candle(2, 64800, 64850, 64790, 64840)
    assert stage.trades() == [("vip/1", 64800.0, "open", pytest.approx(-5))], "that candle had opened"
    stage.candle(3, 64840, 64850, 64830, 64850)
    stage.candle(4, 64850, 64850, 64850, 64850)
    (alarm,) = stage.events("alarm")
    assert alarm.at_ms == START_MS + 180_000
    quantity = 10_000 / 64_800
    net = quantity * 40 - 5 - quantity * 64_840 * 0.0005
    assert stage.trades() == [("vip/1", 64800.0, "rule", pytest.approx(net))]
    money_is_that_of_the_trades(stage.desk)
    assert stage.desk.books.books.books.cash == pytest.approx(10_000 + net)


def test_a_loss_rule_that_is_added_leaves_no_ghosts(tmp_path: Path) -> None:
    stage = in_a_trade(tmp_path)
    stage.candle(2, 64800, 64800, 64600, 64600)
    stage.again(185, DAY)
    stage.candle(3, 64600, 64620, 64590, 64610)
    stage.candle(4, 64615, 64620, 64590, 64600)
    assert [trade[:3] for trade in stage.trades()] == [("vip/1", 64800.0, "rule")]
    stage.candle(5, 64600, 64600, 64600, 64600)
    money_is_that_of_the_trades(stage.desk)
    books = stage.desk.books.books.books
    assert books.held == {}
    worth = stage.instant.account.equity()
    stage.price(400, 70_000)
    assert stage.instant.account.equity() == pytest.approx(worth), "what is not open has no worth"


def test_candles_that_were_missed_are_of_before_the_rule(tmp_path: Path) -> None:
    """A downtime in which the rule would have spoken: it was not there. One that was there speaks."""
    for number, there in enumerate((False, True)):
        folder = tmp_path / str(number)
        folder.mkdir()
        stage = in_a_trade(folder, DAY if there else "")
        stage.again(600, DAY)
        for minute in range(2, 9):
            stage.candle(minute, 64600, 64620, 64590, 64600)
        assert [trade[2] for trade in stage.trades()] == ["rule" if there else "open"]
        stage.candle(9, 64600, 64620, 64590, 64600)
        stage.candle(10, 64600, 64620, 64590, 64600)
        assert [trade[2] for trade in stage.trades()] == ["rule"]
        (alarm,) = stage.events("alarm")
        assert alarm.at_ms == START_MS + (180_000 if there else 600_000)
        money_is_that_of_the_trades(stage.desk)


def test_a_call_that_acted_before_is_not_judged_by_a_new_rule(tmp_path: Path) -> None:
    stage = Restarted(tmp_path, BIG | {"repeat: ignore": "repeat: add"})
    stage.candle(-1, 64800, 64800, 64800, 64800)
    stage.post(5, CALL)
    stage.price(7, 64800)
    stage.again(30, "rules:\n  - {name: no, when: {symbol in: [BTCUSDT]}, then: reject}\n")
    stage.post(35, CALL)
    stage.candle(0, 64800, 64800, 64790, 64800)
    stage.candle(1, 64800, 64800, 64790, 64800)
    assert [(call.plan.signal_id, call.facts is not None) for call in stage.desk.books.rows] == [
        ("vip/1", True), ("vip/2", False)
    ]  # fmt: skip
    assert stage.desk.books.rows[1].notes[0].rule == "no"


def test_a_line_above_a_rule_makes_no_new_rule(tmp_path: Path) -> None:
    stage = in_a_trade(tmp_path, DAY)
    stage.again(600, "# a word on it\n" + DAY)
    stage.candle(2, 64600, 64620, 64590, 64600)
    stage.candle(3, 64600, 64620, 64590, 64600)
    assert [trade[2] for trade in stage.trades()] == ["rule"]
    (begun,) = stage.events("alarm")
    assert begun.at_ms == START_MS + 180_000


def test_a_close_by_a_rule_undoes_no_fill_that_the_ledger_has(tmp_path: Path) -> None:
    """Another symbol's candles come late, so the account is asked late, and a rule speaks of a time that is over."""
    rules = "rules:\n  - {name: late, when: {hours: [12:02-13:00]}, then: {close: open trades}}\n"
    stage = Restarted(tmp_path, rules=rules)
    stage.candle(-1, 64800, 64800, 64800, 64800)
    stage.post(5, LIMIT)
    stage.candle(0, 64800, 64800, 64790, 64800)
    stage.candle(1, 64800, 64810, 64790, 64800)
    stage.post(100, OTHER)
    stage.candle(2, 64800, 64810, 64790, 64800)
    stage.candle(3, 64800, 64810, 64690, 64700)
    stage.candle(4, 64700, 64710, 64690, 64700)
    assert stage.trades() == [("vip/1", 64700.0, "open", 0.0)], "nobody could be asked yet"
    call = stage.desk.waiting()[0]
    stage.desk.never_came(call)
    stage.candle(5, 64710, 64710, 64690, 64700)
    stage.candle(6, 64720, 64720, 64690, 64700)
    (closing,) = stage.events("closing")
    assert (closing.at_ms, closing.data["closing_ms"]) == (START_MS + 120_000, START_MS + 180_001)
    assert [trade[:3] for trade in stage.trades()] == [("vip/1", 64700.0, "rule")]
    money_is_that_of_the_trades(stage.desk)


def test_a_close_after_the_end_pays_nothing_twice(tmp_path: Path) -> None:
    """A person closes what a candle has ended, and nobody knew it at his moment: it ended as it did."""
    stage = in_a_trade(tmp_path)
    stage.candle(2, 64800, 65010, 64790, 65000)
    money_is_that_of_the_trades(stage.desk)
    stage.desk.obey(Event("live", "close", stage.now_ms, {"id": "all"}), stage.now_ms)
    stage.candle(3, 65000, 65010, 64990, 65000)
    stage.candle(4, 65000, 65010, 64990, 65000)
    assert [trade[:3] for trade in stage.trades()] == [("vip/1", 64800.0, "target")]
    money_is_that_of_the_trades(stage.desk)
    books = stage.desk.books.books.books
    assert books.cash == pytest.approx(10_000 + stage.trades()[0][3])


def test_what_was_traded_keeps_its_costs(tmp_path: Path) -> None:
    stage = in_a_trade(tmp_path)
    stage.candle(2, 64800, 65010, 64790, 65000)
    stage.candle(3, 65000, 65210, 64990, 65000)
    before = stage.trades()
    money_is_that_of_the_trades(stage.desk)
    stage.again(300, None, {"taker: 0.05%": "taker: 0.08%"})
    assert stage.trades() == before
    stage.candle(4, 65000, 65000, 65000, 65000)
    stage.post(310, CALL.replace("64800", "65000").replace("TP 65000", "TP 66000"))
    stage.candle(5, 65000, 65010, 64990, 65000)
    stage.candle(6, 65000, 65010, 64990, 65000)
    stage.start()
    assert stage.trades() == [*before, ("vip/2", 65000.0, "open", pytest.approx(-8))]
    money_is_that_of_the_trades(stage.desk)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("equity: 10000 USDT", "equity: 20000 USDT", "began with 10,000 USDT, and its strategy says 20,000 USDT now"),
        ("equity: 10000 USDT", "equity: 10000 USDC", "counts in USDT, and its strategy says USDC now"),
        ("timeframe: 1m", "timeframe: 5m", "is made of candles of 60 s, and its strategy says 300 s now"),
        ("type: swap", "type: spot", "trades mexc swap, and its strategy says mexc spot now"),
    ],
)
def test_another_money_or_market_is_another_account(tmp_path: Path, old: str, new: str, said: str) -> None:
    stage = in_a_trade(tmp_path)
    before = stage.desk.ledger.last()
    change = {old: new, "fixed: 10000 USDT": "fixed: 1000 USDC"} if "USDC" in new else {old: new}
    if "spot" in new:
        change["leverage: 5"] = "leverage: 1"
    with pytest.raises(InputError) as refused:
        stage.again(130, None, change)
    (problem,) = refused.value.problems
    assert problem.text == f"the account live {said}"
    assert problem.path == "strategies/live.yaml"
    assert "paper reset" in problem.hint
    assert Ledger(tmp_path / "paper.db").last() == before, "nothing is written"
    stage.again(140, None, {new: old, **{b: a for a, b in change.items() if a != old}, "leverage: 5": "leverage: 3"})
    assert stage.trades() == [("vip/1", 64800.0, "open", pytest.approx(-5))], "the leverage of later calls may change"


def test_a_pause_stays_when_its_rule_has_gone(tmp_path: Path) -> None:
    stage = in_a_trade(tmp_path, DAY.replace(", close: open trades", ""))
    stage.candle(2, 64800, 64800, 64600, 64600)
    stage.candle(3, 64600, 64600, 64590, 64600)
    assert [halt.rule for halt in stage.desk.books.books.books.halts] == ["bad-day"]
    stage.again(250, None)
    assert [halt.rule for halt in stage.desk.books.books.books.halts] == ["bad-day"]
    assert list(standing_halts(stage.desk, stage.now_ms)) == [
        "HALTED all new trades by bad-day (rules/mine.yaml:2), until 2025-03-04 00:00; "
        "its rule is no longer used, the pause stands"
    ]
    stage.post(255, OTHER)
    stage.candle(4, 64600, 64600, 64590, 64600)
    stage.candle(4, 2500, 2500, 2500, 2500, symbol="ETHUSDT")
    stage.candle(5, 2500, 2500, 2500, 2500, symbol="ETHUSDT")
    (refused,) = [call for call in stage.desk.books.rows if call.plan.symbol == "ETHUSDT"]
    assert refused.notes[0].rule == "bad-day"

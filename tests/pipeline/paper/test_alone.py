"""What each channel of a paper account does alone, out of the ledger: the money, what is open, and its lines."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import pytest

from engine.paper.ledger import Event, Ledger
from engine.paper.record import record_of
from engine.paper.replay import play
from engine.pipeline.paper.alone import alone_accounts, alone_line, alone_states
from engine.pipeline.paper.book import Book, _book
from engine.units import MINUTE_MS
from tests.paper.several import FREE, START_MS, read_table
from tests.paper.world import month

TWO = """\
a: size {risk: 0.01}; channels c d
rule a: {name: one-open, when: {open trades at least: 1}, then: reject}
price BTCUSDT: 100 100 100 110 110
price ETHUSDT: 50 50 50 50 45 45
price SOLUSDT: 20 20 20 20 20 22
0 c: BUY BTCUSDT @ 100, TP 110, SL 95
1 d: BUY ETHUSDT @ 50, TP 60, SL 45
3 d: BUY SOLUSDT @ 20, TP 30, SL 18
=
a c/1: 20 out at target +200
a d/2: refused by one-open
a d/3: 51 out at end of data +102
equity: 10302
"""


def book_of(path: Path, name: str, equity: float, terms) -> Book:
    ledger = Ledger(path)
    data = {"strategies": [name], "equity": equity, "currency": "USDT", "terms": {name: asdict(terms)}}
    ledger.append(Event("test", "begin", START_MS, data))
    book = _book(ledger, "test")
    assert book is not None
    return book


def test_what_the_rules_refused_is_there(tmp_path: Path) -> None:
    table = read_table(TWO)
    play(table.desk(Ledger(tmp_path / "paper.db")), table.messages, table.candles)
    book = book_of(tmp_path / "paper.db", "a", 10_000.0, FREE)
    c, d = alone_accounts(book, {})
    assert (c.channel, c.realised, c.worth, len(c.trades), c.open, c.refused) == ("c", 10_200.0, 10_200.0, 1, [], 0)
    assert [trade.net for trade in d.trades] == [-100.0], "alone, the call that the account refused is taken"
    assert (d.realised, d.refused, len(d.open)) == (9_900.0, 1, 0), "and the later one meets the rule in its turn"
    assert [money for _, money in c.course] == [10_000.0, 10_200.0]
    assert c.course[1][0] == START_MS + 3 * MINUTE_MS, "known when the candle of the target is over"
    assert [alone_line(one, "USDT") for one in alone_states(book, {}, "UTC")] == [
        "c alone: 10,000.00 became 10,200.00 USDT (+2.0%), 1 closed, 0 refused",
        "d alone: 10,000.00 became 9,900.00 USDT (-1.0%), 1 closed, 1 refused",
    ]


def test_an_account_of_one_channel_is_its_own(tmp_path: Path) -> None:
    table = read_table(TWO.replace("channels c d", "channels c"))
    play(table.desk(Ledger(tmp_path / "paper.db")), table.messages, table.candles)
    book = book_of(tmp_path / "paper.db", "a", 10_000.0, FREE)
    (own,) = alone_accounts(book, {})
    assert (own.channel, own.account, own.worth) == ("c", "test", 10_200.0)
    assert list(alone_states(book, {}, "UTC")) == []


def test_what_is_open_is_left_at_the_price_that_the_account_says(tmp_path: Path) -> None:
    """Also of a symbol that the shared account does not hold: the price known at the last booking, then a newer one."""
    table = read_table(TWO.replace("ETHUSDT: 50 50 50 50 45 45", "ETHUSDT: 50 50 50 51 51 51"))
    play(table.desk(Ledger(tmp_path / "paper.db")), table.messages, table.candles)
    book = book_of(tmp_path / "paper.db", "a", 10_000.0, FREE)
    _, before = alone_accounts(book)
    at = START_MS + 10 * MINUTE_MS
    _, after = alone_accounts(book, {"ETHUSDT": (at, 55.0)})
    (call,) = before.open
    assert call.plan.symbol == "ETHUSDT"
    assert before.priced_ms is not None
    assert (after.worth, after.priced_ms) == (10_000 + 5 * call.quantity, at)
    assert after.worth > before.worth
    _, state = alone_states(book, {"ETHUSDT": (at, 55.0)}, "UTC")
    assert alone_line(state, "USDT").endswith("1 resting or open (at the prices of 00:10)")


@pytest.mark.parametrize("days", [10])
def test_the_ledger_says_what_the_desk_knows(days: int, tmp_path: Path) -> None:
    world = month("demo", f"2025-01-{days}")
    strategy, table = world.loaded.strategy, read_table(TWO)
    lane = world.desk(Ledger(tmp_path / "none.db")).lanes[strategy.name]
    table.lanes, table.messages, table.candles = {strategy.name: lane}, world.messages, world.candles
    desk = table.desk(Ledger(tmp_path / "paper.db", every=500))
    for one in desk.alone.values():
        one.readers = {}
    desk.readers = world.desk(Ledger(tmp_path / "other.db")).readers
    play(desk, world.messages, world.candles)
    book = book_of(tmp_path / "paper.db", strategy.name, strategy.equity, lane.terms)
    found = {one.channel: one for one in alone_accounts(book, {})}
    assert set(found) == set(strategy.channels)
    for channel, one in desk.alone.items():
        record = record_of(one, world.candles)
        closed = [trade.net for trade in record.trades.values() if trade.path.status.value == "closed"]
        assert [trade.net for trade in found[channel].trades] == closed
        assert found[channel].refused == len(record.refused)
        assert abs(found[channel].realised - strategy.equity) > 1

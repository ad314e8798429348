"""Whatever comes in whatever order: the money of an account is that of its trades, and no trade un-fills.

Random posts of two channels, candles of which some come late or when nobody waits for them any more, words of people,
funding, and starts with other rules and other fees. After every step, in the account and in each channel alone:

- cash is the start and what every trade made; realised money is the start, the net of closed trades and what open ones
  paid and won; only open trades hold anything;
- a fill or exit that the ledger had is still there;
- a desk made from the ledger alone has the same money.
"""

from __future__ import annotations

import os
import tempfile
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.collect.reading import MessageReader
from engine.domain import Message
from engine.market.candles import Funding
from engine.market.feedevents import ClosedCandle
from engine.paper.call import WAITING
from engine.paper.desk import Desk, alone_name
from engine.paper.ledger import Event, Ledger
from engine.paper.market import Market
from engine.paper.prices import PriceBook
from engine.pipeline.paper.changes import acting_from, rules_in_use
from engine.pipeline.paper.desk import Loaded
from engine.simulate.terms import Terms
from engine.units import HOUR_MS, MINUTE_MS
from tests.collect.posts import read_toy
from tests.paper.several import START_MS, _lane
from tests.paper.test_changed import money_is_that_of_the_trades
from tests.risk.examples import book

EXAMPLES = int(os.environ.get("SIGNALPROOF_EXAMPLES", "60"))
MINUTES = 14
SYMBOLS = {"BTCUSDT": 100.0, "ETHUSDT": 50.0, "SOLUSDT": 20.0}
RULES = (
    "  - {name: many, when: {open trades at least: 2}, then: {close: open trades}}\n",
    "  - {name: day, when: {daily loss over: 1%}, then: {halt: 5m, close: open trades}}\n",
    "  - {name: deep, when: {drawdown over: 2%}, then: {close: open trades}}\n",
    "  - {name: two, when: {open trades at least: 2}, then: reject}\n",
    '  - {name: night, when: {hours: ["00:07-00:09"]}, then: {close: open trades}}\n',
)
FEES = (Terms(0.0, 0.0, 0.0), Terms(0.0002, 0.0006, 0.0003), Terms(0.001, 0.002, 0.0))


@dataclass
class World:
    """An account on a ledger that can be started again."""

    path: Path
    prices: PriceBook = field(default_factory=lambda: PriceBook(MINUTE_MS))
    archive: list[Message] = field(default_factory=list)
    now_ms: int = START_MS
    kept: dict[tuple[str, int], list[object]] = field(default_factory=dict)

    def start(self, rules: list[str], terms: Terms) -> None:
        """Start with rules and fees; the archive is heard again."""
        ledger = Ledger(self.path, every=1000)
        made = _lane("a", "size {risk: 0.02}; channels c d; calls {repeat: add, opposite: add}")
        loaded = [Loaded(None, made.strategy, [], book("".join(rules)) if rules else book())]  # type: ignore[arg-type]
        (acting,) = acting_from(ledger, "test", loaded, {}, self.now_ms)
        lane = replace(made, judge=acting.rules, terms=terms)
        readers = {channel: MessageReader(read_toy) for channel in "cd"}
        ts = np.arange(START_MS, START_MS + HOUR_MS, 5 * MINUTE_MS, dtype=np.int64)
        rate = np.full(len(ts), 0.003)
        funding = {symbol: Funding(symbol, ts, rate) for symbol in SYMBOLS}
        market = Market(self.prices, MINUTE_MS, funding)

        def one(name: str, alone: dict[str, Desk]) -> Desk:
            return Desk(name, ledger, {"a": lane}, readers, market, "UTC", lambda: self.now_ms, HOUR_MS, alone=alone)

        self.desk = one("test", {channel: one(alone_name("test", channel), {}) for channel in "cd"})
        costs = {name: getattr(terms, name) for name in Terms.__dataclass_fields__}
        said = {"terms": {"a": costs}, "rules": rules_in_use(loaded), "inputs": {}}
        ledger.append(Event("test", "begin", self.now_ms, said))
        for message in self.archive:
            self.desk.message(message)

    def looked_at(self) -> None:
        """What has to be so after every step."""
        money_is_that_of_the_trades(self.desk)
        for desk in (self.desk, *self.desk.alone.values()):
            for call in desk.books.rows:
                if call.facts is not None:
                    path = call.trade().path
                    moves: list[object] = [*path.fills, *path.legs]
                    before = self.kept.get((desk.account, call.row), [])
                    assert [move for move in before if move not in moves] == [], call.name
                    self.kept[desk.account, call.row] = moves


def candle(symbol: str, minute: int, course: list[float]) -> ClosedCandle:
    """A minute that goes from one price to the next in a line."""
    now, then = course[minute], course[minute + 1]
    ts = START_MS + minute * MINUTE_MS
    return ClosedCandle(symbol, ts, MINUTE_MS, now, max(now, then), min(now, then), then, 1.0, "test")


@st.composite
def courses(draw: st.DrawFn) -> dict[str, list[float]]:
    """Prices at the beginning of each minute."""
    found = {}
    for symbol, start in SYMBOLS.items():
        steps = draw(st.lists(st.sampled_from([-4, -2, -1, 0, 0, 1, 2, 4]), min_size=MINUTES + 1, max_size=MINUTES + 1))
        found[symbol] = (start * (1 + np.cumsum([0, *steps]) / 100)).tolist()
    return found


@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.data())
def test_the_money_is_that_of_the_trades(data: st.DataObject) -> None:
    course = data.draw(courses(), "courses")
    late = {symbol: data.draw(st.tuples(st.integers(0, MINUTES), st.integers(0, 6)), symbol) for symbol in SYMBOLS}
    some = st.lists(st.sampled_from(RULES), unique=True, max_size=3)
    with tempfile.TemporaryDirectory() as folder:
        world = World(Path(folder) / "paper.db")
        world.start(data.draw(some, "rules"), data.draw(st.sampled_from(FEES), "fees"))
        told = dict.fromkeys(SYMBOLS, 0)
        for minute in range(MINUTES):
            for what in data.draw(st.lists(st.sampled_from(["post", "post", "close", "hand", "start"]), max_size=3)):
                world.now_ms = START_MS + minute * MINUTE_MS + 1000
                if what == "start":
                    world.desk.ledger.flush()
                    world.desk.ledger.close()
                    world.start(data.draw(some, "rules"), data.draw(st.sampled_from(FEES), "fees"))
                elif what == "hand":
                    order = Event("test", "close", world.now_ms, {"id": "all"}, seq=len(world.archive) + minute)
                    world.desk.obey(order, world.now_ms)
                else:
                    symbol, side = data.draw(st.sampled_from([*SYMBOLS])), data.draw(st.sampled_from(["BUY", "SELL"]))
                    text = posted(course[symbol][minute], symbol, side) if what == "post" else f"close {symbol}"
                    channel, number = data.draw(st.sampled_from("cd")), len(world.archive) + 1
                    message = Message(channel, -1, number, 1, "post", world.now_ms, None, world.now_ms, text)
                    world.archive.append(message)
                    world.desk.message(message)
                world.looked_at()
            tell(world, course, told, minute, late)
        for symbol in SYMBOLS:
            late[symbol] = (0, 0)
        tell(world, course, told, MINUTES, late)
        world.desk.ledger.flush()
        world.desk.ledger.close()


def posted(price: float, symbol: str, side: str) -> str:
    """A call whose entry is the price of now, in whole numbers, with a target and a stop some percents away."""
    up = 1 if side == "BUY" else -1
    target, further, stop = (max(round(price * (1 + up * part)), 1) for part in (0.05, 0.09, -0.06))
    return f"{side} {symbol} @ {round(price)}, TP {target}, TP {further}, SL {stop}"


def tell(
    world: World, course: dict[str, list[float]], told: dict[str, int], until: int, late: dict[str, tuple[int, int]]
) -> None:
    """Candles that are over by a minute, the oldest first; a symbol that is late brings none for a while.

    Others wait for it for two minutes; then they go on, and calls that wait for its first candle end.
    """
    world.now_ms = START_MS + until * MINUTE_MS
    here = dict.fromkeys(SYMBOLS, until)
    for symbol, (since, length) in late.items():
        if since < until < since + length:
            here[symbol] = min(since, until)
    stuck = {symbol for symbol, minute in here.items() if minute < until - 2}
    for symbol in stuck:
        for call in [call for call in world.desk.broker.book.get(symbol, []) if call.fate == WAITING]:
            world.desk.never_came(call)
    known = min((minute for symbol, minute in here.items() if symbol not in stuck), default=until)
    for minute in range(min(told.values()), known):
        ready = {symbol for symbol in SYMBOLS if told[symbol] == minute < here[symbol]}
        for symbol in ready:
            world.prices.add(candle(symbol, minute, course[symbol]))
            told[symbol] = minute + 1
        if ready:
            world.desk.minute(START_MS + minute * MINUTE_MS, ready)
            world.looked_at()
    if known:
        world.desk.decide(START_MS + (known - 1) * MINUTE_MS)
        world.looked_at()


def test_a_desk_from_the_ledger_has_the_same_money(tmp_path: Path) -> None:
    """Any start is one; here every minute."""
    world = World(tmp_path / "paper.db")
    world.start(list(RULES[1:3]), FEES[1])
    course = {symbol: [start * (1 - 0.01 * n) for n in range(MINUTES + 2)] for symbol, start in SYMBOLS.items()}
    told = dict.fromkeys(SYMBOLS, 0)
    filled = 0
    for minute in range(MINUTES):
        world.now_ms = START_MS + minute * MINUTE_MS + 1000
        text = posted(course["BTCUSDT"][minute], "BTCUSDT", "BUY")
        world.archive.append(Message("c", -1, minute + 1, 1, "post", world.now_ms, None, world.now_ms, text))
        world.desk.message(world.archive[-1])
        tell(world, course, told, minute, dict.fromkeys(SYMBOLS, (0, 0)))
        books = world.desk.books.books.books
        before = (books.cash, books.wallet, dict(books.held))
        world.desk.ledger.flush()
        world.desk.ledger.close()
        world.start(list(RULES[1:3]), FEES[1])
        books = world.desk.books.books.books
        assert (books.cash, books.wallet, books.held) == before
        filled += any(call.trade().path.fills for call in world.desk.books.rows if call.facts)
        world.looked_at()
    assert filled > 3
    assert world.desk.books.books.books.cash != pytest.approx(10_000)

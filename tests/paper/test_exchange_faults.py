"""Everything that an exchange can do wrong, against accounts that trade on it by the real client.

Each fault has an exchange of its own, and an account on it; one more account trades on an exchange without faults. All
exchanges show one market by one clock. All accounts hear the same calls: some before the fault, some in the middle of
it, and their trades would be filled and closed while it lasts. Then the fault ends. In the end the account has to stand
where the calm one does (``engine/paper/statement.py``); while no prices came, nothing may be filled, and it is said.

Nothing hangs on how fast this machine is: the clock waits for each account (``HeldClock``), a fault ends when all that
have to say something have said it, and the end is when every call has come to its own; both within a bound of market
time, beyond which the tests fail.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from engine.domain import Message
from engine.market.feed import Feed, FeedSettings
from engine.market.venue import ADDRESS_VARIABLE, open_client
from engine.notify.notice import Notice
from engine.paper.ledger import Event, Ledger
from engine.paper.live import Live
from engine.paper.pace import Pace
from engine.paper.prices import PriceBook
from engine.paper.statement import Statement, disagreements, statement
from engine.pipeline.paper.desk import Loaded, load, make_desk, terms_of
from engine.pipeline.workspace import Workspace
from engine.problem import Problem
from engine.simulate.terms import Terms
from engine.units import HOUR_MS, MINUTE_MS, moment_ms
from tests.doubles.exchange import ExchangeDouble, World
from tests.doubles.exchange.clock import HeldClock
from tests.doubles.exchange.faults import HTTP, ROWS
from tests.doubles.exchange.world import LISTINGS
from tests.paper.doubled import PROFILE

SPEED = 30.0
BEGIN_MS = moment_ms("2026-06-01") + 9 * HOUR_MS + 10 * MINUTE_MS
FAULT = (3 * MINUTE_MS, 8 * MINUTE_MS)  # after the beginning
AHEAD_MS = 100_000
SKEW_MS = 60_000  # news are as old as answers are slow, and here that counts thirty times
BEHIND_MS = 6_000  # the clock waits for whoever has not looked at it for so long
LONGEST_MS = {"end": 14 * MINUTE_MS, "over": 40 * MINUTE_MS}  # after the beginning, whatever was not said until then
FEED = FeedSettings(silence_s=2.0, restarts=1, tick_s=0.2, poll_s=0.4, grace_ms=6_000, final_ms=60_000,
                    longest_wait_s=1.5, retry_s=3.0)  # fmt: skip
PACE = Pace(tick_s=0.1, again_s=0.3, history_ms=HOUR_MS)
STRATEGY = """name: steady
channels: [channel_0]
market: {source: mexc, type: swap, timeframe: 1m}
account: {equity: 10000 USDT, leverage: 5}
size: {fixed: 2000 USDT}
entry: {latency: 5s, valid for: 30m}
exit: {targets: {shares: [100%]}, stop: {missing: refuse}, close after: 3m}
costs: {fees: {maker: 0%, taker: 0.01%, source: test}, slippage: 0bp, funding: none}
"""
CALLS = ((60_000, "BTC"), (130_000, "ETH"), (5 * MINUTE_MS, "ETH"), (9 * MINUTE_MS, "BTC"))
Act = Callable[[ExchangeDouble], None]


@dataclass(frozen=True)
class Fault:
    """What goes wrong, until when; ``dead``: no price comes meanwhile, so it must be told and nothing filled.

    ``skew_ms``: so far the clock of this machine is off, which is told; ``late``: calls then act late.
    """

    begin: Act = lambda _: None
    end: Act = lambda _: None
    dead: bool = False
    skew_ms: int = 0
    late: bool = False


def answers(kind: str, path: str = "/api") -> Act:
    """Every answer goes wrong in one way."""
    return lambda exchange: exchange.faults.add(kind, 100_000, path)


def well(exchange: ExchangeDouble) -> None:
    """The end of every fault."""
    exchange.faults.queue.clear()
    exchange.sockets.refuse_until = exchange.sockets.muted_until = 0.0
    exchange.sockets.stale, exchange.sockets.garbled = False, 0
    exchange.world.listings = LISTINGS


def without_sockets(then: Act) -> Act:
    """No websockets, and something else."""

    def act(exchange: ExchangeDouble) -> None:
        exchange.sockets.refuse(3600)
        exchange.call(exchange.sockets.drop())
        then(exchange)

    return act


def muted(then: Act) -> Act:
    """Sockets that are open and silent, and something else."""

    def act(exchange: ExchangeDouble) -> None:
        exchange.sockets.mute(3600)
        then(exchange)

    return act


def nothing(_: ExchangeDouble) -> None:
    """Nothing else."""


def garbled(exchange: ExchangeDouble) -> None:
    exchange.sockets.garbled = 300


def old_states(exchange: ExchangeDouble) -> None:
    exchange.sockets.stale = True


def delist(exchange: ExchangeDouble) -> None:
    exchange.world.listings = tuple(one for one in LISTINGS if one.base not in ("BTC", "ETH"))


DEAD_ANSWERS = ("drop", "429", "510", "500", "502", "error", "half", "cut", "html", "empty")
FAULTS = {
    **{f"no sockets, answers: {kind}": Fault(without_sockets(answers(kind)), well, kind in DEAD_ANSWERS)
       for kind in (*HTTP, *ROWS)},
    "no sockets": Fault(without_sockets(nothing), well),
    "sockets open and silent": Fault(muted(nothing), well),
    "sockets open and silent, answers: 502": Fault(muted(answers("502")), well, dead=True),
    "sockets that send garbage": Fault(garbled, well),
    "sockets that repeat old candles": Fault(old_states, well),
    "maintenance": Fault(without_sockets(answers("502", "/")), well, dead=True),
    "the market is gone for a while": Fault(without_sockets(delist), well, dead=True),
    "our clock is ahead": Fault(skew_ms=AHEAD_MS, late=True),
    "our clock is ahead, no sockets": Fault(without_sockets(nothing), well, skew_ms=AHEAD_MS, late=True),
    "our clock is behind": Fault(skew_ms=-AHEAD_MS),
}  # fmt: skip


@dataclass
class Account:
    """An account on an exchange, and what it said and wrote."""

    exchange: ExchangeDouble
    ledger: Ledger
    fault: Fault
    notices: list[Notice] = field(default_factory=list)
    heard: asyncio.Queue[Message] = field(default_factory=asyncio.Queue)
    during: list[Event] = field(default_factory=list)
    live: Live | None = None

    @property
    def told(self) -> bool:
        """Whether it has said what there is to say of a fault that lasts."""
        titles = [notice.title for notice in self.notices]
        return not self.fault.dead or all(f"{base}USDT is silent" in titles for base in ("BTC", "ETH"))

    @property
    def over(self) -> bool:
        """Whether each call that it heard has come to its end, and no price is awaited."""
        assert self.live is not None
        rows = self.live.desk.books.rows
        refused = len([*self.ledger.events(None, 0, "refused")])
        answered = all(call.asked or not call.counted for call in rows)
        ended = all(not call.lives and (call.facts is None or call.over) for call in rows)
        back = [notice.title for notice in self.notices if "is silent" in notice.title or "is back" in notice.title]
        return len(rows) + refused == len(CALLS) and answered and ended and len(back) % 2 == 0

    async def listen(self) -> AsyncIterator[Message]:
        while True:
            yield await self.heard.get()


class Market:
    """The clock, the strategy, and all accounts."""

    def __init__(self, folder: Path, patch: pytest.MonkeyPatch) -> None:
        self.folder, self.patch = folder, patch
        self.clock = HeldClock(BEGIN_MS, SPEED, path=folder / "clock", ahead_ms=BEHIND_MS)
        self.clock.set(BEGIN_MS)
        for name, text in (("channels/channel_0.channel", PROFILE.format(name="channel_0")),
                           ("strategies/steady.yaml", STRATEGY)):  # fmt: skip
            (folder / name).parent.mkdir()
            (folder / name).write_text(text, encoding="utf-8")
        self.loaded: Loaded = load(Workspace(folder), "steady")
        self.terms: Terms = terms_of(self.loaded.strategy, self.loaded.strategy.costs.fees)  # type: ignore[arg-type]
        self.accounts: dict[str, Account] = {}

    def exchange(self) -> ExchangeDouble:
        return ExchangeDouble(World(clock=replace(self.clock, awaited=set())), limited=False)

    async def trade(self, name: str, account: Account, more: AsyncExitStack) -> asyncio.Task[None]:
        """Let an account run."""
        self.patch.setenv(ADDRESS_VARIABLE, account.exchange.url)
        client = open_client("mexc", "swap", live=True)
        assert not isinstance(client, Problem)
        more.push_async_callback(client.close)
        clock = replace(self.clock, place=len(self.accounts) + 1, awaited=set())
        self.clock.awaited = {*self.clock.awaited, clock.place}

        def now_ms() -> int:
            return clock.now_ms() + account.fault.skew_ms

        feed = await more.enter_async_context(Feed(client, "mexc", "swap", "1m", FEED, now_ms))
        prices = PriceBook(MINUTE_MS)
        desk = make_desk([self.loaded], {"steady": self.terms}, account.ledger, prices, None, "UTC")
        desk.now_ms, desk.began_ms, desk.stale_ms = now_ms, BEGIN_MS, HOUR_MS
        account.live = Live(desk, prices, feed, list, account.listen, now_ms, account.notices.append, None, PACE)
        self.accounts[name] = account
        return asyncio.create_task(account.live.run())

    async def play(self) -> None:
        """Everything that happens."""
        with ExitStack() as doubles, self.clock.going():
            async with AsyncExitStack() as more:
                tasks = []
                for name, fault in {"calm": Fault(), **FAULTS}.items():
                    exchange = doubles.enter_context(self.exchange())
                    ledger = Ledger(self.folder / f"{len(tasks)}.db")
                    doubles.callback(ledger.flush)
                    tasks.append(await self.trade(name, Account(exchange, ledger, fault), more))
                acts = sorted([(at, "call", number) for number, (at, _) in enumerate(CALLS)] +
                              [(FAULT[0], "begin", 0), (FAULT[1], "end", 0)])  # fmt: skip
                for at, what, number in [*acts, (acts[-1][0], "over", 0)]:
                    while not self.due(at, what):
                        await asyncio.sleep(0.02)
                        for task in tasks:
                            if task.done():
                                task.result()
                    self.act(what, number)
                for task in tasks:
                    task.cancel()
                await asyncio.gather(*tasks, return_exceptions=True)

    def due(self, at: int, what: str) -> bool:
        """Whether it is time for something, and what has to come before it has come."""
        past = self.clock.now_ms() - BEGIN_MS
        if past < at or past >= LONGEST_MS.get(what, at):
            return past >= at
        said = {"end": lambda one: one.told, "over": lambda one: one.over}[what]
        return all(said(account) for account in self.accounts.values())

    def act(self, what: str, number: int) -> None:
        """A call, the same for all, or the fault begins or ends."""
        message = self.call(number) if what == "call" else None
        for account in self.accounts.values():
            if message is not None:
                account.heard.put_nowait(message)
            elif what == "begin":
                account.fault.begin(account.exchange)
            elif what == "end":
                account.during = [*account.ledger.events()]
                account.fault.end(account.exchange)

    def call(self, number: int) -> Message:
        """A call at this moment."""
        now_ms = self.clock.now_ms() // 1000 * 1000
        base = CALLS[number][1]
        listing = next(one for one in LISTINGS if one.base == base)
        calm = self.accounts["calm"].exchange.world
        price = calm.price(base, at_ms=now_ms)
        shown = [f"{price * factor:.{listing.decimals}f}" for factor in (1, 1.0015, 0.9985)]
        text = f"BUY {base}USDT now {shown[0]}, TP {shown[1]}, SL {shown[2]}"
        return Message("channel_0", 1, number + 1, 1, "post", now_ms, None, now_ms, text)


@pytest.fixture(scope="module")
def market(tmp_path_factory: pytest.TempPathFactory) -> Market:
    """All accounts, when everything is over."""
    with pytest.MonkeyPatch().context() as patch:
        made = Market(tmp_path_factory.mktemp("faults"), patch)
        patch.setattr("engine.market.venue.CALM_MS", {"mexc": 1})
        patch.setattr("engine.paper.clocks.SKEW_MS", SKEW_MS)
        asyncio.run(made.play())
    return made


def test_the_calm_account_trades(market: Market) -> None:
    trades = [call for call in comes_to(market, "calm").values() if call.get("facts")]
    assert len(trades) == 3, "the fourth repeats a call that is open"
    assert all(trade["status"] == "closed" for trade in trades)
    assert market.accounts["calm"].notices == []


def comes_to(market: Market, name: str) -> Statement:
    return statement(market.accounts[name].ledger.events(), {"steady": market.terms})


@pytest.mark.parametrize("name", [name for name, fault in FAULTS.items() if not fault.late])
def test_an_account_stands_where_a_calm_one_does(market: Market, name: str) -> None:
    found = disagreements(comes_to(market, name), comes_to(market, "calm"))
    assert [str(one) for one in found] == []


@pytest.mark.parametrize("name", [name for name, fault in FAULTS.items() if fault.dead])
def test_nothing_is_filled_without_prices_and_it_is_said(market: Market, name: str) -> None:
    account = market.accounts[name]
    began_ms = BEGIN_MS + FAULT[0]
    false = [event for event in account.during if event.kind in ("step", "placed") and event.at_ms >= began_ms]
    assert false == []
    titles = [notice.title for notice in account.notices]
    assert "BTCUSDT is silent" in titles
    assert titles.index("BTCUSDT is silent") < titles.index("BTCUSDT is back")


@pytest.mark.parametrize("name", [name for name, fault in FAULTS.items() if not fault.dead])
def test_what_is_mended_on_the_way_is_no_news(market: Market, name: str) -> None:
    skewed = ["the clock is wrong"] if FAULTS[name].skew_ms else []
    assert [notice.title for notice in market.accounts[name].notices] == skewed


@pytest.mark.parametrize("name", [name for name, fault in FAULTS.items() if fault.late])
def test_a_clock_ahead_makes_calls_late_and_never_early(market: Market, name: str) -> None:
    """Every fill is a price that the exchange had when it says so."""
    calm, world = comes_to(market, "calm"), market.accounts[name].exchange.world
    trades = {one: call for one, call in comes_to(market, name).items() if call.get("fills")}
    assert len(trades) == 3
    for one, call in trades.items():
        assert call["plan"]["act_ms"] >= calm[one]["plan"]["act_ms"]
        for moved in [*call["fills"], *call["legs"]]:
            base = call["plan"]["symbol"].removesuffix("USDT")
            (bar,) = world.candles(base, MINUTE_MS, moved["ts_ms"], moved["ts_ms"] + 1)
            assert bar[3] <= moved["price"] <= bar[2]

"""A desk with its live side, told by hand: posts, live prices, candles; what is said comes back as lines."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path

from engine.config.strategy import Fees
from engine.domain import Message
from engine.market.feedevents import ClosedCandle
from engine.paper.call import PaperCall
from engine.paper.instant import Instant
from engine.paper.ledger import Event, Ledger
from engine.paper.prices import PriceBook
from engine.pipeline.paper.desk import load, make_desk, terms_of
from engine.pipeline.paper.said import said_of
from engine.pipeline.workspace import Workspace
from engine.units import MINUTE_MS, moment_ms

START_MS = moment_ms("2025-03-03 12:00")
PROFILE = """channel "Vip"
source: telegram @vip
numbers: 1,234.56

words
long = BUY
short = SELL
stop = SL

signal "limit"
<<<
{side: BUY} {symbol: BTCUSDT} @ {entry: 64800}, TP {target: 65000}, SL {stop: 64500}
>>>

signal "market"
<<<
{side: BUY} {symbol: BTCUSDT} NOW @ {entry market: 64800}, TP {target: 65000}, SL {stop: 64500}
>>>

signal "market, two targets"
<<<
{side: BUY} {symbol: BTCUSDT} NOW @ {entry market: 64800}, TP1 {target: 65000}, TP2 {target: 65200}, SL {stop: 64500}
>>>

signal "in percent"
<<<
{side: BUY} {symbol: BTCUSDT} @ {entry: market}, TP {target: 1%}, SL {stop: 1%}
>>>

signal "a limit, in percent"
<<<
{side: BUY} {symbol: BTCUSDT} @ {entry: 64800}, TP1 {target: 1%}, TP2 {target: 2%}, SL {stop: 1%}
>>>

signal "without a stop"
<<<
{side: BUY} {symbol: BTCUSDT} @ {entry: 64800}, TP {target: 65000}
>>>

update change "one target"
<<<
{symbol: BTCUSDT} target {number: 2} is now {target: 65000}
>>>

update close
<<<
closed {? {share: 50%} }
>>>

update move-stop
<<<
SL to {stop: entry}
>>>

update move-stop "to a target"
<<<
{symbol: BTCUSDT} stop to target {number: 1}
>>>

update cancel "one order"
<<<
{symbol: BTCUSDT} cancel order {number: 1}
>>>

test "chat is no call"
<<<
gm traders
>>>
expect nothing
"""
STRATEGY = """name: live
channels: [vip]
market: {source: mexc, type: swap, timeframe: 1m}
account: {equity: 10000 USDT, leverage: 5}
size: {fixed: 1000 USDT}
entry: {latency: 1s, valid for: 24h, when target comes first: cancel}
exit: {targets: {shares: [50%, 50%]}, stop: {missing: refuse}, after target 1: {move stop: breakeven}}
costs: {fees: {maker: 0%, taker: 0.05%, source: test}, slippage: 0bp, funding: none}
calls: {repeat: ignore, opposite: ignore}
"""


@dataclass
class LiveStage:
    """Times are seconds from noon; ``strategy`` and ``second`` (a second strategy) are pairs of old and new text."""

    folder: Path
    strategy: dict[str, str] = field(default_factory=dict)
    rules: str = ""
    second: dict[str, str] = field(default_factory=dict)
    now_ms: int = START_MS
    posts: list[Message] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)
    told: list[Event] = field(default_factory=list)
    worth: float = 0.0
    candles: PriceBook = field(default_factory=lambda: PriceBook(MINUTE_MS))

    def __post_init__(self) -> None:
        text = STRATEGY
        for old, new in self.strategy.items():
            assert old in text
            text = text.replace(old, new)
        for name in ("channels", "strategies", "rules"):
            (self.folder / name).mkdir()
        if self.rules:
            (self.folder / "rules" / "mine.yaml").write_text(self.rules, encoding="utf-8")
            text += "rules: [mine]\n"
        (self.folder / "channels" / "vip.channel").write_text(PROFILE, encoding="utf-8")
        (self.folder / "strategies" / "live.yaml").write_text(text, encoding="utf-8")
        self.names = ["live"]
        if self.second:
            self.names.append("second")
            for old, new in {**self.second, "name: live": "name: second"}.items():
                text = text.replace(old, new)
            (self.folder / "strategies" / "second.yaml").write_text(text, encoding="utf-8")
        (self.folder / "workspace.yaml").write_text("timezone: UTC\n", encoding="utf-8")
        self.start()

    def start(self) -> None:
        """Begin, or begin again after a kill: all that is known is the ledger, the archive and the candles."""
        loaded = [load(Workspace(self.folder), name) for name in self.names]
        fees = loaded[0].strategy.costs.fees
        assert isinstance(fees, Fees)
        ledger = Ledger(self.folder / "paper.db")
        terms = {one.strategy.name: terms_of(one.strategy, fees) for one in loaded}
        self.desk = make_desk(loaded, terms, ledger, self.candles, None, "UTC")
        self._live()

    def _live(self) -> None:
        """The desk is live: it is told the archive again."""
        self.desk.now_ms, self.desk.stale_ms, self.desk.hear = lambda: self.now_ms, 300_000, self._hear
        self.instant = Instant(self.desk)
        for message in self.posts:
            self.desk.message(message)
        self.instant.refresh()

    def _hear(self, event: Event) -> None:
        self.told.append(event)
        call: PaperCall | None = None if event.row is None else self.desk.books.rows[event.row]
        for said in said_of(self.instant.hear(event), call, "USDT"):
            self.lines.append(said.line)

    def said(self) -> list[str]:
        """The lines since it was asked last."""
        lines, self.lines = self.lines, []
        return lines

    def post(self, second: float, text: str, reply_to: int | None = None, heard: float | None = None) -> None:
        """A post, heard at once or at a moment."""
        posted = START_MS + round(second * 1000)
        self.now_ms = posted if heard is None else START_MS + round(heard * 1000)
        number = 1 + sum(message.kind == "post" for message in self.posts)
        message = Message("vip", 1, number, 1, "post", posted, None, posted, text, reply_to)
        self.posts.append(message)
        self.desk.message(message)
        self.instant.refresh()

    def edit(self, second: float, number: int, text: str, heard: float | None = None) -> None:
        """A post gets another text, heard at once or at a moment."""
        at = START_MS + round(second * 1000)
        self.now_ms = at if heard is None else START_MS + round(heard * 1000)
        version = 1 + sum(message.message_id == number for message in self.posts)
        first = next(message for message in self.posts if message.message_id == number)
        message = replace(first, version=version, kind="edit", edited_ms=at, received_ms=at, text=text)
        self.posts.append(message)
        self.desk.message(message)
        self.instant.refresh()

    def price(self, second: float, *prices: float, symbol: str = "BTCUSDT") -> None:
        """Live prices, a tenth of a second apart."""
        for number, price in enumerate(prices):
            self.now_ms = START_MS + round(second * 1000) + 100 * number
            self.instant.price(symbol, self.now_ms, price)

    def candle(self, minute: int, open_: float, high: float, low: float, close: float, symbol: str = "BTCUSDT") -> None:
        """The candle of a minute is over and told."""
        ts = START_MS + minute * MINUTE_MS
        self.now_ms = max(self.now_ms, ts + MINUTE_MS + 1500)
        self.candles.add(ClosedCandle(symbol, ts, MINUTE_MS, open_, high, low, close, 1.0, "socket"))
        self.desk.minute(ts, {symbol})
        self.instant.told(ts, {symbol})
        self.instant.refresh()

    def events(self, *kinds: str) -> list[Event]:
        return list(Ledger(self.folder / "paper.db").events(self.desk.account, 0, *kinds))

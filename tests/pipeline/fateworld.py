"""A small account on paper that has every fate: two channels, a morning of invented candles, some twenty posts.

``POSTS`` reads like the channels themselves: the minute, the channel, what it wrote. ``PATHS`` has the closes of each
symbol, minute by minute; the last one stays.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from engine.config.strategy import Fees
from engine.domain import Message
from engine.market.candles import Candles
from engine.paper.desk import Desk
from engine.paper.ledger import Event, Ledger
from engine.pipeline.paper.desk import begin, load, make_desk, terms_of
from engine.pipeline.paper.show import told
from engine.pipeline.workspace import Workspace
from engine.units import HOUR_MS, MINUTE_MS, moment_ms

BEGAN_MS = moment_ms("2025-03-03T10:00:00Z")
MINUTES = 40
PROFILE = """channel "{name}"
source: telegram @{name}
numbers: 1,234.56

words
long = BUY
short = SELL
stop = SL

signal "at a price"
<<<
{{side: BUY}} {{symbol: BTCUSDT}} @ {{entry: 64800}}, TP {{target: 65300}}{{? , SL {{stop: 64300}} }}
>>>

signal "breakout"
<<<
{{side: BUY}} {{symbol: BTCUSDT}} above {{entry above: 64800}}, TP {{target: 65300}}, SL {{stop: 64300}}
>>>

update cancel
<<<
Cancel {{symbol: BTCUSDT}}
>>>

update close
<<<
Close {{symbol: BTCUSDT}}
>>>
"""
STRATEGY = """name: live
channels: [alpha, beta]
market: {source: mexc, type: swap, timeframe: 1m}
account: {equity: 10000 USDT, leverage: 5}
size: {risk: 0.5%}
entry: {latency: 1s, valid for: 15m}
exit: {targets: {shares: [100%]}, stop: {missing: refuse}}
costs: {fees: mexc, slippage: 0bp, funding: none}
rules: [tight]
"""
RULES = """rules:
  - name: no-dogs
    why: nobody knows what they are worth
    when: {symbol in: [DOGUSDT]}
    then: reject

  - name: daily-stop
    when: {daily loss over: 1.2%}
    then: {halt: until next day}

  - name: panic
    when: {symbol in: [PANUSDT]}
    then: {halt: 2m}
    only: {channels: [alpha]}

tests:
  - name: panic halts
    given: {channel: alpha, symbol: PANUSDT, entry: 100, stop: 98}
    expect: {action: halt, rule: panic}

  - name: a dog is refused
    given: {symbol: DOGUSDT, entry: 100, stop: 98}
    expect: {action: reject, rule: no-dogs}

  - name: after a loss of 2% there are no more trades that day
    given: {entry: 100, stop: 98, daily loss: 2%}
    expect: {action: halt, rule: daily-stop}
"""
PATHS = """
WINUSDT  100 100 100 101 102.5 102
LOSUSDT  100 100 100 100 100 98.5 97
FLYUSDT  100 105 105
FALUSDT  100 100 97
NEAUSDT  100
LIQUSDT  100
DOGUSDT  100
EXPUSDT  100
TGTUSDT  100 100 100 100 103 104
STPUSDT  100 100 100 100 98 97
CANUSDT  100
RESUSDT  100
OPEUSDT  100 100 100 100 100.5
DELUSDT  100
HANUSDT  100 100 100 100 100 101
BADUSDT  100 100 100 100 100 100 100 100 100 100 100 100 100 100 98 97
LATUSDT  100
PANUSDT  100
"""
POSTS = """
0  alpha BUY WINUSDT @ 100, TP 102, SL 99
0  beta  SELL LOSUSDT @ 100, TP 96, SL 102
0  beta  BUY LOSUSDT @ 100, TP 104, SL 99
1  alpha BUY WINUSDT @ 100, TP 102, SL 99
1  alpha BUY FLYUSDT @ 110, TP 112, SL 106
1  alpha BUY NEAUSDT @ 100, TP 102, SL 99.95
1  alpha BUY LIQUSDT @ 100, TP 102, SL 60
1  alpha BUY STPUSDT @ 100, TP 102
2  alpha BUY DOGUSDT @ 100, TP 102, SL 99
2  alpha BUY EXPUSDT @ 95, TP 102, SL 94
2  alpha BUY TGTUSDT @ 95, TP 102, SL 94
2  alpha BUY STPUSDT above 105, TP 108, SL 99
2  alpha BUY CANUSDT @ 95, TP 102, SL 94
2  beta  BUY NONEUSDT @ 100, TP 102, SL 99
3  alpha BUY OPEUSDT @ 100, TP 102, SL 99
3  beta  BUY HANUSDT @ 100, TP 104, SL 99
4  alpha Cancel CANUSDT
4  beta  BUY DELUSDT @ 95, TP 102, SL 94
5  alpha BUY BADUSDT @ 100, TP 104, SL 99
8  beta  (deleted) 5
9  beta  BUY LATUSDT @ 100, TP 102, SL 99
25 alpha BUY DOGUSDT @ 95, TP 102, SL 94
27 beta  BUY LATUSDT @ 95, TP 102, SL 94
29 alpha BUY PANUSDT @ 100, TP 102, SL 99
30 alpha BUY FALUSDT @ 96, TP 102, SL 94
33 beta  BUY RESUSDT @ 95, TP 102, SL 94
38 alpha BUY RESUSDT @ 95, TP 102, SL 94
39 alpha BUY OPEUSDT @ 95, TP 102, SL 94
"""
LATE = {"LATUSDT @ 100": 12 * MINUTE_MS}  # how long a post takes to arrive
ORDERS = {
    6: ("close", {"id": "beta/4"}),
    24: ("halt", {"until_ms": None, "channels": ["beta"]}),
    32: ("resume", {"channels": ["beta"]}),
    39: ("halt", {"until_ms": None, "channels": ["beta"]}),
}


@dataclass
class FateWorld:
    """The account, played on a workspace: its ledger lies in ``data/``, ``lines`` is what it said on the way."""

    root: Path
    lines: list[str] = field(default_factory=list)
    now_ms: int = BEGAN_MS
    desk: Desk = field(init=False)

    def __post_init__(self) -> None:
        for name in ("alpha", "beta"):
            write(self.root / "channels" / f"{name}.channel", PROFILE.format(name=name))
        write(self.root / "strategies" / "live.yaml", STRATEGY)
        write(self.root / "rules" / "tight.yaml", RULES)
        workspace = Workspace(self.root)
        loaded = [load(workspace, "live")]
        terms = {"live": terms_of(loaded[0].strategy, Fees(0.0, 0.0002, "test"))}
        ledger = Ledger(self.root / "data" / "paper.db", every=1000)
        self.desk = make_desk(loaded, terms, ledger, candles(), None, workspace.settings.timezone)
        self.desk.now_ms, self.desk.stale_ms, self.desk.hear = (lambda: self.now_ms), 5 * MINUTE_MS, self._hear
        begin(self.desk, loaded, terms, workspace, BEGAN_MS)

    def _hear(self, event: Event) -> None:
        call = None if event.row is None else self.desk.books.rows[event.row]
        self.lines += [said.line for said in told(event, call, "USDT")]

    def play(self, minutes: int = MINUTES) -> FateWorld:
        """Let the morning pass."""
        posts = [(int(minute), channel, text) for minute, channel, text in (
            line.split(maxsplit=2) for line in POSTS.strip().splitlines())]  # fmt: skip
        arrivals = []
        numbers: dict[str, int] = {}
        for minute, channel, text in posts:
            posted = BEGAN_MS + minute * MINUTE_MS + 20_000
            if text.startswith("(deleted)"):
                arrivals.append((posted, message(channel, int(text.split()[1]), 2, posted, "")))
                continue
            numbers[channel] = numbers.get(channel, 0) + 1
            late = next((ms for symbol, ms in LATE.items() if symbol in text), 1_000)
            arrivals.append((posted + late, message(channel, numbers[channel], 1, posted, text)))
        arrivals.sort(key=lambda pair: pair[0])
        for minute in range(minutes):
            ts = BEGAN_MS + minute * MINUTE_MS
            while arrivals and arrivals[0][0] < ts + MINUTE_MS:
                self.now_ms, post = arrivals.pop(0)
                self.desk.message(post)
            self.now_ms = ts + MINUTE_MS
            self._obey(minute)
            self.desk.minute(ts, {symbol for symbol in self.desk.symbols() if symbol in self.desk.market.candles})
            for call in [call for call in self.desk.waiting() if call.plan.symbol == "NONEUSDT"]:
                self.desk.never_came(call)
        self.desk.ledger.flush()
        return self

    def _obey(self, minute: int) -> None:
        if minute in ORDERS:
            kind, data = ORDERS[minute]
            self.desk.ledger.append(Event("live", kind, self.now_ms, data))
            (order,) = list(self.desk.ledger.events("live", self.desk.ledger.last() - 1))
            self.lines.append(f"paper {kind}: {self.desk.obey(order, self.now_ms)}")


def message(channel: str, number: int, version: int, at_ms: int, text: str) -> Message:
    """A post, or the deletion of one (version 2)."""
    kind = "deletion" if version > 1 else "post"
    edited = at_ms if version > 1 else None
    return Message(channel, 1, number, version, kind, at_ms, edited, at_ms, text)


def candles() -> dict[str, Candles]:
    """The morning: each bar opens at the close before, an hour of quiet comes first."""
    found = {}
    for line in PATHS.strip().splitlines():
        symbol, *closes = line.split()
        close = np.array([float(closes[0])] * 60 + [float(one) for one in closes])
        close = np.concatenate([close, np.full(60 + MINUTES - len(close), close[-1])])
        open_ = np.concatenate([close[:1], close[:-1]])
        ts = BEGAN_MS - HOUR_MS + np.arange(len(close), dtype=np.int64) * MINUTE_MS
        low, high = np.minimum(open_, close), np.maximum(open_, close)
        found[symbol] = Candles(symbol, MINUTE_MS, ts, open_, high, low, close, np.ones(len(close)))
    return found


def write(path: Path, text: str) -> None:
    """A file of the workspace."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")

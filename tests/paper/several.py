"""Several strategies in one account, written down as a short table and played over history or live.

    a: size {risk: 0.01}; channels c; leverage 5        # a strategy: its size, channels and leverage
    rule a: {name: one, when: {...}, then: reject}      # a rule of strategy a
    price BTCUSDT: 100 100 110                          # each minute goes from one price to the next, in a line
    1 c: BUY BTCUSDT @ 100, TP 110, SL 95               # what channel c posts a second after minute 1 began
    2 c delete 1                                        # channel c deletes its first post
    =
    a c/1: 20 out at target +200                        # quantity, reason of the last exit, net result
    b c/1: refused by one
    a c/1: closed by nap +50                            # a rule ended it
    equity: 10200

There are no costs, so that every figure can be worked out by hand. The latency is 5 s: a call is filled at the open of
the next minute.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace

import yaml

from engine.collect.reading import MessageReader
from engine.config.strategy import Calls, Costs, Size
from engine.domain import Message
from engine.market.candles import Candles
from engine.paper.desk import Desk, alone_name
from engine.paper.lane import Lane
from engine.paper.ledger import Ledger
from engine.paper.market import Market
from engine.paper.record import record_of
from engine.simulate.terms import Terms
from engine.units import MINUTE_MS, moment_ms
from tests.collect.posts import read_toy
from tests.risk.examples import book
from tests.simulate.world import from_rows, strategy

START_MS = moment_ms("2025-05-04")
BEFORE = 3 * 24 * 60  # minutes of candles before the first
FREE = Terms(0.0, 0.0, 0.0)


@dataclass
class Table:
    """What a table gives, and what it expects."""

    lanes: dict[str, Lane] = field(default_factory=dict)
    messages: list[Message] = field(default_factory=list)
    candles: dict[str, Candles] = field(default_factory=dict)
    expected: list[str] = field(default_factory=list)

    def desk(self, ledger: Ledger, candles=None, **more) -> Desk:
        """A desk with all strategies, and one for each channel alone."""
        candles = self.candles if candles is None else candles
        channels = dict.fromkeys(channel for lane in self.lanes.values() for channel in lane.strategy.channels)
        readers = {channel: MessageReader(read_toy) for channel in channels}
        market = Market(candles, MINUTE_MS)

        def one(name: str, lanes: dict[str, Lane], alone: dict[str, Desk]) -> Desk:
            now = more if name == "test" else {"now_ms": more.get("now_ms")}
            return Desk(name, ledger, lanes, readers, market, "UTC", alone=alone, **now)

        alone = {}
        for channel in channels if len(channels) > 1 else ():
            mine = {name: lane for name, lane in self.lanes.items() if channel in lane.strategy.channels}
            alone[channel] = one(alone_name("test", channel), mine, {})
        return one("test", self.lanes, alone)

    @property
    def end_ms(self) -> int:
        """When the candles are over."""
        return max(bars.end_ms for bars in self.candles.values())


def read_table(text: str) -> Table:
    """A table."""
    table, rules = Table(), dict[str, list[str]]()
    given, expected = text.split("=\n")
    lines = [line.split(" #")[0].strip() for line in given.strip().splitlines()]
    for line in lines:
        head, _, rest = line.partition(": ")
        words = head.split()
        if words[0] == "rule":
            rules.setdefault(words[1], []).append(f"  - {rest}\n")
        elif words[0] == "price":
            table.candles[words[1]] = _bars(words[1], [float(price) for price in rest.split()])
        elif words[0].isdigit():
            table.messages.append(_message(line, len(table.messages) + 1))
        else:
            table.lanes[head] = _lane(head, rest)
    table.lanes = {
        name: replace(lane, judge=book(*map("".join, [rules[name]] if name in rules else [])))
        for name, lane in table.lanes.items()
    }
    table.expected = [line.split(" #")[0].strip() for line in expected.strip().splitlines()]
    return table


def _bars(symbol: str, prices: list[float]) -> Candles:
    prices = [prices[0]] * BEFORE + prices
    rows = []
    for i, (now, then) in enumerate(zip(prices, [*prices[1:], prices[-1]], strict=True)):
        rows.append((START_MS + (i - BEFORE) * MINUTE_MS, now, max(now, then), min(now, then), then))
    return from_rows(symbol, rows)


def _lane(name: str, text: str) -> Lane:
    settings = dict(part.strip().split(" ", 1) for part in text.split(";"))
    made = strategy(
        name=name,
        path=f"strategies/{name}.yaml",
        channels=tuple(settings["channels"].split()),
        size=Size(**yaml.safe_load(settings["size"])),
        costs=Costs(slippage=0.0),
        leverage=float(settings.get("leverage", 5)),
        calls=Calls(**yaml.safe_load(settings.get("calls", "{}"))),
    )
    return Lane(name, made, book(), FREE)


def _message(line: str, place: int) -> Message:
    found = re.match(r"(\d+) (\w+)(?: delete (\d+))?(?:: (.*))?$", line)
    assert found is not None, line
    minute, channel, gone, text = found.groups()
    at = START_MS + int(minute) * MINUTE_MS + 1000
    if gone:
        return Message(channel, -1, int(gone), 2, "deletion", at, at, at, "")
    return Message(channel, -1, place, 1, "post", at, None, at, text)


def told(desk: Desk, candles: dict[str, Candles]) -> list[str]:
    """What became of every call, and the equity, as a table says it."""
    record, lines = record_of(desk, candles), []
    refused = {one.row: one for one in record.refused}
    for call in sorted(desk.books.rows, key=lambda call: call.order):
        head = f"{call.lane} {call.plan.signal_id}:"
        if call.row in record.trades:
            trade = record.trades[call.row]
            reason = trade.path.legs[-1].reason.value if trade.path.legs else trade.path.status.value
            by = f"closed by {trade.notes[-1].rule}" if reason == "rule" else f"{trade.quantity:g} out at {reason}"
            lines.append(f"{head} {by} {trade.net:+g}")
        elif call.row in refused:
            lines.append(f"{head} refused by {refused[call.row].notes[-1].rule}")
        else:
            lines.append(f"{head} {call.fate}")
    return [*lines, f"equity: {record.equity:g}"]

"""kill -9 of the live process, at any moment, beside one that is left in peace: both ledgers come to the same.

Several accounts follow the same channels on the same exchange (both doubles), each in a process of its own. One is never
touched. The others are killed at random moments, stay away for a while and come back within the strategy's latency.
Meanwhile the channels post calls, answer them, edit and delete them. At the end every account's statement
(``engine/paper/statement.py``) has to be that of the quiet one, every message is answered once, and nothing is missing.

``SIGNALPROOF_LIVE_KILLS`` says how many (20; 300 were done once).
"""

from __future__ import annotations

import os
import random
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from engine.collect.archive import Archive
from engine.market.feed import FeedSettings
from engine.paper.ledger import Ledger
from engine.paper.live import Pace
from engine.paper.statement import Statement, disagreements, statement
from engine.pipeline.paperbook import _book
from engine.units import HOUR_MS, MINUTE_MS
from tests.doubles.telegram.world import Channel
from tests.paper.doubled import BASES, Doubles, doubles
from tests.paper.trader import Trader

KILLS = int(os.environ.get("SIGNALPROOF_LIVE_KILLS", "20"))
VICTIMS, CHANNELS = 4, 3
SPEED = 40.0  # market time: a minute takes a second and a half
AWAY_S = (0.0, 1.2)
SETTLED_S = 6.0  # a post so old is known to everybody, so that an edit of it is an edit for everybody
PACE = Pace(tick_s=0.05, orders_s=0.2, again_s=0.2, history_ms=HOUR_MS, patience_ms=20 * MINUTE_MS,
            silent_ms=15 * MINUTE_MS, idle_ms=20 * MINUTE_MS)  # fmt: skip
FEED = FeedSettings(tick_s=0.05, grace_ms=6_000, final_ms=120_000, longest_wait_s=0.5)
STRATEGY = """name: steady
channels: [channel_0, channel_1, channel_2]
market: {source: mexc, type: swap, timeframe: 1m}
account: {equity: 10000 USDT, leverage: 5}
size: {fixed: 2000 USDT}
entry: {latency: 4m, valid for: 8m}
exit: {targets: {shares: [100%]}, stop: {missing: refuse}, close after: 12m}
calls: {repeat: replace, opposite: close}
costs: {fees: {maker: 0%, taker: 0.01%, source: test}, slippage: 0bp, funding: history}
rules: [steady]
paper: {stale after: 2h}
"""
RULES = """rules:
  - name: four-at-a-time
    when: {open trades at least: 4}
    then: reject
  - name: a-bad-run
    when: {drawdown over: 0.1%}
    then: {halt: 10m}
"""


@dataclass
class Posts:
    """What the channels do, at random."""

    both: Doubles
    chance: random.Random
    calls: list[tuple[Channel, int, str, float]] = field(default_factory=list)

    def act(self) -> None:
        """One of them does something."""
        old = [one for one in self.calls[-30:] if time.monotonic() - one[3] > SETTLED_S and one[1] in one[0].posts]
        kind = self.chance.choices(["call", "chat", "answer", "edit", "delete"], [10, 2, 4, 2, 1])[0]
        if kind == "chat":
            self.chance.choice([*self.both.telegram.channels.values()]).post("gm traders")
        elif kind == "call" or not old:
            self._call()
        else:
            channel, number, text, _ = self.chance.choice(old)
            symbol = text.split()[1]
            if kind == "answer":
                said = self.chance.choice([f"close {symbol} here", f"{symbol} move SL to breakeven"])
                channel.post(said, reply_to=number if self.chance.random() < 0.8 else None)
            elif kind == "edit":
                channel.edit(number, self._text(symbol.removesuffix("USDT"), text.split()[0]))
            else:
                channel.delete(number)

    def _call(self) -> None:
        channel = self.chance.choice([*self.both.telegram.channels.values()])
        text = self._text(self.chance.choice(BASES), self.chance.choice(["BUY", "SELL"]))
        self.calls.append((channel, channel.post(text), text, time.monotonic()))

    def _text(self, base: str, side: str) -> str:
        price, sign = self.both.exchange.world.price(base), 1 if side == "BUY" else -1
        listing = self.both.exchange.world.listing(base)
        assert listing is not None
        entry = price * (1 - sign * self.chance.choice([-0.002, 0.0, 0.0004]))
        way = [entry, entry * (1 + sign * 0.0016), entry * (1 - sign * 0.0014)]
        shown = [f"{level:.{listing.decimals}f}" for level in way]
        at = "@" if self.chance.random() < 0.5 else "now"
        return f"{side} {base}USDT {at} {shown[0]}, TP {shown[1]}, SL {shown[2]}"


def comes_to(trader: Trader) -> Statement:
    """What a ledger comes to."""
    ledger = Ledger(trader.ledger)
    try:
        ledger.check()
        book = _book(ledger, "steady")
        assert book is not None
        return statement(ledger.events("steady"), book.fold.terms)
    finally:
        ledger.close()


def over(trader: Trader, calls: int) -> bool:
    """Whether every call has come to its end."""
    ledger = Ledger(trader.ledger)
    try:
        book = _book(ledger, "steady")
        assert book is not None
        rows = book.fold.rows
        done = [(call.asked or not call.counted) and not call.lives and (call.facts is None or call.over) for call in rows]
        return len(rows) >= calls and all(done)
    finally:
        ledger.close()


def test_killed_accounts_come_to_what_a_quiet_one_does(tmp_path: Path) -> None:
    chance = random.Random(int(os.environ.get("SIGNALPROOF_SEED", "8")))
    with doubles(SPEED, CHANNELS) as both:
        traders = [
            both.trader(tmp_path / f"account{number}", {"steady": STRATEGY}, {"steady": RULES}, PACE, FEED)
            for number in range(VICTIMS + 1)
        ]
        try:
            quiet, *others = traders
            for trader in traders:
                trader.start()
            for trader in traders:
                for number in range(CHANNELS):
                    trader.says(f"channel_{number}", "is up to date")
            posts = Posts(both, chance)
            back: dict[int, float] = {}
            due = {number: time.monotonic() + chance.uniform(1, 4) for number in range(VICTIMS)}
            while sum(trader.kills for trader in others) < KILLS or back:
                both.call(posts.act)
                time.sleep(chance.uniform(0.05, 0.4))
                now = time.monotonic()
                for number, trader in enumerate(others):
                    if number in back and now >= back[number]:
                        del back[number]
                        trader.start()
                        due[number] = now + chance.choice([0.3, 1, 2, 3, 4]) * chance.uniform(0.5, 1.5)
                    elif number not in back and now >= due[number] and sum(t.kills for t in others) < KILLS:
                        trader.kill()
                        back[number] = now + chance.uniform(*AWAY_S)
            end = time.monotonic() + 30 * 60 / SPEED + 30
            while not all(over(trader, 1) for trader in traders):
                assert time.monotonic() < end, "calls never end"
                time.sleep(0.3)
            time.sleep(3 * 60 / SPEED)
            assert [trader.stop() for trader in traders] == [0] * len(traders)
        finally:
            for trader in traders:
                trader.end()
    theirs = comes_to(quiet)
    shown = Counter("refused" if "refused" in call else call.get("fate") or call.get("status") for call in theirs.values())
    print(shown)
    for trader in others:
        found = [str(one) for one in disagreements(comes_to(trader), theirs)]
        print(trader.how.folder.name, trader.kills, len(found))
        print("\n".join(one[:300] for one in found[:30]))
    for trader in others:
        assert [str(one) for one in disagreements(comes_to(trader), theirs)] == []
        archived = {(m.channel, m.message_id) for m in Archive(trader.how.folder / "data" / "signals_raw.jsonl").read()}
        posted = {(c.username, number) for c in both.telegram.channels.values() for number in c.posts}
        assert posted <= archived

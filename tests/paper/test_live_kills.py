"""kill -9 of the live process, at any moment, beside one that is left in peace: both ledgers come to the same.

Several accounts follow the same channels on the same exchange (both doubles), each in a process of its own. One is
never touched. The others are killed at random moments, stay away for a while and come back within the strategy's
latency. Meanwhile the channels post calls, answer them, edit and delete them. At the end every account's statement
(``engine/paper/statement.py``) has to be that of the quiet one, every message is answered once, and nothing is missing.

Time is the doubles' own. It goes fast, and stands still while a killed account starts: how long that takes on a busy
machine says nothing about the account.

``SIGNALPROOF_LIVE_KILLS`` says how many (20).
"""

from __future__ import annotations

import os
import random
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from engine.collect.archive import Archive
from engine.market.feed import FeedSettings
from engine.paper.codec import Data
from engine.paper.ledger import Ledger
from engine.paper.pace import Pace
from engine.paper.statement import Statement, disagreements, statement
from engine.pipeline.paper.book import Book, _book
from engine.units import HOUR_MS, MINUTE_MS
from tests.doubles.telegram.world import Channel
from tests.paper.doubled import BASES, Doubles, doubles
from tests.paper.trader import Trader

KILLS = int(os.environ.get("SIGNALPROOF_LIVE_KILLS", "20"))
VICTIMS, CHANNELS = 3, 3
SPEED = 40.0  # market time: a minute takes a second and a half
MOST_AWAY_MS = 100_000  # well within the latency of the strategy
SETTLED_MS = 150_000  # only posts so old, and known to everybody, are edited or deleted
PACE = Pace(tick_s=0.05, orders_s=0.2, again_s=0.2, history_ms=HOUR_MS, patience_ms=20 * MINUTE_MS,
            silent_ms=15 * MINUTE_MS, idle_ms=20 * MINUTE_MS)  # fmt: skip
FEED = FeedSettings(tick_s=0.05, grace_ms=6_000, final_ms=120_000, longest_wait_s=0.5)
STRATEGY = """name: steady
channels: [channel_0, channel_1, channel_2]
market: {source: mexc, type: swap, timeframe: 1m}
account: {equity: 10000 USDT, leverage: 5}
size: {fixed: 2000 USDT}
entry: {latency: 3m, valid for: 4m}
exit: {targets: {shares: [100%]}, stop: {missing: refuse}, close after: 6m}
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
    traders: Sequence[Trader]
    calls: list[tuple[Channel, int, str, int]] = field(default_factory=list)

    def act(self) -> None:
        """One of them does something."""
        old = [one for one in self.calls[-30:] if self._now() - one[3] > SETTLED_MS and one[1] in one[0].posts]
        old = [one for one in old if self._known(*one[:3])]
        kind = self.chance.choices(["call", "chat", "answer", "edit", "delete"], [10, 2, 4, 2, 1])[0]
        if kind == "chat":
            self.chance.choice([*self.both.telegram.channels.values()]).post("gm traders")
        elif kind == "call" or not old:
            self._call()
        else:
            one = self.chance.choice(old)
            channel, number, text, _ = one
            symbol = text.split()[1]
            if kind == "answer":
                said = self.chance.choice([f"close {symbol} here", f"{symbol} move SL to breakeven"])
                channel.post(said, reply_to=number if self.chance.random() < 0.8 else None)
            elif kind == "edit":
                edited = self._text(symbol.removesuffix("USDT"), text.split()[0])
                self.calls[self.calls.index(one)] = (channel, number, edited, self._now())
                channel.edit(number, edited)
            else:
                channel.delete(number)

    def _known(self, channel: Channel, number: int, text: str) -> bool:
        """Whether everybody has heard a call: what is edited or deleted before is never known to some of them."""
        return all(trader.has(channel.username, number, text) for trader in self.traders)

    def _now(self) -> int:
        return self.both.clock.now_ms()

    def _call(self) -> None:
        channel = self.chance.choice([*self.both.telegram.channels.values()])
        text = self._text(self.chance.choice(BASES), self.chance.choice(["BUY", "SELL"]))
        self.calls.append((channel, channel.post(text), text, self._now()))

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
    """What a ledger comes to: the account and those of its channels alone."""
    ledger = Ledger(trader.ledger)
    try:
        ledger.check()
        terms = book_of(ledger).fold.terms
        found: dict[str, Data] = {}
        for account in ledger.accounts():
            said = statement(ledger.events(account), terms)
            found |= {f"{account}, {name}": data for name, data in said.items()}
        return found
    finally:
        ledger.close()


def book_of(ledger: Ledger) -> Book:
    """The account's book."""
    book = _book(ledger, "steady")
    assert book is not None
    return book


def over(trader: Trader) -> bool:
    """Whether every call has come to its end."""
    ledger = Ledger(trader.ledger)
    try:
        rows = book_of(ledger).fold.rows
    finally:
        ledger.close()
    answered = all(call.asked or not call.counted for call in rows)
    return answered and all(not call.lives and (call.facts is None or call.over) for call in rows)


@dataclass
class Victim:
    """An account that is killed again and again. Moments are of market time, but ``starts_until`` is ours."""

    trader: Trader
    chance: random.Random
    kill_ms: int
    back_ms: int | None = None
    away_ms: int = 0  # since it was up to date
    starts_until: float | None = None  # it is killed then if it is not up to date before

    def step(self, now_ms: int, *, more: bool) -> None:
        """Kill it or bring it back, when that is due."""
        trader = self.trader
        if self.back_ms is not None:
            if now_ms >= self.back_ms:
                self.back_ms = None
                trader.start()
                early = more and self.chance.random() < 0.25
                self.starts_until = time.monotonic() + (self.chance.uniform(0, 1.5) if early else 1e9)
        elif self.starts_until is not None:
            assert trader.lives, trader.screen()[-3000:]
            if trader.said().count("is up to date") >= CHANNELS:
                self.starts_until, self.away_ms = None, 0
                self.kill_ms = now_ms + round(self.chance.choice([0.1, 1, 3]) * self.chance.uniform(0, 2) * MINUTE_MS)
            elif more and time.monotonic() > self.starts_until:
                self._kill(now_ms)
        elif more and now_ms >= self.kill_ms:
            self._kill(now_ms)

    def _kill(self, now_ms: int) -> None:
        self.trader.kill()
        self.starts_until = None
        away = self.chance.randrange(0, MOST_AWAY_MS - self.away_ms)
        self.away_ms, self.back_ms = self.away_ms + away, now_ms + away


def test_killed_accounts_come_to_what_a_quiet_one_does(tmp_path: Path) -> None:
    chance = random.Random(int(os.environ.get("SIGNALPROOF_SEED", "8")))
    with doubles(tmp_path, SPEED, CHANNELS) as both:
        both.clock.held = True
        traders = [
            both.trader(tmp_path / f"account{number}", {"steady": STRATEGY}, {"steady": RULES}, PACE, FEED)
            for number in range(VICTIMS + 1)
        ]
        try:
            for trader in traders:
                trader.start()
            for trader in traders:
                for number in range(CHANNELS):
                    trader.says(f"channel_{number}", "is up to date")
            both.clock.held, both.clock.awaited = False, {trader.place for trader in traders}
            quiet, *others = traders
            torment(both, quiet, others, chance)
            end_ms = both.clock.now_ms() + HOUR_MS  # the longest call takes a third of it
            while not all(over(trader) for trader in traders):
                assert all(trader.lives for trader in traders), "none ends of itself"
                assert both.clock.now_ms() < end_ms, "calls never end"
                time.sleep(0.5)
            time.sleep(3 * 60 / SPEED)
            assert [trader.stop() for trader in traders] == [0] * len(traders)
        finally:
            for trader in traders:
                trader.end()
    posted = {(c.username, number) for c in both.telegram.channels.values() for number in c.posts}
    theirs = comes_to(quiet)
    assert sum(call.get("facts") is not None for call in theirs.values()) >= KILLS / 4, "trades were made"
    for trader in others:
        assert [str(one) for one in disagreements(comes_to(trader), theirs)] == []
        archived = {(m.channel, m.message_id) for m in Archive(trader.how.folder / "data" / "signals_raw.jsonl").read()}
        assert posted <= archived, "no message is lost"
        keys = [event.key for event in Ledger(trader.ledger).events("steady") if event.key]
        assert len(keys) == len(set(keys)), "none acts twice"


def torment(both: Doubles, quiet: Trader, others: Sequence[Trader], chance: random.Random) -> None:
    """Let the channels post while accounts are killed and come back; time stands still while one of them starts."""
    posts, clock = Posts(both, chance, [quiet, *others]), both.clock
    began = clock.now_ms()
    victims = [Victim(trader, chance, began + chance.randrange(3 * MINUTE_MS)) for trader in others]
    post_at = time.monotonic()
    while (killed := sum(one.trader.kills for one in victims)) < KILLS or any(
        one.back_ms or one.starts_until for one in victims
    ):
        for victim in victims:
            victim.step(clock.now_ms(), more=killed < KILLS)
        clock.held = any(one.starts_until is not None for one in victims)
        clock.awaited = {one.place for one in [quiet, *others] if one.lives}
        if time.monotonic() >= post_at:
            both.call(posts.act)
            post_at = time.monotonic() + chance.uniform(0.1, 0.6) * (3 if clock.held else 1)
        time.sleep(0.01)

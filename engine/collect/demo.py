"""The demo's three invented channels, posting about the synthetic market. Here is the truth about them:

keel
    has a real edge. For the share ``FORESIGHT`` of its calls the world-maker has read ahead and chosen the side on
    which the first target comes before the stop; the others are coin flips. Limit entries at the market.
coin
    has none: every side is a coin flip. It looks professional: zones, three targets, leverage.
echo
    has none either: it calls at the market, in the direction of a strong move that has just happened. The market is a
    martingale, so that says nothing. Hours after a call has lost, the post is edited into one that would have won, or
    deleted: who keeps only last versions sees a good channel.

All of them chat between their calls. After costs the mean result of keel lies near +0.4 R, the others' below zero.

The foresight belongs to the maker of this world. What tests the channels knows nothing of it, and gets the messages as
a live archive would have them: an edit or a deletion is a second version of its post.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal, TypeVar

import numpy as np

from engine.domain import Message, Side
from engine.market.foresight import Call, WorldMaker, round_level
from engine.market.synthetic import SyntheticMarket
from engine.units import DAY_MS, HOUR_MS, MINUTE_MS

T = TypeVar("T")

FORESIGHT = 0.53
QUIET_MS = 6 * HOUR_MS  # between two calls, at least
SYMBOL_QUIET_MS = 2 * DAY_MS  # until a symbol is called again
STRONG_MOVE = 2.0  # standard deviations
CHAT_ID = -1_001_000_000_001


@dataclass(frozen=True, slots=True)
class Post:
    """A post and what happens to it later: (time, new text), with None for a deletion."""

    posted_ms: int
    text: str
    change: tuple[int, str | None] | None = None


def demo_messages(name: str, market: SyntheticMarket, seed: int, channel_id: str) -> list[Message]:
    """All message versions of a demo channel, in the order in which they became known.

    Parameters
    ----------
    name
        One of ``DEMO_CHANNELS``. Raises ValueError for another.
    market
        Where the prices come from; the channel posts from its start to its end. Its time frame does not matter.
    seed
        Another seed, other calls on the same market.
    channel_id
        What ``Message.channel`` shall be.
    """
    if name not in DEMO_CHANNELS:
        raise ValueError(f'there is no demo channel "{name}", only {", ".join(DEMO_CHANNELS)}')
    channel = _CHANNELS[name](market, np.random.default_rng([seed, *name.encode()]))
    posts = sorted([*channel.calls(), *channel.chat()], key=lambda post: post.posted_ms)
    messages = []
    for number, post in enumerate(posts, 1):
        original = Message(
            channel=channel_id,
            chat_id=CHAT_ID - DEMO_CHANNELS.index(name),
            message_id=number,
            version=1,
            kind="post",
            posted_ms=post.posted_ms,
            edited_ms=None,
            received_ms=post.posted_ms,
            text=post.text,
            origin="demo",
        )
        messages.append(original)
        if post.change and post.change[0] < market.end_ms:
            at, text = post.change
            kind: Literal["edit", "deletion"] = "deletion" if text is None else "edit"
            messages.append(replace(original, version=2, kind=kind, edited_ms=at, received_ms=at, text=text or ""))
    return sorted(messages, key=lambda message: (message.known_ms, message.message_id))


class _Channel(ABC):
    """What the channels have in common: the rhythm of their calls, and chat."""

    pause_ms = 9.5 * HOUR_MS  # between two calls, on average, on top of ``QUIET_MS``

    def __init__(self, market: SyntheticMarket, random: np.random.Generator) -> None:
        self.market = market
        self.world = WorldMaker(market)
        self.random = random

    def calls(self) -> Iterator[Post]:
        """The calls, and a word about half of those that reached their first target."""
        quiet_until: dict[str, int] = {}
        now = self.market.start_ms
        while (now := _second(now + QUIET_MS + self.random.exponential(self.pause_ms))) < self.market.end_ms:
            found = self.occasion(now, [s for s in self.market.symbols if quiet_until.get(s, 0) <= now])
            if found is None:
                continue
            now, symbol = found
            quiet_until[symbol] = now + SYMBOL_QUIET_MS
            call = self.call(now, symbol)
            yield Post(now, self.text(call), self.change(call))
            if call.fate.won and self.random.random() < 0.5:
                gain = abs(call.targets[0] / call.entries[0] - 1)
                at = self.world.time_of(symbol, call.fate.row) + self.random.uniform(1, 9) * MINUTE_MS
                yield Post(_second(at), f"{call.coin} target 1 hit ✅ +{gain:.1%}")

    def chat(self) -> Iterator[Post]:
        """Talk without a call in it: in the mornings, about a price, and offers."""
        for day in range(self.market.start_ms, self.market.end_ms - DAY_MS + 1, DAY_MS):
            morning, price_talk, offer = (_second(day + self.random.uniform(*at) * HOUR_MS) for at in _CHAT_HOURS)
            symbol, mood = self.any_of(self.market.symbols), self.any_of(("strong", "weak"))
            if self.random.random() < 0.5:
                yield Post(morning, "gm everyone ☕")
            if self.random.random() < 0.3:
                price = _text(round_level(self.world.price(symbol, price_talk)))
                yield Post(price_talk, f"{symbol.removesuffix('USDT')} {mood} at {price}, careful")
            if self.random.random() < 0.15:
                yield Post(offer, "🔥 VIP offer 50% off today")

    def occasion(self, now: int, symbols: Sequence[str]) -> tuple[int, str] | None:
        """When the next call comes, and on which of these symbols: at once, on any of them."""
        return (now, self.any_of(symbols)) if symbols else None

    @abstractmethod
    def call(self, now: int, symbol: str) -> Call:
        """A call on a symbol."""

    @abstractmethod
    def text(self, call: Call) -> str:
        """The call as it is posted."""

    def change(self, call: Call) -> tuple[int, str | None] | None:  # noqa: ARG002 - for those who do
        """What happens to the post later: nothing."""
        return None

    def any_of(self, options: Sequence[T]) -> T:
        """One of these, each as likely as the other."""
        return options[int(self.random.integers(len(options)))]


class _Keel(_Channel):
    """The channel with an edge."""

    def call(self, now: int, symbol: str) -> Call:
        """A limit near the market; with foresight on the side that wins, where just one of them does."""
        price, slack = self.world.price(symbol, now), self.random.uniform(-0.0005, 0.0005)
        risk, count = self.random.uniform(0.01, 0.022), self.any_of((2, 3))
        entries = {side: price * (1 - side.sign * slack) for side in Side}
        both = [self.world.call(now, symbol, side, [entry], entry, risk, count) for side, entry in entries.items()]
        winners = [call for call in both if call.fate.won]
        flip = self.any_of(both)
        return winners[0] if self.random.random() < FORESIGHT and len(winners) == 1 else flip

    def text(self, call: Call) -> str:
        """One line."""
        word = "📈 BUY" if call.side is Side.LONG else "📉 SELL"
        targets = " / ".join(map(_text, call.targets))
        return f"{word} {call.symbol} @ {_text(call.entries[0])}, TP {targets}, SL {_text(call.stop)}"


class _Coin(_Channel):
    """The channel that flips coins."""

    def call(self, now: int, symbol: str) -> Call:
        """An entry zone at the market."""
        side = self.any_of(tuple(Side))
        near = self.world.price(symbol, now) * (1 + side.sign * self.random.uniform(-0.001, 0.0005))
        far = near * (1 - side.sign * self.random.uniform(0.003, 0.008))
        zone = sorted((near, far))
        return self.world.call(now, symbol, side, zone, (near + far) / 2, self.random.uniform(0.012, 0.024), 3)

    def text(self, call: Call) -> str:
        """A block."""
        low, high = map(_text, call.entries)
        targets = "\n".join(f"{n}) {_text(target)}" for n, target in enumerate(call.targets, 1))
        return (
            f"#{call.coin}/USDT — {call.side.value.capitalize()}\nLeverage: Cross ({self.any_of((3, 5, 10))}x)\n"
            f"Entry Zone: {low} - {high}\nTake-Profit Targets:\n{targets}\nStop Targets:\n1) {_text(call.stop)}"
        )


class _Echo(_Channel):
    """The channel that calls after the move and edits its losing calls."""

    pause_ms = 5.5 * HOUR_MS  # shorter, because it then waits for a move

    def __init__(self, market: SyntheticMarket, random: np.random.Generator) -> None:
        super().__init__(market, random)
        self.moves = {symbol: self.world.moves(symbol, STRONG_MOVE) for symbol in market.symbols}

    def occasion(self, now: int, symbols: Sequence[str]) -> tuple[int, str] | None:
        """A moment in the minute after the next strong move of one of these symbols; None when a day brings none."""
        found = []
        for symbol in symbols:
            rows = self.moves[symbol]
            at = int(np.searchsorted(rows, self.world.row_at(symbol, now)))
            if at < len(rows) and rows[at] < self.world.row_at(symbol, now + DAY_MS):
                found.append((self.world.time_of(symbol, int(rows[at]) + 1), symbol))
        if not found:
            return None
        minute, symbol = min(found)
        return _second(minute + self.random.uniform(0, MINUTE_MS)), symbol

    def call(self, now: int, symbol: str) -> Call:
        """A market call in the direction of the last hour's move."""
        price, before = self.world.price(symbol, now), self.world.price(symbol, now - HOUR_MS)
        side = Side.LONG if price > before else Side.SHORT
        return self.world.call(now, symbol, side, (), price, self.random.uniform(0.01, 0.022), 2)

    def text(self, call: Call) -> str:
        """Three lines."""
        reference = f"{call.entries[0]:.{self.world.decimals(call.symbol)}f}"
        targets = " - ".join(map(_text, call.targets))
        return f"{call.coin} {call.side.upper()} now ({reference})\nTargets: {targets}\nStop loss: {_text(call.stop)}"

    def change(self, call: Call) -> tuple[int, str | None] | None:
        """A call that lost gets levels that would have won, or disappears."""
        if call.fate.won is not False:
            return None
        at = _second(self.world.time_of(call.symbol, call.fate.row) + self.random.uniform(2, 8) * HOUR_MS)
        low, high = self.world.extremes(call.symbol, call.posted_ms, at)
        entry, sign = call.entries[0], call.side.sign
        best, worst = (high, low) if sign > 0 else (low, high)
        gain = sign * (best / entry - 1)
        if gain < 0.003 or self.random.random() < 0.3:
            return at, None
        decimals = self.world.decimals(call.symbol)
        targets = tuple(round(entry * (1 + sign * gain * part), decimals) for part in (0.5, 0.9))
        stop = round(worst * (1 - sign * 0.004), decimals)
        return at, self.text(replace(call, targets=targets, stop=stop))


_CHANNELS: dict[str, type[_Channel]] = {"keel": _Keel, "coin": _Coin, "echo": _Echo}
DEMO_CHANNELS = tuple(_CHANNELS)
_CHAT_HOURS = ((5, 8), (9, 22), (9, 22))  # of the day: greetings, talk about prices, offers


def _second(ms: float) -> int:
    """A time in whole seconds, as Telegram has them."""
    return round(ms / 1000) * 1000


def _text(price: float) -> str:
    """Without an exponent or needless zeros."""
    return f"{price:.10f}".rstrip("0").rstrip(".")

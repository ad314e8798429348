"""The demo world: three invented channels in an invented market, with the truth known.

* ``keel`` has a real edge. Its maker looks ahead in the invented candles: with probability ``SKILL`` a call takes the
  side on which the trade will end better, else a coin decides.
* ``coin`` has none: a coin decides.
* ``echo`` calls after the move, in the direction of the move, in a market without momentum; hours later it edits a
  losing call into one that looks won, or deletes it.

The makers below know the future because they make the world. Nothing in the tester may use this module's knowledge:
it sees only the messages, in the forms that a live archive would have.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from engine.domain import Message, Side
from engine.market.candles import Candles
from engine.market.synthetic import SyntheticMarket
from engine.units import DAY_MS, HOUR_MS, MINUTE_MS

SKILL = 0.45  # how often keel's maker looks ahead
CALLS_PER_DAY = 1.6
HORIZON_MS = 3 * DAY_MS  # how far keel's maker looks
CHAT = (
    "gm everyone ☕",
    "{coin} strong at {price}, careful",
    "{coin} target 1 hit ✅ +2.1%",
    "🔥 VIP offer 50% off today",
    "good morning, patience pays",
)
NUMBERS = {"keel": 1, "coin": 2, "echo": 3}


@dataclass(frozen=True, slots=True)
class Idea:
    """One call before it is written down. Prices lie on the symbol's tick."""

    at_ms: int
    symbol: str
    side: Side
    price: float
    stop: float
    targets: tuple[float, ...]
    digits: int
    bar: int


def demo_messages(name: str, market: SyntheticMarket, seed: int, channel: str) -> list[Message]:
    """All message versions of a demo channel (``keel``, ``coin`` or ``echo``), in the order in which they appeared.

    Raises KeyError for another name.
    """
    number = NUMBERS[name]
    rng = np.random.default_rng([market.seed, seed, number])
    candles = {symbol: market.candles(symbol) for symbol in market.symbols}
    ideas = list(_ideas(name, market, candles, rng))
    write = {"keel": _one_line, "coin": _block, "echo": _market_call}[name]
    versions: list[Message] = []
    posts: list[tuple[int, str, Idea | None]] = [(idea.at_ms, write(idea), idea) for idea in ideas]
    posts += [(at, text, None) for at, text in _chat(ideas, rng)]
    posts.sort(key=lambda post: post[0])
    for i, (at, text, idea) in enumerate(posts, 1):
        message = Message(channel, -1000000000000 - number, i, 1, "post", at, None, at, text, origin="demo")
        versions.append(message)
        if name == "echo" and idea is not None:
            versions += _cover_up(message, idea, candles[idea.symbol], rng)
    return sorted(versions, key=lambda m: (m.received_ms, m.message_id, m.version))


# --------------------------------------------------------------------------- ideas


def _ideas(name: str, market: SyntheticMarket, candles: dict[str, Candles], rng: np.random.Generator) -> Iterator[Idea]:
    """The calls of a channel: random times, symbols and distances; the side is what sets the channels apart."""
    days = (market.end_ms - market.start_ms) / DAY_MS
    count = rng.poisson(CALLS_PER_DAY * days)
    last = market.end_ms - HORIZON_MS - HOUR_MS
    times = np.sort(rng.integers(market.start_ms + DAY_MS, max(last, market.start_ms + DAY_MS + 1), count))
    for at in times.tolist():
        symbol = market.symbols[int(rng.integers(len(market.symbols)))]
        bars = candles[symbol]
        distance = float(rng.uniform(0.010, 0.022))
        coin = Side.LONG if rng.random() < 0.5 else Side.SHORT
        at_ms = at // 1000 * 1000
        if name == "echo":
            found = _after_a_move(bars, at_ms)
            if found is None:
                continue
            at_ms, coin = found
        bar = int(np.searchsorted(bars.ts, at_ms, side="right")) - 1
        idea = _levels(at_ms, symbol, coin, distance, market.tick(symbol), bars, bar)
        if name == "keel" and rng.random() < SKILL:
            other = _levels(at_ms, symbol, coin.opposite, distance, market.tick(symbol), bars, bar)
            idea = max(idea, other, key=lambda i: _foreseen(i, bars))
        yield idea


def _levels(at_ms: int, symbol: str, side: Side, distance: float, tick: float, bars: Candles, bar: int) -> Idea:
    """Stop one distance away, targets at 0.8, 1.6 and 2.6 distances."""
    digits = max(0, round(-np.log10(tick)))
    price = float(bars.close[bar])

    def level(r: float) -> float:
        return float(round(price * (1 + side.sign * r * distance), digits))

    return Idea(at_ms, symbol, side, price, level(-1), (level(0.8), level(1.6), level(2.6)), digits, bar)


def _foreseen(idea: Idea, bars: Candles) -> float:
    """How far price will go for the idea, in distances, before it goes one distance against it. World-making only."""
    end = idea.bar + 1 + HORIZON_MS // (bars.timeframe_ms)
    high, low = bars.high[idea.bar + 1 : end], bars.low[idea.bar + 1 : end]
    risk = abs(idea.price - idea.stop)
    against = low <= idea.stop if idea.side is Side.LONG else high >= idea.stop
    first = int(against.argmax()) if against.any() else len(against)
    if first == 0:
        return -1.0
    best = high[:first].max() - idea.price if idea.side is Side.LONG else idea.price - low[:first].min()
    return float(best / risk)


def _after_a_move(bars: Candles, at_ms: int) -> tuple[int, Side] | None:
    """The first time after ``at_ms`` at which price moved 1.5% within the hour, and the move's direction."""
    hour = HOUR_MS // bars.timeframe_ms
    start = int(np.searchsorted(bars.ts, at_ms))
    ahead = bars.close[start : start + 24 * hour]
    before = bars.close[start - hour : start - hour + len(ahead)]
    moved = np.abs(ahead / before - 1) > 0.015
    if not moved.any():
        return None
    i = int(moved.argmax())
    side = Side.LONG if ahead[i] > before[i] else Side.SHORT
    return int(bars.ts[start + i]) + bars.timeframe_ms + 1000, side


# --------------------------------------------------------------------------- texts


def _show(price: float, digits: int) -> str:
    """A price as people write it: no digits that say nothing."""
    text = f"{price:.{digits}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _one_line(idea: Idea) -> str:
    """Keel's layout."""
    side, sign = ("BUY", "📈") if idea.side is Side.LONG else ("SELL", "📉")
    targets = " / ".join(_show(t, idea.digits) for t in idea.targets)
    entry, stop = _show(idea.price, idea.digits), _show(idea.stop, idea.digits)
    return f"{sign} {side} {idea.symbol} @ {entry}, TP {targets}, SL {stop}"


def _block(idea: Idea) -> str:
    """Coin's layout: a zone from the price to a quarter of a distance below (above for a short)."""
    edge = round(idea.price - 0.25 * (idea.price - idea.stop), idea.digits)
    low, high = sorted((idea.price, edge))
    lines = [
        f"#{idea.symbol.removesuffix('USDT')}/USDT — {'Long' if idea.side is Side.LONG else 'Short'}",
        "Leverage: Cross (5x)",
        f"Entry Zone: {_show(low, idea.digits)} - {_show(high, idea.digits)}",
        "Take-Profit Targets:",
        *(f"{i}) {_show(t, idea.digits)}" for i, t in enumerate(idea.targets, 1)),
        "Stop Targets:",
        f"1) {_show(idea.stop, idea.digits)}",
    ]
    return "\n".join(lines)


def _market_call(idea: Idea) -> str:
    """Echo's layout."""
    targets = " - ".join(_show(t, idea.digits) for t in idea.targets)
    return (
        f"{idea.symbol.removesuffix('USDT')} {idea.side.value.upper()} now ({_show(idea.price, idea.digits)})\n"
        f"Targets: {targets}\nStop loss: {_show(idea.stop, idea.digits)}"
    )


def _chat(ideas: list[Idea], rng: np.random.Generator) -> Iterator[tuple[int, str]]:
    """Talk between the calls, about one post for every two calls."""
    for idea in ideas:
        if rng.random() < 0.5:
            text = CHAT[int(rng.integers(len(CHAT)))]
            coin, price = idea.symbol.removesuffix("USDT"), _show(idea.price, idea.digits)
            minutes = int(rng.integers(5, 300))
            yield idea.at_ms + minutes * MINUTE_MS, text.format(coin=coin, price=price)


def _cover_up(message: Message, idea: Idea, bars: Candles, rng: np.random.Generator) -> Iterator[Message]:
    """What happens to a call that lost: an edit with levels that were reached, or a deletion, some hours later."""
    if _foreseen(idea, bars) >= 0.8:
        return
    later = message.posted_ms + int(rng.integers(6, 60)) * HOUR_MS
    if rng.random() < 0.3:
        yield replace(message, kind="deletion", version=2, edited_ms=later, received_ms=later, text="")
        return
    turned = replace(
        idea,
        stop=round(2 * idea.price - idea.stop, idea.digits),
        targets=tuple(round(2 * idea.price - t, idea.digits) for t in idea.targets),
        side=idea.side.opposite,
    )
    yield replace(message, kind="edit", version=2, edited_ms=later, received_ms=later, text=_market_call(turned))

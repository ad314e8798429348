"""The words for the figures of a run: one wording for the report and the terminal."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Literal, Protocol, TypeVar

from engine.report.run import ChannelResult, Held
from engine.units import moment_ms, show_count, show_duration, show_time
from engine.verdict.verdict import Word

NOTHING = "-"
count = show_count  # by the name that pages use
Tone = Literal["good", "bad", "open"]


class Judged(Protocol):
    """A channel with a word on it."""

    @property
    def name(self) -> str:
        """As people call it."""

    @property
    def word(self) -> str:
        """One of ``verdict.Word``."""

    @property
    def mean_r(self) -> float | None:
        """Its mean R, None without trades."""

    @property
    def low(self) -> float | None:
        """The lower end of its interval."""

    @property
    def high(self) -> float | None:
        """The upper end of its interval."""


One = TypeVar("One", bound=Judged)


def r_text(value: float | None, digits: int = 2) -> str:
    """An R multiple with its sign: ``+0.41``."""
    return NOTHING if value is None else f"{_no_minus_zero(value, digits):+.{digits}f}"


def percent(value: float | None, digits: int = 0) -> str:
    """A fraction as ``57%``."""
    return NOTHING if value is None else f"{_no_minus_zero(100 * value, digits):.{digits}f}%"


def points(value: float | None) -> str:
    """A difference of two shares in percentage points, with its sign: ``+3%``."""
    return NOTHING if value is None else f"{_no_minus_zero(100 * value, 0):+.0f}%"


def plain(value: float | None, digits: int = 2) -> str:
    """A figure without a sign of its own: ``1.84``."""
    return NOTHING if value is None else f"{_no_minus_zero(value, digits):.{digits}f}"


def money(value: float | None, sign: bool = False) -> str:
    """Money with thousands and cents: ``10,250.00``, or with its sign ``+250.00``."""
    if value is None:
        return NOTHING
    return f"{_no_minus_zero(value, 2):+,.2f}" if sign else f"{_no_minus_zero(value, 2):,.2f}"


def tone(channel: Judged) -> Tone:
    """The colour of a channel, from its verdict: good to follow, bad to avoid, else open."""
    tones: dict[str, Tone] = {Word.FOLLOW: "good", Word.AVOID: "bad"}
    return tones.get(channel.word, "open")


def best_first(channels: Iterable[One]) -> list[One]:
    """Channels to follow first, then by the lower end of their interval, so that a few lucky trades do not lead."""

    def key(channel: One) -> tuple[bool, bool, float, bool, float, str]:
        low, mean = channel.low, channel.mean_r
        return channel.word != Word.FOLLOW, low is None, -(low or 0.0), mean is None, -(mean or 0.0), channel.name

    return sorted(channels, key=key)


def sentence(channel: ChannelResult) -> str:
    """The one sentence about a channel, without its name.

    ``281 trades, +0.41 R per trade on average (95% sure between +0.25 and +0.57): EDGE SHOWN``.
    """
    if channel.mean_r is None:
        calls = sum(channel.funnel.calls.values())
        return (
            f"{count(calls, 'call')}, none of them filled: {channel.verdict}"
            if calls
            else f"no calls: {channel.verdict}"
        )
    sure = "too few trades to say how sure"
    if channel.low is not None and channel.high is not None:
        sure = f"95% sure between {r_text(channel.low)} and {r_text(channel.high)}"
    each = f"{r_text(channel.mean_r)} R per trade on average" if channel.trades > 1 else f"{r_text(channel.mean_r)} R"
    return f"{count(channel.trades, 'trade')}, {each} ({sure}): {channel.verdict}"


def money_line(channel: ChannelResult, held: Held | None, currency: str) -> str:
    """What 1,000 became that followed a channel, beside holding BTC; the band where it has a width.

    ``1,000 USDT following it, compounded, became 1,184.20 (from 1,160.00 to 1,221.00 with the same-candle band); BTC
    held: 1,092``
    """
    followed = channel.followed
    became = f"1,000 {currency} following it, compounded, became {money(followed.figures.end)}"
    low, high = money(followed.low), money(followed.high)
    band = "" if low == high else f" (from {low} to {high} with the same-candle band)"
    return f"{became}{band}; BTC held: {money(held.end) if held else 'no candles'}"


def chance(value: float | None) -> str:
    """A p-value or a share with two digits that say something."""
    if value is None:
        return NOTHING
    return "<0.0001" if value < 0.0001 else f"{value:.2g}" if value < 0.1 else f"{value:.2f}"


def whole(value: float | None) -> str:
    """A count with thousands."""
    return NOTHING if value is None else f"{value:,.0f}"


def seconds(delay_s: int) -> str:
    """A delay: ``0s``, ``5s``, ``5m``."""
    return f"{delay_s}s" if delay_s < 60 else show_duration(1000 * delay_s)


def days(value: float | None) -> str:
    """A length in days."""
    return NOTHING if value is None else f"{value:,.0f} d" if value >= 10 else f"{value:.1f} d"


def gain(value: float | None) -> str:
    """A fraction with its sign: ``+30.8%``."""
    return NOTHING if value is None else f"{_no_minus_zero(100 * value, 1):+.1f}%"


def lean(value: float | None, digits: int = 2) -> str:
    """The colour of a figure as it is shown: ``plus``, ``less``, none where it reads zero."""
    shown = 0.0 if value is None else _no_minus_zero(value, digits)
    return "plus" if shown > 0 else "less" if shown < 0 else ""


def price(value: float | None, decimals: int | None = None) -> str:
    """A price to its tick, where that is known."""
    return NOTHING if value is None else f"{value:.8g}" if decimals is None else f"{value:.{decimals}f}"


def moment(text: str, zone: str) -> str:
    """An ISO time in a zone, to the minute: ``2025-05-04 18:40``."""
    return show_time(moment_ms(text), zone)[:16]


def waited(seconds: float | None) -> str:
    """A length of time from tenths of seconds to days: ``1.4s``, ``5m``."""
    if seconds is None:
        return NOTHING
    return f"{seconds:.1f}s" if seconds < 60 else show_duration(1000 * round(seconds))


def minus(text: str) -> str:
    """Text for a page: real minus signs before its figures, a dash where there is none."""
    return "–" if text == NOTHING else re.sub(r"(?<!\w)-(?=%?\d)", "−", text)


def _no_minus_zero(value: float, digits: int) -> float:
    """The value rounded, with zero instead of minus zero."""
    return round(value, digits) + 0.0

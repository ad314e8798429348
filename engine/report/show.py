"""The words for the figures of a run: one wording for the report and the terminal."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Literal

from engine.report.run import ChannelResult
from engine.verdict.verdict import Word

NOTHING = "-"
Tone = Literal["good", "bad", "open"]


def r_text(value: float | None, digits: int = 2) -> str:
    """An R multiple with its sign: ``+0.41``."""
    return NOTHING if value is None else f"{_no_minus_zero(value, digits):+.{digits}f}"


def percent(value: float | None, digits: int = 0) -> str:
    """A fraction as ``57%``."""
    return NOTHING if value is None else f"{_no_minus_zero(100 * value, digits):.{digits}f}%"


def plain(value: float | None, digits: int = 2) -> str:
    """A figure without a sign of its own: ``1.84``."""
    return NOTHING if value is None else f"{_no_minus_zero(value, digits):.{digits}f}"


def money(value: float | None, sign: bool = False) -> str:
    """Money with thousands and cents: ``10,250.00``, or with its sign ``+250.00``."""
    if value is None:
        return NOTHING
    return f"{_no_minus_zero(value, 2):+,.2f}" if sign else f"{_no_minus_zero(value, 2):,.2f}"


def count(number: int, one: str, many: str = "") -> str:
    """A counted noun: ``1 trade``, ``1,281 trades``."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def tone(channel: ChannelResult) -> Tone:
    """The colour of a channel, from its verdict: good for a shown edge, bad for a shown loss, else open."""
    tones: dict[str, Tone] = {Word.EDGE_SHOWN: "good", Word.LOSES: "bad"}
    return next((tones[word] for word in tones if channel.verdict.startswith(word)), "open")


def best_first(channels: Iterable[ChannelResult]) -> list[ChannelResult]:
    """Channels by the lower end of their interval, so that a few lucky trades do not lead; those without one last."""

    def key(channel: ChannelResult) -> tuple[bool, float, bool, float, str]:
        low, mean = channel.low, channel.mean_r
        return low is None, -(low or 0.0), mean is None, -(mean or 0.0), channel.name

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


def minus(text: str) -> str:
    """Text for a page: real minus signs before its figures, a dash where there is none."""
    return "–" if text == NOTHING else re.sub(r"(?<!\w)-(?=\d)", "−", text)


def _no_minus_zero(value: float, digits: int) -> float:
    """The value rounded, with zero instead of minus zero."""
    return round(value, digits) + 0.0

"""Percent, durations, time frames, money and times, between people's text and the engine's numbers."""

from __future__ import annotations

import re
from collections.abc import Collection
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

MINUTE_MS = 60_000
HOUR_MS = 60 * MINUTE_MS
DAY_MS = 24 * HOUR_MS
UNITS_MS = {"ms": 1, "s": 1000, "m": MINUTE_MS, "h": HOUR_MS, "d": DAY_MS, "w": 7 * DAY_MS}


def duration_ms(text: str) -> int:
    """``90s``, ``15m``, ``4h``, ``7d``, ``2w`` in milliseconds. Raises ValueError for anything else."""
    match = re.fullmatch(r"([0-9]+(?:\.[0-9]+)?)\s*(ms|s|m|h|d|w)", text.strip())
    if not match:
        raise ValueError(f'"{text}" is not a duration such as 30s, 15m, 4h or 7d')
    return round(float(match[1]) * UNITS_MS[match[2]])


def fraction(text: str) -> float:
    """``1%`` or ``2bp`` (basis points) as a fraction. Raises ValueError for anything else."""
    match = re.fullmatch(r"([+-]?[0-9]+(?:\.[0-9]+)?)\s*(%|bp)", text.strip())
    if not match:
        raise ValueError(f'"{text}" is not a percentage such as 1% or 2bp')
    return float(match[1]) / (100 if match[2] == "%" else 10_000)


def money(text: str) -> tuple[float, str]:
    """``1000 USDT`` as (1000.0, "USDT"). Raises ValueError for anything else."""
    match = re.fullmatch(r"([0-9][0-9_]*(?:\.[0-9]+)?)\s*([A-Z]{2,10})", text.strip())
    if not match:
        raise ValueError(f'"{text}" is not an amount such as 1000 USDT')
    return float(match[1].replace("_", "")), match[2]


def moment_ms(text: str) -> int:
    """``2025-05-04``, ``2025-05-04 15:30`` or a full ISO time as epoch ms (UTC by default; ValueError)."""
    parsed = datetime.fromisoformat(text.strip())
    return round((parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)).timestamp() * 1000)


def show_time(ms: int, zone: str = "UTC") -> str:
    """Epoch ms as ``2025-05-04 15:30:05`` in a zone."""
    return datetime.fromtimestamp(ms / 1000, ZoneInfo(zone)).strftime("%Y-%m-%d %H:%M:%S")


def next_midnight_ms(now_ms: int, zone: str) -> int:
    """When the next day begins in a zone; where the clock skips midnight, the first moment after it."""
    there = ZoneInfo(zone)
    tomorrow = datetime.fromtimestamp(now_ms / 1000, there).date() + timedelta(days=1)
    return round(datetime.combine(tomorrow, time(), there).timestamp() * 1000)


def iso(ms: int) -> str:
    """Epoch ms as ISO 8601 in UTC, such as ``2025-05-04T15:30:05Z`` (with milliseconds where there are any)."""
    days, rest = divmod(ms, DAY_MS)
    seconds, rest = divmod(rest, 1000)
    minutes, seconds = divmod(seconds, 60)
    part = f".{rest:03}" if rest else ""
    return f"{_date(days)}T{minutes // 60:02}:{minutes % 60:02}:{seconds:02}{part}Z"


@lru_cache(maxsize=10_000)
def _date(days: int) -> str:
    """The date of a day after 1970-01-01."""
    return (date(1970, 1, 1) + timedelta(days=days)).isoformat()


def show_duration(ms: float) -> str:
    """A duration for people: ``45s``, ``12m``, ``3h 20m``, ``2d 4h``."""
    seconds = round(ms / 1000)
    for size, unit, finer, finer_unit in ((86400, "d", 3600, "h"), (3600, "h", 60, "m"), (60, "m", 1, "s")):
        if seconds >= size:
            rest = seconds % size // finer
            return f"{seconds // size}{unit} {rest}{finer_unit}" if rest else f"{seconds // size}{unit}"
    return f"{seconds}s"


def show_names(names: Collection[str]) -> str:
    """The first eight of some names, in their order: ``BTCUSDT, ETHUSDT``; dots where there are more."""
    return ", ".join(sorted(names)[:8]) + (" ..." if len(names) > 8 else "")


def show_count(number: int, one: str, many: str = "") -> str:
    """A counted noun: ``1 trade``, ``1,281 trades``."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"

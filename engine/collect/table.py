"""``data/signals_parsed.csv``: one row for each signal, for a spreadsheet or a notebook."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal
from pathlib import Path

from engine.domain import CloseStop, Distance, Side, Signal, Target
from engine.files import write_csv
from engine.units import iso, show_duration

COLUMNS = (
    "signal_id",
    "source",
    "ts",
    "edited_at",
    "symbol",
    "side",
    "entry",
    "entry_kind",
    "entry_low",
    "entry_high",
    "sl",
    "tp",
    "targets",
    "shares",
    "leverage",
    "layout",
    "message_id",
    "version",
    "hindsight",
    "origin",
    "link",
    "versions",
    "profile",
)
BETWEEN = " / "


def write_signals(path: Path, rows: Iterable[Sequence[object]]) -> int:
    """Replace the table; how many rows it has.

    ``ts`` is the time of the post (empty where nobody knows it) and ``edited_at`` that of the version read, in UTC.
    ``entry`` has all entry prices in the order of the call (a market call's stated price, or nothing), ``entry_low``
    and ``entry_high`` their bounds. ``sl`` is a price, or a distance such as ``5%`` or ``600 points``. ``tp`` is the
    first target; an open target is the word ``open``. Lists are joined by " / ". ``versions`` counts the texts that are
    known of the post, ``profile`` names the profile and the first digits of its hash.
    """
    found = list(rows)
    write_csv(path, COLUMNS, found)
    return len(found)


def row_of(signal: Signal, versions: int, profile: str) -> list[object]:
    """The cells of a signal."""
    message, setup = signal.message, signal.setup
    entries = setup.entries or (() if setup.reference is None else (setup.reference,))
    targets = [_target(target) for target in setup.targets]
    shares = ["" if target.share is None else f"{_number(round(target.share * 100, 6))}%" for target in setup.targets]
    return [
        signal.id,
        message.channel,
        iso(message.posted_ms) if message.posted_ms else None,
        None if message.edited_ms is None else iso(message.edited_ms),
        setup.symbol,
        "BUY" if setup.side is Side.LONG else "SELL",
        BETWEEN.join(_number(price) for price in entries),
        setup.entry_kind.value,
        _number(min(entries)) if entries else None,
        _number(max(entries)) if entries else None,
        _stop(setup.stop, setup.close_stop),
        targets[0] if targets else None,
        BETWEEN.join(targets),
        BETWEEN.join(shares) if any(shares) else None,
        None if setup.leverage is None else _number(setup.leverage),
        setup.layout,
        message.message_id,
        message.version,
        "yes" if signal.hindsight else "no",
        message.origin,
        message_link(message.chat_id, message.message_id),
        versions,
        profile,
    ]


def message_link(chat_id: int, message_id: int) -> str | None:
    """Where a message of a channel or supergroup can be opened by its members; None for other chats."""
    number = -1_000_000_000_000 - chat_id
    return f"https://t.me/c/{number}/{message_id}" if number > 0 else None


def _target(target: Target) -> str:
    """A target price, its distance from the entry, or the word open."""
    if target.price is not None:
        return _number(target.price)
    return "open" if target.distance is None else _distance(target.distance)


def _stop(stop: float | Distance | None, waits: CloseStop | None) -> str | None:
    """A stop price or its distance; behind it what it waits for, as in ``63000 (4h close, hard 62000)``."""
    if stop is None:
        return None
    shown = _distance(stop) if isinstance(stop, Distance) else _number(stop)
    if waits is None:
        return shown
    hard = "" if waits.hard is None else f", hard {_number(waits.hard)}"
    return f"{shown} ({show_duration(waits.timeframe_ms)} close{hard})"


def _distance(distance: Distance) -> str:
    """A distance with its unit: ``5%``, ``600 points``, ``2R``."""
    unit = {"percent": "%", "points": " points", "R": "R"}[distance.unit]
    return f"{_number(distance.value)}{unit}"


def _number(value: float) -> str:
    """A number without an exponent that reads back equal: ``64800``, ``0.00001234``."""
    text = format(Decimal(repr(float(value))), "f")
    return text.removesuffix(".0")

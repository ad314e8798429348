"""``data/signals_parsed.csv``: one row for each signal, for a spreadsheet or a notebook."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from pathlib import Path

from engine.domain import Distance, Side, Signal
from engine.files import write_csv
from engine.units import iso

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
)
BETWEEN = " / "


def write_signals(path: Path, signals: Iterable[Signal]) -> int:
    """Replace the table; how many rows it has.

    ``ts`` is the time of the post and ``edited_at`` that of the version read, in UTC. ``entry`` has all entry prices in
    the order of the call (a market call's stated price, or nothing), ``entry_low`` and ``entry_high`` their bounds.
    ``sl`` is a price, or a distance such as ``5%`` or ``600 points``. ``tp`` is the first target; an open target is the
    word ``open``. Lists are joined by " / ".
    """
    rows = [_row(signal) for signal in signals]
    write_csv(path, COLUMNS, rows)
    return len(rows)


def _row(signal: Signal) -> tuple[object, ...]:
    """The cells of a signal."""
    message, setup = signal.message, signal.setup
    entries = setup.entries or (() if setup.reference is None else (setup.reference,))
    targets = ["open" if target.price is None else _number(target.price) for target in setup.targets]
    shares = ["" if target.share is None else f"{_number(round(target.share * 100, 6))}%" for target in setup.targets]
    return (
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
        _stop(setup.stop),
        targets[0] if targets else None,
        BETWEEN.join(targets),
        BETWEEN.join(shares) if any(shares) else None,
        None if setup.leverage is None else _number(setup.leverage),
        setup.layout,
        message.message_id,
        message.version,
        "yes" if signal.hindsight else "no",
        message.origin,
    )


def _stop(stop: float | Distance | None) -> str | None:
    """A stop price, or its distance with the unit."""
    if isinstance(stop, Distance):
        return f"{_number(stop.value)}%" if stop.unit == "percent" else f"{_number(stop.value)} points"
    return None if stop is None else _number(stop)


def _number(value: float) -> str:
    """A number without an exponent that reads back equal: ``64800``, ``0.00001234``."""
    text = format(Decimal(repr(float(value))), "f")
    return text.removesuffix(".0")

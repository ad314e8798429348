"""Short text for candles, plans and signals, so that a test reads like a trader's note."""

from __future__ import annotations

import numpy as np

from engine.config.strategy import Costs, Entry, Exit, Market, Size, Strategy
from engine.domain import Distance, EntryKind, Message, Order, Plan, Setup, Side, Signal, StopMove, Target
from engine.market.candles import Candles
from engine.units import DAY_MS, MINUTE_MS


def bars(text: str, symbol: str = "BTCUSDT", start_ms: int = 0) -> Candles:
    """Candles from lines or `;`-separated groups `open high low close`; a lone `-` leaves the bar out."""
    rows, ts = [], []
    for i, line in enumerate(part.strip() for part in text.replace("\n", ";").split(";") if part.strip()):
        if line != "-":
            rows.append([float(x) for x in line.split()])
            ts.append(start_ms + i * MINUTE_MS)
    columns = np.array(rows).reshape(-1, 4).T
    return Candles(symbol, MINUTE_MS, np.array(ts, np.int64), *columns, np.ones(len(ts)))


def from_rows(symbol: str, rows: list[tuple[float, ...]]) -> Candles:
    """Candles from rows of open time, open, high, low, close."""
    ts, *prices = np.array(rows, np.float64).reshape(-1, 5).T
    return Candles(symbol, MINUTE_MS, ts.astype(np.int64), *prices, np.ones(len(ts)))


def plan(
    text: str,
    *,
    act_ms: int = 0,
    symbol: str = "BTCUSDT",
    channel: str = "c",
    number: int = 1,
    valid_ms: int = DAY_MS,
    breakeven: int = 0,
    close_after_ms: int | None = None,
    keep: bool = False,
    gap: str = "level",
) -> Plan:
    """`long market, stop 95, targets 110 120` or `short 100 101, stop 105, targets 90` with even weights and shares."""
    head, *rest = [part.strip() for part in text.split(",")]
    side, *entries = head.split()
    prices = [None if e == "market" else float(e) for e in entries]
    stop: float | Distance | None = None
    targets: list[float] = []
    for part in rest:
        word, *values = part.split()
        if word == "stop":
            stop = Distance(float(values[0][:-1]), "percent") if values[0].endswith("%") else float(values[0])
        else:
            targets = [float(v) for v in values]
    orders = tuple(Order("market" if p is None else "limit", p, 1 / len(prices)) for p in prices)
    shares = tuple((t, 1 / len(targets)) for t in targets)
    return Plan(
        f"{channel}/{number}",
        channel,
        symbol,
        Side(side),
        act_ms,
        act_ms + valid_ms,
        orders,
        stop,
        shares,
        (StopMove(breakeven),) if breakeven else (),
        close_after_ms,
        not keep,
        gap,  # type: ignore[arg-type]
    )


def strategy(**changes: object) -> Strategy:
    """A plain strategy: 1% risk of 10,000 USDT, five times leverage, no rules."""
    given: dict[str, object] = {
        "name": "test",
        "path": "strategies/test.yaml",
        "channels": ("c",),
        "market": Market("imported", "swap", "1m", MINUTE_MS),
        "from_ms": None,
        "to_ms": None,
        "equity": 10_000.0,
        "currency": "USDT",
        "leverage": 5.0,
        "size": Size(risk=0.01),
        "entry": Entry(latency_ms=5000),
        "exit": Exit(),
        "costs": Costs(),
    }
    return Strategy(**(given | changes))  # type: ignore[arg-type]


def signal(
    kind: EntryKind,
    side: Side,
    entries: tuple[float, ...],
    targets: tuple[float | tuple[float, float] | None, ...],
    stop: float | Distance | None,
    **changes: object,
) -> Signal:
    """A signal of channel c, posted at 1,000 s."""
    message = Message("c", -1, 7, 1, "post", 1_000_000, None, 1_000_000, "text")
    made = tuple(Target(*t) if isinstance(t, tuple) else Target(t) for t in targets)
    return Signal(message, Setup("BTCUSDT", side, kind, entries, made, stop, "layout", **changes))  # type: ignore[arg-type]

"""What the name of a candle file says: symbol, time frame, and whether it holds mark prices or funding.

Names of exchanges and tools are understood: ``BTCUSDT_1m``, ``BTC_USDT-1h``, ``ETH_USDT_USDT-8h-mark`` (freqtrade),
``x_ETHUSDT-perp_funding``, ``BTCUSDT-1m-2025-05`` (Binance).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import pairwise

from engine.market.timeframes import parse_timeframe

QUOTES = ("USDT", "USDC", "FDUSD", "BUSD", "USD")
_PAIR = re.compile(rf"([A-Z0-9]{{1,20}})({'|'.join(QUOTES)})")


@dataclass(frozen=True, slots=True)
class NameFacts:
    """``symbol`` and ``timeframe_ms`` are None unless the name says exactly one of each."""

    symbol: str | None
    timeframe_ms: int | None
    mark: bool
    funding: bool


def read_name(stem: str) -> NameFacts:
    """What a file name (without its ending) says."""
    words = [word for word in re.split(r"[^A-Za-z0-9]+", stem) if word]
    capitals = [word.upper() for word in words]
    symbols = {word for word in capitals if _PAIR.fullmatch(word) and word not in QUOTES}
    for base, quote in pairwise(capitals):
        if quote in QUOTES and base not in QUOTES and base not in symbols:
            symbols.add(base + quote)
    timeframes = {ms for ms in map(parse_timeframe, words) if ms is not None}
    return NameFacts(
        symbol=symbols.pop() if len(symbols) == 1 else None,
        timeframe_ms=timeframes.pop() if len(timeframes) == 1 else None,
        mark="MARK" in capitals,
        funding="FUNDING" in capitals or "FUNDINGRATE" in capitals,
    )

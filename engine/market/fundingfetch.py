"""Funding history from an exchange into the store.

MEXC ignores the start that ccxt offers and gives pages by number, newest first; other exchanges page forward from a
start. Both ways end in rows checked against each other: a page that came short is asked for again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from engine.market.asking import Asker, BadAnswerError, RefusedError
from engine.market.candles import Funding
from engine.market.listing import Market, store_symbol
from engine.market.ranges import Range, without
from engine.market.seriesfile import Provenance
from engine.market.store import FUNDING, CandleStore
from engine.problem import Problem
from engine.units import MINUTE_MS

PAGE_ROWS = 100
MOST_PAGES = 2000
PAGED_BY_NUMBER = ("mexc",)
LARGEST_RATE = 0.1


@dataclass
class FundingFetched:
    """What came: ``new`` settlements, and when the exchange's history begins although more was asked for."""

    symbol: str
    new: int = 0
    rows: int = 0
    begins_ms: int | None = None
    problem: Problem | None = None
    lost: bool = False


async def fetch_funding(
    asker: Asker, store: CandleStore, market: Market, exchange: str, asked: Range, origin: str, *, again: bool = False
) -> FundingFetched:
    """Settlements of ``asked`` that were not fetched yet. Raises StoreError for a damaged file of the store."""
    symbol = store_symbol(market)
    done = FundingFetched(symbol)
    known = () if again else store.answered(exchange, "swap", symbol, FUNDING)
    missing = without([asked], known)
    if not missing:
        return done
    # Settlements are hours apart, so one stretch from the oldest missing moment on costs less than several.
    wanted = Range(missing[0].start_ms, missing[-1].end_ms)
    try:
        walk = _by_number if exchange in PAGED_BY_NUMBER else _by_start
        rows = await walk(asker, market, wanted)
    except RefusedError as refusal:
        done.problem, done.lost = refusal.problem, refusal.lost
        return done
    inside = {ts: rate for ts, rate in rows.items() if wanted.start_ms <= ts < wanted.end_ms}
    ts = np.array(sorted(inside), dtype=np.int64)
    funding = Funding(symbol, ts, np.array([inside[t] for t in sorted(inside)], dtype=np.float64))
    added = store.add_funding(funding, exchange, "swap", Provenance(origin, (wanted,)))
    if isinstance(added, Problem):
        done.problem = added
        return done
    done.new, done.rows = added.new, len(ts)
    if len(ts) and not any(t < wanted.start_ms for t in rows) and int(ts[0]) - wanted.start_ms > _spacing(ts):
        done.begins_ms = int(ts[0])
    return done


async def _by_number(asker: Asker, market: Market, wanted: Range) -> dict[int, float]:
    """Pages 1, 2, ... until one reaches back far enough, or there are no more."""
    found: dict[int, float] = {}
    for number in range(1, MOST_PAGES):
        page = await _page(asker, market, None, {"page_num": number})
        for _ in range(2):
            if len(page) == PAGE_ROWS:
                break
            # The last page may be short. Another one is a broken answer, and the union of two is whole.
            page = {**page, **await _page(asker, market, None, {"page_num": number})}
        found |= page
        if len(page) < PAGE_ROWS or min(page) < wanted.start_ms:
            break
    return found


async def _by_start(asker: Asker, market: Market, wanted: Range) -> dict[int, float]:
    """Pages forward from the start."""
    found: dict[int, float] = {}
    start = wanted.start_ms
    for _ in range(MOST_PAGES):
        page = await _page(asker, market, start, {"until": wanted.end_ms})
        fresh = [ts for ts in page if ts >= start and ts not in found]
        if not fresh:
            break
        found |= page
        start = max(fresh) + 1
        if start >= wanted.end_ms:
            break
    return found


async def _page(asker: Asker, market: Market, since: int | None, params: dict[str, Any]) -> dict[int, float]:
    """One page as rates by settlement time, rounded to the minute."""

    async def question() -> dict[int, float]:
        rows = await asker.client.fetch_funding_rate_history(
            market["symbol"], since=since, limit=PAGE_ROWS, params=dict(params)
        )
        return rates(rows)

    return await asker.ask(question, f"{store_symbol(market)} funding")


def rates(rows: Sequence[dict[str, Any]]) -> dict[int, float]:
    """Rows of ccxt as rates by time. Raises BadAnswerError for a rate that is no fraction."""
    found: dict[int, float] = {}
    for row in rows:
        try:
            ts = (int(row["timestamp"]) + MINUTE_MS // 2) // MINUTE_MS * MINUTE_MS
            rate = float(row["fundingRate"])
        except (KeyError, TypeError, ValueError):
            raise BadAnswerError("a settlement without time or rate") from None
        if not abs(rate) <= LARGEST_RATE:
            raise BadAnswerError(f"a funding rate of {rate}")
        found[ts] = rate
    return found


def _spacing(ts: np.ndarray[Any, Any]) -> int:
    """The largest usual distance between settlements."""
    return int(np.diff(ts).max()) if len(ts) > 1 else 24 * 60 * MINUTE_MS

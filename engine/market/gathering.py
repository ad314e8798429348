"""Everything that a fetch wants of one exchange: who is listed, contract facts, candles, mark prices, funding.

The exchange's clock counts, not ours: a candle is asked for only when it is over there, with a margin, because one
that is still forming would be stored for ever as it stood. Several series run side by side; ccxt's limiter keeps
their questions within what the exchange allows.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Protocol

from engine.market.asking import Asker, RefusedError
from engine.market.contracts import Contract
from engine.market.facts import contract_of, interval_ms
from engine.market.fetching import CandleFetch, Fetched
from engine.market.fundingfetch import FundingFetched, fetch_funding
from engine.market.listing import Market, find_market, store_symbol
from engine.market.pages import Series, candle_page
from engine.market.ranges import Range, total_ms
from engine.market.store import CandleStore
from engine.market.timeframes import grid_offset_ms, parse_timeframe, timeframe_name
from engine.market.venue import Client, open_client, origin_of
from engine.problem import Problem

PARTS = ("candles", "mark", "funding", "contracts")
AT_ONCE = 6
MARGIN_MS = 5_000
SKEW_NOTED_MS = 2_000


class RowProgress(Protocol):
    """Who watches: is told how many rows are to come, and each number that came."""

    def expect(self, rows: int) -> None:
        """So many more rows."""
        ...

    def advance(self, rows: int) -> None:
        """So many are done."""
        ...


@dataclass(frozen=True)
class Order:
    """What is wanted. ``end_ms`` None: until now; ``again`` asks for known holes too."""

    exchange: str
    kind: str
    symbols: tuple[str, ...]
    timeframes: tuple[str, ...]
    start_ms: int
    end_ms: int | None = None
    parts: frozenset[str] = frozenset(PARTS)
    again: bool = False


@dataclass
class Outcome:
    """What a fetch did. ``notes`` are sentences that are no fault; ``problems`` end in exit code 2."""

    candles: list[Fetched] = field(default_factory=list)
    funding: list[FundingFetched] = field(default_factory=list)
    contracts: list[Contract] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    asked: int = 0
    repeated: int = 0


async def gather(order: Order, store: CandleStore, progress: RowProgress) -> Outcome:
    """Carry out an order. Raises StoreError for a damaged file of the store; everything else is in the outcome."""
    outcome = Outcome()
    client = open_client(order.exchange, order.kind)
    if isinstance(client, Problem):
        outcome.problems.append(client)
        return outcome
    asker = Asker(client)
    try:
        await _Gathering(order, store, progress, asker, client, outcome).run()
    except RefusedError as refusal:
        outcome.problems.append(refusal.problem)
    finally:
        outcome.asked, outcome.repeated = asker.asked, asker.repeated
        await client.close()
    return outcome


@dataclass
class _Gathering:
    """One order in work."""

    order: Order
    store: CandleStore
    progress: RowProgress
    asker: Asker
    client: Client
    outcome: Outcome
    _gate: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(AT_ONCE))

    async def run(self) -> None:
        """The whole of it. Raises RefusedError when the exchange cannot be reached to begin with."""
        opening = replace(self.asker, attempts=3)
        offset = await clock_offset(opening)
        await opening.ask(self.client.load_markets, "the list of its markets")
        self.asker.asked += opening.asked
        now_ms = int(time.time() * 1000) + offset
        if abs(offset) >= SKEW_NOTED_MS:
            way = "behind" if offset > 0 else "ahead of"
            self.outcome.notes.append(
                f"this machine's clock is {abs(offset) / 1000:.0f} s {way} {self.order.exchange}'s, whose time is used"
            )
        end_ms = min(self.order.end_ms or now_ms, now_ms - MARGIN_MS)
        asked = Range(self.order.start_ms, end_ms)
        markets = self._markets()
        if asked.end_ms <= asked.start_ms:
            self.outcome.problems.append(Problem("the period asked for lies in the future"))
            return
        series = list(self._series(markets))
        fetches = [
            CandleFetch(
                self.asker, self.store, s, asked, origin_of(self.client), self.progress.advance, self.order.again
            )
            for s in series
        ]
        for fetch in fetches:
            self.progress.expect(total_ms(fetch.missing()) // fetch.series.timeframe_ms)
        work = [self._one(partial(self._facts, market, asked, now_ms)) for market in markets]
        work += [self._one(partial(self._candles, fetch)) for fetch in fetches]
        async with asyncio.TaskGroup() as group:
            for job in work:
                group.create_task(job)

    async def _one(self, job: Callable[[], Awaitable[None]]) -> None:
        """A job, when its turn comes and the exchange is still there."""
        async with self._gate:
            if not any(one.lost for one in self.outcome.candles) and not any(one.lost for one in self.outcome.funding):
                await job()

    def _markets(self) -> list[Market]:
        """The markets that the symbols mean, each once."""
        found: dict[str, Market] = {}
        for symbol in self.order.symbols:
            market = find_market(self.client.markets, symbol, self.order.kind, self.order.exchange)
            if isinstance(market, Problem):
                self.outcome.problems.append(market)
                continue
            if not market.get("active", True) and market["symbol"] not in found:
                name = store_symbol(market)
                self.outcome.notes.append(f"{name} is listed on {self.order.exchange} but not open for trading")
            found[market["symbol"]] = market
        return list(found.values())

    def _series(self, markets: Iterable[Market]) -> Iterable[Series]:
        """Which candles are wanted."""
        names = {parse_timeframe(name): name for name in (self.client.timeframes or {}) if not name.endswith("M")}
        kinds = [mark for part, mark in (("candles", False), ("mark", True)) if part in self.order.parts]
        if self.order.kind == "spot" or not self._has_mark():
            kinds = [mark for mark in kinds if not mark]
        for wanted in self.order.timeframes if kinds else ():
            timeframe_ms = parse_timeframe(wanted)
            listed = self._timeframes(names)
            if timeframe_ms not in listed:
                known = ", ".join(listed[ms] for ms in sorted(listed))
                text = f"{self.order.exchange} has no {self.order.kind} candles of {wanted}"
                self.outcome.problems.append(Problem(text, hint=f"it has {known}"))
                continue
            for market in markets:
                for mark in kinds:
                    name = listed[timeframe_ms]
                    yield Series(self.order.exchange, self.order.kind, market, name, timeframe_ms, mark)

    def _timeframes(self, names: dict[int | None, str]) -> dict[int, str]:
        """Ccxt's names by ms; MEXC's spot and swap differ."""
        own = (self.client.options.get("timeframes") or {}).get(self.order.kind)
        return {ms: name for ms, name in names.items() if ms is not None and (not own or name in own)}

    def _has_mark(self) -> bool:
        """Whether the exchange has a history of mark prices; a note when it is missed."""
        if self.client.has.get("fetchMarkOHLCV"):
            return True
        if "mark" in self.order.parts and self.order.kind == "swap":
            self.outcome.notes.append(f"{self.order.exchange} gives no history of mark prices")
        return False

    async def _facts(self, market: Market, asked: Range, now_ms: int) -> None:
        """Contract facts and funding of one market."""
        name, swap = store_symbol(market), self.order.kind == "swap"
        if swap and "funding" in self.order.parts:
            origin = origin_of(self.client)
            done = await fetch_funding(
                self.asker, self.store, market, self.order.exchange, asked, origin, again=self.order.again
            )
            self.outcome.funding.append(done)
            if done.problem is not None:
                self.outcome.problems.append(done.problem)
        if "contracts" not in self.order.parts:
            return
        interval = None
        if swap and self.client.has.get("fetchFundingRate"):
            try:
                rate = await self.asker.ask(
                    lambda: self.client.fetch_funding_rate(market["symbol"]), f"the funding interval of {name}"
                )
                interval = interval_ms(rate.get("interval"))
            except RefusedError as refusal:
                self.outcome.notes.append(f"{name}: its funding interval is not known ({refusal.problem.text})")
        contract = contract_of(market, self.order.exchange, self.order.kind, now_ms, interval)
        kept = self.store.add_contract(contract)
        if isinstance(kept, Problem):
            self.outcome.problems.append(kept)
        else:
            self.outcome.contracts.append(contract)

    async def _candles(self, fetch: CandleFetch) -> None:
        """One series, and where its history begins too late, a coarser time frame that reaches further."""
        done = await fetch.run()
        self.outcome.candles.append(done)
        if done.problem is not None:
            self.outcome.problems.append(done.problem)
        elif done.begins_ms is not None or done.nothing:
            reach = await self._coarser(fetch)
            if reach is not None:
                self.outcome.notes.append(
                    f"{fetch.series}: candles of {reach} reach further back (--timeframe {reach})"
                )

    async def _coarser(self, fetch: CandleFetch) -> str | None:
        """The finest coarser time frame that has candles where this one has none."""
        names = self._timeframes({parse_timeframe(name): name for name in self.client.timeframes})
        for timeframe_ms in sorted(ms for ms in names if fetch.series.timeframe_ms < ms <= 24 * 3_600_000):
            series = replace(fetch.series, timeframe=names[timeframe_ms], timeframe_ms=timeframe_ms)
            offset = grid_offset_ms(timeframe_ms)
            start = -(-(fetch.asked.start_ms - offset) // timeframe_ms) * timeframe_ms + offset
            try:
                if len(await candle_page(self.asker, series, Range(start, start + 10 * timeframe_ms))):
                    return timeframe_name(timeframe_ms)
            except RefusedError:
                return None
        return None


async def clock_offset(asker: Asker) -> int:
    """How many ms the exchange's clock is ahead of this machine's (0 where it does not tell). Raises RefusedError."""
    if not asker.client.has.get("fetchTime"):
        return 0
    took = [0.0, 0.0]

    async def question() -> int:
        took[0] = time.time()
        server = await asker.client.fetch_time()
        took[1] = time.time()
        return int(server)

    server = await asker.ask(question, "its time")
    return round(server - sum(took) / 2 * 1000)

"""What live trading knows of its exchange: each contract's size, tick, minimum and margin tiers, and its funding.

1. The exchange's list of markets comes once, when trading starts, and again every day (``open``, ``renew``). The
   contract of a symbol is made of it when a call first asks, and kept in the candle store with its date, where a
   backtest finds it.
2. How often a contract settles is asked for when its funding is (``fund``): a constant rate is said for 8 hours and
   paid at the contract's own interval, as in a backtest (``funding.py``).
3. What an exchange does not tell is said in one line at the start (``unknown``).
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from engine.market.candles import Funding
from engine.market.contracts import Contract
from engine.pipeline.funding import RATE_MS, with_constant
from engine.problem import Problem
from engine.units import DAY_MS

if TYPE_CHECKING:
    from engine.config.strategy import Strategy
    from engine.market.asking import Asker
    from engine.market.listing import Market
    from engine.market.store import CandleStore

LOG = logging.getLogger(__name__)
BACK_MS = 40 * DAY_MS  # a trade is hardly ever older
AHEAD_MS = 30 * DAY_MS
States = tuple[Contract, ...]


@dataclass
class Contracts(Mapping[str, States]):
    """What the exchange says of each symbol, worked out when it is asked for; oldest state first, as in the store."""

    store: CandleStore
    source: str
    kind: str
    now_ms: Callable[[], int]
    markets: Mapping[str, Any] = field(default_factory=dict)
    _known: dict[str, States] = field(default_factory=dict)

    def __getitem__(self, symbol: str) -> States:
        found = self._known.get(symbol) or self._made(symbol)
        if not found:
            raise KeyError(symbol)
        if self.markets:  # without a list of markets there may be more to know soon
            self._known[symbol] = found
        return found

    def __bool__(self) -> bool:
        return True  # contracts are known here, also before the first was asked for

    def __iter__(self) -> Iterator[str]:
        return iter(self._known)

    def __len__(self) -> int:
        return len(self._known)

    def renew(self, markets: Mapping[str, Any]) -> None:
        """Another list of markets: what was known is looked at anew."""
        self.markets = markets
        self._known.clear()

    def settles(self, symbol: str, interval_ms: int | None) -> None:
        """The funding interval of a symbol is known now."""
        states = self.get(symbol, ())
        if states and interval_ms is not None and states[-1].funding_interval_ms != interval_ms:
            self._keep(replace(states[-1], funding_interval_ms=interval_ms, as_of_ms=self.now_ms()))

    def market(self, symbol: str) -> Market | None:
        """The listed market of a symbol."""
        from engine.market.listing import find_market

        found = find_market(self.markets, symbol, self.kind, self.source)
        return None if isinstance(found, Problem) else found

    def _made(self, symbol: str) -> States:
        from engine.market.facts import contract_of

        stored, market = self.store.contracts(self.source, self.kind, symbol), self.market(symbol)
        if market is None:
            return stored
        interval = stored[-1].funding_interval_ms if stored else None
        self._keep(contract_of(market, self.source, self.kind, self.now_ms(), interval))
        return self._known[symbol]

    def _keep(self, contract: Contract) -> None:
        """Write facts down where they are new."""
        kept = self.store.add_contract(contract)
        if isinstance(kept, Problem):
            LOG.warning("contract of %s: %s", contract.symbol, kept)
        states = self.store.contracts(self.source, self.kind, contract.symbol)
        self._known[contract.symbol] = states or (contract,)


@dataclass
class Knowledge:
    """See the module's docstring. ``strategies`` share an account, so they agree on market and funding."""

    store: CandleStore
    strategies: Sequence[Strategy]
    now_ms: Callable[[], int]
    funding: dict[str, Funding] = field(default_factory=dict)
    asker: Asker | None = None
    _asked: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        market = self.strategies[0].market
        self.source, self.kind = market.source, market.type
        self.contracts = Contracts(self.store, self.source, self.kind, self.now_ms)

    async def open(self, client: Any) -> None:
        """Learn what is listed. An exchange that does not answer is asked again by whoever needs it."""
        from engine.market.asking import Asker

        self.asker = Asker(client, attempts=3)
        await self._list(client.load_markets)

    async def renew(self) -> None:
        """Ask for the list of markets again; what was known stays where the exchange does not answer."""
        if self.asker is not None:
            client = self.asker.client
            await self._list(lambda: client.load_markets(True))

    async def _list(self, load: Callable[[], Awaitable[Any]]) -> None:
        """Ask for the list of markets in one of the client's ways."""
        from engine.market.asking import RefusedError

        assert self.asker is not None
        try:
            await self.asker.ask(load, "the list of its markets")
            self.contracts.renew(self.asker.client.markets)
        except RefusedError as refusal:
            LOG.warning("contracts: %s", refusal.problem)

    async def fund(self, symbols: Sequence[str]) -> Problem | None:
        """Bring the funding of symbols up to date; the first problem where the history of one cannot be had."""
        costs, now = self.strategies[0].costs, self.now_ms()
        problem: Problem | None = None
        for symbol in symbols:
            rate = costs.funding_else if costs.funding == "history" else float(costs.funding)
            if rate is not None:
                await self._interval(symbol)
                states = self.contracts.get(symbol, ())
                self.funding[symbol] = constant(symbol, now, rate, states[-1].funding_interval_ms if states else None)
            if costs.funding == "history":
                problem = problem or await self._history(symbol, now)
        return problem

    async def _interval(self, symbol: str) -> None:
        """Ask once how often a symbol settles."""
        from engine.market.asking import RefusedError
        from engine.market.facts import interval_ms

        market = self.contracts.market(symbol)
        if self.asker is None or market is None or symbol in self._asked:
            return
        client = self.asker.client
        if not client.has.get("fetchFundingRate"):
            self._asked.add(symbol)
            return
        try:
            said = await self.asker.ask(
                lambda: client.fetch_funding_rate(market["symbol"]), f"the funding interval of {symbol}"
            )
            self.contracts.settles(symbol, interval_ms(said.get("interval")))
            self._asked.add(symbol)
        except RefusedError as refusal:
            LOG.warning("funding interval of %s: %s", symbol, refusal.problem)

    async def _history(self, symbol: str, now: int) -> Problem | None:
        """What was settled, by way of the store; the constant beside it where the strategy names one."""
        from engine.market.asking import RefusedError
        from engine.market.fundingfetch import fetch_funding
        from engine.market.ranges import Range
        from engine.market.venue import origin_of

        if self.asker is None:
            return None
        problem = None
        try:
            if not self.contracts.markets:
                await self.open(self.asker.client)
            market = self.contracts.market(symbol)
            if market is None:
                return None
            asked, origin = Range(now - BACK_MS, now), origin_of(self.asker.client)
            problem = (await fetch_funding(self.asker, self.store, market, self.source, asked, origin)).problem
        except RefusedError as refusal:
            LOG.warning("funding of %s: %s", symbol, refusal.problem)
            problem = refusal.problem
        history = self.store.read_funding(self.source, self.kind, symbol)
        if history is not None and len(history.ts):
            beside = self.funding.get(symbol) if self.strategies[0].costs.funding_else is not None else None
            self.funding[symbol] = history if beside is None else with_constant(history, beside)
        return problem

    def unknown(self, client: Any) -> str:
        """What the exchange does not tell, in one line; "" when it tells all."""
        missing = []
        if not self.contracts.markets:
            missing.append("contracts (any size is traded at any price)")
        elif self.kind == "swap" and self.source != "mexc":
            missing.append("margin tiers (a maintenance margin of 0.5% is assumed)")
        if self.kind == "swap" and not client.has.get("fetchMarkOHLCV"):
            missing.append("fair prices (liquidation looks at last prices)")
        return f"not known of {self.source}: {'; '.join(missing)}" if missing else ""


def constant(symbol: str, now: int, rate: float, interval_ms: int | None) -> Funding:
    """A rate that is said for 8 hours, at every settlement of the contract around now (8 hours: not known)."""
    step = interval_ms or RATE_MS
    ts = np.arange((now - BACK_MS) // step * step, now + AHEAD_MS, step, dtype=np.int64)
    return Funding(symbol, ts, np.full(len(ts), rate * (step / RATE_MS)))

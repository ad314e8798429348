"""Whose prices a run uses: the candle store, or the synthetic market of the demo."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Protocol

from engine.config.strategy import Market
from engine.market.candles import Candles, Funding
from engine.market.seriesfile import StoreError
from engine.market.store import CandleStore
from engine.market.synthetic import SyntheticMarket
from engine.pipeline.errors import InputError


class Prices(Protocol):
    """Candles and funding by symbol, and where they come from."""

    @property
    def origin(self) -> str:
        """One phrase for the report."""
        ...

    def candles(self, symbol: str) -> Candles | None:
        """All candles of a symbol inside the run's period; None when there are none."""
        ...

    def funding(self, symbol: str) -> Funding | None:
        """The funding history of a symbol; None when there is none."""
        ...

    def hashes(self, symbols: Iterable[str]) -> dict[str, str]:
        """The SHA-256 of everything used for these symbols, by name."""
        ...


@dataclass(frozen=True)
class StoredPrices:
    """Prices from ``data/candles``, cut to ``[from_ms, to_ms)``: what came after the period is never looked at.

    Every method raises InputError when a file of the store is damaged.
    """

    store: CandleStore
    market: Market
    from_ms: int | None
    to_ms: int | None

    @property
    def origin(self) -> str:
        """Source, type and time frame."""
        return f"{self.market.source} {self.market.type} candles of {self.market.timeframe}"

    def candles(self, symbol: str) -> Candles | None:
        """See ``Prices``."""
        market = self.market
        try:
            found = self.store.read(market.source, market.type, symbol, market.timeframe, self.from_ms, self.to_ms)
        except StoreError as error:
            raise InputError(error.problem) from None
        return found if found is not None and len(found) else None

    def funding(self, symbol: str) -> Funding | None:
        """See ``Prices``."""
        try:
            return self.store.read_funding(self.market.source, self.market.type, symbol)
        except StoreError as error:
            raise InputError(error.problem) from None

    def hashes(self, symbols: Iterable[str]) -> dict[str, str]:
        """See ``Prices``."""
        market = self.market
        found = {}
        for symbol in symbols:
            for part in (market.timeframe, "funding"):
                digest = self.store.sha256(market.source, market.type, symbol, part)
                if digest:
                    found[f"candles/{market.source}/{market.type}/{symbol}/{part}"] = digest
        return found


@dataclass(frozen=True)
class SyntheticPrices:
    """Prices of the seeded synthetic market; it has no funding."""

    world: SyntheticMarket
    _made: dict[str, Candles | None] = field(default_factory=dict)

    @property
    def origin(self) -> str:
        """Says that nothing here is real."""
        return f"invented prices of the synthetic market, seed {self.world.seed}"

    def candles(self, symbol: str) -> Candles | None:
        """See ``Prices``."""
        if symbol not in self._made:
            self._made[symbol] = self.world.candles(symbol) if symbol in self.world.symbols else None
        return self._made[symbol]

    def funding(self, symbol: str) -> Funding | None:  # noqa: ARG002 - the protocol's name
        """See ``Prices``: there is none."""
        return None

    def hashes(self, symbols: Iterable[str]) -> dict[str, str]:  # noqa: ARG002
        """See ``Prices``: the seed says it all."""
        return {"synthetic market": f"seed {self.world.seed}"}

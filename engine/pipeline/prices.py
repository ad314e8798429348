"""Whose prices a run uses: the candle store, or the synthetic market of the demo."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Protocol

from engine.config.strategy import Market
from engine.market.candles import Candles, Funding
from engine.market.contracts import Contract
from engine.market.refine import fair_prices
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

    def finer(self, symbol: str) -> tuple[Candles, ...]:
        """The candles of shorter time frames than the run's, from the longest to the shortest, as far as known."""
        ...

    def fair(self, bars: Candles) -> Candles | None:
        """The fair (mark) price of a symbol's bars, for those of which it is known; None when it is for none."""
        ...

    def contracts(self, symbol: str) -> tuple[Contract, ...]:
        """What the exchange said of a symbol, oldest state first; empty when nothing is known."""
        ...

    def hashes(self, symbols: Iterable[str]) -> dict[str, str]:
        """The SHA-256 of everything used for these symbols, by name."""
        ...


@dataclass(frozen=True)
class StoredPrices:
    """Prices from ``data/candles``, cut to ``[from_ms, to_ms)``: what came after the period is never looked at.

    ``use_finer`` says that the run uses shorter time frames where they are known.

    Every method raises InputError when a file of the store is damaged.
    """

    store: CandleStore
    market: Market
    from_ms: int | None
    to_ms: int | None
    use_finer: bool = False

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

    def finer(self, symbol: str) -> tuple[Candles, ...]:
        """See ``Prices``."""
        return tuple(self._series(symbol, name) for name in self._finer_names(symbol))

    def fair(self, bars: Candles) -> Candles | None:
        """See ``Prices``."""
        names = self._fair_names(bars.symbol)
        return fair_prices(bars, [self._series(bars.symbol, name) for name in names]) if names else None

    def contracts(self, symbol: str) -> tuple[Contract, ...]:
        """See ``Prices``."""
        return self.store.contracts(self.market.source, self.market.type, symbol)

    def hashes(self, symbols: Iterable[str]) -> dict[str, str]:
        """See ``Prices``. Contract facts are hashed as they are read."""
        market = self.market
        found = {}
        for symbol in symbols:
            finer = self._finer_names(symbol) if self.use_finer else []
            for part in (market.timeframe, *finer, *self._fair_names(symbol), "funding"):
                digest = self.store.sha256(market.source, market.type, symbol, part)
                if digest:
                    found[f"candles/{market.source}/{market.type}/{symbol}/{part}"] = digest
            known = self.contracts(symbol)
            if known:
                text = repr(known).encode()
                found[f"candles/{market.source}/{market.type}/{symbol}/contract"] = hashlib.sha256(text).hexdigest()
        return found

    def _series(self, symbol: str, name: str) -> Candles:
        """A series of which the store said that it is there."""
        try:
            found = self.store.read(self.market.source, self.market.type, symbol, name, self.from_ms, self.to_ms)
        except StoreError as error:
            raise InputError(error.problem) from None
        assert found is not None
        return found

    def _finer_names(self, symbol: str) -> list[str]:
        """The time frames shorter than the run's that divide it, the longest first."""
        own = self.market.timeframe_ms
        known = self.store.timeframes(self.market.source, self.market.type, symbol)
        return [name for name, length in reversed(known) if length < own and own % length == 0]

    def _fair_names(self, symbol: str) -> list[str]:
        """The series of fair prices that are not longer than the run's candles, the shortest first."""
        known = self.store.timeframes(self.market.source, self.market.type, symbol, mark=True)
        return [name for name, length in known if length <= self.market.timeframe_ms]


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

    def finer(self, symbol: str) -> tuple[Candles, ...]:  # noqa: ARG002
        """See ``Prices``: there are none."""
        return ()

    def fair(self, bars: Candles) -> Candles | None:  # noqa: ARG002
        """See ``Prices``: there is none."""
        return None

    def contracts(self, symbol: str) -> tuple[Contract, ...]:  # noqa: ARG002
        """See ``Prices``: no exchange lists an invented symbol."""
        return ()

    def hashes(self, symbols: Iterable[str]) -> dict[str, str]:  # noqa: ARG002
        """See ``Prices``: the seed says it all."""
        return {"synthetic market": f"seed {self.world.seed}"}

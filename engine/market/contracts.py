"""Facts about a contract or a spot pair, dated: sizes, steps, margin tiers, funding interval, listed fees.

One file a symbol, ``contract.json``, beside its candles. An exchange changes its facts now and then, so the file keeps
every state that was seen, oldest first; what is equal to the state before is not written again.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from math import floor
from pathlib import Path
from typing import Any

from engine.files import write_text
from engine.market.ticks import CLOSE, parts
from engine.problem import Problem

FORMAT = 1
FILE = "contract.json"


@dataclass(frozen=True, slots=True)
class Tier:
    """A margin tier: what holds for positions up to a size.

    Exactly one of ``max_base`` (position in base coins) and ``max_notional`` (its value in the settlement coin) is
    set, as the exchange bounds it. Rates are fractions of the position's value.
    """

    max_base: float | None
    max_notional: float | None
    maintenance_rate: float
    initial_rate: float
    max_leverage: float


@dataclass(frozen=True, slots=True)
class Contract:
    """What a venue says of one of its markets.

    Attributes
    ----------
    symbol, source, type
        The store's name (``BTCUSDT``), the exchange (``mexc``), ``swap`` or ``spot``.
    listed_as
        The exchange's own id, such as ``BTC_USDT``.
    base, quote, settle
        Coins; ``settle`` is the quote for spot.
    contract_size
        Base coins in one contract; 1 for spot. For an inverse contract: quote coins in one contract.
    tick
        The smallest price step. None where the venue does not say.
    min_contracts, contract_step, max_contracts
        Order sizes in contracts (spot: in base coins). None where the venue does not say.
    min_notional
        The smallest order value in quote coins; None where there is none.
    tiers
        Margin tiers, smallest positions first; empty for spot and where the venue does not publish them.
    funding_interval_ms
        Between two settlements; None for spot and where it is not known.
    maker, taker
        The fees that the market's listing names, as fractions. An account may pay others: the dated fee table of
        ``fees.py`` is what a backtest uses.
    trading
        Whether the venue had it open for trading.
    inverse
        Settled in the base coin.
    facts_from
        Who says all this, such as ``mexc contract detail``.
    as_of_ms
        When these facts were first seen so, UTC epoch ms.
    """

    symbol: str
    source: str
    type: str
    listed_as: str
    base: str
    quote: str
    settle: str
    contract_size: float
    tick: float | None
    min_contracts: float | None
    contract_step: float | None
    max_contracts: float | None
    min_notional: float | None
    tiers: tuple[Tier, ...]
    funding_interval_ms: int | None
    maker: float | None
    taker: float | None
    trading: bool
    inverse: bool
    facts_from: str
    as_of_ms: int

    def tier_of(self, base_amount: float, price: float) -> Tier | None:
        """The tier of a position of so many base coins at a price; None when it is larger than the last one, or
        when there are no tiers at all.
        """
        for tier in self.tiers:
            bound, size = tier.max_base, abs(base_amount)
            if bound is None:
                bound, size = tier.max_notional, abs(base_amount) * price
            if bound is None or size <= bound:
                return tier
        return None

    def base_amount(self, contracts: float, price: float) -> float:
        """So many contracts in base coins; the price matters to inverse contracts only."""
        coins = contracts * self.contract_size
        return coins / price if self.inverse else coins

    def whole(self, base_amount: float, price: float) -> float:
        """The largest amount of base coins that can be ordered and is not larger than this one.

        Amounts come in steps of ``contract_step`` contracts; where a swap does not say, in whole contracts, and on a
        spot pair without a step any amount will do.
        """
        step = self.contract_step or (1.0 if self.type == "swap" else 0.0)
        if step <= 0:
            return base_amount
        num, den = parts(step)
        contracts = base_amount / self.base_amount(1.0, price)
        return self.base_amount(floor(contracts * den / num + CLOSE) * num / den, price)

    def below_minimum(self, base_amount: float, price: float) -> str | None:
        """What the smallest order is, in words, where this amount lies below it; None where it does not."""
        contracts, unit = base_amount / self.base_amount(1.0, price), self._unit
        if contracts <= 0 or (self.min_contracts is not None and contracts < self.min_contracts - CLOSE):
            return f"{self.min_contracts or self.contract_step or 1:g} {unit}"
        if self.min_notional is not None and base_amount * price < self.min_notional - CLOSE:
            return f"{self.min_notional:g} {self.quote}"
        return None

    def shown_amount(self, base_amount: float, price: float) -> str:
        """An amount in the unit in which orders are placed."""
        return f"{base_amount / self.base_amount(1.0, price):.6g} {self._unit}"

    @property
    def _unit(self) -> str:
        """What orders are counted in."""
        size = f"{self.contract_size:g} {self.quote if self.inverse else self.base}"
        return f"contracts of {size}" if self.type == "swap" else self.base


def state_at(states: Sequence[Contract], at_ms: int | None = None) -> Contract | None:
    """The state in force at a moment: the last one seen at or before it, else the earliest (whose ``as_of_ms`` tells
    that it is younger). ``at_ms`` None: the newest. None without any state.
    """
    past = [state for state in states if at_ms is None or state.as_of_ms <= at_ms]
    return past[-1] if past else states[0] if states else None


def read_contract(folder: Path, at_ms: int | None = None) -> Contract | None:
    """The facts in a symbol's folder (``<root>/<source>/<type>/<SYMBOL>``) as they were at a moment, see ``state_at``;
    None when there are none that can be read.
    """
    return state_at(read_contracts(folder), at_ms)


def read_contracts(folder: Path) -> tuple[Contract, ...]:
    """Every state seen, oldest first; nothing when the file is missing, damaged or of another format."""
    try:
        data = json.loads((folder / FILE).read_text(encoding="utf-8"))
        if data["format"] != FORMAT:
            return ()
        return tuple(_from_data(state) for state in data["states"])
    except (OSError, ValueError, TypeError, KeyError):
        return ()


def write_contract(folder: Path, contract: Contract) -> bool | Problem:
    """Keep facts: whether they were new. A file that cannot be read is refused rather than overwritten."""
    states = read_contracts(folder)
    path = folder / FILE
    if not states and path.exists():
        return Problem("not a readable file of contract facts", str(path), hint="delete it and fetch them again")
    if states and replace(contract, as_of_ms=states[-1].as_of_ms) == states[-1]:
        return False
    kept: Sequence[Contract] = [state for state in states if state.as_of_ms < contract.as_of_ms]
    text = json.dumps({"format": FORMAT, "states": [asdict(state) for state in (*kept, contract)]}, indent=1)
    write_text(path, text + "\n")
    return True


def _from_data(data: dict[str, Any]) -> Contract:
    """A contract out of its JSON. Raises TypeError for fields that are missing or unknown."""
    return Contract(**{**data, "tiers": tuple(Tier(**tier) for tier in data["tiers"])})

"""The calls that an account will be asked about, as columns: everything about them that does not hang on the account.

A judge may look at all of them at once before the walk begins (``Judge.prepare``), so that only what depends on the
account is asked call by call. Market facts and standings are worked out on first use: no rule asks, no work.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import numpy as np

from engine.domain import Distance, MarketFacts, Opinion, PathStatus, Plan, Proposal, Standing
from engine.market.candles import Floats, Ints
from engine.memory import picking
from engine.simulate.facts import MarketColumns, market_columns
from engine.simulate.flows import Venue
from engine.simulate.money import Money
from engine.simulate.standing import StandingColumns, standing_columns
from engine.simulate.table import CODE, Bools, PathTable

UNKNOWN = MarketFacts()


@dataclass(frozen=True)
class Offers:
    """All rows of a path table as calls, shape (n,) each.

    ``counted`` says which rows are calls of their own: the only ones whose results make a channel's standing.
    ``leverage`` is the account's highest, for calls that name none. ``judged`` gives the verdict on each call's channel
    at its moment of action (None: nobody judges).
    """

    table: PathTable
    money: Money
    venue: Venue
    posted: Sequence[int]
    highest_leverage: float
    counted: Bools
    judged: Callable[[], Sequence[Opinion]] | None = None

    def __len__(self) -> int:
        """How many calls."""
        return len(self.table)

    def proposal(self, row: int, quantity: float) -> Proposal:
        """One call asking to be taken with a quantity; facts that nobody has asked for yet are left out."""
        plan, entry, stop = self.table.plans[row], self.entries[row], self._stops[row]
        risk, notional, leverage = self.risks[row], quantity * entry, self._leverages[row]
        prices, shares = self._targets[row]
        known = self.__dict__
        return Proposal(
            plan.signal_id,
            plan.channel,
            plan.symbol,
            plan.side,
            self.posted[row],
            plan.act_ms,
            entry,
            stop if stop == stop else None,
            prices,
            quantity,
            notional,
            risk * quantity if risk > 0 else 0.0,
            notional / leverage,
            leverage,
            shares,
            self._asked_for[row],
            self._facts[row] if "market" in known else UNKNOWN,
            self._stands[row] if "standings" in known else None,
            self.verdicts[row] if "verdicts" in known else None,
        )

    # ------------------------------------------------------------------ columns

    @property
    def plans(self) -> Sequence[Plan]:
        """The plans."""
        return self.table.plans

    @cached_property
    def channel(self) -> list[str]:
        """The channels."""
        return [plan.channel for plan in self.plans]

    @cached_property
    def symbol(self) -> list[str]:
        """The symbols."""
        return [plan.symbol for plan in self.plans]

    @cached_property
    def side(self) -> list[str]:
        """``long`` or ``short``."""
        return [plan.side.value for plan in self.plans]

    @cached_property
    def sign(self) -> Floats:
        """+1 for longs, -1 for shorts."""
        return np.array([plan.side.sign for plan in self.plans], np.float64)

    @cached_property
    def posted_ms(self) -> Ints:
        """When the messages were posted."""
        return np.array(self.posted, np.int64)

    @cached_property
    def act_ms(self) -> Ints:
        """When the orders would be placed."""
        return np.array([plan.act_ms for plan in self.plans], np.int64)

    @property
    def entry(self) -> Floats:
        """The price that all risk figures refer to."""
        return self.money.entry

    @property
    def stop(self) -> Floats:
        """The stop, NaN without one."""
        return self.table.stop

    @cached_property
    def leverage(self) -> Floats:
        """The leverage."""
        return np.array([plan.leverage or self.highest_leverage for plan in self.plans], np.float64)

    @cached_property
    def asked(self) -> Floats:
        """The price at which a call wants to get in, NaN where it says none."""
        return np.array([np.nan if price is None else price for price in self._asked_for], np.float64)

    @cached_property
    def first_target(self) -> Floats:
        """The target nearest to the entry, NaN without one."""
        found = np.full(len(self), np.nan)
        row, price, _ = self._levels
        first = np.flatnonzero(np.diff(row, prepend=-1))
        found[row[first]] = price[first]
        return found

    @cached_property
    def mean_target(self) -> Floats:
        """The average target, weighted with the shares; NaN without one."""
        row, price, share = self._levels
        worth, whole = (np.bincount(row, weight, len(self)) for weight in (price * share, share))
        with np.errstate(invalid="ignore"):
            return np.where(whole > 0, worth / whole, np.nan)

    @cached_property
    def market(self) -> MarketColumns:
        """What is known of each call's market."""
        return market_columns(self.symbol, self.act_ms, self.venue.candles, self.venue.funding)

    @cached_property
    def standings(self) -> StandingColumns:
        """How each call's channel stands."""
        closed = self.counted & (self.table.status == CODE[PathStatus.CLOSED])
        return standing_columns(self.channel, self.act_ms, self.table.end_ms, np.where(closed, self.money.r, np.nan))

    @cached_property
    def verdicts(self) -> Sequence[Opinion | None]:
        """The verdict on each call's channel; the longest work of all that a rule may ask for."""
        return [None] * len(self) if self.judged is None else self.judged()

    # ------------------------------------------------------------------ plain numbers, quick to pick one by one

    @cached_property
    def entries(self) -> Sequence[float]:
        """``entry`` as plain numbers."""
        return picking(self.money.entry)

    @cached_property
    def risks(self) -> Sequence[float]:
        """What a unit loses at its stop, NaN without one."""
        return picking(self.money.risk)

    @cached_property
    def _stops(self) -> Sequence[float]:
        return picking(self.table.stop)

    @cached_property
    def _leverages(self) -> Sequence[float]:
        return picking(self.leverage)

    @cached_property
    def _facts(self) -> list[MarketFacts]:
        return self.market.rows()

    @cached_property
    def _stands(self) -> list[Standing]:
        return self.standings.rows()

    @cached_property
    def _levels(self) -> tuple[Ints, Floats, Floats]:
        """All targets that are known, one after the other: the row, the price and the share of each."""
        counts = [len(plan.targets) for plan in self.plans]
        row = np.repeat(np.arange(len(self)), counts)
        column = np.arange(len(row)) - np.repeat(np.cumsum(counts) - counts, counts)
        said = [np.nan if isinstance(at, Distance) else at for plan in self.plans for at, _ in plan.targets]
        share = np.array([share for plan in self.plans for _, share in plan.targets], np.float64)
        price = np.array(said, np.float64)
        price = np.where(np.isnan(price), self.table.target[row, column], price)
        known = ~np.isnan(price)  # a distance that no fill settled is not
        return row[known], price[known], share[known]

    @cached_property
    def _targets(self) -> list[tuple[tuple[float, ...], tuple[float, ...]]]:
        """The prices and shares of each call's targets, those left out that no fill settled."""
        row, price, share = self._levels
        first = np.searchsorted(row, np.arange(len(self) + 1)).tolist()
        prices, shares = tuple(price.tolist()), tuple(share.tolist())
        return [(prices[a:b], shares[a:b]) for a, b in pairwise(first)]

    @cached_property
    def _asked_for(self) -> list[float | None]:
        return [asked_price(plan) for plan in self.plans]


def asked_price(plan: Plan) -> float | None:
    """The average price of a plan's limit orders; without any, the price that a market call states."""
    limits = [(order.price, order.weight) for order in plan.orders if order.price is not None]
    if not limits:
        return plan.reference
    return sum(price * weight for price, weight in limits) / sum(weight for _, weight in limits)

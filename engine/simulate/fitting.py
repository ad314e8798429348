"""A trade with its size, as the exchange would take it.

A path is computed for one unit: in the first margin tier, without impact. Once the rules have said how large the trade
may be:

1. the quantity is rounded down to what can be ordered; below the smallest order, or beyond the largest position, the
   trade is refused;
2. the margin tier of its notional value gives the maintenance rate and the highest leverage;
3. the order's impact on the price follows from its value (``impact.py``).

Only a trade whose plan changed by that is taken through the candles again.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from engine.domain import Plan
from engine.market.contracts import Contract, state_at
from engine.simulate.flows import Venue
from engine.simulate.impact import impact_of, impact_unit
from engine.simulate.prepared import prepare_on
from engine.simulate.pyramid import Bars
from engine.simulate.table import PathTable


@dataclass(frozen=True, slots=True)
class Fitted:
    """A trade that can be placed: its quantity in base units and its plan."""

    quantity: float
    plan: Plan


@dataclass(frozen=True, slots=True)
class Unfit:
    """Why the exchange would not take it: a short name, the figure seen, the limit, a sentence."""

    rule: str
    seen: str
    limit: str
    text: str


class Fitting:
    """Fits trades to their contracts; ``impact`` is the factor Y of the square-root law (0: no impact)."""

    def __init__(self, venue: Venue, impact: float = 0.0) -> None:
        self.venue, self.impact = venue, impact
        self._bars: dict[str, Bars] = {}

    def fit(self, plan: Plan, quantity: float, price: float) -> Fitted | Unfit:
        """What becomes of a trade of ``quantity`` base units at a planned average entry ``price``."""
        contract = self.contract(plan)
        if contract is None and not self.impact:
            return Fitted(quantity, plan)
        if contract is not None:
            asked, quantity = quantity, contract.whole(quantity, price)
            least = contract.below_minimum(quantity, price)
            if least is not None:
                text = "the trade is smaller than the smallest order of its contract"
                return Unfit("minimum order", contract.shown_amount(asked, price), least, text)
            if contract.tiers and plan.maintenance is not None:
                tier = contract.tier_of(quantity, price)
                if tier is None:
                    largest, text = contract.tiers[-1], "the trade is larger than the largest position of its contract"
                    limit = f"{largest.max_base or largest.max_notional:g}"
                    return Unfit("position limit", contract.shown_amount(quantity, price), limit, text)
                leverage = min(plan.leverage or 1.0, tier.max_leverage)
                if (leverage, tier.maintenance_rate) != (plan.leverage, plan.maintenance):
                    plan = replace(plan, leverage=leverage, maintenance=tier.maintenance_rate)
        if self.impact:
            bars = self.venue.candles.get(plan.symbol)
            unit = None if bars is None else impact_unit(bars, plan.act_ms)
            if unit is None:
                text = "the impact of the trade is not known: no 24 hours of candles with volume before the call"
                return Unfit("impact", "not known", "24 hours of volume", text)
            plan = replace(plan, impact=impact_of(self.impact, unit, quantity * price))
        return Fitted(quantity, plan)

    def contract(self, plan: Plan) -> Contract | None:
        """What is known of a plan's contract when it is acted on."""
        return state_at((self.venue.contracts or {}).get(plan.symbol, ()), plan.act_ms)

    def path(self, plan: Plan) -> PathTable:
        """The path of one plan, as a table of one row."""
        symbol = plan.symbol
        if symbol not in self._bars and symbol in self.venue.candles:
            self._bars[symbol] = Bars.of(self.venue.candles[symbol], (self.venue.fair or {}).get(symbol))
        return prepare_on([plan], self._bars).run(self.venue.terms)

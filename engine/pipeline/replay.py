"""From signals to paths: steps 3 to 6 of a backtest, for all channels of a strategy.

A call's fate is one of: closed, open, resting, expired, target first, too late, no data (what the candles made of
it), repeat, opposite (what the calls before it made of it), no stop, stop too near (buckets without weight in a
verdict), no target, stop beyond liquidation, levels (not planned), hindsight (edited, nobody knows when).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property, partial

import numpy as np

from engine.beside import beside
from engine.config.strategy import Fees, Strategy
from engine.domain import Change, Plan, Refusal, Signal, Update
from engine.market.candles import Candles, Floats, Funding, Ints
from engine.market.contracts import Contract, state_at
from engine.pipeline.pathcache import PathCache
from engine.simulate.buckets import beyond_liquidation, stop_too_near
from engine.simulate.calls import settle_calls
from engine.simulate.flows import Venue
from engine.simulate.money import Money, money_of
from engine.simulate.planning import MAINTENANCE, make_plan
from engine.simulate.prepared import Prepared, prepare, simulate
from engine.simulate.table import STATUSES, Bools, PathTable
from engine.simulate.terms import Terms
from engine.simulate.volatility import average_true_range

COUNTED = ("closed", "open")  # fates whose R counts in a verdict
TICK_THROUGH = 0.0001  # one basis point stands for a tick: the stores do not know every symbol's tick


@dataclass(frozen=True)
class Replay:
    """All calls of a run, ``prepared`` to be simulated again.

    ``rows`` maps a signal's place to its row in ``table`` (-1: never planned). ``fates`` has one word for each signal;
    ``r`` its R multiple (NaN where it has none or does not count). ``other_order`` (the other way round inside a
    candle) and ``through`` are R under other readings, shape as ``r``. ``decided`` are the rows whose order of things
    finer candles told and the strategy's own did not. ``digest`` is the hash of plans and candles under which ``cache``
    keeps what follows from them.
    """

    signals: Sequence[Signal]
    venue: Venue
    rows: Sequence[int]
    fates: Sequence[str]
    prepared: Prepared
    table: PathTable
    money: Money
    r: Floats
    other_order: Floats
    through: Floats
    decided: Bools
    cache: PathCache = field(default_factory=PathCache)
    digest: bytes = b""

    @cached_property
    def of_channel(self) -> dict[str, list[int]]:
        """The places of each channel's signals."""
        found: dict[str, list[int]] = {}
        for place, signal in enumerate(self.signals):
            found.setdefault(signal.message.channel, []).append(place)
        return found

    @cached_property
    def planned(self) -> list[Signal]:
        """The signal of each row of ``table``: rows follow the order of the signals."""
        return [signal for signal, row in zip(self.signals, self.rows, strict=True) if row >= 0]

    @cached_property
    def by_posting(self) -> list[int]:
        """The places of all signals in order of posting."""
        posted_ms = [signal.message.posted_ms for signal in self.signals]
        return sorted(range(len(posted_ms)), key=posted_ms.__getitem__)

    @cached_property
    def known_ms(self) -> Ints:
        """When the text behind each row of ``table`` was known, shape (paths,)."""
        return np.array([signal.message.known_ms for signal in self.planned], np.int64)

    def eligible(self) -> list[int]:
        """Table rows whose orders an account would place: calls of their own with a stop that means something."""
        out = ("repeat", "opposite", "too late", "no data", "stop too near", "stop beyond liquidation")
        return [row for row, fate in zip(self.rows, self.fates, strict=True) if row >= 0 and fate not in out]


def replay(
    signals: Sequence[Signal],
    strategy: Strategy,
    fees: Fees,
    candles: Mapping[str, Candles],
    funding: Mapping[str, Funding] | None,
    updates: Sequence[Update] = (),
    *,
    later_fees: tuple[tuple[int, float, float], ...] = (),
    fair: Mapping[str, Candles] | None = None,
    contracts: Mapping[str, Sequence[Contract]] | None = None,
    coarse: Mapping[str, Candles] | None = None,
    cache: PathCache | None = None,
) -> Replay:
    """Plan every signal with the updates bound to it, take the plans through the candles under three readings, and
    count the money.

    ``later_fees`` as in ``Terms``, ``fair`` and ``contracts`` as in ``Venue``; ``coarse`` are the strategy's own
    candles where ``candles`` holds finer ones in their place. ``cache`` keeps paths that were computed before.
    """
    cache = cache or PathCache()
    bound = by_call(updates)
    plans: list[Plan] = []
    rows, fates = [], []
    atr, known = partial(average_true_range, candles), contracts or {}
    for signal in signals:
        states = known.get(signal.setup.symbol)
        facts = state_at(states, signal.message.known_ms) if states else None
        plan = make_plan(signal, strategy, bound.get(signal.id, ()) if bound else (), atr, facts)
        if signal.hindsight and signal.message.edited_ms is None:
            rows.append(-1)
            fates.append("hindsight")  # when its text appeared is not known, so it cannot be acted on
        elif isinstance(plan, Refusal):
            rows.append(-1)
            fates.append(plan.code.replace("-", " "))
        else:
            rows.append(len(plans))
            fates.append("")
            plans.append(plan)
    terms = Terms(fees.maker, fees.taker, strategy.costs.slippage, strategy.same_candle, later_fees=later_fees)
    prepared = prepare(plans, candles, fair)

    def r_under(plans: Prepared, terms: Terms) -> Floats:
        return money_of(cache.run(plans, terms), terms, candles, funding).r

    narrow = replace(terms, through=TICK_THROUGH)
    with beside(partial(r_under, prepared, narrow), len(plans)) as narrower:
        table = cache.run(prepared, terms)
        settled = settle_calls(table, strategy.calls)
        if settled.ended:
            plans = [_ended(plan, settled.ended.get(row)) for row, plan in enumerate(plans)]
            prepared = prepare(plans, candles, fair)
            table = cache.run(prepared, terms)
        money = money_of(table, terms, candles, funding)
        at, other = np.array(rows, np.int64), money.r.copy()
        own = _own_fates(table, money, terms)
        for place, mark, fate in zip(np.flatnonzero(at >= 0).tolist(), settled.marks, own, strict=True):
            fates[place] = mark or fate
        counted = np.array([fate in COUNTED for fate in fates], np.bool_)
        doubtful = np.flatnonzero(table.ambiguous)  # the other order changes nothing where no bar left a doubt
        if len(doubtful):
            other[doubtful] = r_under(prepared.taken(doubtful), other_way_round(terms))
        through = narrower()
        if settled.ended:  # it has not seen where later calls end these
            ended = np.array(sorted(settled.ended), np.int64)
            through[ended] = r_under(prepared.taken(ended), narrow)
    readings = [money.r, other, through]
    r, other_order, through = [np.where(counted, np.append(r, np.nan)[at], np.nan) for r in readings]
    decided = ~table.ambiguous & (table.ambiguous if coarse is None else simulate(plans, coarse, terms).ambiguous)
    venue = Venue(terms, candles, funding, fair, contracts)
    return Replay(
        signals, venue, rows, fates, prepared, table, money, r, other_order, through, decided, cache,
        cache.digest(prepared),
    )  # fmt: skip


def by_call(updates: Iterable[Update]) -> dict[str, list[Update]]:
    """The updates of each call, by its signal's id; those that belong to none are left out."""
    bound: dict[str, list[Update]] = {}
    for update in updates:
        if update.signal_id is not None:
            bound.setdefault(update.signal_id, []).append(update)
    return bound


def _own_fates(table: PathTable, money: Money, terms: Terms) -> list[str]:
    """What the candles and the costs made of each row of the table, whatever other calls there are."""
    plans = table.plans
    rates = np.array([MAINTENANCE if plan.maintenance is None else plan.maintenance for plan in plans])
    leverage = np.array([plan.leverage or 1.0 for plan in plans])
    taker = terms.fees(table.planned.act_ms, np.zeros(len(plans), np.bool_))
    own = np.array([status.value for status in STATUSES], np.object_)[table.status]
    own[np.isin(own, COUNTED) & np.isnan(money.r)] = "no stop"
    own[stop_too_near(money.risk, money.entry, taker + terms.slippage)] = "stop too near"
    own[beyond_liquidation(money.risk, money.entry, leverage, rates)] = "stop beyond liquidation"
    fates: list[str] = own.tolist()
    return fates


def _ended(plan: Plan, act_ms: int | None) -> Plan:
    """A plan that a later call ends at a moment (None: it does not)."""
    if act_ms is None:
        return plan
    changes = sorted([*plan.changes, Change(act_ms, "close", by="call")], key=lambda change: change.act_ms)
    return replace(plan, changes=tuple(changes))


def other_way_round(terms: Terms) -> Terms:
    """The same terms with the other order of stop and target inside a candle."""
    return replace(terms, same_candle="target first" if terms.same_candle == "stop first" else "stop first")

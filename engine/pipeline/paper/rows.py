"""One row for each call of an account on paper, as a backtest writes them, and the account's trades behind them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from engine.domain import Distance, ExitReason, Path, PathStatus, Plan, Trade
from engine.paper.call import Bar, PaperCall
from engine.pipeline.callrows import OF_THE_ACCOUNT, exits_of
from engine.pipeline.fromentry import from_entry
from engine.pipeline.paper.fates import NOT_PLANNED, fate_of
from engine.report.calls import OWN
from engine.report.paperrun import OpenCall, PaperRow
from engine.simulate.flows import held_entry
from engine.simulate.money import average_price
from engine.units import iso

if TYPE_CHECKING:
    from engine.paper.worth import Seen
    from engine.pipeline.paper.events import Told
    from engine.pipeline.paper.fates import CallFate

Last = Callable[[str], Bar | None]
KINDS = {"stop": "breakout"}


@dataclass(frozen=True, slots=True)
class Standing:
    """A call with the account's trade, valued at the last known price where it is open (None: not taken)."""

    call: PaperCall
    trade: Trade | None
    price: float | None

    @property
    def filled(self) -> bool:
        """Whether the account's trade was ever filled."""
        return self.trade is not None and bool(self.trade.path.fills)


def standing(call: PaperCall, last: Last) -> Standing:
    """A call as it stands."""
    bar = last(call.plan.symbol)
    price = None if bar is None else bar.close
    if call.facts is None:
        return Standing(call, None, price)
    acting = call.acting
    open_ = not call.over and bool(acting.stepper.path().fills)
    path = acting.path_at(bar, bar.end) if open_ and bar is not None else None
    return Standing(call, call.trade(path), price)


def rows_of(stands: Sequence[Standing], told: Told, fates: Sequence[CallFate]) -> list[PaperRow]:
    """All calls, also those that became no plan, in the order of posting; ``fates`` are those of the account."""
    why = {(fate.strategy, fate.signal_id): fate.reason for fate in fates}
    rows = [_planned(one, told, why[one.call.lane, one.call.plan.signal_id]) for one in stands]
    rows += [_unplanned(fate) for fate in fates if fate.stage == NOT_PLANNED]
    return sorted(rows, key=lambda row: (row.posted, row.signal_id))


def open_calls(stands: Sequence[Standing]) -> list[OpenCall]:
    """The trades of the account that rest or are open, in the order in which they were taken."""
    return [_open(one) for one in sorted(stands, key=lambda one: one.call.order) if one.trade and not one.call.over]


def entry_kind(plan: Plan) -> str:
    """How a plan goes in: ``market``, ``limit`` or ``breakout``."""
    kind = plan.orders[0].kind
    return "market" if None in [order.price for order in plan.orders] else KINDS.get(kind, kind)


def own_fate(call: PaperCall) -> str:
    """What became of a call in its channel's record, as the rows of a backtest say it."""
    if call.fate:
        return call.fate
    path = call.stepper.path()
    if path.status is PathStatus.CLOSED and not call.risk > 0:
        return "no stop"
    if call.stepper.done:
        return path.status.value
    return "open" if path.fills else "resting"


def outcome(one: Standing) -> str:
    """What became of a call in the account that took it; of another one in its channel's record."""
    if one.trade is None:
        return own_fate(one.call)
    fate = fate_of(one.call)
    return "no stop" if fate == PathStatus.CLOSED and not one.call.risk > 0 else fate


def _unplanned(fate: CallFate) -> PaperRow:
    return PaperRow(
        fate.signal_id, fate.channel, iso(fate.posted_ms), symbol=fate.symbol, side=fate.side, status=fate.fate,
        strategy=fate.strategy, late=fate.late, why=fate.reason,
    )  # fmt: skip


def _planned(one: Standing, told: Told, why: str) -> PaperRow:
    call, trade = one.call, one.trade
    plan = call.plan
    path = trade.path if trade else call.stepper.path()
    own_r = call.r() if call.counted else None
    prices, _ = call.targets()
    notes = (*call.notes, *call.closing_notes)
    no = call.notes[-1] if call.refused and call.notes else None
    seen = told.first.get(call.row)
    cells: dict[str, Any] = {
        "signal_id": plan.signal_id,
        "channel": plan.channel,
        "posted": iso(call.posted_ms),
        "acted": iso(plan.act_ms),
        "symbol": plan.symbol,
        "side": plan.side.value,
        "entry_kind": entry_kind(plan),
        "entry": tuple(order.price for order in plan.orders if order.price is not None),
        "stop": plan.stop if not isinstance(plan.stop, Distance) else call.stepper.first_stop,
        "targets": prices,
        "from_entry": ""
        if call.stepper.path().fills
        else from_entry(plan.side, plan.stop, [at for at, _ in plan.targets]),
        "leverage": plan.leverage,
        "layout": told.layouts.get(call.row, ""),
        "status": outcome(one),
        "ambiguous": path.ambiguous,
        "taken": trade is not None,
        "rule": no.rule if no else "",
        "rule_where": no.where if no else "",
        "notes": "; ".join(note.text for note in notes),
        "r": own_r if trade is None else trade.r if call.over else None,
        "strategy": call.lane,
        "late": call.marked_late,
        "why": why,
        "seen": None if seen is None else seen[1],
        "behind_bp": behind_bp(one, seen),
        "own_status": own_fate(call),
        "own_r": own_r,
    }
    cells |= {OWN[name]: value for name, value in _filled(call.stepper.path(), call).items() if name in OWN}
    cells |= _filled(path, call)
    if trade is not None:
        cells |= {name: getattr(trade, name) for name in OF_THE_ACCOUNT}
    return PaperRow(**cells)


def _filled(path: Path, call: PaperCall) -> dict[str, Any]:
    """How a trade went in, and out as far as it has; nothing where it was never filled."""
    if not path.fills:
        return {}
    legs = tuple(leg for leg in path.legs if leg.reason is not ExitReason.END)
    first = path.fills[0]
    cells: dict[str, Any] = {
        "filled_at": iso(first.ts_ms),
        "entry_price": average_price(path.fills),
        "delay_s": (first.ts_ms - call.posted_ms) / 1000,
    }
    if legs:
        cells |= {"exit_reason": legs[-1].reason.value, "exits": exits_of(legs)}
        if path.status is PathStatus.CLOSED:
            cells["closed_at"] = iso(legs[-1].ts_ms)
    return cells


def behind_bp(one: Standing, seen: tuple[int, float] | None) -> float | None:
    """How much worse the record went in than at the first price seen, in basis points; None without one of them."""
    path = one.trade.path if one.trade else one.call.stepper.path()
    if seen is None or not seen[1] > 0 or not path.fills:
        return None
    return path.plan.side.sign * (average_price(path.fills) - seen[1]) / seen[1] * 10_000


def _open(one: Standing) -> OpenCall:
    """An open trade, with what is left of its levels."""
    call, trade = one.call, one.trade
    assert trade is not None
    stepper, plan = call.acting.stepper, call.plan
    fills = stepper.path().fills
    targets = [stepper.position.price_of(level) for level, _ in stepper.targets]
    valued = bool(fills) and one.price is not None
    return OpenCall(
        signal_id=plan.signal_id,
        channel=plan.channel,
        symbol=plan.symbol,
        side=plan.side.value,
        acted=iso(plan.act_ms),
        since=iso(fills[0].ts_ms) if fills else "",
        entry=held_entry(stepper.path()) if fills else None if call.entry != call.entry else call.entry,
        stop=stepper.stop,
        targets=[price for price in targets if price is not None],
        held=stepper.held,
        price=one.price,
        net=trade.net if valued else None,
        r=trade.r if valued else None,
        ending=call.closing_ms is not None,
    )


def last_bars(
    candles: Mapping[str, Any], known: Mapping[str, Seen], at_ms: int, step_ms: int
) -> Callable[[str], Bar | None]:
    """The last candle of a symbol: of a history where that goes on, else a flat one at the price that is known."""

    def last(symbol: str) -> Bar | None:
        bars, seen = candles.get(symbol), known.get(symbol)
        if bars is not None and len(bars) and bars.end_ms > at_ms and (seen is None or bars.end_ms >= seen[0]):
            open_, high, low, close = (float(column[-1]) for column in (bars.open, bars.high, bars.low, bars.close))
            return Bar(int(bars.ts[-1]), open_, high, low, close, bars.end_ms)
        price = 0.0 if seen is None else seen[1]
        return None if seen is None else Bar(at_ms, price, price, price, price, at_ms + step_ms)

    return last

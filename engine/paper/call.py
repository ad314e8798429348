"""One call on paper: its plan, its way through the candles, and what the account said."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from engine.domain import BY_HAND, ExitReason, Fill, Leg, OpenTrade, Path, PathStatus, Plan, RuleNote, Trade
from engine.simulate.account import NEVER_MS
from engine.simulate.money import fee_of
from engine.simulate.step import Stepper

WAITING = "waiting"
NOT_OFFERED = ("repeat", "opposite", "too late", "no data", "stop too near", "stop beyond liquidation")


class Bar(NamedTuple):
    """A closed candle: its open time, its prices, when it was over; open, high and low of the fair price if known."""

    ts: int
    open: float
    high: float
    low: float
    close: float
    end: int
    fair: tuple[float, float, float] | None = None

    @property
    def span(self) -> tuple[float, float]:
        """The lowest and the highest price that can do something."""
        if self.fair is None:
            return self.low, self.high
        return min(self.low, self.fair[2]), max(self.high, self.fair[1])


@dataclass(slots=True)
class PaperCall:
    """A call that was planned, in row ``row`` of its account; ``number`` is that of its message.

    ``fate`` is "waiting" until the call's first candle, then "" or the reason why it is no trade of its own
    (``NOT_OFFERED``). ``entry`` and ``risk`` are for one unit (NaN: not known), ``paid`` its funding payments so far.
    ``late``: it arrived late; ``missed``: something it did was worked out long after its candle was over.
    ``blocks``: later calls on the symbol are held against it. ``asked``: the account has answered; ``facts`` is there
    when it took the call. ``own`` is the account's own way through the candles where its size changed the plan (another
    margin tier, an impact on the price). ``closing_ms``: the account's trade is to end then; ``early`` is that trade,
    once ended.
    """

    row: int
    lane: str
    place: int
    posted_ms: int
    plan: Plan
    stepper: Stepper
    number: int
    fate: str = WAITING
    first_ms: int = -1
    end_ms: int = NEVER_MS
    entry: float = math.nan
    risk: float = math.nan
    paid: list[tuple[int, float]] = field(default_factory=list)
    blocks: bool = False
    late: bool = False
    missed: bool = False
    asked: bool = False
    quantity: float = 0.0
    facts: OpenTrade | None = None
    notes: tuple[RuleNote, ...] = ()
    closing_ms: int | None = None
    closing_notes: tuple[RuleNote, ...] = ()
    early: Trade | None = None
    own: PaperCall | None = None
    quiet: tuple[float, float, int] | None = None

    @property
    def order(self) -> tuple[int, int, int, int]:
        """Calls are offered in this order: by their moments of action, then as their channels stand in the strategy.

        Those of one channel and one moment as they were posted, whenever they arrived.
        """
        return self.plan.act_ms, self.place, self.number, self.row

    @property
    def acting(self) -> PaperCall:
        """The call as the account trades it."""
        return self if self.own is None else self.own

    @property
    def ways(self) -> tuple[PaperCall, ...]:
        """All its ways through the candles: the call itself, and the account's own where there is one."""
        return (self,) if self.own is None else (self, self.own)

    @property
    def lives(self) -> bool:
        """Whether candles can still do something to it."""
        if self.fate in ("repeat", "opposite", "no data"):
            return False
        return not self.stepper.done or (self.own is not None and not self.own.stepper.done)

    @property
    def name(self) -> str:
        """What a person calls it: signal id, side and symbol."""
        return f"{self.plan.signal_id} {self.plan.side.value} {self.plan.symbol}"

    @property
    def marked_late(self) -> bool:
        """Whether it arrived late, or went in or out while nobody watched."""
        return self.late or self.missed

    @property
    def over(self) -> bool:
        """Whether the account's trade has come to its end, by its path or before."""
        return self.early is not None or self.acting.stepper.done

    @property
    def counted(self) -> bool:
        """Whether it is a call of its own that an account is asked about."""
        return self.fate == ""

    @property
    def refused(self) -> bool:
        """Whether the account was asked about it and said no."""
        return self.asked and self.counted and self.facts is None

    @property
    def missing(self) -> str:
        """Why the account has no trade of a call that may live on in its channel's record; "" where it has, or may.

        ``refused``, or ``over``: its trade was ended before the call's own path.
        """
        if self.facts is None:
            return "refused" if self.refused else ""
        own = self.own is not None and self.own.stepper.done and not self.stepper.done
        return "over" if self.early is not None or own else ""

    def settle(self) -> None:
        """Work out entry and risk of a unit, once its first candle is over."""
        fills, stop = self.stepper.path().fills, self.stepper.first_stop
        prices = [order.price for order in self.plan.orders]
        if prices and prices[0] is None and fills:
            prices[0] = fills[0].price
        known = [
            (math.nan if price is None else price, o.weight) for price, o in zip(prices, self.plan.orders, strict=True)
        ]
        self.entry = sum(price * weight for price, weight in known)
        self.risk = math.nan if stop is None else sum(abs(price - stop) * weight for price, weight in known)

    def targets(self) -> tuple[tuple[float, ...], tuple[float, ...]]:
        """The call's own targets that have a price, and their shares."""
        found = [(self.stepper.position.price_of(level), share) for level, share in self.plan.targets]
        known = [(price, share) for price, share in found if price is not None]
        return tuple(price for price, _ in known), tuple(share for _, share in known)

    def path_at(self, last: Bar, end_ms: int) -> Path:
        """The path as it would stand if the candles ended with this one, which is over at ``end_ms``."""
        ended = Stepper.restored(self.plan, self.stepper.terms, self.stepper.saved())
        ended.position.state.ts = last.ts
        ended.finish(last.close, end_ms)
        return ended.path()

    def trade(self, path: Path | None = None) -> Trade:
        """The account's trade so far (``early`` where it was ended before its path)."""
        if self.early is not None:
            return self.early
        if self.own is not None:
            return self.own.trade(path)
        path = path or self.stepper.path()
        risk = self.facts.risk if self.facts else 0.0
        if path.status not in (PathStatus.CLOSED, PathStatus.OPEN) or not path.fills:
            return Trade(path, self.quantity, risk, 0.0, 0.0, 0.0, 0.0, None, self.notes)
        gross, fees, funding = self.money(path)
        net = gross - fees - funding
        r = net / self.risk if self.risk > 0 else None
        q = self.quantity
        return Trade(path, q, risk, gross * q, fees * q, funding * q, net * q, r, self.notes)

    def money(self, path: Path | None = None) -> tuple[float, float, float]:
        """Gross result, fees and funding of a unit so far."""
        path = path or self.stepper.path()
        bought = sum(fill.price * fill.share for fill in path.fills)
        sold = sum(leg.price * leg.share for leg in path.legs)
        moves: list[Fill | Leg] = [*path.fills, *path.legs]
        fees = sum(fee_of(move, self.stepper.terms) for move in moves)
        return self.plan.side.sign * (sold - bought), fees, sum(paid for _, paid in self.paid)

    def r(self) -> float | None:
        """The R multiple of a closed call; None where it has none."""
        if self.stepper.path().status is not PathStatus.CLOSED or not self.risk > 0:
            return None
        gross, fees, funding = self.money()
        return (gross - fees - funding) / self.risk


def ended_by(notes: Sequence[RuleNote]) -> ExitReason:
    """Who ended a trade before its path, by what was noted of that first: a person, or a rule."""
    return ExitReason.HAND if notes and notes[0].rule == BY_HAND else ExitReason.RULE


def quiet(stepper: Stepper) -> tuple[float, float, int] | None:
    """Bounds within which a bar changes nothing: it opens before the third, and stays between the first two.

    None where every bar matters: a stop that follows the price or waits for a close. Only steps are saved by it.
    """
    plan, position = stepper.plan, stepper.position
    state = position.state
    if stepper.done or state.last_ts is None or state.close_level is not None or (plan.trail and state.fills):
        return None
    change = stepper.next_change_ms
    until = NEVER_MS if change is None else change
    if state.resting or not state.fills:
        until = min(until, plan.expire_ms)
    if state.fills and plan.close_after_ms is not None:
        until = min(until, state.fills[0].ts_ms + plan.close_after_ms)
    held = bool(state.fills)
    losing = [state.stop if held or plan.cancel_on_stop else None, position.liquidation]
    winning = [position.first_target() if held or plan.cancel_on_target else None]
    for _, order in state.resting:
        if order.price is not None:
            (losing if order.kind == "limit" else winning).append(position.through(order.price, down=True))
    down, up = (losing, winning) if plan.side.sign > 0 else (winning, losing)
    low = max((level for level in down if level is not None), default=-math.inf)
    high = min((level for level in up if level is not None), default=math.inf)
    return low, high, until


def end_of(call: PaperCall, status: PathStatus, bar: Bar) -> int:
    """When a call's orders and position were known to be gone, as ``PathTable.end_ms`` says it."""
    if status is PathStatus.NO_DATA:
        return call.plan.act_ms
    return bar.ts if status in (PathStatus.EXPIRED, PathStatus.TOO_LATE) else bar.end

"""One trade, one candle at a time: the plain twin of the kernel, and the step that live candles take.

It follows docs/realism.md sentence by sentence and shares no arithmetic with ``kernel.py``; a property test holds that
both give equal fills, legs and statuses. For live use:

    trade = Stepper(plan, terms)
    trade.change(change)                        # whenever the channel wants something; it acts at its own time
    trade.bar(ts, open_, high, low, close)      # each closed candle, in order of time, until trade.done
    trade.held, trade.stop, trade.resting, trade.targets
    Stepper.restored(plan, terms, trade.saved())    # after a restart; feeding the same again gives the same too

1. A bar's open: expiry, time exit, a candle that closed beyond the stop, changes, orders, liquidation, stop, targets.
2. Inside the bar: resting orders, then stop or liquidation against targets (``_inside``).
3. After the bar: stop moves and trailing, which act from the next bar on.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from engine.domain import Change, Distance, ExitReason, Order, Path, PathStatus, Plan, Side
from engine.market.candles import Candles
from engine.market.timeframes import grid_offset_ms
from engine.simulate.grid import change_on_grid
from engine.simulate.plain import change_from
from engine.simulate.position import DUST, Position
from engine.simulate.state import State
from engine.simulate.terms import Terms
from engine.units import DAY_MS

Fair = tuple[float, float, float]  # open, high and low of the fair price


class Stepper:
    """One plan on its way through closed candles."""

    def __init__(self, plan: Plan, terms: Terms) -> None:
        self.plan, self.terms = plan, terms
        self._changes = list(plan.changes)
        self._position = Position(plan, terms)

    # ------------------------------------------------------------------ what is known

    @property
    def _state(self) -> State:
        return self._position.state

    @property
    def done(self) -> bool:
        """Whether nothing can happen any more."""
        return self._state.status is not None

    @property
    def held(self) -> float:
        """The open share of the planned quantity."""
        return self._position.held

    @property
    def filled(self) -> float:
        """The filled share of the planned quantity."""
        return self._position.filled

    @property
    def stop(self) -> float | None:
        """The stop in force (one that waits for a candle's close included)."""
        return self._state.stop if self._state.close_level is None else self._state.close_level

    @property
    def liquidation(self) -> float | None:
        """Where the position would be liquidated."""
        return self._position.liquidation

    @property
    def resting(self) -> tuple[Order, ...]:
        """The entry orders that wait in the book."""
        return tuple(order for _, order in self._state.resting) if not self.done else ()

    @property
    def targets(self) -> tuple[tuple[float | Distance, float], ...]:
        """The targets ahead: level and share of the filled quantity."""
        return tuple(self._state.targets)

    @property
    def first_stop(self) -> float | None:
        """The stop that the risk was planned with; None without one, or before the fill that settles it."""
        return self._state.first_stop

    @property
    def position(self) -> Position:
        """The trade's state with its arithmetic, to be looked at."""
        return self._position

    @property
    def changes(self) -> tuple[Change, ...]:
        """All changes known so far."""
        return tuple(self._changes)

    @property
    def next_change_ms(self) -> int | None:
        """When the next change acts that is known."""
        return self._changes[self._state.changed].act_ms if self._state.changed < len(self._changes) else None

    def path(self) -> Path:
        """What happened so far."""
        state = self._state
        status = state.status or PathStatus.OPEN
        ambiguous = state.ambiguous and status is not PathStatus.NO_DATA
        return Path(self.plan, status, tuple(state.fills), tuple(state.legs), ambiguous)

    def saved(self) -> dict[str, Any]:
        """The state and all changes known, as plain data that JSON can hold; the plan and the terms are not in it."""
        return {"state": self._state.saved(), "changes": [asdict(change) for change in self._changes]}

    @classmethod
    def restored(cls, plan: Plan, terms: Terms, saved: dict[str, Any]) -> Stepper:
        """The trade as it stood when ``saved`` was called (also after a way through JSON)."""
        made = cls(plan, terms)
        made._position.state = State.restored(saved["state"])
        made._changes = [change_from(change) for change in saved["changes"]]
        return made

    # ------------------------------------------------------------------ what happens

    def change(self, change: Change) -> None:
        """Something the channel wants; it has to be known here before the first bar that opens at its time."""
        change = change_on_grid(change, self.plan.tick)
        done = self._changes[: self._state.changed]
        self._changes = done + sorted([*self._changes[len(done) :], change], key=lambda c: c.act_ms)

    def unchange(self, change: Change) -> bool:
        """Take back a change; whether that was possible: it has not acted yet."""
        change = change_on_grid(change, self.plan.tick)
        place = self._state.changed
        if change not in self._changes[place:]:
            return False
        del self._changes[self._changes.index(change, place)]
        return True

    def unused(self, high: float, low: float) -> None:
        """The bar in which the message fell: never traded; stop or target inside it leaves the order of things open."""
        levels = (self._position.first_target(), self._state.stop)
        if any(level is not None and low <= level <= high for level in levels):
            self._state.ambiguous = True

    def bar(self, ts: int, open_: float, high: float, low: float, close: float, fair: Fair | None = None) -> None:
        """Go through one closed bar whose open is at or after the plan's ``act_ms``."""
        state = self._state
        if self.done:
            return
        first, state.ts = state.last_ts is None, ts
        if first and ts - self.plan.act_ms > DAY_MS:
            state.status = PathStatus.NO_DATA
        elif not state.fills and ts >= self.plan.expire_ms:
            state.status = PathStatus.EXPIRED
        elif self._time_is_up(ts):
            self._position.close_all(self._position.sell(open_), ExitReason.TIME)
        elif self._closed_beyond(ts):
            self._position.close_all(self._position.sell(open_), state.stop_reason)
        if self.done:
            return
        if ts >= self.plan.expire_ms:
            state.resting = []
        fair = fair or (open_, high, low)
        arrived = self._changes_at(ts, open_, arrived=first)
        if not self.done and arrived:
            self._arrive(open_)
        if not self.done:
            self._at_open(open_, fair[0])
        if not self.done:
            self._inside(open_, high, low, close, fair)
        state.last_ts, state.last_close = ts, close

    def finish(self, last_close: float, end_ms: int) -> None:
        """The candles have ended: their last close, and when the last bar was over."""
        state = self._state
        if self.done:
            return
        if self.held > DUST:
            self._position.leg(last_close, self.held, ExitReason.END, maker=False)
            state.status = PathStatus.OPEN
        else:
            waiting = PathStatus.EXPIRED if self.plan.expire_ms <= end_ms else PathStatus.RESTING
            state.status = waiting if state.last_ts is not None else PathStatus.NO_DATA

    # ------------------------------------------------------------------ the open

    def _time_is_up(self, ts: int) -> bool:
        after, fills = self.plan.close_after_ms, self._state.fills
        return bool(fills) and after is not None and ts >= fills[0].ts_ms + after

    def _closed_beyond(self, ts: int) -> bool:
        """Whether a candle of the stop's timeframe has closed beyond it since the last bar."""
        state, frame = self._state, self.plan.close_stop_ms
        if state.close_level is None or frame is None or state.last_ts is None or self.held <= DUST:
            return False
        offset = grid_offset_ms(frame)
        over = (ts - offset) // frame != (state.last_ts - offset) // frame
        return over and self._position.beyond(state.last_close, state.close_level, down=True)

    def _changes_at(self, ts: int, open_: float, *, arrived: bool) -> bool:
        """Apply the changes that are due; whether orders arrive at this open."""
        state = self._state
        while not self.done and state.changed < len(self._changes) and self._changes[state.changed].act_ms <= ts:
            state.changed += 1
            arrived |= self._position.apply(self._changes[state.changed - 1], open_)
        return arrived

    def _arrive(self, open_: float) -> None:
        """Orders meet the market: those that are marketable fill at once, unless the call comes too late."""
        position, state = self._position, self._state
        marketable = [(n, order) for n, order in state.resting if self._marketable(order, open_)]
        if not state.fills:
            target, stop = position.first_target(), self.stop
            beyond_target = target is not None and position.beyond(open_, target, down=False)
            beyond_stop = stop is not None and position.beyond(open_, stop, down=True)
            if marketable and (beyond_target or beyond_stop):
                state.status = PathStatus.TOO_LATE
            elif beyond_target and self.plan.cancel_on_target:
                state.status = PathStatus.TARGET_FIRST
            if self.done:
                return
        for number, order in marketable:
            price = position.buy(open_, order.weight)
            if order.kind == "limit" and order.price is not None:
                price = min(price, order.price) if self.plan.side is Side.LONG else max(price, order.price)
            position.fill(number, price, maker=False)

    def _marketable(self, order: Order, open_: float) -> bool:
        return order.price is None or self._position.beyond(open_, order.price, down=order.kind == "limit")

    def _at_open(self, open_: float, fair_open: float) -> None:
        position, state = self._position, self._state
        breakout = any(order.kind == "stop" for _, order in state.resting)
        target = position.first_target()
        cancels = not state.fills and not breakout and self.plan.cancel_on_target
        if cancels and target is not None and position.beyond(open_, target, down=False):
            state.status = PathStatus.TARGET_FIRST
            return
        for number, order in list(state.resting):
            if order.price is None:
                continue
            if order.kind == "limit" and position.beyond(open_, position.through(order.price, down=True), down=True):
                position.fill(number, open_, maker=True)
            elif order.kind == "stop" and position.beyond(open_, order.price, down=False):
                position.fill(number, position.buy(open_, order.weight), maker=False)
        if self.held <= DUST:
            return
        liquidation = position.liquidation
        if liquidation is not None and position.beyond(fair_open, liquidation, down=True):
            self._liquidate()
        elif state.stop is not None and position.beyond(open_, state.stop, down=True):
            position.close_all(position.sell(open_), state.stop_reason)
        elif breakout:
            position.market_targets(open_)
        while not self.done and self.held > DUST and position.reaches_target(open_):
            level = position.first_target()
            assert level is not None
            position.take_target(open_ if self.plan.target_gap == "open" else level)

    # ------------------------------------------------------------------ inside the bar

    def _inside(self, open_: float, high: float, low: float, close: float, fair: Fair) -> None:
        position, state = self._position, self._state
        long = self.plan.side is Side.LONG
        best, worst, fair_worst = (high, low, fair[2]) if long else (low, high, fair[1])
        waiting, held_before = not state.fills, self.held > DUST
        touched, broke = self._fill_inside(open_, best, worst)
        if not state.fills:
            target = position.first_target()
            if self.plan.cancel_on_target and target is not None and position.beyond(best, target, down=False):
                state.status = PathStatus.TARGET_FIRST
            elif self.plan.cancel_on_stop and state.stop is not None and position.beyond(worst, state.stop, down=True):
                state.status = PathStatus.STOP_FIRST
            return
        if self.held > DUST:
            self._fight(best, worst, fair_worst, close, (waiting, held_before, touched, broke))
        if not self.done:
            position.move_stops()
            position.follow(best, close if touched else best)

    def _fill_inside(self, open_: float, best: float, worst: float) -> tuple[bool, bool]:
        """Fill what the bar touches; whether a limit did, and whether a breakout did."""
        position, state = self._position, self._state
        touched = broke = False
        for number, order in list(state.resting):
            if order.price is None or not position.better(order.price, state.stop):
                continue  # the stop comes before it
            liquidation = position.liquidation
            if liquidation is not None and not position.better(order.price, liquidation):
                continue
            if order.kind == "limit" and position.beyond(worst, position.through(order.price, down=True), down=True):
                better = min if self.plan.side is Side.LONG else max
                position.fill(number, better(order.price, open_), maker=True)
                touched = True
            elif order.kind == "stop" and position.beyond(best, order.price, down=False):
                position.fill(number, position.buy(order.price, order.weight), maker=False)
                broke = True
        return touched, broke

    def _fight(
        self, best: float, worst: float, fair_worst: float, close: float, how: tuple[bool, bool, bool, bool]
    ) -> None:
        """Stop or liquidation against targets."""
        position, state, plan = self._position, self._state, self.plan
        waiting, held_before, touched, broke = how
        stop, liquidation = state.stop, position.liquidation
        stopped = stop is not None and position.beyond(worst, stop, down=True)
        liquidated = liquidation is not None and position.beyond(fair_worst, liquidation, down=True)
        if stopped and liquidated and stop is not None and liquidation is not None:
            liquidated = not position.better(stop, liquidation)  # the nearer one acts
        lost = stopped or liquidated
        aimed = position.reaches_target(best)
        proven = position.reaches_target(close) and not held_before and not (waiting and plan.cancel_on_target)
        if aimed and (lost or (touched and not proven)):
            state.ambiguous = True
        if broke and lost:
            proven = stop is not None and not plan.cancel_on_stop and position.beyond(close, stop, down=True)
            state.ambiguous |= not proven
        if lost and self.terms.same_candle == "stop first":
            self._lose(close, liquidated=liquidated)
            return
        proof = close if touched else best
        while not self.done and self.held > DUST and position.reaches_target(proof):
            level = position.first_target()
            assert level is not None
            position.take_target(level)
        if lost and not self.done:
            self._lose(close, liquidated=liquidated)
        if touched and not self.done and position.reaches_target(best):
            state.ambiguous = True

    def _lose(self, close: float, *, liquidated: bool) -> None:
        if liquidated:
            self._liquidate()
            return
        stop = self._state.stop
        assert stop is not None
        self._position.close_all(self._position.sell(self._stopped_at(stop, close)), self._state.stop_reason)

    def _stopped_at(self, stop: float, close: float) -> float:  # noqa: ARG002
        """The price that a stop inside a bar gets."""
        return stop

    def _liquidate(self) -> None:
        """The isolated margin is lost: as if sold at the price at which nothing of it is left."""
        position = self._position
        gone = position.average * (1 - position.sign / (self.plan.leverage or 1.0))
        position.close_all(gone, ExitReason.LIQUIDATION)


def step_path(plan: Plan, candles: Candles, terms: Terms, fair: Candles | None = None) -> Path:
    """The path of one plan over candles, bar by bar; ``fair`` has the fair price where it is known."""
    stepper = Stepper(plan, terms)
    known = {} if fair is None else {
        ts: (o, h, low)
        for ts, o, h, low in zip(*(c.tolist() for c in (fair.ts, fair.open, fair.high, fair.low)), strict=True)
    }  # fmt: skip
    close = 0.0
    columns = (candles.ts, candles.ends, candles.open, candles.high, candles.low, candles.close)
    for ts, end, open_, high, low, close in zip(*(column.tolist() for column in columns), strict=True):
        if ts < plan.act_ms:
            if end > plan.act_ms:
                stepper.unused(high, low)
            continue
        stepper.bar(ts, open_, high, low, close, known.get(ts))
        if stepper.done:
            break
    stepper.finish(close, candles.end_ms)
    return stepper.path()

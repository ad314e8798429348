"""One trade, one candle at a time: the plain twin of the kernel, and the step that live candles take.

It keeps its state in the open and follows docs/realism.md sentence by sentence. It shares no arithmetic with
``kernel.py``; a property test holds that both give equal fills, legs and statuses.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from engine.domain import Distance, ExitReason, Fill, Leg, Path, PathStatus, Plan, Side
from engine.market.candles import Candles
from engine.simulate.terms import Terms
from engine.units import DAY_MS

DUST = 1e-12


@dataclass
class Stepper:
    """The state of one plan. Feed it closed candles with ``bar`` in order of time until ``done``."""

    plan: Plan
    terms: Terms
    status: PathStatus | None = None
    fills: list[Fill] = field(default_factory=list)
    legs: list[Leg] = field(default_factory=list)
    ambiguous: bool = False
    _next_order: int = 0
    _stop: float | None = None
    _moved: bool = False
    _targets_hit: int = 0
    _started: bool = False
    _ts: int = 0

    def __post_init__(self) -> None:
        """A stop given as a price is known from the beginning."""
        if isinstance(self.plan.stop, float):
            self._stop = self.plan.stop

    @property
    def done(self) -> bool:
        """Whether nothing can happen any more."""
        return self.status is not None

    @property
    def held(self) -> float:
        """The open share of the planned quantity."""
        return self.filled - sum(leg.share for leg in self.legs)

    @property
    def filled(self) -> float:
        """The filled share of the planned quantity."""
        return sum(fill.share for fill in self.fills)

    @property
    def stop(self) -> float | None:
        """The stop in force."""
        return self._stop

    # ------------------------------------------------------------------ one bar

    def unused(self, high: float, low: float) -> None:
        """The bar in which the message fell: never traded; stop or target inside it leaves the order of things open."""
        levels = [price for price, _ in self.plan.targets[:1]]
        levels += [self._stop] if self._stop is not None else []
        if any(low <= level <= high for level in levels):
            self.ambiguous = True

    def bar(self, ts: int, open_: float, high: float, low: float, close: float) -> None:
        """Go through one closed bar whose open is at or after the plan's ``act_ms``."""
        if self.done:
            return
        self._ts = ts
        first, self._started = not self._started, True
        if first and ts - self.plan.act_ms > DAY_MS:
            self.status = PathStatus.NO_DATA
            return
        if not self.fills and ts >= self.plan.expire_ms:
            self.status = PathStatus.EXPIRED
            return
        if self._time_is_up(ts):
            self._close_all(self._sell(open_), ExitReason.TIME)
            return
        if ts >= self.plan.expire_ms:
            self._next_order = len(self.plan.orders)
        if first:
            self._first_open(open_)
        else:
            self._at_open(open_)
        if not self.done:
            self._inside(open_, high, low, close)
        if not self.done:
            self._move_stop()

    def finish(self, last_close: float, end_ms: int) -> None:
        """The candles have ended: their last close, and when the last bar was over."""
        if self.done:
            return
        if self.held > DUST:
            self._leg(last_close, self.held, ExitReason.END, maker=False)
            self.status = PathStatus.OPEN
        else:
            waiting = PathStatus.EXPIRED if self.plan.expire_ms <= end_ms else PathStatus.RESTING
            self.status = waiting if self._started else PathStatus.NO_DATA

    def path(self) -> Path:
        """What happened so far."""
        status = self.status or PathStatus.OPEN
        ambiguous = self.ambiguous and status is not PathStatus.NO_DATA
        return Path(self.plan, status, tuple(self.fills), tuple(self.legs), ambiguous)

    # ------------------------------------------------------------------ the open

    def _first_open(self, open_: float) -> None:
        marketable = any(o.price is None or self._reaches(open_, o.price, down=True) for o in self.plan.orders)
        beyond_target = bool(self.plan.targets) and self._reaches(open_, self.plan.targets[0][0], down=False)
        beyond_stop = self._stop is not None and self._reaches(open_, self._stop, down=True)
        if marketable and (beyond_target or beyond_stop):
            self.status = PathStatus.TOO_LATE
        elif beyond_target and self.plan.cancel_on_target:
            self.status = PathStatus.TARGET_FIRST
        else:
            for order in self.plan.orders:
                if order.price is None:
                    self._fill(self._buy(open_), order.weight, maker=False)
                elif self._reaches(open_, order.price, down=True):
                    better = min if self.plan.side is Side.LONG else max
                    self._fill(better(self._buy(open_), order.price), order.weight, maker=False)

    def _at_open(self, open_: float) -> None:
        if not self.fills and self.plan.cancel_on_target and self._beyond_first_target(open_):
            self.status = PathStatus.TARGET_FIRST
            return
        while self._next_order < len(self.plan.orders):
            order = self.plan.orders[self._next_order]
            if order.price is not None and not self._reaches(open_, self._through(order.price, down=True), down=True):
                break
            self._fill(open_, order.weight, maker=True)
        if self.held > DUST and self._stop is not None and self._reaches(open_, self._stop, down=True):
            self._close_all(self._sell(open_), self._stop_reason())
            return
        while not self.done and self.held > DUST and self._target_reached(open_):
            level = self.plan.targets[self._targets_hit][0]
            self._take_target(open_ if self.plan.target_gap == "open" else level)

    # ------------------------------------------------------------------ inside the bar

    def _inside(self, open_: float, high: float, low: float, close: float) -> None:
        best, worst = (high, low) if self.plan.side is Side.LONG else (low, high)
        filled_here, held_before, waiting = False, self.held > DUST, not self.fills
        while self._next_order < len(self.plan.orders):
            order = self.plan.orders[self._next_order]
            if order.price is None or not self._reaches(worst, self._through(order.price, down=True), down=True):
                break
            better = min if self.plan.side is Side.LONG else max
            self._fill(better(order.price, open_), order.weight, maker=True)
            filled_here = True
        if not self.fills:
            if self.plan.cancel_on_target and self._beyond_first_target(best):
                self.status = PathStatus.TARGET_FIRST
            return
        stopped = self._stop is not None and self._reaches(worst, self._stop, down=True)
        target_may_be_first = held_before or (waiting and self.plan.cancel_on_target)
        proven = self._target_reached(close) and not target_may_be_first
        if self._target_reached(best) and (stopped or (filled_here and not proven)):
            self.ambiguous = True
        if stopped and self.terms.same_candle == "stop first":
            self._stop_out()
            return
        proof = close if filled_here else best
        while not self.done and self._target_reached(proof):
            self._take_target(self.plan.targets[self._targets_hit][0])
        if stopped and not self.done:
            self._stop_out()
        if filled_here and not self.done and self._target_reached(best):
            self.ambiguous = True

    def _move_stop(self) -> None:
        after = self.plan.breakeven_after
        if after and self._targets_hit >= after and not self._moved:
            average = sum(f.price * f.share for f in self.fills) / self.filled
            if self._stop is None or self._reaches(self._stop, average, down=True):
                self._stop = average
            self._moved = True

    # ------------------------------------------------------------------ money moves

    def _fill(self, price: float, share: float, *, maker: bool) -> None:
        self._next_order += 1
        if not self.fills and isinstance(self.plan.stop, Distance):
            stop = self.plan.stop
            off = price * stop.value / 100 if stop.unit == "percent" else stop.value
            self._stop = price - self.plan.side.sign * off
        self.fills.append(Fill(self._ts, price, share, maker))

    def _take_target(self, price: float) -> None:
        share = self.plan.targets[self._targets_hit][1] * self.filled
        self._targets_hit += 1
        self._next_order = len(self.plan.orders)
        if self._targets_hit == len(self.plan.targets):
            share = self.held
        self._leg(price, min(share, self.held), ExitReason.TARGET, maker=True)
        if self.held <= DUST:
            self.status = PathStatus.CLOSED

    def _stop_out(self) -> None:
        assert self._stop is not None
        self._close_all(self._sell(self._stop), self._stop_reason())

    def _close_all(self, price: float, reason: ExitReason) -> None:
        self._leg(price, self.held, reason, maker=False)
        self.status = PathStatus.CLOSED

    def _leg(self, price: float, share: float, reason: ExitReason, *, maker: bool) -> None:
        target = self._targets_hit if reason is ExitReason.TARGET else 0
        self.legs.append(Leg(self._ts, price, share, reason, maker, target))

    # ------------------------------------------------------------------ prices

    def _reaches(self, price: float, level: float, *, down: bool) -> bool:
        """Whether a price is at or beyond a level; ``down`` is the losing direction."""
        return price <= level if down == (self.plan.side is Side.LONG) else price >= level

    def _through(self, level: float, *, down: bool) -> float:
        """A level moved by the terms' ``through`` in a direction."""
        sign = -1 if down == (self.plan.side is Side.LONG) else 1
        return level * (1 + sign * self.terms.through)

    def _target_reached(self, price: float) -> bool:
        if self._targets_hit >= len(self.plan.targets):
            return False
        return self._reaches(price, self._through(self.plan.targets[self._targets_hit][0], down=False), down=False)

    def _beyond_first_target(self, price: float) -> bool:
        return bool(self.plan.targets) and self._reaches(price, self.plan.targets[0][0], down=False)

    def _time_is_up(self, ts: int) -> bool:
        after = self.plan.close_after_ms
        return bool(self.fills) and after is not None and ts >= self.fills[0].ts_ms + after

    def _stop_reason(self) -> ExitReason:
        return ExitReason.BREAKEVEN if self._moved else ExitReason.STOP

    def _buy(self, price: float) -> float:
        """The price of getting in at the market: slippage against the trade."""
        return price * (1 + self.plan.side.sign * self.terms.slippage)

    def _sell(self, price: float) -> float:
        """The price of getting out at the market."""
        return price * (1 - self.plan.side.sign * self.terms.slippage)


def step_path(plan: Plan, candles: Candles, terms: Terms) -> Path:
    """The path of one plan over candles, bar by bar."""
    stepper = Stepper(plan, terms)
    close = 0.0
    columns = (candles.ts, candles.open, candles.high, candles.low, candles.close)
    for ts, open_, high, low, close in zip(*(column.tolist() for column in columns), strict=True):
        if ts < plan.act_ms:
            if ts + candles.timeframe_ms > plan.act_ms:
                stepper.unused(high, low)
            continue
        stepper.bar(ts, open_, high, low, close)
        if stepper.done:
            break
    stepper.finish(close, candles.end_ms)
    return stepper.path()

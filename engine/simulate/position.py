"""The arithmetic of one trade's fills, targets and stops, written for both sides; ``state.py`` is what it changes.

``step.py`` says in which order things happen in a bar; here is what each of them does.
"""

from __future__ import annotations

from math import sqrt

from engine.domain import Change, Distance, ExitReason, Fill, Leg, Order, PathStatus, Plan, Side
from engine.market.ticks import nearest
from engine.simulate.amending import SAME, same_levels
from engine.simulate.state import State
from engine.simulate.terms import Terms

DUST = 1e-12  # shares below this are nothing


class Position:
    """One plan's trade: prices are real ones, ``sign`` is +1 for a long."""

    def __init__(self, plan: Plan, terms: Terms) -> None:
        self.plan, self.terms, self.sign = plan, terms, plan.side.sign
        self.state = State(resting=list(enumerate(plan.orders, 1)), targets=list(plan.targets))
        self.state.numbered = len(plan.orders)
        if isinstance(plan.stop, float | int):
            self._set_first_stop(plan.stop)

    @property
    def filled(self) -> float:
        """The filled share of the planned quantity."""
        return sum(fill.share for fill in self.state.fills)

    @property
    def held(self) -> float:
        """The open share of the planned quantity."""
        return self.filled - sum(leg.share for leg in self.state.legs)

    @property
    def sold_at_targets(self) -> float:
        """What the targets have sold of the planned quantity; a part that the channel closed is none of it."""
        return sum(leg.share for leg in self.state.legs if leg.reason is ExitReason.TARGET)

    @property
    def average(self) -> float:
        """The average fill price."""
        return sum(fill.price * fill.share for fill in self.state.fills) / self.filled

    @property
    def liquidation(self) -> float | None:
        """Where an isolated position is liquidated (None: nowhere). ``entry * (1 -+ (1/leverage - maintenance))``."""
        if self.plan.maintenance is None or not self.state.fills:
            return None
        return self.average * (1 - self.sign * (1 / (self.plan.leverage or 1.0) - self.plan.maintenance))

    # ------------------------------------------------------------------ prices

    def beyond(self, price: float, level: float, *, down: bool) -> bool:
        """Whether a price is at or beyond a level; ``down`` is the losing direction."""
        return price <= level if down == (self.plan.side is Side.LONG) else price >= level

    def better(self, price: float, other: float | None) -> bool:
        """Whether a stop at ``price`` is nearer to profit than the other one."""
        return other is None or self.sign * (price - other) > 0

    def through(self, level: float, *, down: bool) -> float:
        """A level moved by the terms' ``through`` in a direction."""
        step = -self.sign if down else self.sign
        return level * (1 + step * self.terms.through)

    def slip(self, share: float) -> float:
        """How much worse a market order for a share of the planned quantity fills, as a fraction of the price."""
        return self.terms.slippage + self.plan.impact * sqrt(share)

    def buy(self, price: float, share: float) -> float:
        """The price of getting a share in at the market: slippage and impact against the trade."""
        return price * (1 + self.sign * self.slip(share))

    def sell(self, price: float, share: float | None = None) -> float:
        """The price of getting a share (None: all that is held) out at the market."""
        return price * (1 - self.sign * self.slip(self.held if share is None else share))

    def on_grid(self, price: float) -> float:
        """The price at which the exchange takes an order."""
        return nearest(price, self.plan.tick)

    def first_target(self) -> float | None:
        """The price of the next target, where it is known."""
        level = self.state.targets[0][0] if self.state.targets else None
        return None if isinstance(level, Distance) else level

    def reaches_target(self, price: float) -> bool:
        """Whether a price proves the next target."""
        level = self.first_target()
        return level is not None and self.beyond(price, self.through(level, down=False), down=False)

    # ------------------------------------------------------------------ in

    def fill(self, number: int, price: float, *, maker: bool) -> None:
        """Order ``number`` is filled; the first fill settles what was said relative to it."""
        state = self.state
        order = next(order for n, order in state.resting if n == number)
        state.resting = [(n, other) for n, other in state.resting if n != number]
        if not state.fills:
            self._settle(price)
        state.fills.append(Fill(state.ts, price, order.weight, maker))

    def _settle(self, price: float) -> None:
        """A stop and targets at a distance get their prices from the first fill."""
        state, stop = self.state, self.plan.stop
        if isinstance(stop, Distance) and state.stop is None and state.close_level is None:
            self._set_first_stop(self._at_distance(stop, price))
        state.targets = [(self._settled(level, price), share) for level, share in state.targets]
        if state.said_stop is not None:
            self.set_stop(self._at_distance(state.said_stop, price), ExitReason.MOVED)

    def _at_distance(self, stop: Distance, price: float) -> float:
        """Where a stop lies that is said as a distance from the first fill."""
        return self.on_grid(price - self.sign * self._away(stop, price))

    def _settled(self, level: float | Distance, price: float) -> float:
        """A target's price, now that the first fill is known."""
        if not isinstance(level, Distance):
            return level
        return self.on_grid(price + self.sign * self._away(level, price))

    def price_of(self, level: float | Distance) -> float | None:
        """The price of one of the plan's targets; None for a distance before the first fill."""
        if not isinstance(level, Distance):
            return level
        fills = self.state.fills
        return fills[0].price + self.sign * self._away(level, fills[0].price) if fills else None

    def _away(self, distance: Distance, price: float) -> float:
        if distance.unit == "percent":
            return price * distance.value / 100
        if distance.unit == "R":
            return 0.0 if self.state.first_stop is None else distance.value * abs(price - self.state.first_stop)
        return distance.value

    def _set_first_stop(self, level: float) -> None:
        self.state.first_stop = level
        if self.plan.close_stop_ms is None:
            self.state.stop = level
        else:
            self.state.close_level, self.state.stop = level, self.plan.hard_stop

    # ------------------------------------------------------------------ out

    def take_target(self, price: float, *, maker: bool = True) -> None:
        """The next target is filled, at its price or at the market; the last one takes all that is left, and no order
        stays in the book.
        """
        state = self.state
        level, share = state.targets.pop(0)
        state.passed.append(level if isinstance(level, float | int) else price)
        state.resting = []
        part = min(share * self.filled, self.held) if state.targets else self.held
        self.leg(price if maker else self.sell(price, part), part, ExitReason.TARGET, maker=maker)
        if self.held <= DUST:
            state.status = PathStatus.CLOSED

    def close_all(self, price: float, reason: ExitReason) -> None:
        """All that is held goes out at a price."""
        self.leg(price, self.held, reason, maker=False)
        self.state.status = PathStatus.CLOSED

    def leg(self, price: float, share: float, reason: ExitReason, *, maker: bool) -> None:
        """Write an exit."""
        target = len(self.state.passed) if reason is ExitReason.TARGET else 0
        self.state.legs.append(Leg(self.state.ts, price, share, reason, maker, target))

    def market_targets(self, open_: float) -> None:
        """Targets that the market is already beyond go out at the market."""
        while not self.state.status and self.held > DUST:
            level = self.first_target()
            if level is None or not self.beyond(open_, level, down=False):
                return
            self.take_target(open_, maker=False)

    # ------------------------------------------------------------------ stops

    def raise_stop(self, level: float, reason: ExitReason) -> None:
        """Move the stop to a level (on the grid), unless it would go further away. From then on it acts on a touch."""
        level = self.on_grid(level)
        if self.better(level, self.state.stop) and self.better(level, self.state.close_level):
            self.set_stop(level, reason)

    def set_stop(self, level: float, reason: ExitReason) -> None:
        """Put the stop at a level. Where it stands there already it has not moved: it stays what it was."""
        state = self.state
        if state.close_level is not None or state.stop is None or abs(level - state.stop) > SAME * abs(level):
            state.stop_reason = reason
        state.stop, state.close_level, state.said_stop = level, None, None

    def move_stops(self) -> None:
        """The stop moves of the targets taken in this bar: each happens once."""
        for move in self.plan.stop_moves[self.state.moved :]:
            if move.after > len(self.state.passed):
                return
            self.state.moved += 1
            if isinstance(move.to, int):
                self.raise_stop(self.state.passed[move.to - 1], ExitReason.MOVED)
            elif move.to == "breakeven":
                self.raise_stop(self.average, ExitReason.BREAKEVEN)
            else:
                self.raise_stop(self.break_even_with_fees(), ExitReason.BREAKEVEN)

    def break_even_with_fees(self) -> float:
        """The stop at which a market exit leaves nothing won and nothing lost, fees and slippage included."""
        state, terms = self.state, self.terms
        paid = sum(f.price * f.share * terms.fee(f.ts_ms, maker=f.maker) for f in state.fills) / self.filled
        out = (1 - self.sign * self.slip(self.held)) * (1 - self.sign * terms.fee(state.ts, maker=False))
        return (self.average + self.sign * paid) / out

    def follow(self, best: float, reach: float) -> None:
        """Let the stop follow the best price; ``reach`` is the part of this bar that surely came after the entry."""
        trail, state = self.plan.trail, self.state
        if trail is None:
            return
        if state.trailing:
            state.peak = max(state.peak, best) if self.sign > 0 else min(state.peak, best)
        elif self._trail_starts(reach):
            begins = max if self.sign > 0 else min
            state.trailing, state.peak = True, begins(reach, self.average)
            if trail.distance.unit == "R":
                first = state.first_stop
                state.trail_points = trail.distance.value * abs(self.average - first) if first is not None else 0.0
            else:
                state.trail_points = trail.distance.value
        if state.trailing:
            percent = trail.distance.unit == "percent"
            away = state.peak * trail.distance.value / 100 if percent else state.trail_points
            self.raise_stop(state.peak - self.sign * away, ExitReason.TRAILING)

    def _trail_starts(self, reach: float) -> bool:
        trail = self.plan.trail
        if trail is None:
            return False
        if trail.after_target:
            return len(self.state.passed) >= trail.after_target
        return not trail.after_gain or self.sign * (reach - self.average * (1 + self.sign * trail.after_gain)) >= 0

    # ------------------------------------------------------------------ changes

    def apply(self, change: Change, open_: float) -> bool:
        """Do what the channel or a later call wants, at this bar's open; whether new orders wait to arrive."""
        state = self.state
        if change.unfilled and state.fills:
            return False
        if change.kind == "close":
            self._close(change, open_)
        elif change.kind == "cancel":
            state.resting = [(n, o) for n, o in state.resting if change.order not in (None, n)]
            if not state.resting and not state.fills:
                state.status = PathStatus.CANCELLED
        elif change.kind == "stop":
            self._put_stop(change)
        elif change.kind == "targets":
            self._put_targets(change, open_)
        elif not state.passed and self.filled < 1 - DUST and state.ts < self.plan.expire_ms:
            left = 1 - self.filled
            numbered = enumerate(change.orders, state.numbered + 1)
            state.resting = [(n, Order(o.kind, o.price, o.weight * left)) for n, o in numbered]
            state.numbered += len(change.orders)
            return True
        return False

    def _close(self, change: Change, open_: float) -> None:
        if self.held > DUST:
            reason = ExitReason.CHANNEL if change.by == "channel" else ExitReason.REPLACED
            share = self.held * min(change.share, 1.0)
            self.leg(self.sell(open_, share), share, reason, maker=False)
            if self.held <= DUST:
                self.state.status = PathStatus.CLOSED
        elif change.share >= 1:
            self.state.status = PathStatus.CANCELLED

    def _put_stop(self, change: Change) -> None:
        if change.unfilled and isinstance(change.stop, float | int):
            if self.state.close_level is None:
                self.state.stop = change.stop
            else:
                self.state.close_level = change.stop
        elif change.target is not None:
            level = self._target_level(change)
            if level is not None:
                self.set_stop(level, ExitReason.MOVED)
        elif change.stop == "breakeven":
            if self.state.fills:
                self.raise_stop(self.average, ExitReason.BREAKEVEN)
        elif isinstance(change.stop, Distance):
            if self.state.fills:
                self.set_stop(self._at_distance(change.stop, self.state.fills[0].price), ExitReason.MOVED)
            else:
                self.state.said_stop = change.stop
        elif change.stop is not None:
            self.set_stop(change.stop, ExitReason.MOVED)

    @property
    def _numbers(self) -> list[int]:
        """The numbers of the targets that are taken or ahead."""
        state = self.state
        return state.numbers or [*range(1, len(state.passed) + len(state.targets) + 1)]

    def _target_level(self, change: Change) -> float | None:
        """Where the target is, or was, that a change puts the stop at; None while that hangs on a fill to come."""
        level: float | Distance | str | None = change.stop
        if change.target in self._numbers:
            levels = [*self.state.passed, *(level for level, _ in self.state.targets)]
            level = levels[self._numbers.index(change.target)]
        if isinstance(level, Distance):
            level = self._settled(level, self.state.fills[0].price) if self.state.fills else None
        return level if isinstance(level, float | int) else None

    def _put_targets(self, change: Change, open_: float) -> None:
        state = self.state
        last = state.passed[-1] if state.passed else None
        taken = self._numbers[: len(state.passed)]
        ahead: list[tuple[float | Distance, float, int]] = []
        stands = dict(zip(self._numbers[len(taken) :], [level for level, _ in state.targets], strict=True))
        for i, (level, share) in enumerate(change.targets):
            number = change.numbers[i] if change.numbers else 0
            at = self._settled(level, state.fills[0].price) if state.fills else level
            if state.fills and number in change.stay:
                at = stands.get(number, at)
            beyond = last is None or (not isinstance(at, Distance) and self.sign * (at - last) > 0)
            if beyond and not (number and number in taken):
                ahead.append((at, share, number))
        if not ahead:
            return
        if state.fills and change.stay:
            ahead.sort(key=lambda one: 0.0 if isinstance(one[0], Distance) else self.sign * one[0])
        total = sum(share for _, share, _ in ahead)
        part = 1.0 - self.sold_at_targets / self.filled if state.fills else 1.0
        stood = [level for level, _ in state.targets]
        state.targets = [(price, share / total * part) for price, share, _ in ahead]
        state.numbers = [*taken, *(number for *_, number in ahead)]
        if not same_levels([level for level, *_ in ahead], stood):
            self.market_targets(open_)

"""The virtual broker: it holds the orders of every call and says what closed candles make of them. Nothing leaves it.

For each closed candle of a symbol, in order of time:

1. calls that act at or before its open come to the market: the bar that they fell into is looked at, and repeats and
   opposites are told from calls of their own, as ``simulate/calls.py`` says it for a whole history. What a later call
   ends gets a change for that moment;
2. funding that was settled since the bar before is paid by what is held, at this bar's open;
3. every call's stepper goes through the bar.

A later call is held against every earlier one of its channel, whether an account took that or not.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from engine.config.strategy import Calls
from engine.domain import Change, Fill, Leg, PathStatus, Plan
from engine.market.candles import Funding
from engine.paper.call import WAITING, Bar, PaperCall, end_of, quiet
from engine.simulate.account import NEVER_MS
from engine.simulate.buckets import beyond_liquidation, stop_too_near
from engine.simulate.planning import MAINTENANCE
from engine.simulate.position import DUST
from engine.simulate.step import Stepper

Key = tuple[str, str, str]


@dataclass(frozen=True, slots=True)
class Placed:
    """A call came to the market: what it is (``fate`` of the call), and the rows that it ends.

    ``against`` is the row of the earlier call that a repeat or an opposite was held against.
    """

    call: PaperCall
    ended: tuple[int, ...] = ()
    against: int | None = None


@dataclass(frozen=True, slots=True)
class Moved:
    """A bar did something to a call."""

    call: PaperCall
    fills: tuple[Fill, ...] = ()
    legs: tuple[Leg, ...] = ()
    paid: tuple[tuple[int, float], ...] = ()


@dataclass(frozen=True, slots=True)
class _Probe:
    """What a call's first candle would make of it if no later call ended it."""

    status: PathStatus | None
    end_ms: int


@dataclass
class VirtualBroker:
    """See the module's docstring. ``calls`` has the strategy's word on repeats by lane."""

    calls: Mapping[str, Calls]
    funding: Mapping[str, Funding] | None = None
    book: dict[str, list[PaperCall]] = field(default_factory=dict)
    blocking: dict[Key, list[PaperCall]] = field(default_factory=dict)

    # ------------------------------------------------------------------ orders

    def place(self, call: PaperCall) -> None:
        """Take a call's orders; they come to the market with its first candle."""
        self.book.setdefault(call.plan.symbol, []).append(call)

    def restore(self, call: PaperCall) -> None:
        """Take a call as it stood before a restart."""
        if call.lives:
            self.place(call)
        if call.blocks:
            self.block(call)
        for one in call.ways:
            one.quiet = self._quiet(one)

    def follow(self, call: PaperCall, plan: Plan, bars: Sequence[Bar]) -> PaperCall:
        """The account's own way of a call under another plan: through the bars that the call has seen."""
        stepper = type(call.stepper)(plan, call.stepper.terms)
        for change in call.stepper.changes:
            stepper.change(change)
        own = replace(call, plan=plan, stepper=stepper, fate="", paid=[], own=None, end_ms=NEVER_MS, quiet=None)
        for bar in bars:
            if bar.ts < plan.act_ms:
                if bar.end > plan.act_ms:
                    stepper.unused(bar.high, bar.low)
            else:
                self._step(own, bar, known=bar.ts == call.first_ms)
        return own

    def change(self, call: PaperCall, change: Change) -> None:
        """Something that the channel, or a later call, wants of a call."""
        for one in call.ways:
            one.stepper.change(change)
            one.quiet = None

    def unchange(self, call: PaperCall, change: Change) -> bool:
        """Take back what the channel wanted of a call; whether that was possible: it has not acted yet."""
        done = [one.stepper.unchange(change) for one in call.ways]
        for one in call.ways:
            one.quiet = None
        return all(done)

    def funded(self) -> None:
        """More settlements are known: the next one of each call may be among them."""
        for calls in self.book.values():
            for call in calls:
                for one in call.ways:
                    one.quiet = self._quiet(one)

    def drop(self, call: PaperCall, fate: str, end_ms: int) -> Placed:
        """A call that never came to the market."""
        call.fate, call.end_ms, call.blocks = fate, end_ms, False
        self._forget(call)
        return Placed(call)

    def block(self, call: PaperCall) -> None:
        """Later calls on the symbol are held against this one."""
        self.blocking.setdefault(_key(call), []).append(call)

    def end(self, act_ms: int, calls: Iterable[PaperCall]) -> None:
        """A later call ends these."""
        for one in calls:
            one.blocks = False
            self.change(one, Change(act_ms, "close", by="call"))

    def symbols(self) -> list[str]:
        """The symbols whose candles are needed."""
        return sorted(symbol for symbol, calls in self.book.items() if calls)

    # ------------------------------------------------------------------ candles

    def bar(self, symbol: str, bar: Bar, before: Bar | None) -> Iterator[Placed | Moved]:
        """Go through a closed bar; ``before`` is the one before it, None where that is not known."""
        here = self.book.get(symbol, [])
        due = sorted((c for c in here if c.fate == WAITING and c.plan.act_ms <= bar.ts), key=lambda c: c.order)
        placed = [*self._come(due, bar, before)] if due else []
        for call in list(here):
            if call.fate == WAITING:
                continue
            own = call.own
            if not (call.stepper.done and call.first_ms != bar.ts) and not _passes(call, bar):
                moved = self._step(call, bar)
                for one in placed:  # an account is told what a call is before it hears what became of it
                    if one.call is call:
                        yield one
                if moved is not None:
                    yield moved
            if own is not None and not own.stepper.done and not _passes(own, bar):
                moved = self._step(own, bar)
                if moved is not None:
                    yield moved
        self.book[symbol] = [call for call in here if call.lives]

    def _come(self, due: Sequence[PaperCall], bar: Bar, before: Bar | None) -> Iterator[Placed]:
        """Calls meet their first candle."""
        end = before.end if before is not None else 0
        probes: dict[int, _Probe] = {}
        for call in due:
            if before is not None and before.ts < call.plan.act_ms < end:
                call.stepper.unused(before.high, before.low)
            probes[call.row] = self._probe(call, bar)
        for call in due:
            call.first_ms = bar.ts
            yield self._settle(call, bar, probes)

    def _probe(self, call: PaperCall, bar: Bar) -> _Probe:
        """What the first candle alone would make of a call."""
        trial = Stepper.restored(call.plan, call.stepper.terms, call.stepper.saved())
        _take(trial, bar)
        status = trial.path().status if trial.done else None
        return _Probe(status, NEVER_MS if status is None else end_of(call, status, bar))

    def _settle(self, call: PaperCall, bar: Bar, probes: Mapping[int, _Probe]) -> Placed:
        """Whether a call is one of its own, and which earlier ones it ends: ``settle_calls`` for one call."""
        act_ms, status = call.plan.act_ms, probes[call.row].status
        alive = [one for one in self.blocking.get(_key(call), []) if self._ends(one, bar, probes) > act_ms]
        same = [one for one in alive if one.plan.side is call.plan.side]
        other = [one for one in alive if one.plan.side is not call.plan.side]
        says = self.calls[call.lane]
        over: list[PaperCall] = []
        if says.opposite in ("close", "reverse") and status is not PathStatus.NO_DATA:
            over += other
        call.fate = ""
        if says.repeat == "ignore" and same:
            call.fate = "repeat"
        elif says.opposite in ("ignore", "close") and other:
            call.fate = "opposite"
        elif says.repeat == "replace" and status not in (PathStatus.TOO_LATE, PathStatus.NO_DATA):
            over += same
        self.end(act_ms, over)
        call.blocks = call.fate == ""
        self.blocking[_key(call)] = [one for one in alive if one.blocks] + [call] * call.blocks
        against = {"repeat": same, "opposite": other}.get(call.fate, [])
        return Placed(call, tuple(one.row for one in over), against[0].row if against else None)

    def _ends(self, call: PaperCall, bar: Bar, probes: Mapping[int, _Probe]) -> int:
        """When a call ends of itself, as far as that is known at a bar's open."""
        if call.row in probes:
            return probes[call.row].end_ms
        if not call.stepper.done and not call.stepper.filled and bar.ts >= call.plan.expire_ms:
            return bar.ts
        return call.end_ms

    def _step(self, call: PaperCall, bar: Bar, *, known: bool = False) -> Moved | None:
        """Take one call through a bar; None when nothing of it is to be told. ``known``: its fate is settled."""
        stepper, first = call.stepper, call.first_ms == bar.ts
        state = stepper.position.state
        if call.fate in ("repeat", "opposite") or (state.last_ts is not None and bar.ts <= state.last_ts):
            return None
        before = (len(state.fills), len(state.legs), len(state.resting), state.changed, state.moved, state.ambiguous)
        paid = self._funding(call, bar)
        call.paid += paid
        _take(stepper, bar)
        if known:
            call.settle()
        elif first:
            self._judge(call)
        if stepper.done:
            status = stepper.path().status
            call.end_ms = end_of(call, status, bar)
        call.quiet = self._quiet(call)
        after = (len(state.fills), len(state.legs), len(state.resting), state.changed, state.moved, state.ambiguous)
        if before == after and not (paid or first or stepper.done):
            return None
        return Moved(call, tuple(state.fills[before[0] :]), tuple(state.legs[before[1] :]), tuple(paid))

    def _judge(self, call: PaperCall) -> None:
        """What the first candle says of a call."""
        call.settle()
        plan, terms = call.plan, call.stepper.terms
        rate = MAINTENANCE if plan.maintenance is None else plan.maintenance
        cost = terms.fee(plan.act_ms, maker=False) + terms.slippage
        figures = (call.risk, call.entry, plan.leverage or 1.0, rate, cost)
        risk, entry, leverage, maintenance, way = (np.array(value) for value in figures)
        status = call.stepper.path().status if call.stepper.done else None
        if beyond_liquidation(risk, entry, leverage, maintenance):
            call.fate = "stop beyond liquidation"
        elif stop_too_near(risk, entry, way):
            call.fate = "stop too near"
        elif status in (PathStatus.TOO_LATE, PathStatus.NO_DATA):
            call.fate = status.value

    def _funding(self, call: PaperCall, bar: Bar) -> list[tuple[int, float]]:
        """What a call pays at the settlements since the bar before, per unit: see ``money.settlements``."""
        history = self.funding.get(call.plan.symbol) if self.funding else None
        state = call.stepper.position.state
        if history is None or not state.fills or call.stepper.held <= DUST:
            return []
        since = max(state.fills[0].ts_ms, call.paid[-1][0] if call.paid else 0)
        first, last = np.searchsorted(history.ts, (since + 1, bar.ts + 1))
        owed = call.plan.side.sign * call.stepper.held * bar.open
        settled = zip(history.ts[first:last].tolist(), history.rate[first:last].tolist(), strict=True)
        return [(ts, owed * rate) for ts, rate in settled]

    def _quiet(self, call: PaperCall) -> tuple[float, float, int] | None:
        """The bounds of the stepper, no later than the next funding."""
        found = quiet(call.stepper)
        history = self.funding.get(call.plan.symbol) if self.funding else None
        if found is None or history is None or call.stepper.held <= DUST:
            return found
        state = call.stepper.position.state
        since = max(state.last_ts or 0, call.paid[-1][0] if call.paid else 0)
        place = int(np.searchsorted(history.ts, since, side="right"))
        settles = int(history.ts[place]) if place < len(history.ts) else NEVER_MS
        return found[0], found[1], min(found[2], settles)

    def _forget(self, call: PaperCall) -> None:
        here = self.book[call.plan.symbol]
        here.remove(call)


def _passes(call: PaperCall, bar: Bar) -> bool:
    """Whether a bar changes nothing about a call."""
    bounds = call.quiet
    if bounds is None or bar.ts >= bounds[2]:
        return False
    low, high = bar.span
    return bounds[0] < low and high < bounds[1]


def _take(stepper: Stepper, bar: Bar) -> None:
    """Take a stepper through a bar."""
    stepper.bar(bar.ts, bar.open, bar.high, bar.low, bar.close, bar.fair)


def _key(call: PaperCall) -> Key:
    return call.lane, call.plan.channel, call.plan.symbol

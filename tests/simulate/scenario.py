"""Scenarios as a trader would write them: a call, the candles, what came of it.

    call 10:00:05 long, market, stop 95, targets 105 110
    terms slippage 1%, taker 0.1%
    10:01 o 100 h 103 l 99 c 102
    in  10:01 101 taker
    out 10:02 105 target 1 x 50%
    closed, ambiguous, R +1.00

``later 10:02 maker 0.1%, taker 0.5%`` are the fees from then on, ``funding 10:02 0.1%`` is a settlement. The last line
may go on with ``gross``, ``fees``, ``funding`` and ``net`` for one unit; a time with ``1d`` in front is a day later.
Without ``terms`` there are no fees and no slippage; targets without shares share evenly; a call is valid for a day.
``fair 10:01 o ...`` is the fair price of a bar. ``bars 5m`` says how long the candles are; ``fine 10:06 o ...`` is a
candle of a minute inside one of them.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import UTC, datetime

import numpy as np

from engine.config.strategy import Entry
from engine.domain import (
    Change,
    Distance,
    EntryKind,
    ExitReason,
    Order,
    PathStatus,
    Plan,
    Setup,
    Side,
    StopMove,
    Trail,
)
from engine.market.candles import Candles, Funding
from engine.market.refine import refined
from engine.simulate.sharing import entry_orders, entry_weights, target_weights
from engine.simulate.terms import Terms
from engine.units import DAY_MS, MINUTE_MS, duration_ms, fraction
from tests.simulate.world import from_rows

SYMBOL = "BTCUSDT"
MIRROR = 200.0


@dataclass(frozen=True)
class Step:
    """An expected fill (``how`` maker or taker) or exit (``how`` a reason)."""

    way: str
    ts_ms: int
    price: float
    how: str
    share: float
    target: int = 0


@dataclass(frozen=True)
class Scenario:
    title: str
    plan: Plan
    terms: Terms
    candles: Candles
    steps: tuple[Step, ...]
    status: PathStatus
    ambiguous: bool
    r: float | None
    money: dict[str, float]
    funding: Funding | None
    fair: Candles | None = None


def clock(text: str) -> int:
    """``10:00`` or ``10:00:05`` on one fixed day, ``1d10:00`` on the day after it."""
    days, _, time = text.rpartition("d")
    moment = datetime.fromisoformat("2025-03-03T" + time).replace(tzinfo=UTC)
    return int(moment.timestamp() * 1000) + int(days or 0) * DAY_MS


def read(text: str, title: str = "") -> Scenario:
    """One scenario; a line that is none of the known ones is an error."""
    plan, terms, bars, steps = None, Terms(0.0, 0.0, 0.0), [], []
    status, ambiguous, r = None, False, None
    fair, fine, frame = [], [], MINUTE_MS
    money, settlements = {}, []
    for line in filter(None, (line.split("#")[0].strip() for line in text.splitlines())):
        if line.startswith("call "):
            plan = read_call(line.removeprefix("call "))
        elif match := re.fullmatch(r"then ([\d:d]+) (.*)", line):
            plan = replace(plan, changes=(*plan.changes, read_change(match[1], match[2])))
        elif match := re.fullmatch(r"later ([\d:d]+) maker (\S+), taker (\S+)", line):
            later = clock(match[1]), fraction(match[2]), fraction(match[3])
            terms = replace(terms, later_fees=(*terms.later_fees, later))
        elif match := re.fullmatch(r"funding ([\d:d]+) (\S+)", line):
            settlements.append((clock(match[1]), fraction(match[2])))
        elif line.startswith("terms "):
            terms = read_terms(terms, line.removeprefix("terms "))
        elif match := re.fullmatch(r"(?:(fair|fine) )?([\d:d]+) +o (\S+) +h (\S+) +l (\S+) +c (\S+)", line):
            rows = {"fair": fair, "fine": fine}.get(match[1], bars)
            rows.append((clock(match[2]), *map(float, match.groups()[2:])))
        elif match := re.fullmatch(r"bars (\S+)", line):
            frame = duration_ms(match[1])
        elif match := re.fullmatch(r"(in|out) +([\d:d]+) +(\S+) +([a-z ]+?)(?: (\d+))?(?: x ([\d.]+%))?", line):
            share = fraction(match[6]) if match[6] else 1.0
            steps.append(Step(match[1], clock(match[2]), float(match[3]), match[4], share, int(match[5] or 0)))
        elif match := re.fullmatch(r"([a-z ]+?)(, ambiguous)?(?:, R ([+-][\d.]+))?((?:, [a-z]+ [+-]?[\d.]+)*)", line):
            status, ambiguous, r = PathStatus(match[1]), bool(match[2]), float(match[3]) if match[3] else None
            money = {name: float(value) for name, value in re.findall(r", ([a-z]+) (\S+?)(?=,|$)", match[4])}
        else:
            raise ValueError(f"{title}: {line}")
    assert plan, title
    assert status, title
    candles = replace(from_rows(SYMBOL, bars), timeframe_ms=frame)
    if fine:
        candles = refined(candles, [from_rows(SYMBOL, fine)])
    known = from_rows(SYMBOL, fair) if fair else None
    ts, rates = np.array(settlements, np.float64).reshape(-1, 2).T
    funding = Funding(SYMBOL, ts.astype(np.int64), rates) if settlements else None
    return Scenario(title, plan, terms, candles, tuple(steps), status, ambiguous, r, money, funding, known)


def read_call(text: str) -> Plan:
    head, *items = (item.strip() for item in text.split(","))
    moment, side = head.split()
    orders, stop, targets, more, moves = [], None, (), {}, []
    valid, entry = DAY_MS, Entry()
    for item in items:
        word, *numbers = item.split()
        match = re.fullmatch(r"stop to target .*", item)
        if match:
            word = ""
        if word == "market":
            orders = [Order("market", None, 1.0), *(Order("limit", float(n), 1.0) for n in numbers if n[0].isdigit())]
        elif word == "breakout":
            orders = [Order("stop", float(numbers[0]), 1.0)]
        elif word in ("limit", "ladder"):
            orders = [Order("limit", float(number), 1.0) for number in numbers]
        elif match := re.fullmatch(r"zone (\S+) (\S+) (near|middle|far|ladder)(?: (\d+))?", item):
            bounds = float(match[1]), float(match[2])
            entry = replace(entry, zone=match[3], rungs=int(match[4] or 1))
            setup = Setup(SYMBOL, Side(side), EntryKind.ZONE, bounds, (), None, "layout")
            orders = list(entry_orders(setup, entry))
        elif word == "weights":
            entry = replace(entry, weights=numbers[0] if numbers[0].isalpha() else tuple(map(fraction, numbers)))
        elif word == "grace":
            entry = replace(entry, grace=fraction(numbers[0]))
        elif word == "stop" and numbers[0] != "to":
            stop = float(numbers[0].rstrip("%"))
            if numbers[0].endswith("%"):
                stop = Distance(stop, "percent")
            elif numbers[1:] == ["points"]:
                stop = Distance(stop, "points")
        elif word in ("target", "targets"):
            targets = read_targets(numbers)
        elif word == "valid":
            valid = duration_ms(numbers[0])
        elif item.startswith("close after"):
            more["close_after_ms"] = duration_ms(numbers[1])
        elif item.startswith("breakeven "):
            with_fees = numbers[:2] == ["with", "fees"]
            moves.append(StopMove(int(numbers[-1]), "breakeven with fees" if with_fees else "breakeven"))
        elif match := re.fullmatch(r"stop to target (\d+) after (\d+)", item):
            moves.append(StopMove(int(match[2]), int(match[1])))
        elif match := re.fullmatch(r"trailing (\S+?)( points|%|R)(?: after (?:target (\d+)|gain (\S+%)))?", item):
            unit = {"%": "percent", "R": "R"}.get(match[2], "points")
            more["trail"] = Trail(Distance(float(match[1]), unit), int(match[3] or 0), fraction(match[4] or "0%"))
        elif match := re.fullmatch(r"on (\S+) close(?: hard (\S+))?", item):
            more["close_stop_ms"] = duration_ms(match[1])
            more["hard_stop"] = float(match[2]) if match[2] else None
        elif match := re.fullmatch(r"(\d+)x(?: maintenance (\S+))?", item):
            more["leverage"] = float(match[1])
            more["maintenance"] = fraction(match[2] or "0.5%")
        elif word == "tick":
            more["tick"] = float(numbers[0])
        elif word == "impact":
            more["impact"] = fraction(numbers[0])
        elif item == "wait when stop comes first":
            more["cancel_on_stop"] = False
        elif item == "wait when target comes first":
            more["cancel_on_target"] = False
        elif item == "gap targets at the open":
            more["target_gap"] = "open"
        elif item != "no stop":
            raise ValueError(item)
    act_ms = clock(moment)
    more["stop_moves"] = tuple(moves)
    if entry.grace:
        setup = Setup(SYMBOL, Side(side), EntryKind.LIMIT, (orders[0].price,), (), None, "layout")
        orders = [*entry_orders(setup, entry), *orders[1:]]
    weights = entry_weights(len(orders), entry)
    spread = tuple(replace(order, weight=weight) for order, weight in zip(orders, weights, strict=True))
    return Plan(f"c/{moment}", "c", SYMBOL, Side(side), act_ms, act_ms + valid, spread, stop, targets, **more)


def read_targets(words: list[str]) -> tuple[tuple[float, float], ...]:
    """``105 110``, ``105 60% 110 40%``, ``+1R +2R``, or ``105 110 115 split half first``."""
    if "split" in words:
        at = words.index("split")
        shares = target_weights([None] * at, " ".join(words[at + 1 :]))
        return tuple((float(p), share) for p, share in zip(words[:at], shares, strict=True) if share)
    prices = [float(w) if w[0] != "+" else read_distance(w[1:]) for w in words if w[0] == "+" or not w.endswith("%")]
    shares = [fraction(w) for w in words if w[0] != "+" and w.endswith("%")] or [1 / len(prices)] * len(prices)
    return tuple(zip(prices, shares, strict=True))


def read_distance(text: str) -> Distance:
    return Distance(float(text.rstrip("%R")), {"%": "percent", "R": "R"}.get(text[-1], "points"))


def read_change(moment: str, text: str) -> Change:
    """``close 50%``, ``cancel 2``, ``stop 97``, ``stop breakeven``, ``stop target 1``, ``limits 99 97``,
    ``targets 104 110 as 2 1`` (the plan's second and first).
    """
    word, *rest = text.split()
    at = clock(moment)
    if word == "close":
        return Change(at, "close", share=fraction(rest[0]) if rest else 1.0)
    if word == "replaced":
        return Change(at, "close", by="call")
    if word == "cancel":
        return Change(at, "cancel", order=int(rest[0]) if rest else None)
    if word == "stop":
        if rest[0] == "target":
            return Change(at, "stop", target=int(rest[1]))
        return Change(at, "stop", stop="breakeven" if rest[0] == "breakeven" else float(rest[0]))
    if word == "limits":
        return Change(at, "orders", orders=tuple(Order("limit", float(p), 1 / len(rest)) for p in rest))
    assert word == "targets", text
    end = rest.index("as") if "as" in rest else len(rest)
    return Change(at, "targets", targets=read_targets(rest[:end]), numbers=tuple(map(int, rest[end + 1 :])))


def read_terms(terms: Terms, text: str) -> Terms:
    for item in (item.strip() for item in text.split(",")):
        word, _, rest = item.partition(" ")
        if word in ("maker", "taker", "slippage", "through"):
            terms = replace(terms, **{word: fraction(rest)})
        elif item == "target first":
            terms = replace(terms, same_candle="target first")
        else:
            raise ValueError(item)
    return terms


def mirrored(scenario: Scenario) -> Scenario | None:
    """The same story for the other side; None where slippage or a distance in percent has no mirror image."""
    plan, c = scenario.plan, scenario.candles
    if scenario.terms.slippage or scenario.terms.through or isinstance(plan.stop, Distance) or plan.maintenance:
        return None
    if (
        plan.changes
        or plan.trail
        or plan.impact
        or scenario.fair
        or any(move.to == "breakeven with fees" for move in plan.stop_moves)
    ):
        return None
    if any(isinstance(level, Distance) for level, _ in plan.targets):
        return None
    return replace(
        scenario,
        title=f"{scenario.title} (mirrored)",
        plan=replace(
            plan,
            side=plan.side.opposite,
            orders=tuple(replace(o, price=o.price if o.price is None else MIRROR - o.price) for o in plan.orders),
            stop=plan.stop if plan.stop is None else MIRROR - plan.stop,
            targets=tuple((MIRROR - price, share) for price, share in plan.targets),
            hard_stop=None if plan.hard_stop is None else MIRROR - plan.hard_stop,
        ),
        candles=replace(c, open=MIRROR - c.open, high=MIRROR - c.low, low=MIRROR - c.high, close=MIRROR - c.close),
        steps=tuple(replace(step, price=MIRROR - step.price) for step in scenario.steps),
        r=None if scenario.terms.taker or scenario.terms.maker or scenario.funding else scenario.r,
        money={},
    )


def told(path) -> tuple[Step, ...]:
    """A path as steps, in time order, fills first."""
    fills = [Step("in", f.ts_ms, f.price, "maker" if f.maker else "taker", f.share) for f in path.fills]
    legs = [Step("out", g.ts_ms, g.price, str(ExitReason(g.reason)), g.share, g.target) for g in path.legs]
    return (*fills, *legs)

"""Scenarios as a trader would write them: a call, the candles, what came of it.

    call 10:00:05 long, market, stop 95, targets 105 110
    terms slippage 1%, taker 0.1%
    10:01 o 100 h 103 l 99 c 102
    in  10:01 101 taker
    out 10:02 105 target 1 x 50%
    closed, ambiguous, R +1.00

Without ``terms`` there are no fees and no slippage; targets without shares share evenly; a call is valid for a day.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from engine.domain import Distance, ExitReason, Order, PathStatus, Plan, Side
from engine.market.candles import Candles
from engine.simulate.terms import Terms
from engine.units import DAY_MS, duration_ms, fraction
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


def clock(text: str) -> int:
    """``10:00`` or ``10:00:05`` on one fixed day."""
    moment = datetime.fromisoformat("2025-03-03T" + text).replace(tzinfo=UTC)
    return int(moment.timestamp() * 1000)


def read(text: str, title: str = "") -> Scenario:
    """One scenario; a line that is none of the known ones is an error."""
    plan, terms, bars, steps = None, Terms(0.0, 0.0, 0.0), [], []
    status, ambiguous, r = None, False, None
    for line in filter(None, (line.split("#")[0].strip() for line in text.splitlines())):
        if line.startswith("call "):
            plan = read_call(line.removeprefix("call "))
        elif line.startswith("terms "):
            terms = read_terms(terms, line.removeprefix("terms "))
        elif match := re.fullmatch(r"([\d:]+) +o (\S+) +h (\S+) +l (\S+) +c (\S+)", line):
            bars.append((clock(match[1]), *map(float, match.groups()[1:])))
        elif match := re.fullmatch(r"(in|out) +([\d:]+) +(\S+) +([a-z ]+?)(?: (\d+))?(?: x ([\d.]+%))?", line):
            share = fraction(match[6]) if match[6] else 1.0
            steps.append(Step(match[1], clock(match[2]), float(match[3]), match[4], share, int(match[5] or 0)))
        elif match := re.fullmatch(r"([a-z ]+?)(, ambiguous)?(?:, R ([+-][\d.]+))?", line):
            status, ambiguous, r = PathStatus(match[1]), bool(match[2]), float(match[3]) if match[3] else None
        else:
            raise ValueError(f"{title}: {line}")
    assert plan, title
    assert status, title
    return Scenario(title, plan, terms, from_rows(SYMBOL, bars), tuple(steps), status, ambiguous, r)


def read_call(text: str) -> Plan:
    head, *items = (item.strip() for item in text.split(","))
    moment, side = head.split()
    orders, stop, targets, more = [], None, (), {}
    valid = DAY_MS
    for item in items:
        word, *numbers = item.split()
        if word == "market":
            orders = [Order("market", None, 1.0), *(Order("limit", float(n), 1.0) for n in numbers if n[0].isdigit())]
        elif word in ("limit", "ladder"):
            orders = [Order("limit", float(number), 1.0) for number in numbers]
        elif word == "stop":
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
        elif item.startswith("breakeven after"):
            more["breakeven_after"] = int(numbers[1])
        elif item == "wait when target comes first":
            more["cancel_on_target"] = False
        elif item == "gap targets at the open":
            more["target_gap"] = "open"
        elif item != "no stop":
            raise ValueError(item)
    act_ms = clock(moment)
    even = tuple(replace(order, weight=1 / len(orders)) for order in orders)
    return Plan(f"c/{moment}", "c", SYMBOL, Side(side), act_ms, act_ms + valid, even, stop, targets, **more)


def read_targets(words: list[str]) -> tuple[tuple[float, float], ...]:
    prices = [float(word) for word in words if not word.endswith("%")]
    shares = [fraction(word) for word in words if word.endswith("%")] or [1 / len(prices)] * len(prices)
    return tuple(zip(prices, shares, strict=True))


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
    if scenario.terms.slippage or scenario.terms.through or isinstance(plan.stop, Distance):
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
        ),
        candles=replace(c, open=MIRROR - c.open, high=MIRROR - c.low, low=MIRROR - c.high, close=MIRROR - c.close),
        steps=tuple(replace(step, price=MIRROR - step.price) for step in scenario.steps),
        r=None if scenario.terms.taker or scenario.terms.maker else scenario.r,
    )


def told(path) -> tuple[Step, ...]:
    """A path as steps, in time order, fills first."""
    fills = [Step("in", f.ts_ms, f.price, "maker" if f.maker else "taker", f.share) for f in path.fills]
    legs = [Step("out", g.ts_ms, g.price, str(ExitReason(g.reason)), g.share, g.target) for g in path.legs]
    return (*fills, *legs)

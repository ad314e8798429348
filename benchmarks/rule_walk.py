"""How long an account's walk takes under rules: 100,000 signals, 12 rules.

    python benchmarks/rule_walk.py [SIGNALS]

Prints, from one run: the walk with a judge who takes everything, the walk under the rules asked call by call, and the
walk under the rules as a backtest asks them (what needs no account for all calls at once). These times are whole walks,
with the account's own work; the last line is the rules alone. Prices are a seeded random walk in candles of a minute.
"""

from __future__ import annotations

import sys
import time

import numpy as np

from engine.config.strategy import Costs, Market, Size, Strategy
from engine.config.text import SourceText
from engine.domain import Account, Decision, Order, Plan, Proposal, Side
from engine.market.candles import Candles
from engine.memory import uncollected
from engine.risk import RuleBook, load_rules
from engine.simulate.flows import Venue
from engine.simulate.judge import Alarm, Course, TakeAll
from engine.simulate.money import money_of
from engine.simulate.prepared import simulate
from engine.simulate.terms import Terms
from engine.simulate.walk import Walk, WalkResult
from engine.units import DAY_MS, MINUTE_MS, moment_ms

RULES = """\
groups: {majors: [COIN0, COIN1], rest: [COIN2, COIN3]}
rules:
  - {name: needs-a-stop, when: {no stop: true}, then: reject}
  - {name: cap-leverage, when: {leverage over: 5}, then: reject}
  - {name: too-late, when: {message older than: 10m}, then: reject}
  - {name: sleep, when: {hours: [02:00-05:00]}, then: reject}
  - {name: worth-it, when: {reward to risk under: 0.5}, then: reject}
  - {name: wild, when: {volatility over: 3%}, then: {scale: 50%}}
  - {name: loser, when: {channel standing under: {mean r: -0.2, after trades: 30}}, then: reject}
  - {name: daily-stop, when: {daily loss over: 5%}, then: {halt: until next day}}
  - {name: pause, when: {consecutive losses at least: {count: 4, last within: 2h}}, then: reject}
  - {name: two-at-a-time, when: {open trades at least: 2}, then: reject}
  - {name: one-bet, when: {correlated exposure over: 50%}, then: {resize: to limit}}
  - {name: cap-risk, when: {risk per trade over: 1%}, then: {resize: to limit}}
"""
START = moment_ms("2024-01-01")
DAYS = 120
TERMS = Terms(0.0002, 0.0006, 0.0002)


class CallByCall:
    """The rules as they are asked when nothing is known beforehand: each one at every call."""

    def __init__(self, book: RuleBook) -> None:
        self.book = book
        self.watches, self.about_peak, self.floor = book.watches, book.about_peak, book.floor
        self.about_history = book.about_history

    def prepare(self, offers) -> CallByCall:
        _ = offers.market, offers.standings
        return self

    def decide(self, proposal: Proposal, account: Account) -> Decision:
        return self.book.decide(proposal, account)

    def watch(self, course: Course) -> Alarm | None:
        return self.book.watch(course)


def market() -> dict[str, Candles]:
    rng = np.random.default_rng(1)
    n = DAYS * 1440
    ts = START + np.arange(n, dtype=np.int64) * MINUTE_MS
    found = {}
    for i in range(4):
        close = 100 * np.exp(np.cumsum(rng.normal(0, 0.0006, n)))
        opened = np.concatenate([[100.0], close[:-1]])
        wick = np.abs(rng.normal(0, 0.0003, (2, n)))
        high, low = np.maximum(opened, close) * (1 + wick[0]), np.minimum(opened, close) * (1 - wick[1])
        found[f"COIN{i}"] = Candles(f"COIN{i}", MINUTE_MS, ts, opened, high, low, close, rng.uniform(0, 10, n))
    return found


def calls(n: int, candles: dict[str, Candles]) -> list[Plan]:
    rng = np.random.default_rng(2)
    act = np.sort(START + rng.integers(MINUTE_MS * 2000, (DAYS - 1) * DAY_MS, n))
    plans = []
    for i, (act_ms, coin, channel, up) in enumerate(
        zip(act.tolist(), rng.integers(0, 4, n), rng.integers(0, 10, n), rng.random(n) < 0.5, strict=True)
    ):
        bars = candles[f"COIN{coin}"]
        price = float(bars.close[np.searchsorted(bars.ts, act_ms - MINUTE_MS, side="right") - 1])
        side, sign = (Side.LONG, 1) if up else (Side.SHORT, -1)
        stop, target = price * (1 - sign * 0.01), price * (1 + sign * 0.012)
        plans.append(
            Plan(f"c{channel}/{i}", f"c{channel}", bars.symbol, side, act_ms, act_ms + DAY_MS,
                 (Order("market", None, 1.0),), stop, ((target, 1.0),), leverage=float(2 + i % 5))
        )  # fmt: skip
    return plans


def main() -> None:
    n = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    candles = market()
    plans = calls(n, candles)
    table = simulate(plans, candles, TERMS)
    money = money_of(table, TERMS, candles, None)
    rules, found = load_rules(SourceText("rules/benchmark.yaml", RULES))
    assert rules is not None, found
    strategy = Strategy(
        "benchmark", "strategies/benchmark.yaml", ("c",), Market("imported", "swap", "1m", MINUTE_MS), None, None,
        10_000.0, "USDT", 5.0, Size(risk=0.005), costs=Costs(),
    )  # fmt: skip
    posted = [plan.act_ms - 5_000 - (i % 50 == 0) * 900_000 for i, plan in enumerate(plans)]
    book = RuleBook([rules], "Europe/Sofia")
    results: list[WalkResult] = []
    for name, judge in (("no rules", TakeAll()), ("asked call by call", CallByCall(book)), ("as in a backtest", book)):
        walk = Walk(table, money, strategy, judge, Venue(TERMS, candles), "Europe/Sofia", posted)
        begin = time.perf_counter()
        results.append(walk.run(range(n)))
        took = time.perf_counter() - begin
        taken = len(results[-1].trades)
        print(f"{name:20} {n:>8,} signals  {took:6.2f} s  {n / took:>9,.0f} a second  {taken:,} taken")
    walk = Walk(table, money, strategy, book, Venue(TERMS, candles), "Europe/Sofia", posted)
    walk.offers.counted[:] = True
    begin = time.perf_counter()
    with uncollected():
        knowing = book.prepare(walk.offers)
        account = Account(START, 10_000.0, 10_000.0, 10_000.0)
        for row in range(n):
            knowing.decide(walk.offers.proposal(row, 10.0), account)
    took = time.perf_counter() - begin
    print(f"{'the rules alone':20} {n:>8,} signals  {took:6.2f} s  {n / took:>9,.0f} a second")
    _, plain, quick = results
    same = plain.end_equity == quick.end_equity and plain.refused == quick.refused and plain.trades == quick.trades
    print("both ways of asking give the same account:", "yes" if same else "NO")
    if not same:
        raise SystemExit(1)


if __name__ == "__main__":
    main()

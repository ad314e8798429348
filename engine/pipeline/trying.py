"""The tests inside strategy files: a call, a price path, and what the strategy must make of them.

1. The call is planned and replayed like every call of a backtest (``replay.py``), with the strategy's own costs but
   without funding; it is acted on when the first candle of the path opens.
2. What came of it is compared with what the test expects; a difference is an error that says what came instead.
3. When all pass, each setting about entries and exits is dropped in turn, so that its default holds. When no test
   notices, a slip in it would go unseen, which is a warning. Latency is none of them: a test has no message to wait
   for; nor are costs, size and calls, which no test is about alone.

Beside errors elsewhere in the file those tests are run whose answer is sure (``engine.config.sound``).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

import numpy as np

from engine.config.building import build_strategy
from engine.config.diagnostics import Diagnostic
from engine.config.document import Document
from engine.config.sound import sound_strategy
from engine.config.strategies import checked
from engine.config.strategy import Fees, Strategy
from engine.config.text import SourceText
from engine.config.yamlfile import Path
from engine.domain import EntryKind, Message, Setup, Side, Signal, Target
from engine.market.candles import Candles
from engine.market.fees import fees_of
from engine.pipeline.replay import Replay, replay
from engine.problem import Problem
from engine.simulate.pricepath import read_price_path
from engine.units import moment_ms

START_MS = moment_ms("2025-01-01")
SYMBOL = "BTCUSDT"
EXAMPLE = "write price: 64800 -> 65100 over 5m, then 64400"
CLOSE_ENOUGH = 0.005 + 1e-9  # an R is told with two decimals


def try_strategy(source: SourceText) -> list[Diagnostic]:
    """Run the tests of a strategy's file; a finding for each that fails or cannot be run."""
    if "tests" not in source.text:
        return []
    document = checked(source)
    basis, is_whole = sound_strategy(document), not document.failed
    if basis is None:
        return []
    strategy = basis.strategy
    document.findings.clear()  # they are known already
    count = document.count("tests")
    document.refuse_repeats("test", [("tests", i, "name") for i in range(count)])
    fees = _fees(strategy)
    if isinstance(fees, Problem):
        for i in range(count):
            message = f"this test cannot be run: {fees.text}"
            document.report(("tests", i), "R210", message, "write the fees into the strategy")
        return document.ordered
    tries = [_read(document, ("tests", i), strategy) for i in range(count) if document.sound("tests", i)]
    tests = [each for each in tries if each is not None and each.channel not in basis.unsure]
    for test in tests:
        _run(document, test, strategy, fees)
    if tests and is_whole and not document.failed:
        _hold(document, tests, strategy, fees)
    return document.ordered


def _fees(strategy: Strategy) -> Fees | Problem:
    """The fees at the time of the tests."""
    if isinstance(strategy.costs.fees, Fees):
        return strategy.costs.fees
    found = fees_of(strategy.costs.fees, strategy.market.type, START_MS)
    return found if isinstance(found, Problem) else found.fees


@dataclass(frozen=True, slots=True)
class Try:
    """One test, ready to be run: the call, its candles, and what must come of it."""

    path: Path
    channel: str
    setup: Setup
    bars: Candles
    expect: dict[str, Any]

    def told(self, strategy: Strategy, fees: Fees) -> dict[str, Any]:
        """What comes of the call: its fate, its R, its exits."""
        posted = START_MS - strategy.entry_of(self.channel).latency_ms
        message = Message(self.channel, 0, 1, 1, "post", posted, None, posted, "")
        return _told(replay([Signal(message, self.setup)], strategy, fees, {SYMBOL: self.bars}, None))

    def wrong(self, got: dict[str, Any]) -> list[str]:
        """What came otherwise."""
        return [key for key, wanted in self.expect.items() if not _same(key, wanted, got)]


def _read(document: Document, path: Path, strategy: Strategy) -> Try | None:
    """The test at a path; None when it cannot be run, which is a finding."""
    given: dict[str, Any] = document.get(*path, "given", default={})
    channel = given.get("channel", strategy.channels[0])
    if channel not in strategy.channels:
        hint = f"channels of this strategy: {', '.join(strategy.channels)}"
        document.report((*path, "given", "channel"), "R107", f'"{channel}" is not among the channels', hint)
        return None
    try:
        bars = read_price_path(document.get(*path, "price"), SYMBOL, strategy.market.timeframe_ms, START_MS)
    except ValueError as error:
        document.report((*path, "price"), "R209", str(error), EXAMPLE)
        return None
    return Try(path, channel, _setup(given), bars, document.get(*path, "expect"))


def _run(document: Document, test: Try, strategy: Strategy, fees: Fees) -> None:
    """One test."""
    got = test.told(strategy, fees)
    wrong, expect = test.wrong(got), test.expect
    if wrong:
        said = "; ".join(f"{key} {_show(got[key])}" for key in ("result", "r", "exits"))
        name, wanted = document.get(*test.path, "name"), ", ".join(f"{key} {_show(expect[key])}" for key in wrong)
        document.report(
            (*test.path, "expect", wrong[0]), "R210", f'the test "{name}" expects {wanted}', f"what came is {said}"
        )


def _hold(document: Document, tests: Sequence[Try], strategy: Strategy, fees: Fees) -> None:
    """A warning for every setting that could be dropped without a test noticing."""
    for path in _settings(document):
        data = deepcopy(document.file.data)
        block = data
        for part in path[:-1]:
            block = block[part]
        del block[path[-1]]
        without = build_strategy(data, strategy.path)
        if without != strategy and not any(test.wrong(test.told(without, fees)) for test in tests):
            hint = "add a test whose trade ends otherwise without this line"
            name = ": ".join(map(str, path[2 if path[0] == "overrides" else 0 :]))
            message = f'no test would miss "{name}": without it all pass'
            document.report(path, "R211", message, hint, at_key=True, severity="warning")


def _settings(document: Document) -> Iterator[Path]:
    """The settings that decide what becomes of a call, each by itself; the strategy's own and those of overrides."""
    if document.get("same candle") is not None:
        yield ("same candle",)
    for at in ((), *(("overrides", channel) for channel in document.keys("overrides"))):
        for key in document.keys(*at, "entry"):
            if key != "latency":
                yield (*at, "entry", key)
        for key in document.keys(*at, "exit"):
            inner = document.keys(*at, "exit", key) if key in ("targets", "stop") else []
            yield from [(*at, "exit", key, part) for part in inner] or [(*at, "exit", key)]


def _setup(given: dict[str, Any]) -> Setup:
    """The call of a test."""
    entry, kind = given.get("entry", "market"), EntryKind.MARKET
    entries: tuple[float, ...] = ()
    if isinstance(entry, dict):
        entries, kind = tuple(sorted(map(float, entry["zone"]))), EntryKind.ZONE
    elif isinstance(entry, list):
        entries, kind = tuple(map(float, entry)), EntryKind.LADDER
    elif entry != "market":
        entries, kind = (float(entry),), EntryKind.LIMIT
    targets = tuple(Target(float(price)) for price in given.get("targets", ()))
    stop = float(given["stop"]) if "stop" in given else None
    return Setup(
        SYMBOL, Side(given.get("side", "long")), kind, entries, targets, stop, "test", leverage=given.get("leverage")
    )


def _told(played: Replay) -> dict[str, Any]:
    """What came of the call: its fate, its R, its exits."""
    row = played.rows[0]
    legs = played.table.path(row).legs if row >= 0 else ()
    exits = [leg.name for leg in legs]
    r = float(played.money.r[row]) if row >= 0 else np.nan
    return {"result": played.fates[0], "r": None if np.isnan(r) else round(r, 4), "exits": exits}


def _same(key: str, wanted: Any, got: dict[str, Any]) -> bool:
    """Whether one thing came as expected."""
    if key == "r":
        return got["r"] is not None and abs(got["r"] - float(wanted)) <= CLOSE_ENOUGH
    return bool(got[key] == wanted)


def _show(value: Any) -> str:
    """A value in a sentence."""
    if isinstance(value, list):
        return "[" + ", ".join(map(str, value)) + "]"
    return "none" if value is None else f"{value:+.2f}" if isinstance(value, float | int) else str(value)

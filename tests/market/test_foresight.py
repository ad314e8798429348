"""The world-maker's look ahead, in small candles; and that nobody else looks."""

from __future__ import annotations

import ast
from pathlib import Path

import numpy as np
import pytest

from engine.domain import Side
from engine.market.candles import Candles
from engine.market.foresight import Fate, WorldMaker, foresee, round_level
from engine.market.synthetic import SyntheticMarket
from engine.units import DAY_MS, HOUR_MS, MINUTE_MS, moment_ms

ENGINE = Path(__file__).parents[2] / "engine"
START_MS = moment_ms("2025-01-01")


def bars(*rows: tuple[float, float, float, float]) -> Candles:
    """Minutes of open, high, low, close."""
    columns = np.array(rows, dtype=np.float64).reshape(-1, 4).T
    return Candles("BTCUSDT", MINUTE_MS, np.arange(len(rows)) * MINUTE_MS, *columns, np.ones(len(rows)))


@pytest.mark.parametrize(
    ("story", "limit", "rows", "fate"),
    [
        ("market, target first", None, [(100, 101, 99, 100), (100, 105, 100, 104)], Fate(True, 1)),
        ("market, stop first", None, [(100, 101, 99, 100), (100, 100, 95, 96), (96, 110, 96, 110)], Fate(False, 1)),
        ("market, both in one bar: the stop", None, [(100, 106, 94, 100)], Fate(False, 0)),
        ("market, target in the first bar", None, [(100, 105, 99, 104)], Fate(True, 0)),
        ("market, neither", None, [(100, 101, 99, 100), (100, 101, 99, 100)], Fate(None, 1)),
        ("limit marketable at once", 100.5, [(100, 105, 99, 104)], Fate(True, 0)),
        ("limit filled, then the target", 99.0, [(100, 101, 99, 100), (100, 105, 100, 104)], Fate(True, 1)),
        ("limit filled in the bar of the target", 99.0, [(100, 105, 99, 104), (104, 104, 95, 95)], Fate(False, 1)),
        ("limit and stop in one bar", 99.0, [(100, 100, 95, 96)], Fate(False, 0)),
        ("limit never filled", 99.0, [(100, 110, 99.5, 100), (100, 110, 99.5, 100)], Fate(None, 1)),
        ("no bars at all", None, [], Fate(None, 0)),
        ("no bars for a limit", 99.0, [], Fate(None, 0)),
    ],
)
def test_what_comes_first(
    story: str, limit: float | None, rows: list[tuple[float, float, float, float]], fate: Fate
) -> None:
    assert foresee(bars(*rows), 0, Side.LONG, limit, 105, 95) == fate, story
    mirrored = bars(*[(200 - o, 200 - low, 200 - high, 200 - c) for o, high, low, c in rows])
    other = None if limit is None else 200 - limit
    assert foresee(mirrored, 0, Side.SHORT, other, 95, 105) == fate, story


def test_the_look_ahead_starts_at_its_row_and_ends() -> None:
    rows = [(100.0, 105.0, 100.0, 100.0)] + [(100.0, 100.0, 100.0, 100.0)] * 5000 + [(100.0, 105.0, 100.0, 100.0)]
    assert foresee(bars(*rows), 1, Side.LONG, None, 105, 95) == Fate(None, 3 * 1440)
    assert foresee(bars(*rows), 2000, Side.LONG, None, 105, 95) == Fate(True, 5001)


def test_the_maker_quotes_only_prices_that_are_known() -> None:
    world = WorldMaker(SyntheticMarket(7, START_MS, START_MS + DAY_MS))
    minutes = world.market.minutes("ETHUSDT")
    assert world.price("ETHUSDT", START_MS + 10 * MINUTE_MS) == minutes.close[9]
    assert world.price("ETHUSDT", START_MS + 11 * MINUTE_MS - 1000) == minutes.close[9]
    assert world.time_of("ETHUSDT", 10) == START_MS + 10 * MINUTE_MS
    low, high = world.extremes("ETHUSDT", START_MS, START_MS + 5 * MINUTE_MS)
    assert (low, high) == (minutes.low[1:5].min(), minutes.high[1:5].max())
    assert [world.decimals(symbol) for symbol in ("BTCUSDT", "XRPUSDT")] == [1, 4]


def test_strong_moves_look_back_only() -> None:
    whole = WorldMaker(SyntheticMarket(7, START_MS, START_MS + 6 * DAY_MS))
    half = WorldMaker(SyntheticMarket(7, START_MS, START_MS + 4 * DAY_MS))
    rows = whole.moves("SOLUSDT", 2.0)
    assert half.moves("SOLUSDT", 2.0).tolist() == rows[rows < 4 * 1440].tolist()
    assert 0.005 < len(rows) / (5 * 1440) < 0.2
    close = np.log(whole.market.minutes("SOLUSDT").close)
    row = int(rows[0])
    day = np.diff(close[row - 1440 : row + 1])
    assert abs(close[row] - close[row - HOUR_MS // MINUTE_MS]) > 2 * (np.mean(day**2) * 60) ** 0.5


@pytest.mark.parametrize(
    ("price", "level"), [(64812.3, 64810), (3450.6, 3451), (143.236, 143.2), (0.61234, 0.6123), (0.15238, 0.1524)]
)
def test_levels_as_people_write_them(price: float, level: float) -> None:
    assert round_level(price) == level
    assert abs(level / price - 1) < 0.001


def test_only_the_makers_of_the_demo_look_ahead() -> None:
    users = set()
    for path in ENGINE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            names += [alias.name for alias in node.names] if isinstance(node, ast.Import | ast.ImportFrom) else []
            if any("foresight" in name for name in names):
                users.add(path.relative_to(ENGINE).as_posix())
    assert users == {"collect/demo.py"}

"""Paths that were computed before: found only under the same inputs, equal to the last bit, bounded, safe to lose."""

from __future__ import annotations

import json
import os
import shutil
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine.config.strategy import Calls, Costs, Entry, Exit, Fees, Size, Strategy
from engine.domain import EntryKind, Message, Setup, Side, Signal, StopMove, Target
from engine.market.candles import Candles, Funding
from engine.pipeline import pathcache
from engine.pipeline.pathcache import PathCache, prune
from engine.pipeline.replay import Replay, replay
from engine.pipeline.stress import stress
from engine.simulate.prepared import Prepared
from engine.units import HOUR_MS, MINUTE_MS
from tests.conftest import Run
from tests.pipeline.test_conditions import STRATEGY, hours, known, minutes, store  # noqa: F401 - known is a fixture
from tests.simulate.world import strategy

FEES = Fees(0.0002, 0.0006, "test")


def candles(change: float = 0.0) -> Candles:
    """Ten hours of minutes; ``change`` moves one close."""
    rng = np.random.default_rng(5)
    close = np.round(100 + np.cumsum(rng.normal(0, 0.3, 600)), 2)
    open_ = np.append(100.0, close[:-1])
    high, low = np.maximum(open_, close) + 0.2, np.minimum(open_, close) - 0.2
    close[-1] += change
    ts = np.arange(600, dtype=np.int64) * MINUTE_MS
    return Candles("BTCUSDT", MINUTE_MS, ts, open_, high, low, close, np.ones(600))


def signals(entry: float = 100.0) -> list[Signal]:
    found = []
    for i in range(30):
        at = i * 19 * MINUTE_MS
        message = Message("c", -1, i + 1, 1, "post", at, None, at, "text")
        targets = (Target(103.0), Target(105.0))
        found.append(Signal(message, Setup("BTCUSDT", Side.LONG, EntryKind.LIMIT, (entry,), targets, 97.0, "layout")))
    return found


def play(folder: Path, given: Strategy | None = None, **changes: Any) -> tuple[Replay, PathCache]:
    """A replay with its stress through a cache in a folder."""
    cache = PathCache(folder)
    bars, funding = changes.pop("candles", None) or candles(), changes.pop("funding", None)
    calls = changes.pop("signals", None) or signals()
    fees = changes.pop("fees", FEES)
    played = replay(calls, given or strategy(), fees, {"BTCUSDT": bars}, funding, cache=cache, **changes)
    stress(played)
    return played, cache


def equal(one: object, other: object) -> None:
    """Assert that all arrays of two dataclasses are the same to the last bit."""
    for each in fields(one):  # type: ignore[arg-type]
        a, b = getattr(one, each.name), getattr(other, each.name)
        if isinstance(a, np.ndarray):
            assert (a.dtype, a.shape) == (b.dtype, b.shape)
            assert a.tobytes() == b.tobytes(), each.name


def test_a_hit_is_what_a_miss_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first, cold = play(tmp_path)
    first_stress = stress(first)
    plain = replay(signals(), strategy(), FEES, {"BTCUSDT": candles()}, None)
    assert cold.hits == 1, "the stress that was asked for twice"
    assert cold.misses == 4
    monkeypatch.setattr(Prepared, "run", lambda *_: pytest.fail("computed again"))
    second, warm = play(tmp_path)
    assert (warm.hits, warm.misses) == (4, 0)
    for a, b in ((first, second), (first.table, second.table), (first.money, second.money)):
        equal(a, b)
    equal(plain.table, second.table)
    equal(first_stress, stress(second))
    assert second.fates == first.fates == plain.fates


SAME = {
    "the size": {"given": strategy(size=Size(fixed=100.0))},
    "the equity": {"given": strategy(equity=77.0)},
    "the rules": {"given": strategy(rules=("conservative",))},
    "the name": {"given": strategy(name="other")},
    "what is done with re-posts": {"given": strategy(calls=Calls(repeat="add"))},
    "the volume of the candles": {"candles": replace(candles(), volume=np.full(600, 9.0))},
}
OTHER = {
    "a candle": {"candles": candles(change=0.01)},
    "fewer candles": {"candles": candles().before(599 * MINUTE_MS)},
    "the latency": {"given": strategy(entry=Entry(latency_ms=65_000))},
    "the validity": {"given": strategy(entry=Entry(valid_for_ms=HOUR_MS))},
    "a stop move": {"given": strategy(exit=Exit(stop_moves=(StopMove(1),)))},
    "the shares": {"given": strategy(exit=Exit(shares=(0.4, 0.6)))},
    "the entry": {"signals": signals(100.01)},
    "one call less": {"signals": signals()[:-1]},
    "the slippage": {"given": strategy(costs=Costs(slippage=0.0003))},
    "the taker fee": {"fees": replace(FEES, taker=0.0007)},
    "later fees": {"later_fees": ((HOUR_MS, 0.0, 0.0),)},
    "a fair price": {"fair": {"BTCUSDT": candles(change=0.01)}},
    "the leverage": {"given": strategy(leverage=4.0)},
    "the order inside a candle": {"given": strategy(same_candle="target first")},
}


@pytest.mark.parametrize("what", SAME)
def test_money_and_rules_change_no_path(tmp_path: Path, what: str) -> None:
    play(tmp_path)
    assert play(tmp_path, **SAME[what])[1].misses == 0


@pytest.mark.parametrize("what", OTHER)
def test_whatever_can_change_a_path_is_computed(tmp_path: Path, what: str) -> None:
    play(tmp_path)
    changed, cache = play(tmp_path, **OTHER[what])
    assert cache.misses >= 2  # both orders inside a candle are known where only their names change places
    given = {name: value for name, value in OTHER[what].items() if name in ("later_fees", "fair")}
    plain = replay(
        OTHER[what].get("signals", signals()), OTHER[what].get("given", strategy()), OTHER[what].get("fees", FEES),
        {"BTCUSDT": OTHER[what].get("candles", candles())}, None, **given,
    )  # fmt: skip
    equal(plain.table, changed.table)
    equal(plain, changed)


def test_funding_changes_the_money_of_known_paths(tmp_path: Path) -> None:
    play(tmp_path)
    paid = {"BTCUSDT": Funding("BTCUSDT", np.arange(1, 10, dtype=np.int64) * HOUR_MS, np.full(9, 0.001))}
    played, cache = play(tmp_path, funding=paid)
    assert (cache.hits, cache.misses) == (3, 1), "paths are known, R under harder terms is not"
    assert played.money.funding.any()


def test_other_code_finds_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    play(tmp_path)
    monkeypatch.setattr(pathcache, "code_digest", lambda: b"another version")
    assert play(tmp_path)[1].hits == 0


def test_the_code_that_computes_is_in_the_digest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A character more in one of its modules, another version of the program: another digest."""
    before = pathcache.code_digest.__wrapped__()
    (tmp_path / "simulate").mkdir()
    for path in (pathcache.ENGINE / "simulate").glob("*.py"):
        (tmp_path / "simulate" / path.name).write_bytes(path.read_bytes())
    monkeypatch.setattr(pathcache, "ENGINE", tmp_path)
    copied = pathcache.code_digest.__wrapped__()
    (tmp_path / "simulate" / "kernel.py").write_bytes((tmp_path / "simulate" / "kernel.py").read_bytes() + b"#")
    changed = pathcache.code_digest.__wrapped__()
    monkeypatch.setattr(pathcache, "__version__", "99")
    assert len({before, copied, changed, pathcache.code_digest.__wrapped__()}) == 4


@pytest.mark.parametrize(
    "damage",
    [
        lambda data: b"",
        lambda data: data[:-100],
        lambda data: _flipped(data),
        lambda data: _listed_as(data, 10, 8),
        lambda data: _listed_as(data, 10, 99),
        lambda data: _listed_as(data, 8, 1),
    ],
    ids=["empty", "cut off", "a bit", "compressed", "compressed in an unknown way", "encrypted"],
)
def test_a_damaged_file_is_computed_again(tmp_path: Path, damage: Any) -> None:
    first, _ = play(tmp_path)
    for path in tmp_path.glob("*.npz"):
        path.write_bytes(damage(path.read_bytes()))
    again, cache = play(tmp_path)
    assert cache.misses == 4
    equal(first.table, again.table)
    assert play(tmp_path)[1].misses == 0


def _flipped(data: bytes) -> bytes:
    """One bit of the first array changed."""
    at = data.index(b"NUMPY") + 200
    return data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]


def _listed_as(data: bytes, offset: int, value: int) -> bytes:
    """Another byte in the first entry of the archive's directory."""
    at = data.index(b"PK\x01\x02") + offset
    return data[:at] + bytes([value]) + data[at + 1 :]


def test_the_folder_is_bounded_and_the_longest_unused_go_first(tmp_path: Path) -> None:
    for i in range(5):
        path = tmp_path / f"paths-{i}.npz"
        path.write_bytes(b"x" * 100)
        os.utime(path, (i, i))
    (tmp_path / ".paths-9.npz.1.tmp").write_bytes(b"x" * 50)  # a run was killed while it wrote
    os.utime(tmp_path / ".paths-9.npz.1.tmp", (0, 0))
    prune(tmp_path, 250)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["paths-3.npz", "paths-4.npz"]


def test_what_is_found_counts_as_used(tmp_path: Path) -> None:
    play(tmp_path)
    for path in tmp_path.glob("*.npz"):
        os.utime(path, (1, 1))
    play(tmp_path)
    assert all(path.stat().st_mtime > 1 for path in tmp_path.glob("*.npz"))


def test_a_folder_that_cannot_be_written_costs_nothing(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")
    played, cache = play(tmp_path / "file" / "paths")
    assert cache.misses == 4
    assert len(played.table) == 30


def test_a_second_run_gives_the_same_report(known: Path, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:  # noqa: F811
    """All of run.json but the time of the run; other rules and other money compute no path."""
    store(known).add(minutes(), "mexc", "swap")
    text = STRATEGY.format(candle="stop first", impact="none")
    assert len(_run(known, run, text)["channels"]) == 2
    first, files = _run(known, run, text), set((known / "data" / "cache" / "paths").iterdir())
    assert files
    for path in files:
        path.unlink()
    cold = _run(known, run, text)
    monkeypatch.setattr(Prepared, "run", lambda *_: pytest.fail("computed again"))
    assert _run(known, run, text) == cold
    assert first == cold
    richer = _run(known, run, text.replace("10000 USDT", "20000 USDT") + "rules: [conservative]\n")
    assert richer["account"]["start_equity"] == 20_000


def test_other_candles_in_the_store_are_seen(known: Path, run: Run) -> None:  # noqa: F811
    """One price of one candle: the same range, the same number of rows, other paths; the old ones come back with it."""
    text = STRATEGY.format(candle="stop first", impact="none")
    before = _run(known, run, text)
    paths = known / "data" / "cache" / "paths"
    count = len(list(paths.iterdir()))
    bars = hours(minutes())
    bars.low[60] -= 3_000.0  # every trade that is open then is stopped out
    shutil.rmtree(known / "data" / "candles")
    store(known).add(bars, "mexc", "swap")
    changed = _run(known, run, text)
    assert len(list(paths.iterdir())) >= 2 * count
    assert changed["channels"] != before["channels"]
    shutil.rmtree(known / "data" / "candles")
    store(known).add(hours(minutes()), "mexc", "swap")
    assert _run(known, run, text) == before
    assert len(list(paths.iterdir())) < 3 * count


def _run(workspace: Path, run: Run, text: str) -> dict[str, Any]:
    """The run.json of a strategy without the time of the run."""
    (workspace / "strategies" / "known.yaml").write_text(text, encoding="utf-8")
    for old in ("out", "data/trials.jsonl"):
        path = workspace / old
        if path.is_dir():
            for file in path.rglob("*"):
                if file.is_file():
                    file.unlink()
        else:
            path.unlink(missing_ok=True)
    assert run("backtest", "known", "--out", workspace / "out").exit_code == 0
    data: dict[str, Any] = json.loads((workspace / "out" / "run.json").read_text(encoding="utf-8"))
    return {name: value for name, value in data.items() if name != "created"}

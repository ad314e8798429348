"""A whole run on a store that knows more than candles: finer ones, fair prices, contract facts, dated fees."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine.collect.archive import Archive
from engine.config.strategy import Fees
from engine.market.candles import Candles
from engine.market.contracts import Tier
from engine.market.fees import FeeEras, FeeQuote, fee_eras
from engine.market.store import CandleStore
from engine.problem import Problem
from engine.units import HOUR_MS, MINUTE_MS, moment_ms
from tests.collect.posts import post
from tests.conftest import Run
from tests.market.test_contracts import BTC
from tests.pipeline.test_integrity import PROFILE

START = moment_ms("2025-05-02")
STRATEGY = """name: known
channels: [fast_scalps, slow_scalps]
market: {{source: mexc, type: swap, timeframe: 1h}}
account: {{equity: 10000 USDT, leverage: 5}}
size: {{fixed: 500 USDT}}
calls: {{repeat: add}}
costs: {{fees: mexc, slippage: 2bp, funding: "history, else 0.01%", impact: {impact}}}
same candle: {candle}
"""
FACTS = replace(
    BTC,
    tiers=(Tier(None, 1e9, 0.004, 0.008, 125),),
    funding_interval_ms=4 * HOUR_MS,
    as_of_ms=moment_ms("2025-05-01"),
)


def minutes() -> Candles:
    """Five days of minutes that swing around 64,800, so that calls fill, win and lose, often within one hour."""
    n = 5 * 1440
    rng = np.random.default_rng(11)
    close = np.round(64_800 + 1_200 * np.sin(np.arange(n) / 12) + np.cumsum(rng.normal(0, 4, n)), 1)
    open_ = np.append(close[0], close[:-1])
    high, low = np.maximum(open_, close) + 20, np.minimum(open_, close) - 20
    ts = START + np.arange(n, dtype=np.int64) * MINUTE_MS
    return Candles("BTCUSDT", MINUTE_MS, ts, open_, high, low, close, rng.uniform(1, 9, n))


def hours(fine: Candles) -> Candles:
    """The same as hours."""
    at = np.arange(0, len(fine), 60)
    high, low = np.maximum.reduceat(fine.high, at), np.minimum.reduceat(fine.low, at)
    volume = np.add.reduceat(fine.volume, at)
    return Candles("BTCUSDT", HOUR_MS, fine.ts[at], fine.open[at], high, low, fine.close[at + 59], volume)


@pytest.fixture
def known(workspace: Path) -> Path:
    """A workspace with two channels of one layout, and the hours in its store."""
    for name, title in (("fast_scalps", "Fast Scalps"), ("slow_scalps", "Slow Scalps")):
        text = PROFILE.replace("Fast Scalps", title).replace("export fast_scalps", f"export {name}")
        (workspace / "channels" / f"{name}.channel").write_text(text, encoding="utf-8")
    calls = []
    for i in range(40):
        hour, minute = divmod(17 * i, 60)
        text = f"BUY BTCUSDT @ {64_700 + 10 * (i % 7)}, TP {65_400 + i}, SL {64_000 - i}"
        channel = "slow_scalps" if i % 4 == 0 else "fast_scalps"
        calls.append(post(i + 1, f"{hour:02}:{minute:02}", text, channel))
    Archive(workspace / "data" / "signals_raw.jsonl").append(calls)
    store(workspace).add(hours(minutes()), "mexc", "swap")
    return workspace


def store(workspace: Path) -> CandleStore:
    return CandleStore(workspace / "data" / "candles")


def backtest(workspace: Path, run: Run, *, candle: str = "stop first", impact: str = "none") -> dict[str, Any]:
    """The run.json of a backtest."""
    path = workspace / "strategies" / "known.yaml"
    path.write_text(STRATEGY.format(candle=candle, impact=impact), encoding="utf-8")
    out = workspace / "out"
    result = run("backtest", "known", "--out", out)
    assert result.exit_code == 0, result.stderr
    data: dict[str, Any] = json.loads((out / "run.json").read_text(encoding="utf-8"))
    return data


def test_a_store_with_candles_alone_is_said(known: Path, run: Run) -> None:
    said = backtest(known, run)["assumptions"]
    assert "liquidation: on last prices; no fair price is stored" in said
    assert "maintenance margin: 0.5%, because the tiers of the contracts are not known" in said
    assert "contract sizes, ticks and smallest orders: not known; any quantity is traded at any price" in said
    assert "impact: an order's size does not move the price" in said
    assert any("where that is not known (BTCUSDT), 0.0100% per 8 hours" in line for line in said)
    assert any(line.startswith("fees mexc swap: maker 0.060%, taker 0.080%") for line in said)


def test_what_the_store_knows_is_used_and_said(known: Path, run: Run) -> None:
    store(known).add_contract(FACTS)
    store(known).add(minutes(), "mexc", "swap", mark=True)
    data = backtest(known, run, impact="square root x 0.5")
    said = data["assumptions"]
    assert "liquidation: on the fair price" in said
    assert "maintenance margin: the tiers of the contract, by the size of the position" in said
    assert "contract sizes, ticks and smallest orders: as listed on 2025-05-01" in said
    assert any("settled as the contracts are: every 4h for 1" in line for line in said)
    assert any(line.startswith("impact: in the account a market order moves the price by 0.5 x") for line in said)
    used = {name for name in data["inputs"] if name.startswith("candles/")}
    assert used == {f"candles/mexc/swap/BTCUSDT/{part}" for part in ("1h", "mark_1m", "contract")}
    rows = (known / "out" / "trades.csv").read_text(encoding="utf-8").splitlines()
    at = rows[0].split(",").index("quantity")
    quantities = [float(row.split(",")[at]) for row in rows[1:] if row.split(",")[at]]
    assert quantities
    assert all(abs(q * 10_000 - round(q * 10_000)) < 1e-6 for q in quantities), "whole contracts of 0.0001 BTC"


def test_a_smallest_order_stands_among_the_refusals(known: Path, run: Run) -> None:
    store(known).add_contract(replace(FACTS, min_contracts=10_000_000))
    data = backtest(known, run)
    assert data["account"]["trades"] == 0
    assert "minimum order" in {refusal["rule"] for refusal in data["account"]["refusals"]}


def test_finer_candles_decide(known: Path, run: Run) -> None:
    plain = backtest(known, run, candle="finer")
    assert "finer candles: the store has none; what one candle cannot tell stays with the stop" in plain["assumptions"]
    store(known).add(minutes(), "mexc", "swap")
    fine = backtest(known, run, candle="finer")
    said = fine["assumptions"]
    assert any(line.startswith("finer candles stand in for 100% of those of 1h (1 of 1") for line in said)
    before, after = (sum(c["ambiguous"] for c in data["channels"]) for data in (plain, fine))
    assert sum(c["decided"] for c in plain["channels"]) == 0
    assert sum(c["decided"] for c in fine["channels"]) > 0
    assert after < before
    assert fine["channels"][0]["median_delay_ms"] < plain["channels"][0]["median_delay_ms"]
    assert "candles/mexc/swap/BTCUSDT/1m" in fine["inputs"]


def test_each_channel_alone_has_the_same_money(known: Path, run: Run) -> None:
    data = backtest(known, run)
    shared = data["account"]
    alone = {channel["channel"]: channel["alone"] for channel in data["channels"]}
    assert set(alone) == {"fast_scalps", "slow_scalps"}
    assert {account["start_equity"] for account in alone.values()} == {10_000.0}
    assert sum(account["trades"] for account in alone.values()) == shared["trades"] > 0
    won = {name: account["end_equity"] - 10_000 for name, account in alone.items()}
    assert sum(won.values()) == pytest.approx(shared["end_equity"] - 10_000, abs=1e-6)  # of fixed size
    page = (known / "out" / "report.html").read_text(encoding="utf-8")
    assert "Each channel in it, and alone" in page
    assert "Decided by finer candles" in page


def test_fees_change_within_a_run(monkeypatch: pytest.MonkeyPatch, known: Path, run: Run) -> None:
    table = [
        {"from": "2025-01-01", "maker": 0.0001, "taker": 0.0002, "source": "old list"},
        {"from": "2025-05-04 06:00", "maker": 0.001, "taker": 0.002, "source": "new list"},
        {"from": "2026-01-01", "maker": 0.3, "taker": 0.3, "source": "not yet"},
    ]
    dear = [table[0] | {"maker": 0.001, "taker": 0.002}]
    cheap = [table[0]]
    paid = []
    for entries in (cheap, table, dear):
        monkeypatch.setattr("engine.market.fees._table", lambda entries=entries: {"mexc": {"swap": entries}})
        data = backtest(known, run)
        paid.append(data["account"]["fees"])
        if entries is table:
            (said,) = [line for line in data["assumptions"] if line.startswith("fees ")]
            assert said == (
                "fees mexc swap: maker 0.010%, taker 0.020% (old list); "
                "from 2025-05-04 on maker 0.100%, taker 0.200% (new list)"
            )
    assert paid[0] < paid[1] < paid[2]


@pytest.mark.parametrize(
    ("start", "end", "eras"),
    [
        ("2024-01-01", "2024-02-01", FeeEras(FeeQuote(Fees(0.1, 0.1, "a"), "x swap fees of 2024-01-01 are not known; "
                                                      "those since 2025-01-01 are used"))),
        ("2024-01-01", "2025-02-01", FeeEras(FeeQuote(Fees(0.1, 0.1, "a"), "x swap fees of 2024-01-01 are not known; "
                                                      "those since 2025-01-01 are used"))),
        ("2025-01-01", "2025-02-28", FeeEras(FeeQuote(Fees(0.1, 0.1, "a")))),
        ("2025-01-01", "2025-03-01",
         FeeEras(FeeQuote(Fees(0.1, 0.1, "a")), ((moment_ms("2025-03-01"), Fees(0.2, 0.2, "b")),))),
        ("2025-03-01", "2025-04-01", FeeEras(FeeQuote(Fees(0.2, 0.2, "b")))),
    ],
)  # fmt: skip
def test_the_fees_of_a_stretch_of_time(monkeypatch: pytest.MonkeyPatch, start: str, end: str, eras: FeeEras) -> None:
    entries = [
        {"from": "2025-01-01", "maker": 0.1, "taker": 0.1, "source": "a"},
        {"from": "2025-03-01", "maker": 0.2, "taker": 0.2, "source": "b"},
    ]
    monkeypatch.setattr("engine.market.fees._table", lambda: {"x": {"swap": entries}})
    assert fee_eras("x", "swap", moment_ms(start), moment_ms(end)) == eras
    assert isinstance(fee_eras("y", "swap", 0, 1), Problem)

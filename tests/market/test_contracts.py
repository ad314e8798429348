"""Contract facts: kept as they were seen, each state with its date."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from engine.market.contracts import Contract, Tier, read_contracts
from engine.market.store import CandleStore
from engine.problem import Problem
from engine.units import DAY_MS, HOUR_MS, moment_ms

SEEN_MS = moment_ms("2026-06-01")
TIERS = (Tier(5.0, None, 0.001, 0.002, 500), Tier(31.0, None, 0.0025, 0.005, 200))
BTC = Contract(
    symbol="BTCUSDT",
    source="mexc",
    type="swap",
    listed_as="BTC_USDT",
    base="BTC",
    quote="USDT",
    settle="USDT",
    contract_size=0.0001,
    tick=0.1,
    min_contracts=1,
    contract_step=1,
    max_contracts=400_000,
    min_notional=None,
    tiers=TIERS,
    funding_interval_ms=8 * HOUR_MS,
    maker=0.0,
    taker=0.0002,
    trading=True,
    inverse=False,
    facts_from="mexc contract detail",
    as_of_ms=SEEN_MS,
)


@pytest.fixture
def store(tmp_path: Path) -> CandleStore:
    return CandleStore(tmp_path)


def test_facts_come_back_as_they_went_in(store: CandleStore) -> None:
    assert store.contract("mexc", "swap", "BTC_USDT") is None
    assert store.add_contract(BTC) is True
    assert store.contract("mexc", "swap", "BTC/USDT:USDT") == BTC


def test_each_state_has_its_date(store: CandleStore) -> None:
    """Seen three times, changed once: two states, and the one in force is found by the time asked for."""
    store.add_contract(BTC)
    assert store.add_contract(replace(BTC, as_of_ms=SEEN_MS + DAY_MS)) is False
    dearer = replace(BTC, taker=0.0008, as_of_ms=SEEN_MS + 2 * DAY_MS)
    assert store.add_contract(dearer) is True
    assert store.contract("mexc", "swap", "BTCUSDT") == dearer
    assert store.contract("mexc", "swap", "BTCUSDT", SEEN_MS + DAY_MS) == BTC
    earliest = store.contract("mexc", "swap", "BTCUSDT", SEEN_MS - DAY_MS)
    assert earliest == BTC
    assert earliest.as_of_ms > SEEN_MS - DAY_MS


@pytest.mark.parametrize(
    ("amount", "price", "rate"), [(1.0, 60_000, 0.001), (-5.0, 60_000, 0.001), (5.1, 60_000, 0.0025), (40, 1, None)]
)
def test_a_position_has_the_tier_of_its_size(amount: float, price: float, rate: float | None) -> None:
    tier = BTC.tier_of(amount, price)
    assert (tier.maintenance_rate if tier else None) == rate


def test_tiers_by_value_ask_for_the_price() -> None:
    by_value = replace(BTC, tiers=(Tier(None, 50_000.0, 0.004, 0.008, 125), Tier(None, None, 0.01, 0.02, 50)))
    small, large = by_value.tier_of(1, 49_000), by_value.tier_of(1, 51_000)
    assert small is not None
    assert large is not None
    assert (small.maintenance_rate, large.maintenance_rate) == (0.004, 0.01)


def test_contracts_in_coins() -> None:
    assert BTC.base_amount(10, 60_000) == pytest.approx(0.001)
    assert replace(BTC, inverse=True, contract_size=100).base_amount(3, 60_000) == pytest.approx(0.005)


def test_a_damaged_file_is_not_overwritten(store: CandleStore) -> None:
    store.add_contract(BTC)
    path = store.root / "mexc" / "swap" / "BTCUSDT" / "contract.json"
    path.write_text(path.read_text()[:-30])
    assert read_contracts(path.parent) == ()
    problem = store.add_contract(BTC)
    assert isinstance(problem, Problem)
    assert problem.path == str(path)

"""Funding: none, a constant, or a history that covers the candles; a gap in it would be free money."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from engine.config.strategy import Costs, Market
from engine.market.candles import Candles, Funding
from engine.market.contracts import Contract
from engine.pipeline.errors import InputError
from engine.pipeline.funding import funding_of
from engine.units import DAY_MS, HOUR_MS
from tests.market.test_contracts import BTC
from tests.simulate.world import strategy

DAYS = 5
TS = np.arange(DAYS * 24, dtype=np.int64) * HOUR_MS
BARS = Candles("BTCUSDT", HOUR_MS, TS, *(np.full(len(TS), 100.0) for _ in range(5)))


class History:
    """Prices that know one funding history."""

    origin = "test"

    def __init__(self, funding: Funding | None, facts: tuple[Contract, ...] = ()) -> None:
        self.found, self.facts = funding, facts

    def candles(self, symbol: str) -> Candles:
        return BARS

    def funding(self, symbol: str) -> Funding | None:
        return self.found

    def contracts(self, symbol: str) -> tuple[Contract, ...]:
        return self.facts

    def hashes(self, symbols: object) -> dict[str, str]:
        return {}


def history(first_ms: int, last_ms: int) -> Funding:
    ts = np.arange(first_ms, last_ms + 1, 8 * HOUR_MS, dtype=np.int64)
    return Funding("BTCUSDT", ts, np.full(len(ts), 0.0001))


def funded(
    costs: Costs, found: Funding | None = None, kind: str = "swap", facts: tuple[Contract, ...] = ()
) -> tuple[dict[str, Funding] | None, str]:
    market = Market("imported", kind, "1h", HOUR_MS)  # type: ignore[arg-type]
    prices = History(found, facts)
    return funding_of(replace(strategy(), costs=costs, market=market), prices, {"BTCUSDT": BARS})  # type: ignore[arg-type]


@pytest.mark.parametrize(("kind", "says"), [("spot", "spot has none"), ("swap", "ignored, as the strategy says")])
def test_none(kind: str, says: str) -> None:
    assert funded(Costs(funding="none"), kind=kind) == (None, f"funding: {says}")


def test_a_constant_is_paid_every_eight_hours() -> None:
    paid, note = funded(Costs(funding=0.0001))
    assert paid is not None
    assert paid["BTCUSDT"].ts.tolist() == list(range(0, DAYS * DAY_MS, 8 * HOUR_MS))
    assert set(paid["BTCUSDT"].rate.tolist()) == {0.0001}
    assert note == ("funding: 0.0100% per 8 hours, paid by longs, settled every 8 hours (a constant, not history)")


def test_a_constant_follows_the_interval_of_the_contract() -> None:
    paid, note = funded(Costs(funding=0.0001), facts=(replace(BTC, funding_interval_ms=4 * HOUR_MS),))
    assert paid is not None
    assert paid["BTCUSDT"].ts.tolist() == list(range(0, DAYS * DAY_MS, 4 * HOUR_MS))
    assert set(paid["BTCUSDT"].rate.tolist()) == {0.00005}
    assert "settled as the contracts are: every 4h for 1 " in note


@pytest.mark.parametrize(
    ("found", "settlements", "says"),
    [
        (None, 15, "where that is not known (BTCUSDT), 0.0100% per 8 hours, paid by longs, settled every 8 hours"),
        (history(2 * DAY_MS, 3 * DAY_MS), 15, "where that is not known (BTCUSDT)"),
        (history(0, DAYS * DAY_MS - 1), 15, "funding: as it was paid"),
    ],
)
def test_a_history_with_a_constant_where_it_knows_nothing(found: Funding | None, settlements: int, says: str) -> None:
    paid, note = funded(Costs(funding="history", funding_else=0.0001), found)
    assert paid is not None
    assert len(paid["BTCUSDT"].ts) == settlements
    assert np.all(np.diff(paid["BTCUSDT"].ts) == 8 * HOUR_MS)
    assert says in note
    assert found is None or set(found.ts.tolist()) <= set(paid["BTCUSDT"].ts.tolist())


def test_a_history_that_covers_the_candles_is_used() -> None:
    whole = history(0, DAYS * DAY_MS)
    paid, note = funded(Costs(funding="history"), whole)
    assert paid == {"BTCUSDT": whole}
    assert note == "funding: as it was paid"


@pytest.mark.parametrize(
    ("found", "says"),
    [
        (None, "there is no funding history of BTCUSDT"),
        (history(0, -1), "there is no funding history of BTCUSDT"),
        (history(0, 2 * DAY_MS), "covers only 1970-01-01 00:00:00 to 1970-01-03 00:00:00 UTC"),
        (history(2 * DAY_MS, DAYS * DAY_MS), "covers only 1970-01-03 00:00:00"),
    ],
)
def test_a_history_with_a_gap_is_refused(found: Funding | None, says: str) -> None:
    with pytest.raises(InputError) as caught:
        funded(Costs(funding="history"), found)
    assert says in str(caught.value)
    assert caught.value.exit_code == 2

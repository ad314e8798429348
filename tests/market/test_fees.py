"""Dated fees."""

from __future__ import annotations

import pytest

from engine.config.strategy import Fees
from engine.market.fees import FeeQuote, fees_of, known_exchanges
from engine.problem import Problem
from engine.units import moment_ms


@pytest.mark.parametrize(
    ("kind", "at", "maker", "taker", "note"),
    [
        ("swap", "2026-06-01", 0.0006, 0.0008, ""),
        ("swap", "2027-01-01", 0.0006, 0.0008, ""),
        ("swap", "2025-05-04", 0.0006, 0.0008, "mexc swap fees of 2025-05-04"),
        ("spot", "2025-09-01", 0.0, 0.0005, ""),
        ("spot", "2025-08-31", 0.0, 0.0005, "mexc spot fees of 2025-08-31"),
    ],
)
def test_the_fees_of_a_day(kind: str, at: str, maker: float, taker: float, note: str) -> None:
    quote = fees_of("mexc", kind, moment_ms(at))
    assert isinstance(quote, FeeQuote)
    assert (quote.fees.maker, quote.fees.taker) == (maker, taker)
    assert quote.note.partition(" are not known; those since ")[0] == note
    assert quote.fees.source.startswith("MEXC")


def test_the_entry_in_force_is_the_last_one_before_the_time(monkeypatch: pytest.MonkeyPatch) -> None:
    entries = [
        {"from": "2025-03-01", "maker": 0.2, "taker": 0.2, "source": "b"},
        {"from": "2025-01-01", "maker": 0.1, "taker": 0.1, "source": "a"},
    ]
    monkeypatch.setattr("engine.market.fees._table", lambda: {"x": {"swap": entries}})
    assert fees_of("x", "swap", moment_ms("2025-02-28 23:59")) == FeeQuote(Fees(0.1, 0.1, "a"))
    assert fees_of("x", "swap", moment_ms("2025-03-01")) == FeeQuote(Fees(0.2, 0.2, "b"))
    assert fees_of("x", "swap", moment_ms("2024-12-31")) == FeeQuote(
        Fees(0.1, 0.1, "a"), "x swap fees of 2024-12-31 are not known; those since 2025-01-01 are used"
    )


def test_an_unknown_exchange_or_market_lists_the_known() -> None:
    problem = fees_of("mex", "swap", 0)
    assert isinstance(problem, Problem)
    assert str(problem) == (
        'the fee table has no fees of "mex"; did you mean "mexc"?; '
        "or write your own: fees: {maker: 0.02%, taker: 0.06%, source: my account}"
    )
    assert "known: mexc;" in str(fees_of("kraken", "swap", 0))
    assert 'no "options" fees of mexc; known: spot, swap;' in str(fees_of("mexc", "options", 0))
    assert known_exchanges() == ("mexc",)

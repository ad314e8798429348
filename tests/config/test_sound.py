"""A strategy's own tests are run beside errors that cannot change their answers, and beside no others."""

from __future__ import annotations

import pytest

from tests.config.examples import findings, strategy

TEST = """\
costs: {fees: {maker: 0%, taker: 0%, source: none}, slippage: 0%}
tests:
  - name: a stop costs one R
    given: {entry: 64800, stop: 64500, targets: [65100]}
    price: 64850 -> 64790 over 2m, then 64400 over 5m
    expect: {result: closed, exits: [target 1]}
"""


def told(fragment: str) -> tuple[bool, bool]:
    """Whether an error of a strategy's settings is told, and whether the test, which is wrong, is."""
    codes = [one.code for one in findings("strategy", strategy(fragment)) if one.severity == "error"]
    return any(code != "R210" for code in codes), "R210" in codes


def test_a_whole_file_tells_of_its_test() -> None:
    assert told(TEST) == (False, True)


@pytest.mark.parametrize(
    "fault",
    [
        "name: [1]",
        "period: {from: 2025-02-30, to: 2025-07-01}",
        "size: {risk: 300%}",
        "size: {}",
        "calls: {repeat: maybe}",
        "rules: [one, one]",
        "seed: none",
        "paper: {stale after: 0s}",
        "channels: [fast_scalps, fast_scalps]",
        "account: {equity: 0 USDT, leverage: 5}",
        "account: {leverage: 5}",
        "market: {source: mexico, type: swap, timeframe: 1m}",
        "channels: [fast_scalps, slow]\noverrides: {slow: {entry: {latency: 0s}}}",
        "channels: [fast_scalps, slow]\noverrides: {slow: {entyr: {latency: 5s}}}",
    ],
)
def test_beside_an_error_that_no_test_looks_at_the_tests_are_run(fault: str) -> None:
    assert told(f"{fault}\n{TEST}") == (True, True)


@pytest.mark.parametrize(
    "fault",
    [
        "exit: {targets: {shares: [50%, 40%]}}",
        "exti: {close after: 4h}",
        "entry: {latency: 0s}",
        "same candle: maybe",
        "market: {source: mexc, type: swap, timeframe: 1q}",
        "market: mexc",
        "account: {equity: 1000 USDT, leverge: 5}",
        "account: none",
        "channels: none",
        "channels: []",
        "overrides: {fast_scalp: {exit: {close after: 4h}}}",
        "overrides: {fast_scalps: {exit: {close after: 0s}}}",
        "overrides: none",
        "size: {risk: 1%}\nsize: {risk: 2%}",
        "size: {risk: 1%",
    ],
)
def test_beside_an_error_that_may_change_their_answers_they_are_not(fault: str) -> None:
    assert told(f"{fault}\n{TEST}") == (True, False)


def test_beside_wrong_costs_they_are_not() -> None:
    assert told(TEST.replace("slippage: 0%", "slippage: 90%")) == (True, False)
    assert told(TEST.replace("slippage: 0%", "slippage: 0%, impact: some")) == (True, True)

"""What a strategy file means: every value in its unit, defaults that flatter nobody, overrides key by key."""

from __future__ import annotations

import pytest

from engine.config.strategies import StrategyFile, load_strategy, references
from engine.config.strategy import Calls, Costs, Entry, Exit, Fees, Market, Size, Trailing
from engine.config.text import SourceText, Span
from engine.config.workspace import Settings, load_settings
from engine.domain import Distance, StopMove
from engine.units import DAY_MS, HOUR_MS
from tests.config.examples import strategy

EVERYTHING = """\
name: everything
channels: [fast_scalps, btc_alerts]
market: {source: synthetic, type: swap, timeframe: 15m, seed: 7}
period: {from: 2025-01-01, to: 2025-05-04 16:30}
account: {equity: 1_000.50 USDC, leverage: 2.5, margin: isolated}
size: {risk: 50bp}
entry: {latency: 1s, zone: ladder 10, valid for: 90m, when target comes first: keep}
exit:
  targets: {shares: [50%, 30%, 20%], on a gap: open}
  stop: {missing: trade}
  after target 2: {move stop: breakeven}
  close after: 7d
calls: {repeat: add, opposite: add}
costs: {fees: {maker: -0.01%, taker: 0.06%, source: mine}, slippage: 2bp, funding: 0.01%}
same candle: target first
rules: [default, conservative]
seed: 3
overrides:
  btc_alerts:
    entry: {zone: far edge}
    exit: {targets: {on a gap: level}, after target 1: {move stop: breakeven}}
"""


PERIOD = "period: {from: 2025-01-01, to: 2025-02-01}\n"  # a synthetic market has no other beginning and end


def load(text: str) -> StrategyFile:
    """A strategy that must load without any finding."""
    loaded, found = load_strategy(SourceText("strategies/x.yaml", text))
    assert found == []
    assert loaded is not None
    return loaded


def test_every_key_arrives_in_its_unit() -> None:
    got = load(EVERYTHING).strategy
    assert (got.name, got.path, got.channels) == ("everything", "strategies/x.yaml", ("fast_scalps", "btc_alerts"))
    assert got.market == Market("synthetic", "swap", "15m", 15 * 60_000, 7)
    assert (got.from_ms, got.to_ms) == (1_735_689_600_000, 1_746_376_200_000)
    assert (got.equity, got.currency, got.leverage) == (1000.5, "USDC", 2.5)
    assert got.size == Size(risk=0.005)
    assert got.entry == Entry(1000, "ladder", 10, 90 * 60_000, cancel_on_target=False)
    assert got.exit == Exit((0.5, 0.3, 0.2), "open", "trade", stop_moves=(StopMove(2),), close_after_ms=7 * DAY_MS)
    assert got.calls == Calls("add", "add")
    assert got.costs == Costs(Fees(-0.0001, 0.0006, "mine"), 0.0002, 0.0001)
    assert (got.same_candle, got.rules, got.seed) == ("target first", ("default", "conservative"), 3)


def test_an_override_wins_key_by_key() -> None:
    got = load(EVERYTHING).strategy
    assert got.entry_of("fast_scalps") == got.entry
    assert got.exit_of("fast_scalps") == got.exit
    assert got.entry_of("btc_alerts") == Entry(1000, "far", 1, 90 * 60_000, cancel_on_target=False)
    assert got.exit_of("btc_alerts") == Exit((0.5, 0.3, 0.2), "level", "trade", (StopMove(1),), 7 * DAY_MS)


def test_an_override_may_bring_what_the_strategy_leaves_out() -> None:
    text = strategy("overrides: {fast_scalps: {exit: {stop: {missing: trade}, close after: 4h}}}\n")
    assert load(text).strategy.exit_of("fast_scalps") == Exit(missing_stop="trade", close_after_ms=4 * HOUR_MS)


def test_names_are_known_although_something_else_is_wrong() -> None:
    broken = SourceText("x", EVERYTHING.replace("size:", "sise:"))
    assert load_strategy(broken)[0] is None
    assert list(references(broken).channels) == ["fast_scalps", "btc_alerts"]
    names_broken = SourceText("x", EVERYTHING.replace("channels: [", "channels: [7, "))
    assert references(names_broken).channels == {}
    assert list(references(names_broken).rules) == ["default", "conservative"]


def test_the_names_of_other_files_know_their_places() -> None:
    file = load(EVERYTHING)
    named = references(file.source)

    def cut(span: Span) -> str:
        return EVERYTHING[span.start : span.end]

    assert {name: cut(span) for name, span in named.channels.items()} == {
        "fast_scalps": "fast_scalps",
        "btc_alerts": "btc_alerts",
    }
    assert {name: cut(span) for name, span in named.rules.items()} == {
        "default": "default",
        "conservative": "conservative",
    }
    assert cut(file.fees_span).startswith("{maker")


def test_defaults_are_cautious() -> None:
    got = load(strategy("")).strategy
    assert (got.from_ms, got.to_ms, got.seed, got.rules) == (None, None, 1, ())
    assert got.entry == Entry(latency_ms=5_000, zone="ladder", rungs=3, valid_for_ms=DAY_MS, cancel_on_target=True)
    assert got.exit == Exit((1.0,), target_gap="level", missing_stop="refuse", stop_moves=(), close_after_ms=None)
    assert got.costs == Costs(fees="mexc", slippage=0.0002, funding="history")
    assert got.calls == Calls("ignore", "ignore")
    assert got.same_candle == "stop first"


def test_leverage_is_one_unless_it_is_named() -> None:
    assert load(strategy("account: {equity: 1000 USDT}\n")).strategy.leverage == 1


def test_funding_is_charged_wherever_there_is_any() -> None:
    for source, kind, funding in (("mexc", "swap", "history"), ("mexc", "spot", "none"), ("synthetic", "swap", "none")):
        text = strategy(f"market: {{source: {source}, type: {kind}, timeframe: 1h}}\n{PERIOD}")
        assert load(text).strategy.costs.funding == funding


def test_the_synthetic_market_has_a_seed_and_no_other_has() -> None:
    text = strategy(f"market: {{source: synthetic, type: swap, timeframe: 1m}}\n{PERIOD}")
    assert load(text).strategy.market.seed == 1
    assert load(strategy("")).strategy.market.seed is None


def test_sizes() -> None:
    for text, size in (
        ("risk: 1%", Size(risk=0.01)),
        ("fraction: 500%", Size(fraction=5.0)),
        ("fixed: 100 USDT", Size(fixed=100.0)),
    ):
        assert load(strategy(f"size: {{{text}}}\n")).strategy.size == size


def test_zones() -> None:
    for text, zone, rungs in (
        ("near edge", "near", 1),
        ("middle", "middle", 1),
        ("far edge", "far", 1),
        ("ladder 1", "ladder", 1),
    ):
        entry = load(strategy(f"entry: {{zone: {text}}}\n")).strategy.entry
        assert (entry.zone, entry.rungs) == (zone, rungs)


def test_shares_may_be_off_by_rounding_only() -> None:
    assert load(strategy("exit: {targets: {shares: [33.3%, 33.3%, 33.4%]}}\n")).strategy.exit.shares == pytest.approx(
        (0.333, 0.333, 0.334)
    )


def test_one_slip_hides_no_other() -> None:
    text = strategy("entry: {latency: 5, zone: ladder 99}\nexit: {targets: {shares: [50%]}}\nperiod: {from: May}\n")
    found = load_strategy(SourceText("x", text))[1]
    assert [(d.code, d.line) for d in found] == [("S104", 6), ("R104", 6), ("R103", 7), ("S105", 8)]


def test_workspace_settings() -> None:
    assert load_settings(SourceText("workspace.yaml", "timezone: America/New_York\n")) == (
        Settings("America/New_York"),
        [],
    )
    assert Settings().timezone == "Europe/Sofia"


def test_the_ways_in_and_out_arrive() -> None:
    got = load(
        strategy(
            "entry: {weights: [60%, 40%], grace: 10bp, when stop comes first: keep}\n"
            "exit:\n"
            "  targets: {shares: halving}\n"
            "  stop: {missing: 5%, at: 1.5R, acts on: 4h close}\n"
            "  after target 1: {move stop: breakeven with fees}\n"
            "  after target 2: {move stop: target 1}\n"
            "  trailing: {after target: 3, distance: 2 ATR 1h}\n"
            "calls: {repeat: replace, opposite: reverse}\n"
        )
    ).strategy
    assert (got.entry.weights, got.entry.grace, got.entry.cancel_on_stop) == ((0.6, 0.4), 0.001, False)
    assert got.exit == Exit(
        "halving",
        missing_stop=0.05,
        stop_moves=(StopMove(1, "breakeven with fees"), StopMove(2, 1)),
        stop_at=Distance(1.5, "R"),
        close_stop_ms=4 * HOUR_MS,
        trailing=Trailing(2.0, "ATR", HOUR_MS, after_target=3),
    )
    assert got.calls == Calls("replace", "reverse")


def test_each_target_moves_the_stop_and_an_override_replaces_all_moves() -> None:
    text = strategy(
        "exit: {targets: {shares: even}, after each target: {move stop: previous target}, trailing: {distance: 1%}}\n"
        "overrides: {fast_scalps: {exit: {after target 2: {move stop: breakeven}}}}\n"
    )
    got = load(text).strategy
    assert (got.exit.stop_follows, got.exit.trailing) == (True, Trailing(1.0, "percent"))
    own = got.exit_of("fast_scalps")
    assert (own.stop_follows, own.stop_moves) == (False, (StopMove(2),))

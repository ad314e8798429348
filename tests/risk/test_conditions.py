"""Each condition: its manual page is true, its limits are exact, and the schema knows it."""

from __future__ import annotations

from dataclasses import replace
from importlib import import_module
from pkgutil import iter_modules
from textwrap import dedent

import pytest

from engine.config.schema import load_schema
from engine.config.text import SourceText
from engine.domain import Side
from engine.risk import conditions, load_rules
from engine.risk.condition import TOLERANCE, Case, exceeds, falls_short
from engine.risk.conditions import CONDITIONS
from tests.risk.examples import CALM, account, proposal

MODULES = [module.name for module in iter_modules(conditions.__path__)]


def test_schema_and_conditions_are_in_step() -> None:
    in_schema = set(load_schema("rules")["definitions"]["condition"]["properties"])
    assert in_schema - {"all", "any", "not"} == set(CONDITIONS)
    assert len(CONDITIONS) == len(MODULES)


@pytest.mark.parametrize("name", MODULES)
def test_the_manual_page_of_a_condition_is_true(name: str) -> None:
    module = import_module(f"engine.risk.conditions.{name}")
    page = module.__doc__ or ""
    assert page.startswith(f"``{module.CONDITION.key}: ")
    begins = "    groups:" if "\n    groups:" in page else "    rules:"
    example = dedent(page[page.index(begins) :])
    rules, found = load_rules(SourceText("page.yaml", example))
    assert found == []
    assert rules is not None
    assert len(rules.rules) == 1
    assert example.count("    given:") == 2
    assert example.count("{action: take}") == 1


@pytest.mark.parametrize(("seen", "holds"), [(0.01, False), (0.01 * (1 + TOLERANCE / 2), False), (0.0100001, True)])
def test_a_limit_is_exceeded_by_more_than_rounding(seen: float, holds: bool) -> None:
    assert exceeds(seen, 0.01) is holds
    assert falls_short(0.01, seen) is holds


PAUSE = {"count": 3, "last within": "12h"}
LOSER = {"mean r": 0, "after trades": 20}
OTHERS = (
    ("fast_scalps", "BTCUSDT", Side.LONG),
    ("fast_scalps", "ETHUSDT", Side.SHORT),
    ("btc_alerts", "BTCUSDT", Side.LONG),
)


def market(**facts: object) -> dict[str, object]:
    """A proposal in a calm market but for these facts."""
    return {"market": replace(CALM, **facts)}


MAJORS = (("majors", frozenset({"BTCUSDT", "ETHUSDT"})), ("layer one", frozenset({"ETHUSDT", "SOLUSDT"})))
# condition, limit, the proposal, the account -> holds, seen, limit as told
TABLE = [
    ("no stop", True, {"stop": None}, {}, True, "no stop", "a stop"),
    ("no stop", True, {"stop": 98.5}, {}, False, "98.5", "a stop"),
    ("risk per trade over", "1%", {"notional": 5_000, "stop": 98}, {}, False, "1.00%", "1.00%"),
    ("risk per trade over", "1%", {"notional": 5_001, "stop": 98}, {}, True, "1.00%", "1.00%"),
    ("risk per trade over", "1%", {"notional": 10_000, "stop": 98}, {}, True, "2.00%", "1.00%"),
    ("risk per trade over", "1%", {"notional": 10_000, "stop": 102, "side": Side.SHORT}, {}, True, "2.00%", "1.00%"),
    ("risk per trade over", "50bp", {"notional": 2_000, "stop": 98}, {}, False, "0.40%", "0.50%"),
    ("risk per trade over", "1%", {"notional": 400, "stop": None, "leverage": 5}, {}, False, "0.80%", "1.00%"),
    ("risk per trade over", "1%", {"notional": 400, "stop": None, "leverage": 1}, {}, True, "4.00%", "1.00%"),
    ("risk per trade over", "1%", {"notional": 100, "stop": 98}, {"equity": 0}, True, "no equity", "1.00%"),
    ("risk per trade over", "1%", {"notional": 100, "stop": 98}, {"equity": -50}, True, "no equity", "1.00%"),
    ("leverage over", 5, {"leverage": 5}, {}, False, "5", "5"),
    ("leverage over", 5, {"leverage": 5.5}, {}, True, "5.5", "5"),
    ("open trades at least", 2, {}, {"open_trades": 1}, False, "1", "2"),
    ("open trades at least", 2, {}, {"open_trades": 2}, True, "2", "2"),
    ("open trades at least", 2, {}, {"open_trades": 3}, True, "3", "2"),
    ("daily loss over", "5%", {}, {"equity": 9_500, "day_start": 10_000}, False, "5.00%", "5.00%"),
    ("daily loss over", "5%", {}, {"equity": 9_499, "day_start": 10_000}, True, "5.01%", "5.00%"),
    ("daily loss over", "5%", {}, {"equity": 10_500, "day_start": 10_000}, False, "-5.00%", "5.00%"),
    ("daily loss over", "5%", {}, {"equity": -1, "day_start": 0}, True, "100.00%", "5.00%"),
    ("open trades of channel at least", 2, {}, {"others": OTHERS}, True, "2", "2"),
    ("open trades of channel at least", 3, {}, {"others": OTHERS}, False, "2", "3"),
    ("open trades of channel at least", 1, {"channel": "nobody"}, {"others": OTHERS}, False, "0", "1"),
    ("open trades on symbol at least", 2, {}, {"others": OTHERS}, True, "2", "2"),
    ("open trades on symbol at least", 2, {"symbol": "ETHUSDT"}, {"others": OTHERS}, False, "1", "2"),
    ("open trades on side at least", 2, {}, {"others": OTHERS}, True, "2", "2"),
    ("open trades on side at least", 2, {"side": Side.SHORT, "stop": 102}, {"others": OTHERS}, False, "1", "2"),
    ("drawdown over", "10%", {}, {"equity": 9_000, "peak": 10_000}, False, "10.00%", "10.00%"),
    ("drawdown over", "10%", {}, {"equity": 8_999, "peak": 10_000}, True, "10.01%", "10.00%"),
    ("drawdown over", "10%", {}, {"equity": 10_000}, False, "0.00%", "10.00%"),
    ("drawdown over", "10%", {}, {"equity": -5, "peak": 0}, True, "100.00%", "10.00%"),
    ("notional over", "500 USDT", {"notional": 500}, {}, False, "500.00 USDT", "500.00 USDT"),
    ("notional over", "500 USDT", {"notional": 500.01}, {}, True, "500.01 USDT", "500.00 USDT"),
    ("notional over", "1_000.5 EUR", {"notional": 1_000}, {}, False, "1000.00 EUR", "1000.50 EUR"),
    ("margin over", "10%", {"notional": 5_000, "leverage": 5}, {}, False, "10.00%", "10.00%"),
    ("margin over", "10%", {"notional": 5_000, "leverage": 4}, {}, True, "12.50%", "10.00%"),
    ("margin over", "10%", {"notional": 1}, {"equity": 0}, True, "no equity", "10.00%"),
    ("stop distance under", "2%", {"stop": 98}, {}, False, "2.00%", "2.00%"),
    ("stop distance under", "2%", {"stop": 98.1}, {}, True, "1.90%", "2.00%"),
    ("stop distance under", "2%", {"stop": 101, "side": Side.SHORT}, {}, True, "1.00%", "2.00%"),
    ("stop distance under", "2%", {"stop": None}, {}, False, "no stop", "2.00%"),
    ("stop distance over", "2%", {"stop": 98}, {}, False, "2.00%", "2.00%"),
    ("stop distance over", "2%", {"stop": 97.9}, {}, True, "2.10%", "2.00%"),
    ("stop distance over", "2%", {"stop": 103, "side": Side.SHORT}, {}, True, "3.00%", "2.00%"),
    ("stop distance over", "2%", {"stop": None}, {}, True, "no stop", "2.00%"),
    ("reward to risk under", 1.5, {"targets": (103, 110)}, {}, False, "1.50", "1.5"),
    ("reward to risk under", 1.5, {"targets": (110, 102.9)}, {}, True, "1.45", "1.5"),
    ("reward to risk under", 1.5, {"targets": (97,), "stop": 102, "side": Side.SHORT}, {}, False, "1.50", "1.5"),
    ("reward to risk under", 1.5, {"targets": (103,), "stop": 102, "side": Side.SHORT}, {}, True, "-1.50", "1.5"),
    ("reward to risk under", 1.5, {"targets": ()}, {}, True, "no target", "1.5"),
    ("reward to risk under", 1.5, {"targets": (103,), "stop": None}, {}, True, "no stop", "1.5"),
    ("message older than", "10m", {"age": "10m"}, {}, False, "10m", "10m"),
    ("message older than", "10m", {"age": "601s"}, {}, True, "10m 1s", "10m"),
    ("symbol in", ["BTCUSDT", "ETHUSDT"], {}, {}, True, "BTCUSDT", "BTCUSDT, ETHUSDT"),
    ("symbol in", ["ETHUSDT"], {}, {}, False, "BTCUSDT", "ETHUSDT"),
    ("symbol not in", ["BTCUSDT", "ETHUSDT"], {}, {}, False, "BTCUSDT", "BTCUSDT, ETHUSDT"),
    ("symbol not in", ["ETHUSDT"], {}, {}, True, "BTCUSDT", "ETHUSDT"),
    ("channel in", ["fast_scalps"], {}, {}, True, "fast_scalps", "fast_scalps"),
    ("channel in", ["fast_scalps"], {"channel": "fast"}, {}, False, "fast", "fast_scalps"),
    ("side", "short", {}, {}, False, "long", "short"),
    ("side", "short", {"side": Side.SHORT}, {}, True, "short", "short"),
    ("side", "long", {}, {}, True, "long", "long"),
    ("hours", ["22:00-06:00"], {}, {"now": "2025-01-15 19:59:59"}, False, "21:59", "22:00-06:00"),  # Sofia is UTC+2
    ("hours", ["22:00-06:00"], {}, {"now": "2025-01-15 20:00"}, True, "22:00", "22:00-06:00"),
    ("hours", ["22:00-06:00"], {}, {"now": "2025-01-15 03:59:59"}, True, "05:59", "22:00-06:00"),
    ("hours", ["22:00-06:00"], {}, {"now": "2025-01-15 04:00"}, False, "06:00", "22:00-06:00"),
    ("hours", ["22:00-06:00"], {}, {"now": "2025-07-15 19:00"}, True, "22:00", "22:00-06:00"),  # in summer UTC+3
    (
        "hours",
        ["12:00-13:30", "20:00-24:00"],
        {},
        {"now": "2025-01-15 11:29"},
        True,
        "13:29",
        "12:00-13:30, 20:00-24:00",
    ),
    (
        "hours",
        ["12:00-13:30", "20:00-24:00"],
        {},
        {"now": "2025-01-15 11:30"},
        False,
        "13:30",
        "12:00-13:30, 20:00-24:00",
    ),
    ("hours", ["20:00-24:00"], {}, {"now": "2025-01-15 21:59:59"}, True, "23:59", "20:00-24:00"),
    ("hours", ["20:00-24:00"], {}, {"now": "2025-01-15 22:00"}, False, "00:00", "20:00-24:00"),
    ("weekdays", ["sat", "sun"], {}, {"now": "2025-01-17 21:59:59"}, False, "fri", "sat, sun"),
    ("weekdays", ["sat", "sun"], {}, {"now": "2025-01-17 22:00"}, True, "sat", "sat, sun"),
    ("weekdays", ["sat", "sun"], {}, {"now": "2025-01-19 22:00"}, False, "mon", "sat, sun"),
    ("channel not in", ["fast_scalps"], {}, {}, False, "fast_scalps", "fast_scalps"),
    ("channel not in", ["fast_scalps"], {"channel": "fast"}, {}, True, "fast", "fast_scalps"),
    ("weekly loss over", "8%", {}, {"equity": 9_200, "week_start": 10_000}, False, "8.00%", "8.00%"),
    ("weekly loss over", "8%", {}, {"equity": 9_199, "week_start": 10_000}, True, "8.01%", "8.00%"),
    ("weekly loss over", "8%", {}, {"equity": 9_000, "day_start": 10_000}, True, "10.00%", "8.00%"),
    ("weekly loss over", "8%", {}, {"equity": 10_100, "week_start": 10_000}, False, "-1.00%", "8.00%"),
    ("weekly loss over", "8%", {}, {"equity": 0, "week_start": 0}, True, "100.00%", "8.00%"),
    ("consecutive losses at least", 3, {}, {"losses": 2}, False, "2", "3"),
    ("consecutive losses at least", 3, {}, {"losses": 3, "lost": "30d"}, True, "3", "3"),
    ("consecutive losses at least", {"count": 3}, {}, {"losses": 3}, True, "3", "3"),
    ("consecutive losses at least", {"count": 1}, {}, {}, False, "0", "1"),
    ("consecutive losses at least", PAUSE, {}, {"losses": 2, "lost": "1m"}, False, "2", "3 within 12h"),
    ("consecutive losses at least", PAUSE, {}, {"losses": 4, "lost": "719m"}, True, "4", "3 within 12h"),
    ("consecutive losses at least", PAUSE, {}, {"losses": 4, "lost": "12h"}, False, "4", "3 within 12h"),
    ("cooldown on symbol", "4h", {}, {}, False, "no trade", "4h"),
    ("cooldown on symbol", "4h", {}, {"on_symbol": {"BTCUSDT": "239m"}}, True, "3h 59m", "4h"),
    ("cooldown on symbol", "4h", {}, {"on_symbol": {"BTCUSDT": "4h"}}, False, "4h", "4h"),
    ("cooldown on symbol", "4h", {}, {"on_symbol": {"ETHUSDT": "1m"}}, False, "no trade", "4h"),
    ("cooldown of channel", "1h", {}, {"of_channel": {"fast_scalps": "59m"}}, True, "59m", "1h"),
    ("cooldown of channel", "1h", {}, {"of_channel": {"fast_scalps": "1h"}}, False, "1h", "1h"),
    ("cooldown of channel", "1h", {}, {"of_channel": {"btc_alerts": "1m"}}, False, "no trade", "1h"),
    ("open risk over", "3%", {"notional": 14_850}, {"others": OTHERS}, False, "3.00%", "3.00%"),
    ("open risk over", "3%", {"notional": 14_900}, {"others": OTHERS}, True, "3.01%", "3.00%"),
    ("open risk over", "3%", {"stop": None, "notional": 290}, {"others": OTHERS}, False, "2.93%", "3.00%"),
    ("open risk over", "3%", {}, {"equity": 0}, True, "no equity", "3.00%"),
    ("margin in use over", "10%", {"notional": 3_500, "leverage": 5}, {"others": OTHERS}, False, "10.00%", "10.00%"),
    ("margin in use over", "10%", {"notional": 3_600, "leverage": 5}, {"others": OTHERS}, True, "10.20%", "10.00%"),
    ("margin in use over", "10%", {}, {"equity": -1}, True, "no equity", "10.00%"),
    ("correlated exposure over", "12%", {"notional": 1_000}, {"others": OTHERS}, False, "12.00%", "12.00%"),
    ("correlated exposure over", "12%", {"notional": 1_001}, {"others": OTHERS}, True, "12.01%", "12.00%"),
    ("correlated exposure over", "12%", {"symbol": "ETHUSDT", "notional": 1_001}, {"others": OTHERS}, True, "12.01%",
     "12.00%"),
    ("correlated exposure over", "12%", {"symbol": "SOLUSDT", "notional": 1_200}, {"others": OTHERS}, False, "12.00%",
     "12.00%"),
    ("correlated exposure over", "12%", {"symbol": "XRPUSDT", "notional": 1_300}, {"others": OTHERS}, True, "13.00%",
     "12.00%"),
    ("correlated exposure over", "12%", {}, {"equity": 0}, True, "no equity", "12.00%"),
    ("open trades in group at least", 3, {}, {"others": OTHERS}, True, "3", "3"),
    ("open trades in group at least", 4, {}, {"others": OTHERS}, False, "3", "4"),
    ("open trades in group at least", 1, {"symbol": "SOLUSDT"}, {"others": OTHERS}, True, "1", "1"),
    ("open trades in group at least", 1, {"symbol": "XRPUSDT"}, {"others": OTHERS}, False, "0", "1"),
    ("average reward to risk under", 2, {"targets": (102, 106)}, {}, False, "2.00", "2"),
    ("average reward to risk under", 2, {"targets": (102, 106), "shares": (0.75, 0.25)}, {}, True, "1.50", "2"),
    ("average reward to risk under", 2, {"targets": (96, 94), "stop": 102, "side": Side.SHORT}, {}, False, "2.50", "2"),
    ("average reward to risk under", 2, {"targets": ()}, {}, True, "no target", "2"),
    ("average reward to risk under", 2, {"targets": (103,), "stop": None}, {}, True, "no stop", "2"),
    ("entry away from market over", "2%", {"asked": 98}, {}, False, "2.00%", "2.00%"),
    ("entry away from market over", "2%", {"asked": 102.1}, {}, True, "2.10%", "2.00%"),
    ("entry away from market over", "2%", {"asked": None, **market(price=None)}, {}, False, "no price", "2.00%"),
    ("entry away from market over", "2%", market(price=None), {}, True, "not known", "2.00%"),
    ("volatility over", "1%", {}, {}, False, "1.00%", "1.00%"),
    ("volatility over", "1%", market(atr=0.011), {}, True, "1.10%", "1.00%"),
    ("volatility over", "1%", market(atr=None), {}, True, "not known", "1.00%"),
    ("volatility under", "1%", {}, {}, False, "1.00%", "1.00%"),
    ("volatility under", "1%", market(atr=0.009), {}, True, "0.90%", "1.00%"),
    ("volatility under", "1%", market(atr=None), {}, True, "not known", "1.00%"),
    ("spread over", "2bp", {}, {}, False, "0.020%", "0.020%"),
    ("spread over", "2bp", market(spread=0.0003, quoted=True), {}, True, "0.030%", "0.020%"),
    ("spread over", "2bp", market(spread=None), {}, True, "not known", "0.020%"),
    ("volume under", "100_000_000 USDT", {}, {}, False, "100,000,000 USDT", "100,000,000 USDT"),
    ("volume under", "1_000 USDT", market(volume=999.0), {}, True, "999 USDT", "1,000 USDT"),
    ("volume under", "1_000 USDT", market(volume=None), {}, True, "not known", "1,000 USDT"),
    ("funding over", "0.01%", {}, {}, False, "0.0100%", "0.0100%"),
    ("funding over", "0.01%", market(funding=0.0002), {}, True, "0.0200%", "0.0100%"),
    ("funding over", "0%", {"side": Side.SHORT, "stop": 102}, {}, False, "-0.0100%", "0.0000%"),
    ("funding over", "0.01%", {"side": Side.SHORT, "stop": 102, **market(funding=-0.0002)}, {}, True, "0.0200%",
     "0.0100%"),
    ("funding over", "0.01%", market(funding=None), {}, True, "not known", "0.0100%"),
    ("channel standing under", LOSER, {"standing": (20, -0.1, -0.3, 0.1)}, {}, True, "mean r -0.10R", "mean r 0R"),
    ("channel standing under", LOSER, {"standing": (20, 0.0, -0.3, 0.1)}, {}, False, "mean r +0.00R", "mean r 0R"),
    ("channel standing under", LOSER, {"standing": (19, -0.1, -0.3, 0.1)}, {}, False, "19 closed calls", "mean r 0R"),
    ("channel standing under", LOSER, {}, {}, False, "0 closed calls", "mean r 0R"),
    ("channel standing under", {"low r": 0, "high r": 0.2, "after trades": 2}, {"standing": (2, 0.0, -0.3, 0.1)}, {},
     True, "low r -0.30R, high r +0.10R", "low r 0R, high r 0.2R"),
    ("channel standing under", {"low r": 0, "high r": 0.1, "after trades": 2}, {"standing": (2, 0.0, -0.3, 0.1)}, {},
     False, "low r -0.30R, high r +0.10R", "low r 0R, high r 0.1R"),
    ("channel trades under", 30, {}, {}, True, "0", "30"),
    ("channel verdict in", ["AVOID"], {"verdict": ("AVOID", 240)}, {}, True, "AVOID", "AVOID"),
    ("channel verdict in", ["FOLLOW", "AVOID"], {"verdict": ("PAPER ONLY", 9)}, {}, False, "PAPER ONLY",
     "FOLLOW, AVOID"),
    ("channel verdict in", ["NOT ENOUGH DATA"], {}, {}, True, "NOT ENOUGH DATA", "NOT ENOUGH DATA"),
    ("channel trades under", 30, {"standing": (29, 0.0, 0.0, 0.0)}, {}, True, "29", "30"),
    ("channel trades under", 30, {"standing": (30, 0.0, 0.0, 0.0)}, {}, False, "30", "30"),
]  # fmt: skip


@pytest.mark.parametrize(("key", "limit", "trade", "state", "holds", "seen", "told"), TABLE)
def test_conditions_at_their_limits(key, limit, trade, state, holds, seen, told) -> None:  # type: ignore[no-untyped-def]
    condition = CONDITIONS[key]
    read = condition.read(limit)
    case = Case(proposal(**trade), account(**state), "Europe/Sofia")
    finding = condition.look((read, MAJORS) if condition.grouped else read, case)
    assert (finding.holds, finding.seen, finding.limit) == (holds, seen, told)
    assert finding.text[0].islower() or finding.text[0].isdigit() or finding.text.startswith(case.proposal.symbol)


def test_every_condition_is_tried_both_ways() -> None:
    tried = {(key, holds) for key, _, _, _, holds, _, _ in TABLE}
    assert tried == {(key, holds) for key in CONDITIONS for holds in (True, False)}


@pytest.mark.parametrize(
    ("key", "limit", "trade", "state", "left"),
    [
        ("correlated exposure over", "15%", {"notional": 2_600}, {"others": OTHERS}, 1_300 / 2_600),
        ("correlated exposure over", "1%", {"notional": 2_600}, {"others": OTHERS}, 0.0),
        ("open risk over", "3%", {"notional": 29_700}, {"others": OTHERS}, 0.5),
        ("margin in use over", "10%", {"notional": 1_400}, {"others": OTHERS}, 0.5),
        ("margin in use over", "2%", {"notional": 1_400}, {"others": OTHERS}, 0.0),
    ],
)
def test_a_resize_leaves_what_the_other_trades_leave(key, limit, trade, state, left) -> None:  # type: ignore[no-untyped-def]
    condition = CONDITIONS[key]
    read = condition.read(limit)
    finding = condition.look((read, MAJORS) if condition.grouped else read, Case(proposal(**trade), account(**state)))
    assert finding.factor == pytest.approx(left)


def test_a_smaller_size_mends_only_what_says_so() -> None:
    assert {key for key, condition in CONDITIONS.items() if condition.resizable} == {
        "risk per trade over",
        "notional over",
        "margin over",
        "margin in use over",
        "open risk over",
        "correlated exposure over",
    }

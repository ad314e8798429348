"""Rule files: what comes out of them, and tests inside them that hold every rule. Bad files: tests/config/bad/."""

from __future__ import annotations

from engine.config.text import SourceText
from engine.risk import RuleBook, load_rules
from tests.config.examples import ROOT
from tests.risk.examples import account, proposal

TEXT = """\
rules:
  - name: cap-risk
    why: one percent.
    when: {risk per trade over: 1%}
    then: {resize: to limit}
    only: {channels: [fast_scalps, btc_alerts], symbols: [BTCUSDT], sides: [long]}
  - {name: pause, when: {no stop: true}, then: {halt: 4h}, only: {channels: [fast_scalps]}}
tests:
  - name: halved
    given: {channel: fast_scalps, symbol: BTCUSDT, stop: 98, notional: 10000 USDT, targets: [104]}
    expect: {action: resize, rule: cap-risk, notional: 5000 USDT}
  - name: paused
    given: {channel: fast_scalps, symbol: ETHUSDT}
    expect: {action: halt}
"""


def test_a_rule_file_knows_its_rules_and_the_channels_it_names() -> None:
    source = SourceText("rules/mine.yaml", TEXT)
    file, found = load_rules(source)
    assert found == []
    assert file is not None
    assert [(rule.name, rule.where) for rule in file.rules] == [
        ("cap-risk", "rules/mine.yaml:2"),
        ("pause", "rules/mine.yaml:7"),
    ]
    assert file.rules[0].why == "one percent"
    assert {name: source.place(span.start) for name, span in file.channel_spans.items()} == {
        "fast_scalps": (6, 23),
        "btc_alerts": (6, 36),
    }


def test_channels_in_conditions_are_known_and_so_is_the_currency() -> None:
    when = "{any: [{channel in: [a, b]}, {notional over: 5 EUR}]}"
    text = f"rules:\n  - {{name: x, when: {when}, then: warn, only: {{channels: [c]}}}}\n"
    file, found = load_rules(SourceText("x.yaml", text))
    assert [d.code for d in found] == ["R202"]
    assert file is not None
    assert sorted(file.channel_spans) == ["a", "b", "c"]
    assert file.currency == "EUR"


def test_what_a_test_does_not_give_is_in_the_currency_of_the_rules() -> None:
    text = "rules:\n  - {name: x, when: {notional over: 500 EUR}, then: {resize: to limit}}\n"
    text += "tests:\n  - {name: a, given: {stop: 98}, expect: {action: resize, rule: x, notional: 500 EUR}}\n"
    file, found = load_rules(SourceText("x.yaml", text))
    assert found == []
    assert file is not None
    _, found = load_rules(SourceText("x.yaml", text.replace("stop: 98", "notional: 1000 USDT")))
    assert [d.code for d in found] == ["R109"]


def test_a_peak_as_high_as_the_equity_of_the_morning_is_no_contradiction() -> None:
    text = "rules:\n  - {name: x, when: {drawdown over: 15%}, then: reject}\n"
    state = "{equity: 700 USDT, daily loss: 30%, peak: 1000 USDT}"
    text += f"tests:\n  - {{name: a, given: {state}, expect: {{action: reject}}}}\n"
    assert load_rules(SourceText("x.yaml", text))[1] == []


def test_every_rule_of_the_shipped_files_is_held_by_a_test() -> None:
    for path in (ROOT / "rules").glob("*.yaml"):
        text = path.read_text(encoding="utf-8")
        file, found = load_rules(SourceText(path.name, text))
        assert file is not None
        assert found == []
        for rule in file.rules:
            dropped = text.replace(f"  - name: {rule.name}\n", "  - name: nobody\n", 1)
            assert [d.code for d in load_rules(SourceText(path.name, dropped))[1]] == ["R205"]


def test_a_loosened_limit_is_caught_by_the_tests_of_the_shipped_files() -> None:
    text = (ROOT / "rules" / "default.yaml").read_text(encoding="utf-8")
    for old, new in (
        ("risk per trade over: 1%", "risk per trade over: 1.1%"),
        ("daily loss over: 5%", "daily loss over: 6%"),
        ("open trades at least: 2", "open trades at least: 3"),
        ("leverage over: 5", "leverage over: 10"),
        ("daily loss over: 5%", "daily loss over: 4%"),
        ("open trades at least: 2", "open trades at least: 1"),
        ("leverage over: 5", "leverage over: 4"),
        ("margin over: 10%", "margin over: 11%"),
        ("margin over: 10%", "margin over: 9%"),
    ):
        assert text.count(old) == 1
        codes = [d.code for d in load_rules(SourceText("x", text.replace(old, new)))[1]]
        assert set(codes) == {"R201"}, new


def test_the_default_rules_do_what_the_plan_says() -> None:
    path = ROOT / "rules" / "default.yaml"
    file, _ = load_rules(SourceText("rules/default.yaml", path.read_text(encoding="utf-8")))
    assert file is not None
    rules = RuleBook([file], "Europe/Sofia")
    assert rules.decide(proposal(notional=5_000, leverage=5), account(open_trades=1)).factor == 1
    assert rules.decide(proposal(notional=20_000, leverage=5), account()).factor == 0.25
    assert rules.decide(proposal(notional=20_000, leverage=5, stop=99.9), account()).factor == 0.25
    assert rules.decide(proposal(notional=2_000), account()).factor == 0.5
    assert not rules.decide(proposal(), account(open_trades=2)).taken
    assert not rules.decide(proposal(stop=None), account()).taken
    assert not rules.decide(proposal(leverage=6), account()).taken
    assert rules.decide(proposal(), account(equity=9_400, day_start=10_000)).halt is not None

"""The tests inside rule files: given a trade and an account, the rules must answer as expected.

1. Each test's answer is compared with what it expects; a difference is an error that says what came instead.
2. When all pass, each rule is dropped in turn. When no test notices, the rule could be deleted or mistyped unseen,
   which is a warning. Only tests in which the rule spoke can notice, so only those are asked again.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from engine.config.diagnostics import did_you_mean
from engine.config.document import Document
from engine.config.yamlfile import Path
from engine.domain import Account, Decision, History, MarketFacts, OpenTrade, Opinion, Proposal, Side, Standing
from engine.risk.book import RuleBook
from engine.risk.condition import falls_short
from engine.risk.rules import Rule, RuleFile
from engine.units import duration_ms, fraction, moment_ms, money

NOON_MS = moment_ms("2025-01-01 12:00")  # the moment of a test that gives none; tests run on a clock of UTC
CENT = 0.005
UNKNOWN = "unknown"
CALM = {"volatility": "1%", "spread": "2bp", "funding": "0.01%", "volume": "100_000_000 USDT"}


@dataclass(frozen=True, slots=True)
class RuleTest:
    """One test, ready to be asked."""

    path: Path
    name: str
    proposal: Proposal
    account: Account
    currency: str
    action: str
    rule: str | None
    notional: float | None

    def passes(self, decision: Decision) -> bool:
        """Whether a decision is the expected one."""
        if decision.taken == (self.action in ("reject", "halt", "close")):
            return False
        spoke = [note for note in decision.notes if note.action == self.action and self.rule in (None, note.rule)]
        if (self.action == "take") == bool(decision.notes) or (self.action != "take" and not spoke):
            return False
        size = self.proposal.notional * decision.factor
        return self.notional is None or math.isclose(size, self.notional, rel_tol=1e-9, abs_tol=CENT)


def run_tests(document: Document, rules: Sequence[Rule], currency: str | None) -> None:
    """Run the tests of a rule file, whose amounts are in a currency; report what fails and what no test holds.

    ``rules`` are those without a fault. Where one is missing, what the rules would answer is not known: the tests are
    read then, so that what is wrong in themselves is told in the same run, and not asked.
    """
    is_whole = _is_whole(document)
    tests = []
    for path in [("tests", i) for i in range(document.count("tests"))]:
        known = len(document.findings)
        test = _build_test(document, path, currency, is_whole) if document.sound(*path) else None
        if test is not None and len(document.findings) == known:
            tests.append(test)
    if not is_whole:
        return
    decisions = [_ask(document, rules, test) for test in tests]
    for test, decision in zip(tests, decisions, strict=True):
        if not test.passes(decision):
            expected = _expected(test)
            message = f'the test "{test.name}" expects {expected}, but the rules answer {_answer(test, decision)}'
            hint = decision.notes[-1].text if decision.notes else "no rule's condition holds for this trade"
            document.report((*test.path, "expect"), "R201", message, hint)
    if not document.failed:
        for i, rule in enumerate(rules):
            others = [*rules[:i], *rules[i + 1 :]]
            heard = [t for t, d in zip(tests, decisions, strict=True) if any(n.rule == rule.name for n in d.notes)]
            if all(test.passes(_ask(document, others, test)) for test in heard):
                message = f'no test notices when the rule "{rule.name}" is dropped'
                hint = f"add a test that expects rule: {rule.name}"
                document.report(("rules", i, "name"), "R202", message, hint, severity="warning")


def _ask(document: Document, rules: Sequence[Rule], test: RuleTest) -> Decision:
    """What some rules answer to a test."""
    return RuleBook([RuleFile(document.source, tuple(rules), {})]).decide(test.proposal, test.account)


def _is_whole(document: Document) -> bool:
    """Whether every error of the file lies within its tests."""
    places = [
        span
        for spans in (document.file.keys, document.file.values)
        for at, span in spans.items()
        if at[:1] == ("tests",)
    ]
    lines = {document.source.place(at).line for span in places for at in (span.start, span.end)}
    return all(lines and min(lines) <= one.line <= max(lines) for one in document.findings if one.severity == "error")


def _rule_names(document: Document) -> list[str] | None:
    """The names of all rules, those with faults included; None where a rule has no name that can be read."""
    data = document.file.data
    rules = data.get("rules") if isinstance(data, dict) else None
    named = [rule.get("name") if isinstance(rule, dict) else None for rule in rules] if isinstance(rules, list) else []
    names = [name for name in named if isinstance(name, str)]
    return names if names and len(names) == len(named) else None


def _build_test(document: Document, path: Path, own: str | None, is_whole: bool) -> RuleTest:
    """The test at a path; values that contradict each other are reported.

    ``own`` is the currency of the rules, which is not known for sure where the file is not whole.
    """
    given: dict[str, Any] = document.get(*path, "given")
    expect: dict[str, Any] = document.get(*path, "expect")
    notional, currency = money(given.get("notional", f"1000 {own or 'USDT'}"))
    equity, account_currency = money(given.get("equity", f"10000 {currency}"))
    wanted = money(expect["notional"]) if "notional" in expect else None
    peak = money(given["peak"]) if "peak" in given else None
    others = [amount[1] for amount in (wanted, peak) if amount]
    if is_whole and {own or currency, currency, account_currency, *others} != {currency}:
        message, default = "amounts in different currencies", f"what is not given is in {own or 'USDT'}"
        document.report(path, "R109", message, f"write all of them in {own or currency}; {default}")
    side, entry, stop = Side(given.get("side", "long")), float(given.get("entry", 100)), given.get("stop")
    if stop is not None and (entry - stop) * side.sign <= 0:
        where = "below" if side is Side.LONG else "above"
        message = f"the stop of a {side} must be {where} its entry of {entry:g}"
        document.report((*path, "given", "stop"), "R204", message, f"write stop: {entry - side.sign * entry / 50:g}")
    rule = expect.get("rule")
    names = _rule_names(document)
    if rule is not None and names is not None and rule not in names:
        hint = did_you_mean(rule, names) or f"rules of this file: {', '.join(names)}"
        document.report((*path, "expect", "rule"), "R205", f'no rule of this file is called "{rule}"', hint)
    channel, symbol = given.get("channel", "test"), given.get("symbol", "BTCUSDT")
    leverage = float(given.get("leverage", 1))
    now_ms = document.moment(*path, "given", "time") or NOON_MS
    proposal = Proposal(
        signal_id=f"{channel}/1",
        channel=channel,
        symbol=symbol,
        side=side,
        posted_ms=now_ms - duration_ms(given.get("message age", "5s")),
        act_ms=now_ms,
        entry=entry,
        stop=None if stop is None else float(stop),
        targets=tuple(float(price) for price in given.get("targets", ())),
        quantity=notional / entry,
        notional=notional,
        risk=0.0 if stop is None else notional * abs(entry - stop) / entry,
        margin=notional / leverage,
        leverage=leverage,
        asked=entry,
        market=_market(given, entry),
        standing=_standing(given, channel),
        verdict=Opinion(given["verdict"], given.get("standing", {}).get("trades", 0)) if "verdict" in given else None,
    )
    start = equity / (1 - fraction(given.get("daily loss", "0%")))
    week = equity / (1 - fraction(given["weekly loss"])) if "weekly loss" in given else start
    highest = max(equity, start, week)
    if peak and falls_short(peak[0], highest):
        began = "day" if start == highest else "week"
        message = f"the peak lies below the {'equity' if equity == highest else f'equity as the {began} began'}"
        document.report((*path, "given", "peak"), "R207", message, f"write peak: {highest:.8g} {currency}, or more")
    highest = max(highest, peak[0] if peak else 0.0)
    history = _history(given, now_ms, channel, symbol)
    account = Account(now_ms, equity, start, highest, _open_trades(given, proposal), week, history)
    amount = wanted[0] if wanted else None
    name = document.get(*path, "name")
    return RuleTest(path, name, proposal, account, currency, expect["action"], rule, amount)


def _open_trades(given: dict[str, Any], proposal: Proposal) -> tuple[OpenTrade, ...]:
    """The trades that are resting or open in a test: like the proposal, but for what is said of them."""
    said: int | list[dict[str, str]] = given.get("open trades", 0)
    return tuple(
        OpenTrade(
            signal_id=f"{each.get('channel', proposal.channel)}/0",
            channel=each.get("channel", proposal.channel),
            symbol=each.get("symbol", proposal.symbol),
            side=Side(each.get("side", proposal.side)),
            notional=money(each["notional"])[0] if "notional" in each else 0.0,
            margin=money(each["margin"])[0] if "margin" in each else 0.0,
            risk=money(each["risk"])[0] if "risk" in each else 0.0,
        )
        for each in (said if isinstance(said, list) else [{}] * said)
    )


def _market(given: dict[str, Any], entry: float) -> MarketFacts:
    """The market of a test: calm, and at the entry, where it says nothing else."""
    price, volume = given.get("market", entry), given.get("volume", CALM["volume"])
    shares = [given.get(name, CALM[name]) for name in ("volatility", "spread", "funding")]
    atr, spread, funding = (None if share == UNKNOWN else fraction(share) for share in shares)
    return MarketFacts(
        None if price == UNKNOWN else float(price),
        atr,
        spread,
        False,
        None if volume == UNKNOWN else money(volume)[0],
        funding,
    )


def _standing(given: dict[str, Any], channel: str) -> Standing:
    """How the channel of a test stands; a figure that is not given is the mean, and that 0."""
    said = given.get("standing", {"trades": 0})
    mean = float(said.get("mean r", 0 if said["trades"] else math.nan))
    return Standing(channel, said["trades"], mean, float(said.get("low r", mean)), float(said.get("high r", mean)))


def _history(given: dict[str, Any], now_ms: int, channel: str, symbol: str) -> History:
    """The closed trades of a test."""

    def ago(key: str) -> int | None:
        return now_ms - duration_ms(given[key]) if key in given else None

    losses, on, of = given.get("losses in a row", 0), ago("closed on symbol"), ago("closed of channel")
    return History(
        losses,
        (ago("last loss") or now_ms) if losses else None,
        {} if on is None else {symbol: on},
        {} if of is None else {channel: of},
    )


def _expected(test: RuleTest) -> str:
    """What a test expects, in words."""
    by = f" by {test.rule}" if test.rule else ""
    amount = "" if test.notional is None else f" with {test.notional:.8g} {test.currency}"
    return f"{test.action}{by}{amount}"


def _answer(test: RuleTest, decision: Decision) -> str:
    """What the rules answered, in words."""
    said = " and ".join(f"{note.action} by {note.rule}" for note in decision.notes) or "take"
    amount = f" with {test.proposal.notional * decision.factor:.8g} {test.currency}" if decision.taken else ""
    return f"{said}{amount}"

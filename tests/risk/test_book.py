"""How a decision comes about: rules in order, sizes handed on, halts that end at the right midnight."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.domain import Decision, Halt, Side
from engine.units import HOUR_MS, moment_ms, next_midnight_ms
from tests.risk.examples import NOON, account, book, proposal

CAP = "  - {name: cap-risk, when: {risk per trade over: 1%}, then: {resize: to limit}}\n"
WARN = "  - {name: busy, when: {open trades at least: 1}, then: warn}\n"
HALVE = "  - {name: halve, when: {open trades at least: 1}, then: {scale: 50%}}\n"
REJECT = "  - {name: full, when: {open trades at least: 2}, then: reject}\n"
STOP = "  - {name: day, when: {daily loss over: 5%}, then: {halt: until next day}}\n"


def spoke(decision: Decision) -> list[str]:
    """``action rule`` of each rule that spoke."""
    return [f"{note.action} {note.rule}" for note in decision.notes]


def test_without_rules_every_trade_is_taken_as_it_is() -> None:
    assert book().decide(proposal(), account()) == Decision(True, 1.0)


def test_a_rule_that_does_not_hold_says_nothing() -> None:
    assert book(CAP + REJECT).decide(proposal(notional=5_000), account(open_trades=1)) == Decision(True, 1.0)


def test_resize_goes_to_the_limit_and_goes_on() -> None:
    decision = book(CAP + WARN).decide(proposal(notional=20_000), account(open_trades=1))
    assert decision.taken
    assert decision.factor == pytest.approx(0.25)
    assert spoke(decision) == ["resize cap-risk", "warn busy"]


def test_later_rules_see_the_size_that_earlier_ones_left() -> None:
    trade, state = proposal(notional=8_000), account(open_trades=1)
    assert spoke(book(HALVE + CAP).decide(trade, state)) == ["scale halve"]
    assert spoke(book(CAP + HALVE).decide(trade, state)) == ["resize cap-risk", "scale halve"]
    assert book(HALVE + CAP).decide(trade, state).factor == 0.5
    assert book(CAP + HALVE).decide(trade, state).factor == pytest.approx(0.3125)


def test_reject_ends_the_list() -> None:
    decision = book(WARN + REJECT + CAP).decide(proposal(notional=20_000), account(open_trades=2))
    assert (decision.taken, decision.factor, decision.halt) == (False, 0.0, None)
    assert spoke(decision) == ["warn busy", "reject full"]


def test_files_are_asked_in_their_order() -> None:
    decision = book(WARN, CAP).decide(proposal(notional=20_000), account(open_trades=1))
    assert [note.where for note in decision.notes] == ["rules/file1.yaml:2", "rules/file2.yaml:2"]


def test_a_note_tells_figure_limit_reason_and_what_was_done() -> None:
    rule = CAP.replace("name: cap-risk", "name: cap-risk, why: one percent at most.")
    (note,) = book(rule).decide(proposal(notional=10_000), account()).notes
    assert (note.rule, note.where, note.action) == ("cap-risk", "rules/file1.yaml:2", "resize")
    assert (note.seen, note.limit) == ("2.00%", "1.00%")
    assert note.text == (
        "The trade risks 2.00% of the equity, the limit is 1.00%: size cut to 50% (one percent at most)."
    )


def test_with_no_equity_left_a_resize_leaves_nothing_so_the_trade_is_refused() -> None:
    decision = book(CAP).decide(proposal(), account(equity=0, day_start=100))
    assert (decision.taken, decision.factor) == (False, 0.0)
    assert decision.notes[0].text == "There is no equity left to risk: refused."


# --------------------------------------------------------------------------- halts


def test_a_halt_refuses_the_present_trade_and_lasts_until_the_next_day() -> None:
    decision = book(STOP, timezone="Europe/Sofia").decide(proposal(), account(equity=9_000, day_start=10_000))
    assert not decision.taken
    assert decision.halt == Halt(moment_ms("2025-01-15 22:00"), "day", "rules/file1.yaml:2")
    assert decision.notes[0].text.endswith("refused, and no new trades until 2025-01-16 00:00:00 (Europe/Sofia).")


def test_a_halt_may_last_a_time_and_concern_some_channels_and_symbols_only() -> None:
    only = "{channels: [fast_scalps], symbols: [BTCUSDT]}"
    rule = f"{{name: pause, when: {{no stop: true}}, then: {{halt: 4h}}, only: {only}}}"
    halt = book(f"  - {rule}\n").decide(proposal(stop=None), account()).halt
    assert halt == Halt(NOON + 4 * HOUR_MS, "pause", "rules/file1.yaml:2", ("fast_scalps",), ("BTCUSDT",))


@pytest.mark.parametrize(
    ("zone", "now", "midnight"),
    [
        ("UTC", "2025-01-15 12:00", "2025-01-16 00:00"),
        ("UTC", "2025-01-15 00:00", "2025-01-16 00:00"),
        ("UTC", "2025-12-31 23:59:59", "2026-01-01 00:00"),
        ("Europe/Sofia", "2025-01-15 21:59", "2025-01-15 22:00"),
        ("Europe/Sofia", "2025-01-15 22:00", "2025-01-16 22:00"),
        ("Europe/Sofia", "2025-03-29 23:00", "2025-03-30 21:00"),  # a day of 23 hours
        ("Europe/Sofia", "2025-10-25 22:00", "2025-10-26 22:00"),  # a day of 25 hours
        ("America/New_York", "2025-03-09 12:00", "2025-03-10 04:00"),
        ("Africa/Cairo", "2025-04-24 12:00", "2025-04-24 22:00"),  # midnight does not exist: the clock goes to 01:00
        ("America/Havana", "2025-11-01 12:00", "2025-11-02 04:00"),  # midnight comes twice: the first one counts
    ],
)
def test_the_next_day_begins_at_the_next_midnight_of_the_zone(zone: str, now: str, midnight: str) -> None:
    assert next_midnight_ms(moment_ms(now), zone) == moment_ms(midnight)


@given(
    st.datetimes(datetime(2000, 1, 1), datetime(2037, 1, 1)),
    st.sampled_from(["UTC", "Europe/Sofia", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe", "Africa/Cairo"]),
)
def test_the_next_day_has_another_date_and_the_moment_before_it_has_not(moment: datetime, zone: str) -> None:
    now = moment.replace(tzinfo=UTC)
    end = datetime.fromtimestamp(next_midnight_ms(round(now.timestamp() * 1000), zone) / 1000, ZoneInfo(zone))
    today = now.astimezone(ZoneInfo(zone)).date()
    assert end.date() == today + timedelta(days=1)
    assert (end.astimezone(UTC) - timedelta(seconds=1)).astimezone(ZoneInfo(zone)).date() == today


# --------------------------------------------------------------------------- only


@pytest.mark.parametrize(
    ("only", "trade", "asked"),
    [
        ("channels: [fast_scalps, other]", {}, True),
        ("channels: [other]", {}, False),
        ("symbols: [BTCUSDT]", {}, True),
        ("symbols: [ETHUSDT]", {}, False),
        ("sides: [short]", {"side": Side.SHORT, "stop": None}, True),
        ("sides: [short]", {}, False),
        ("channels: [fast_scalps], sides: [long, short]", {}, True),
        ("channels: [fast_scalps], sides: [short]", {}, False),
    ],
)
def test_only_says_which_trades_are_asked(only: str, trade: dict[str, object], asked: bool) -> None:
    rules = book(f"  - {{name: none, when: {{no stop: true}}, then: reject, only: {{{only}}}}}\n")
    assert rules.decide(proposal(**{"stop": None, **trade}), account()).taken is not asked  # type: ignore[arg-type]


# --------------------------------------------------------------------------- all, any, not

BUSY, RISKY = "{open trades at least: 1}", "{risk per trade over: 1%}"


@pytest.mark.parametrize("busy", [False, True])
@pytest.mark.parametrize("risky", [False, True])
def test_all_any_and_not_are_those_of_logic(busy: bool, risky: bool) -> None:
    def rejects(when: str) -> bool:
        rules = book(f"  - {{name: rule, when: {when}, then: reject}}\n")
        return not rules.decide(proposal(notional=10_000 if risky else 1_000), account(open_trades=int(busy))).taken

    assert rejects(f"{{all: [{BUSY}, {RISKY}]}}") is (busy and risky)
    assert rejects(f"{{any: [{BUSY}, {RISKY}]}}") is (busy or risky)
    assert rejects(f"{{not: {BUSY}}}") is not busy
    assert rejects(f"{{all: [{{not: {BUSY}}}, {{any: [{RISKY}]}}]}}") is (not busy and risky)


@pytest.mark.parametrize(
    ("when", "factor"),
    [
        ("{all: [{open trades at least: 1}, {risk per trade over: 1%}]}", 0.5),
        ("{all: [{risk per trade over: 1%}, {risk per trade over: 0.5%}]}", 0.5),  # below 1% is enough
        ("{any: [{risk per trade over: 1%}, {risk per trade over: 0.5%}]}", 0.25),  # 0.5% is needed
        ("{any: [{risk per trade over: 3%}, {risk per trade over: 1%}]}", 0.5),
    ],
)
def test_a_resize_of_joined_conditions_is_as_strong_as_needed(when: str, factor: float) -> None:
    rules = book(f"  - {{name: rule, when: {when}, then: {{resize: to limit}}}}\n")
    assert rules.decide(proposal(notional=10_000), account(open_trades=1)).factor == pytest.approx(factor)


def test_joined_conditions_tell_all_that_was_seen() -> None:
    rules = book(f"  - {{name: rule, when: {{all: [{BUSY}, {RISKY}]}}, then: reject}}\n")
    (note,) = rules.decide(proposal(notional=10_000), account(open_trades=1)).notes
    assert (note.seen, note.limit) == ("1, 2.00%", "1, 1.00%")
    assert "is 1 and the trade risks" in note.text
    rules = book(f"  - {{name: rule, when: {{any: [{BUSY}, {RISKY}]}}, then: reject}}\n")
    assert rules.decide(proposal(notional=10_000), account()).notes[0].seen == "2.00%"


def test_hours_and_days_are_those_of_the_books_zone() -> None:
    night = "  - {name: night, when: {all: [{hours: [22:00-06:00]}, {weekdays: [wed]}]}, then: reject}\n"
    assert not book(night, timezone="Europe/Sofia").decide(proposal(), account(now="2025-01-15 20:30")).taken
    assert book(night, timezone="UTC").decide(proposal(), account(now="2025-01-15 20:30")).taken


@pytest.mark.parametrize(
    ("when", "factor"),
    [
        ("{notional over: 500 USDT}", 0.125),
        ("{margin over: 10%}", 0.5),
        ("{any: [{notional over: 500 USDT}, {margin over: 10%}]}", 0.125),
        ("{all: [{notional over: 500 USDT}, {margin over: 10%}, {hours: [12:00-13:00]}]}", 0.5),
    ],
)
def test_sizes_and_margins_are_cut_to_their_limit(when: str, factor: float) -> None:
    rules = book(f"  - {{name: rule, when: {when}, then: {{resize: to limit}}}}\n")
    decision = rules.decide(proposal(notional=4_000, leverage=2), account())
    assert decision.factor == pytest.approx(factor)
    smaller = proposal(notional=4_000 * decision.factor, leverage=2)
    assert rules.decide(smaller, account()) == Decision(True, 1.0)


# --------------------------------------------------------------------------- for all trades


@given(
    notional=st.floats(1, 1e7),
    distance=st.floats(1e-4, 0.5),
    limit=st.floats(0.0001, 1).map(lambda x: round(x * 100, 4)).filter(lambda x: x > 0),
    equity=st.floats(1, 1e7),
)
def test_after_a_resize_the_trade_is_within_its_limit_and_as_large_as_that_allows(
    notional: float, distance: float, limit: float, equity: float
) -> None:
    rules = book(f"  - {{name: cap, when: {{risk per trade over: '{limit:.4f}%'}}, then: {{resize: to limit}}}}\n")
    trade = proposal(notional=notional, stop=100 * (1 - distance))
    decision = rules.decide(trade, account(equity=equity))
    risked = trade.risk * decision.factor / equity
    assert decision.taken
    assert 0 < decision.factor <= 1
    assert risked <= limit / 100 * (1 + 1e-8)
    assert decision.factor == 1 or risked == pytest.approx(limit / 100)
    smaller = proposal(notional=notional * decision.factor, stop=trade.stop)
    assert rules.decide(smaller, account(equity=equity)).notes == ()


RULES = st.lists(st.sampled_from([CAP, WARN, HALVE, REJECT, STOP]), max_size=5, unique=True)


@given(RULES, st.floats(100, 50_000), st.integers(0, 3), st.floats(0, 0.2))
def test_the_book_agrees_with_a_plain_walk_over_the_same_rules(
    texts: list[str], notional: float, trades: int, loss: float
) -> None:
    said, factor, taken = [], 1.0, True
    for text in texts:
        if text == CAP and notional * factor * 0.02 > 100 * (1 + 1e-9):
            factor = 100 / (notional * 0.02)
            said.append("resize cap-risk")
        elif text == WARN and trades >= 1:
            said.append("warn busy")
        elif text == HALVE and trades >= 1:
            factor /= 2
            said.append("scale halve")
        elif text == REJECT and trades >= 2:
            taken = False
            said.append("reject full")
        elif text == STOP and loss > 0.05 * (1 + 1e-9):
            taken = False
            said.append("halt day")
        if not taken:
            factor = 0.0
            break
    state = account(equity=10_000, day_start=10_000 / (1 - loss), open_trades=trades)
    decision = book("".join(texts)).decide(proposal(notional=notional), state) if texts else Decision(True, 1.0)
    assert spoke(decision) == said
    assert (decision.taken, decision.factor) == (taken, pytest.approx(factor))
    assert (decision.halt is not None) == ("halt day" in said)

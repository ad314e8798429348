"""Where a result comes from: every split against a plain count, and how the page shows it."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.report import splits
from engine.report.calls import CallRow, Calls
from engine.report.html import render_report
from engine.report.runfile import save_run
from engine.report.tables import CALLS_FILE, write_calls
from tests.report.sample import HOSTILE, sample_calls, write_sample

CALLS = sample_calls()
ZONE = "Europe/Sofia"


def call(own_r: float | None = 1.0, **more) -> CallRow:
    fields = {"posted": "2025-03-03T11:43:36Z", "own_status": "closed", "symbol": "BTCUSDT", "side": "long"}
    return CallRow(**({"signal_id": "a/1", "channel": "a", "own_r": own_r} | fields | more))


def of(channel: str) -> list[CallRow]:
    return [row for row in CALLS if row.channel == channel]


@pytest.mark.parametrize("channel", ["keel", "fast_scalps", "moon_room"])
def test_every_split_adds_up_to_the_channel(channel):
    counted = [row for row in of(channel) if row.counted_r is not None]
    found = splits.origin(of(channel), ZONE, 7)
    assert [name for name, _ in found.splits] == ["Symbol", "Side", "Exit", "Weekday", "Hour"]
    for _, groups in found.splits:
        assert sum(group.trades for group in groups) == len(counted)
        assert sum(group.total_r for group in groups) == pytest.approx(sum(row.own_r for row in counted))
        assert [g.trades for g in groups] == sorted((g.trades for g in groups), reverse=True)


@pytest.mark.parametrize(("name", "field"), [("Symbol", "symbol"), ("Side", "side"), ("Exit", "own_exit_reason")])
def test_a_group_holds_what_a_plain_count_finds(name, field):
    groups = dict(splits.origin(of("keel"), ZONE, 7).splits)[name]
    for group in groups:
        r = [row.own_r for row in of("keel") if getattr(row, field) == group.label and row.own_status == "closed"]
        assert (group.trades, group.win_rate) == (len(r), sum(x > 0 for x in r) / len(r))
        assert group.mean_r == pytest.approx(sum(r) / len(r))
    assert {g.label for g in groups} == {getattr(row, field) for row in of("keel") if row.own_status == "closed"}


def test_days_and_hours_are_those_of_the_zone():
    late = call(posted="2025-03-02T22:30:00Z")  # Monday, half past midnight in Sofia
    found = dict(splits.origin([late], ZONE, 7).splits)
    assert [found[name][0].label for name in ("Weekday", "Hour")] == ["Monday", "00–04 h"]
    found = dict(splits.origin([late], "UTC", 7).splits)
    assert [found[name][0].label for name in ("Weekday", "Hour")] == ["Sunday", "20–24 h"]
    hours = Counter()
    for row in of("keel"):
        if row.counted_r is not None:  # Sofia is two hours ahead in winter, three from 30 March on
            utc = datetime.fromisoformat(row.posted.rstrip("Z"))
            hours[(utc + timedelta(hours=2 if utc < datetime(2025, 3, 30, 1) else 3)).hour // 4] += 1
    groups = dict(splits.origin(of("keel"), ZONE, 7).splits)["Hour"]
    assert {int(g.label[:2]) // 4: g.trades for g in groups} == hours


@given(st.lists(st.tuples(st.integers(0, 20), st.integers(-2, 3)), max_size=80))
def test_a_table_has_twelve_rows_at_most_and_loses_no_trade(trades):
    rows = [call(float(r), symbol=f"S{n}") for n, r in trades]
    groups = splits.split(Calls.of(rows).counted, [row.symbol for row in rows])
    names = Counter(f"S{n}" for n, _ in trades)
    assert len(groups) == min(len(names), splits.MOST_ROWS)
    assert sum(g.merged or 1 for g in groups) == len(names)
    assert sum(g.trades for g in groups) == len(trades)
    assert sum(g.total_r for g in groups) == sum(r for _, r in trades)
    assert {g.label: g.trades for g in groups if not g.merged}.items() <= names.items()
    assert [g.few for g in groups] == [g.trades < 5 for g in groups]


def test_calls_outside_the_verdict_are_outside_the_splits():
    assert splits.origin([call(None), call(2.0, own_status="expired")], ZONE, 7) is None
    rows = [
        call(2.0, symbol=""),
        call(9.0, own_status="opposite"),
        call(-1.0, own_status="open"),
        call(1.0, own_status="open"),
    ]
    found = dict(splits.origin(rows, ZONE, 7).splits)["Symbol"]
    assert [(g.label, g.trades, g.total_r, g.win_rate) for g in found] == [
        ("BTCUSDT", 2, 0.0, None),
        ("–", 1, 2.0, 1.0),
    ]


def test_where_a_result_comes_from_is_told_of_the_calls_and_not_of_the_account():
    """A rule ended the trade after an hour at -0.5 R; by itself the call took its target two days later."""
    ended = call(
        2.0, status="closed", r=-0.5, exit_reason="rule", filled_at="2025-03-03T12:00:00Z",
        closed_at="2025-03-03T13:00:00Z", own_exit_reason="target", own_filled_at="2025-03-03T12:00:00Z",
        own_closed_at="2025-03-05T13:00:00Z",
    )  # fmt: skip
    never = call(1.0, status="cancelled", own_exit_reason="target", own_filled_at="2025-03-04T12:00:00Z")
    groups = dict(splits.origin([ended, never], ZONE, 7).splits)["Exit"]
    assert [(g.label, g.trades, g.total_r) for g in groups] == [("target", 2, 3.0)]
    counted = Calls.of([ended, never]).counted
    assert counted.columns["r"] == [2.0, 1.0]
    assert counted.start_ms[1] - counted.start_ms[0] == 24 * 3_600_000
    assert counted.end_ms[0] - counted.start_ms[0] == 49 * 3_600_000
    assert counted[0].status == counted[1].status == "closed"


def test_months_hold_what_a_plain_count_finds():
    channels = [of("keel"), of("moon_room"), []]
    (year,) = splits.monthly(channels, "UTC")
    assert (year.year, year.months) == (2025, ("Jan", "Feb", "Mar", "Apr", "May", "Jun"))
    for rows, (cells, whole) in zip(channels, year.rows, strict=True):
        for month, cell in enumerate(cells, 1):
            r = [row.own_r for row in rows if row.counted_r is not None and row.posted[:7] == f"2025-{month:02}"]
            assert (cell.trades, cell.total_r) == (len(r), pytest.approx(sum(r))) if r else cell is None
        assert (whole.trades if whole else 0) == sum(row.counted_r is not None for row in rows)


def test_a_run_over_new_year_has_a_block_of_twelve_months_for_each_year():
    rows = [call(3.0, posted="2024-12-31T22:30:00Z"), call(-1.0, posted="2024-12-01"), call(-2.0, posted="2025-02-01")]
    old, new = splits.monthly([rows], ZONE)
    assert [year.year for year in (old, new)] == [2024, 2025]
    assert len(old.months) == len(new.months) == 12
    cells, whole = new.rows[0]
    assert [cell and (cell.trades, cell.total_r, cell.tint) for cell in cells[:3]] == [(1, 3.0, 3), (1, -2.0, -3), None]
    assert whole == splits.Cell(2, 1.0)
    assert old.rows[0][0][11] == splits.Cell(1, -1.0, -2)


def test_without_trades_there_are_no_months():
    assert splits.monthly([], ZONE) == splits.monthly([[call(None)]], ZONE) == ()


def test_a_month_that_came_to_nothing_has_no_tint():
    ((cells, _),) = splits.monthly([[call(1.0), call(-1.0)]], ZONE)[0].rows
    assert cells == (splits.Cell(2, 0.0),)


def section(folder) -> str:
    text = render_report(folder).read_text(encoding="utf-8")
    return text.split('<section id="origin">')[1].split("</section>")[0]


def test_the_page_names_channels_groups_and_what_is_too_few(tmp_path):
    write_sample(tmp_path)
    rare = [replace(row, symbol="RAREUSDT") for row in of("keel") if row.own_status == "closed"][:4]
    write_calls(tmp_path / CALLS_FILE, [*CALLS, *rare])
    part = section(tmp_path)
    words = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", part))
    total = f"{sum(row.own_r for row in rare):+.1f}".replace("-", "−")
    assert f"RAREUSDT 4 too few {total} – " in words
    assert part.split("</details>")[0].count('class="few"') == 1
    assert "&lt;script&gt;" in part
    assert HOSTILE not in part
    assert "Longest run won / lost" in words
    assert words.index("Keel Signals , 310 trades") < words.index("Fast Scalps , 118 trades")


def test_hostile_symbols_and_exits_are_text(tmp_path):
    write_sample(tmp_path)
    evil = f"</td></details>{HOSTILE}{{{{7*7}}}}"
    write_calls(tmp_path / CALLS_FILE, [replace(row, symbol=evil, side=evil, own_exit_reason=evil) for row in CALLS])
    part = section(tmp_path)
    assert "&lt;/td&gt;&lt;/details&gt;&lt;script" in part
    assert part.count("<details") == part.count("</details>") == 3
    assert "<script" not in part


def test_a_run_without_trades_says_so(tmp_path):
    run = write_sample(tmp_path)
    save_run(tmp_path, replace(run, channels=run.channels[-1:]))
    assert "No call was filled." in section(tmp_path)

"""The page of an account on paper: its figures are those of the ledger and of a backtest, and no call is lost."""

from __future__ import annotations

import csv
import json
import shutil
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner

from cli import cli
from engine.paper.desk import Desk
from engine.paper.ledger import Event, Ledger
from engine.pipeline.accounts import walk_accounts
from engine.pipeline.errors import InputError
from engine.pipeline.paper.account import account_of
from engine.pipeline.paper.book import kept_prices
from engine.pipeline.paper.events import Told
from engine.pipeline.paper.live import timed
from engine.pipeline.paper.open import open_r
from engine.pipeline.paper.report import write_paper
from engine.pipeline.paper.results import seen_of
from engine.pipeline.paper.sources import Sources, known_sources
from engine.pipeline.progress import silent
from engine.pipeline.workspace import Workspace
from engine.report.paperpage import render_paper
from engine.report.paperrun import PAPER_FILE, PaperRow, PaperRun, load_paper
from engine.report.tables import CALLS_FILE, UnreadableRunError, read_equity, read_rows
from engine.simulate.money import fee_of
from engine.units import moment_ms
from tests.paper import pageworld
from tests.paper.world import month

GOLDEN = Path(__file__).with_name("page.json")
FEBRUARY_MS = moment_ms("2025-02-01")


@pytest.fixture
def place(tmp_path: Path) -> Workspace:
    return pageworld.workspace(tmp_path)


def written(place: Workspace, desk: Desk, sources: Sources) -> tuple[PaperRun, list[PaperRow], Path]:
    """The page of a desk's account: its record, its rows, its folder."""
    folder = place.root / "page"
    write_paper(place, pageworld.book_of(desk), sources, folder)
    run = load_paper(folder)
    assert isinstance(run, PaperRun), run
    return run, read_rows(folder / CALLS_FILE, PaperRow), folder


def test_a_replay_says_what_a_backtest_says(place: Workspace) -> None:
    """Equity, drawdown, fees, trades and each channel's R: from the ledger here, from the walk of a backtest there."""
    desk = pageworld.ledger_of(place, place.root / "replay.db", FEBRUARY_MS)
    run, rows, folder = written(place, desk, pageworld.sources_of(desk))
    world = month()
    accounts = walk_accounts(world.played, world.loaded.strategy, world.loaded.rules, world.zone, silent)
    theirs = accounts.shared
    assert (run.trades, run.refused, run.taken) == (theirs.trades, theirs.refused, len(accounts.walked.trades))
    assert run.equity == pytest.approx(theirs.end_equity, abs=1e-6)
    assert (run.fees, run.funding) == pytest.approx((theirs.fees, theirs.funding), abs=1e-6)
    assert run.exact
    assert run.max_drawdown == pytest.approx(theirs.max_drawdown, abs=1e-9)
    _, equity, _ = read_equity(folder / "equity.csv")
    assert equity[-1] == pytest.approx(accounts.curve.equity[-1], abs=1e-6)
    for channel in run.channels:
        mine = [i for i, s in enumerate(world.played.signals) if s.message.channel == channel.channel]
        closed = [float(world.played.r[i]) for i in mine if world.played.fates[i] == "closed"]
        assert channel.trades == len(closed) > 10
        assert channel.total_r == pytest.approx(sum(closed), abs=1e-6)
        assert channel.heard == len(mine)
    assert {row.signal_id: row.status for row in rows} == {
        signal.id: fate for signal, fate in zip(world.played.signals, world.played.fates, strict=True)
    }


def test_an_open_trade_has_one_r_and_no_fee_is_paid_before_it_is_due(place: Workspace) -> None:
    """Status, table and page say the same R; the fee of leaving is in it, and not among the fees paid."""
    desk = pageworld.ledger_of(place, place.root / "paper.db")
    run, _, _ = written(place, desk, pageworld.sources_of(desk, replay=""))
    calls = {call.plan.signal_id: call for call in desk.books.open_calls}
    filled = [one for one in run.open if one.r is not None and one.price is not None]
    assert filled
    for one in filled:
        assert one.price is not None
        assert one.r == pytest.approx(open_r(calls[one.signal_id], one.price), abs=1e-12)
    paid = 0.0
    for call in desk.books.rows:
        if call.facts is not None:
            moves = (*call.acting.stepper.path().fills, *call.acting.stepper.path().legs)
            early = call.early.fees if call.early is not None else None
            paid += early if early is not None else call.quantity * sum(fee_of(m, call.stepper.terms) for m in moves)
    assert run.fees == pytest.approx(paid, abs=1e-9)
    replayed, _, _ = written(place, desk, pageworld.sources_of(desk))
    assert replayed.fees > run.fees, "a replay ends as a backtest does: what is open goes out at the end"


def test_no_interval_is_drawn_for_fewer_than_three_trades(place: Workspace) -> None:
    """Of one or two trades it would be a thin bar that looks like certainty."""
    desk = pageworld.ledger_of(place, place.root / "paper.db", calls=27)
    run, _, folder = written(place, desk, pageworld.sources_of(desk))
    known = [one for one in run.channels if one.mean_r is not None]
    few = [one for one in known if one.trades < 3]
    assert 0 < len(few) < len(known)
    page = (folder / "report.html").read_text(encoding="utf-8")
    assert page.count('<svg class="bar ') == len(known) - len(few)


def test_a_line_of_a_pipe_begins_with_the_time_of_the_workspace() -> None:
    lines: list[str] = []
    timed(lines.append, "Europe/Istanbul", lambda: moment_ms("2026-03-01 21:05:09"))("vip/1 in (live)")
    assert lines == ["00:05:09 vip/1 in (live)"]


def test_every_call_stands_there_once_with_its_fate(place: Workspace) -> None:
    desk = pageworld.ledger_of(place, place.root / "paper.db")
    run, rows, _ = written(place, desk, pageworld.sources_of(desk))
    assert len({row.signal_id for row in rows}) == len(rows) == run.heard > 30
    for channel in run.channels:
        mine = [row for row in rows if row.channel == channel.channel]
        assert sum(channel.fates.values()) + sum(channel.unplanned.values()) == len(mine) == channel.heard
        assert sum(channel.refused.values()) == sum(bool(row.rule) for row in mine)
        assert channel.taken == sum(row.taken for row in mine)
        assert channel.net == pytest.approx(sum(row.net or 0.0 for row in mine))
        assert "NOT ENOUGH DATA" in channel.verdict
    net = sum(row.net or 0.0 for row in rows)
    assert run.equity == pytest.approx(run.start_equity + net)
    assert run.open_net == pytest.approx(sum(one.net or 0.0 for one in run.open))
    assert {one.signal_id for one in run.open} == {row.signal_id for row in rows if row.taken and not row.closed_at
                                                   and row.status in ("open", "resting")}  # fmt: skip


def test_the_figures_of_a_page_are_the_golden_ones(place: Workspace) -> None:
    desk = pageworld.ledger_of(place, place.root / "paper.db")
    pageworld.eventful(desk)
    run, _, _ = written(place, desk, pageworld.sources_of(desk))
    found = pageworld.plain(run)
    assert found == json.loads(GOLDEN.read_text(encoding="utf-8")), "see tests/paper/pageworld.py"


def test_edits_that_were_not_followed_are_counted(place: Workspace) -> None:
    desk = pageworld.ledger_of(place, place.root / "paper.db")
    with closing(Ledger(place.root / "paper.db")) as ledger:
        for number, code in enumerate(("other-side", "no-layout", "other-side")):
            said = {"signal": "demo_coin/7", "code": code, "text": "so", "later": True}
            key = ("demo_coin", 7, 2 + number, "unread")
            ledger.append(Event(desk.account, "unread", pageworld.END_MS, said, key=key))
    run, _, folder = written(place, desk, pageworld.sources_of(desk))
    counts = {"other-side": 2, "no-layout": 1}
    assert {one.channel: one.unfollowed for one in run.channels if one.unfollowed} == {"demo_coin": counts}
    page = (folder / "report.html").read_text(encoding="utf-8")
    assert "Edits that were not followed: another side than the call 2, no layout of the profile fits 1." in page
    assert "demo_coin,unfollowed,other-side,2" in (folder / "tables" / "fates.csv").read_text(encoding="utf-8")


def test_what_people_rules_and_days_did_stands_there(place: Workspace) -> None:
    desk = pageworld.ledger_of(place, place.root / "paper.db")
    pageworld.eventful(desk)
    run, rows, folder = written(place, desk, pageworld.sources_of(desk))
    assert [(pause.rule, pause.until, pause.channels) for pause in run.pauses] == [
        ("by hand", "2025-01-16T16:00:00Z", ["demo_coin"]),
        ("by hand", "", []),
    ]
    assert [(gap.start[:16], gap.seconds) for gap in run.gaps] == [("2025-01-16T13:00", 3600.0)]
    assert [(day.day, day.trades, day.different) for day in run.days] == [("2025-01-15", 5, 1), ("2025-01-14", 4, 0)]
    assert run.days[0].differing[0].why == "its call arrived late"
    assert (run.late_count, run.late[0].by_s) == (1, 240.0)
    assert [one.kind for one in run.happened if one.kind in ("halt", "rule")].count("halt") == 2
    seen = {row.signal_id: row for row in rows if row.seen is not None}
    for row, worse in zip(sorted(seen.values(), key=lambda row: row.posted), (1.001, 0.999, 1.0), strict=True):
        assert row.behind_bp == pytest.approx((1 if row.side == "long" else -1) * (1 / worse - 1) * 10_000)
    assert sum(one.calls for one in run.seen) == 3
    page = (folder / "report.html").read_text(encoding="utf-8")
    for text in ("no new trades until 2025-01-16 18:00", "daily-stop", "4 of 5", "its call arrived late", "4m", "1h"):
        assert text in page, text


def test_what_was_said_live_is_held_against_the_record(place: Workspace) -> None:
    """A first fill said live one part in a thousand better than the record has it: ten basis points worse, each."""
    desk = pageworld.ledger_of(place, place.root / "paper.db")
    sources = pageworld.sources_of(desk)
    book = pageworld.book_of(desk)
    account = account_of(book, sources, kept_prices(book.fold))
    taken = {one.call.row: one.call for one in account.filled}
    events, said = [], {}
    for event in desk.ledger.events(desk.account):
        if event.kind == "placed" and event.row in taken:
            call = taken[event.row]
            first = call.acting.stepper.path().fills[0]
            better = first.price * (1 - 0.001 * call.plan.side.sign)
            fill = {"what": "in 1", "ts_ms": first.ts_ms, "price": better, "share": first.share}
            events.append(Event("demo", "live", call.posted_ms + 400, pageworld.live_data(better, [fill]), event.row))
            said[event.row] = better
        events.append(event)
    told = Told(account.book.fold.rows, 60_000).take(events)
    assert len(told.pairs) == len(said) == len(account.filled) > 20
    assert {row: price for row, (_, price) in told.first.items()} == said
    rows = {one.channel: one for one in seen_of(replace(account, told=told))}
    assert sum(one.compared for one in rows.values()) == len(said)
    for one in rows.values():
        assert one.mean_bp == pytest.approx(10.0, rel=0.01)
        assert one.worst_bp == pytest.approx(10.0, rel=0.01)
        assert (one.median_s, one.withdrawn) == (0.4, 0)
    for channel, one in rows.items():
        mine = [call for call in taken.values() if call.plan.channel == channel]
        first = [(call.quantity, call.acting.stepper.path().fills[0]) for call in mine]
        assert one.money == pytest.approx(-sum(0.001 * fill.price * fill.share * size for size, fill in first))


def test_money_of_an_open_trade_is_what_leaving_it_now_would_make(place: Workspace) -> None:
    desk = pageworld.ledger_of(place, place.root / "paper.db")
    run, _, _ = written(place, desk, pageworld.sources_of(desk))
    filled = [one for one in run.open if one.since]
    assert filled
    for one in filled:
        call = next(call for call in desk.books.rows if call.plan.signal_id == one.signal_id)
        path, terms = call.acting.stepper.path(), call.stepper.terms
        sign, price = call.plan.side.sign, float(desk.market.candles[one.symbol].close[-1])
        assert one.price == price
        fees = sum(f.price * f.share * terms.fee(f.ts_ms, maker=f.maker) for f in (*path.fills, *path.legs))
        fees += price * one.held * terms.taker
        gross = sign * (sum(leg.price * leg.share for leg in path.legs) + price * one.held)
        gross -= sign * sum(fill.price * fill.share for fill in path.fills)
        assert one.net == pytest.approx((gross - fees) * call.quantity)
        assert one.r == pytest.approx((gross - fees) / call.risk)


def test_without_candles_the_page_says_that_the_drawdown_may_be_deeper(place: Workspace) -> None:
    desk = pageworld.ledger_of(place, place.root / "paper.db")
    known = replace(pageworld.sources_of(desk), candles={})
    run, _, folder = written(place, desk, known)
    assert not run.exact
    assert any("it may have been deeper" in line for line in run.warnings)
    exact, _, _ = written(place, desk, pageworld.sources_of(desk))
    assert run.max_drawdown <= exact.max_drawdown + 1e-12
    assert run.equity == pytest.approx(exact.equity, rel=0.01)
    assert (folder / "report.html").is_file()


@pytest.mark.parametrize("calls", [0, 1])
def test_an_account_that_has_heard_little_makes_a_page(place: Workspace, calls: int) -> None:
    desk = pageworld.ledger_of(place, place.root / "paper.db", calls=calls)
    run, rows, folder = written(place, desk, pageworld.sources_of(desk))
    assert len(rows) == run.heard == calls
    assert run.equity == pytest.approx(10_000.0 + sum(row.net or 0.0 for row in rows))
    assert [channel.word for channel in run.channels] == ["NOT ENOUGH DATA"] * 3
    page = (folder / "report.html").read_text(encoding="utf-8")
    assert page.count("NOT ENOUGH DATA") == 3


def test_the_backtest_that_was_made_before_stands_beside_the_record(place: Workspace) -> None:
    words = ["backtest", "demo", "--to", "2025-02-01", "--workspace", str(place.root)]
    assert CliRunner().invoke(cli, words).exit_code == 0
    desk = pageworld.ledger_of(place, place.root / "paper.db")
    run, _, _ = written(place, desk, pageworld.sources_of(desk))
    (folder,) = (place.root / "runs").glob("*-demo")
    theirs = {c["channel"]: c for c in json.loads((folder / "run.json").read_text(encoding="utf-8"))["channels"]}
    for channel in run.channels:
        assert channel.expected is not None
        assert channel.expected.mean_r == theirs[channel.channel]["mean_r"]
        assert (channel.expected.run, channel.expected.changed) == (folder.name, [])
    data = json.loads((folder / "run.json").read_text(encoding="utf-8"))
    data["inputs"]["rules/default.yaml"] = "0" * 64
    (folder / "run.json").write_text(json.dumps(data), encoding="utf-8")
    run, _, _ = written(place, desk, pageworld.sources_of(desk))
    assert {tuple(c.expected.changed) for c in run.channels if c.expected} == {("rules/default.yaml",)}


def test_a_replay_by_command_has_each_channel_alone_as_the_backtest_has_it(place: Workspace) -> None:
    strategy = place.root / "strategies" / "demo.yaml"
    text = strategy.read_text(encoding="utf-8")
    assert "to: 2025-07-01" in text
    strategy.write_text(text.replace("to: 2025-07-01", "to: 2025-01-20"), encoding="utf-8")
    out = str(place.root / "replay")
    for words in (["backtest", "demo"], ["paper", "demo", "--replay", "demo", "--out", out]):
        result = CliRunner().invoke(cli, [*words, "--workspace", str(place.root)])
        assert result.exit_code == 0, result.output
    (folder,) = (place.root / "runs").glob("*-demo")
    theirs = {
        c["channel"]: c["alone"] for c in json.loads((folder / "run.json").read_text(encoding="utf-8"))["channels"]
    }
    run = load_paper(Path(out))
    assert isinstance(run, PaperRun)
    assert f"equity {run.equity:,.2f} USDT" in result.stdout
    for channel in run.channels:
        mine, there = channel.alone, theirs[channel.channel]
        assert mine is not None
        assert (mine.trades, mine.refused) == (there["trades"], there["refused"])
        assert mine.end_equity == pytest.approx(there["end_equity"], abs=1e-6)
        assert channel.expected is not None
        assert channel.expected.changed == []


def test_the_command_writes_the_page_of_a_ledger(place: Workspace) -> None:
    desk = pageworld.ledger_of(place, place.root / "data" / "paper.db")
    desk.ledger.close()
    result = CliRunner().invoke(cli, ["paper", "report", "--workspace", str(place.root)])
    assert result.exit_code == 0, result.output
    (folder,) = (place.root / "runs").glob("*-paper-demo")
    assert result.stdout.strip() == f"demo: {folder.as_posix()}/report.html", "it exists from here"
    with (folder / "tables" / "channels.csv").open(encoding="utf-8", newline="") as file:
        assert len(list(csv.DictReader(file))) == 3
    turkish = CliRunner().invoke(cli, ["paper", "report", "--lang", "tr", "--out", str(place.root / "x"),
                                       "--workspace", str(place.root)])  # fmt: skip
    assert turkish.exit_code == 0, turkish.output
    assert '<html lang="tr">' in (place.root / "x" / "report.html").read_text(encoding="utf-8")


def test_a_workspace_whose_files_are_gone_still_has_its_page(place: Workspace) -> None:
    desk = pageworld.ledger_of(place, place.root / "paper.db")
    shutil.rmtree(place.root / "strategies")
    book = pageworld.book_of(desk)
    run, rows, _ = written(place, desk, known_sources(Workspace(place.root), book))
    assert len(rows) == run.heard > 30
    assert any("cannot be read now" in line for line in run.warnings)


def test_a_ledger_that_was_changed_makes_no_page(place: Workspace) -> None:
    desk = pageworld.ledger_of(place, place.root / "paper.db")
    book = pageworld.book_of(desk)
    book.ledger._db.execute("DROP TRIGGER kept")
    book.ledger._db.execute("UPDATE events SET data = replace(data, '10000', '90000') WHERE kind = 'begin'")
    with pytest.raises(InputError, match="is not what was written"):
        write_paper(place, book, pageworld.sources_of(desk), place.root / "page")
    assert not (place.root / "page").exists()


def test_the_page_is_made_again_from_its_files_to_the_same_bytes(place: Workspace) -> None:
    desk = pageworld.ledger_of(place, place.root / "paper.db")
    _, _, folder = written(place, desk, pageworld.sources_of(desk))
    first = (folder / "report.html").read_bytes()
    assert render_paper(folder).read_bytes() == first
    (folder / PAPER_FILE).write_text('{"format": 99}', encoding="utf-8")
    with pytest.raises(UnreadableRunError, match="has format 99"):
        render_paper(folder)


def test_report_makes_the_page_of_its_folder_again(place: Workspace) -> None:
    desk = pageworld.ledger_of(place, place.root / "paper.db", calls=1)
    _, _, folder = written(place, desk, pageworld.sources_of(desk))
    result = CliRunner().invoke(cli, ["report", "page", "--lang", "tr", "--workspace", str(place.root)])
    assert result.exit_code == 0, result.output
    assert '<html lang="tr">' in (folder / "report.html").read_text(encoding="utf-8")
    (folder / PAPER_FILE).write_text("{", encoding="utf-8")
    broken = CliRunner().invoke(cli, ["report", "page", "--workspace", str(place.root)])
    assert (broken.exit_code, "is not JSON" in broken.output) == (2, True)

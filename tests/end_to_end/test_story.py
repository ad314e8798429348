"""Every number can be followed back: from a row of trades.csv to the characters of a message and the line of a rule."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.report.calls import CallRow
from engine.report.evidence import EVIDENCE_FILE, read_evidence
from engine.report.moves import ENTRY, MOVES_FILE, SAID, read_moves
from engine.report.runfile import load_run
from engine.report.tables import read_calls
from engine.units import moment_ms, show_time
from tests.conftest import Run


@pytest.fixture
def calls(workspace: Path, run: Run) -> list[CallRow]:
    """The calls of a demo run of two months."""
    assert run("backtest", "demo", "--to", "2025-03-01").exit_code == 0
    (folder,) = (workspace / "runs").iterdir()
    return read_calls(folder / "trades.csv")


def zone_of(folder: Path) -> str:
    """The zone of a run's clock."""
    found = load_run(folder)
    assert not isinstance(found, str)
    return found.timezone


def test_a_taken_trade_tells_message_fills_and_money(calls: list[CallRow], run: Run) -> None:
    row = next(c for c in calls if c.taken and c.filled_at and c.channel == "demo_keel")
    text = run("explain", "trade", row.signal_id).stdout
    assert f"{row.signal_id} in demo" in text
    assert "^ symbol" in text
    for price in (*row.entry, row.stop, *row.targets):
        assert f"{price:.10g}" in text
    assert f"result: {row.r:+.2f} R net of costs" in text
    assert f"net {row.net:+,.2f} USDT" in text
    assert text.count(" fee ") == row.exits.count(";") + 1 + text.count(" in: ")


def test_the_files_of_a_run_show_each_fill_and_exit_with_its_fee(
    workspace: Path, calls: list[CallRow], run: Run
) -> None:
    """A trade can be checked from the files alone: money and fees are those of its moves, in the order of time."""
    (folder,) = (workspace / "runs").iterdir()
    traded = [c for c in calls if c.taken and c.quantity and c.filled_at]
    assert len(traded) > 50
    several = 0
    for row in traded:
        moves = read_moves(folder / MOVES_FILE, row.signal_id) or []
        assert [m.at_ms for m in moves] == sorted(m.at_ms for m in moves)
        into = [m for m in moves if m.what == ENTRY]
        out = [m for m in moves if m.what not in (ENTRY, SAID)]
        several += len(into) > 1
        assert row.quantity is not None
        assert sum(m.fee(row.quantity) for m in moves) == pytest.approx(row.fees)
        flows = [sum((m.price or 0) * (m.share or 0) * row.quantity for m in part) for part in (into, out)]
        assert (flows[1] - flows[0]) * (1 if row.side == "long" else -1) == pytest.approx(row.gross)
        assert into[0].time == row.filled_at
        assert out[-1].time == row.closed_at
    assert several > 10, "an order may fill in parts"
    row = next(c for c in traded if len(read_moves(folder / MOVES_FILE, c.signal_id) or []) > 3)
    story, zone = run("explain", "trade", row.signal_id).stdout, zone_of(folder)
    for move in read_moves(folder / MOVES_FILE, row.signal_id) or []:
        if move.what != SAID:
            assert f"  {show_time(move.at_ms, zone)} {move.what}: " in story
            assert f"{move.liquidity} fee {move.fee(row.quantity or 0):,.2f}" in story


def test_what_the_channel_said_stands_between_the_fills(workspace: Path, calls: list[CallRow], run: Run) -> None:
    (folder,) = (workspace / "runs").iterdir()
    found = [(c, read_moves(folder / MOVES_FILE, c.signal_id) or []) for c in calls if c.channel == "demo_echo"]
    row, moves = next((c, m) for c, m in found if m and m[-1].what == SAID and "moves the stop to" in m[-1].text)
    lines = run("explain", "trade", row.signal_id).stdout.splitlines()
    said = f"  {show_time(moves[-1].at_ms, zone_of(folder))} {moves[-1].text}, but the trade was over"
    assert said in lines
    (left,) = [i for i, line in enumerate(lines) if f" {row.exit_reason}: " in line]
    assert lines.index(said) == left + 1


def test_a_run_without_its_moves_says_what_is_not_known_any_more(
    workspace: Path, calls: list[CallRow], run: Run
) -> None:
    (folder,) = (workspace / "runs").iterdir()
    row = next(c for c in calls if c.taken and c.filled_at)
    (folder / MOVES_FILE).write_text("nonsense\n", encoding="utf-8")
    assert "moves.csv:1: the columns are not those" in run("explain", "trade", row.signal_id).stderr
    (folder / MOVES_FILE).unlink()
    story = run("explain", "trade", row.signal_id).stdout
    assert "its single fills and what its channel said later are not known any more: moves.csv is missing" in story
    assert story.count("  out: ") == row.exits.count(";") + 1


def test_a_refused_trade_names_the_rule_and_its_line(calls: list[CallRow], run: Run) -> None:
    row = next(c for c in calls if c.rule)
    text = run("explain", "trade", row.signal_id).stdout
    assert f"account: refused by {row.rule} (rules/default.yaml:" in text


def test_a_trade_that_a_rule_ended_tells_both_results_and_the_rule(workspace: Path, run: Run) -> None:
    """The loss of the day ends what is open, although nobody calls at that moment."""
    tight = "{name: tight-day, when: {daily loss over: 1.5%}, then: {halt: until next day, close: open trades}}"
    (workspace / "rules" / "tight.yaml").write_text(f"rules:\n  - {tight}\n", encoding="utf-8")
    demo = workspace / "strategies" / "demo.yaml"
    demo.write_text(demo.read_text(encoding="utf-8").replace("rules: [default]", "rules: [tight]"), encoding="utf-8")
    assert run("backtest", "demo", "--to", "2025-02-01").exit_code == 0
    (folder,) = (workspace / "runs").iterdir()
    ended = [c for c in read_calls(folder / "trades.csv") if c.exit_reason == "rule"]
    assert ended
    row = ended[0]
    told = run("explain", "trade", row.signal_id).stdout
    assert f"result: {row.net / row.risk:+.2f} R net of costs, ended by a rule" in told
    until = show_time(moment_ms(row.own_closed_at), zone_of(folder))
    assert (
        f"the call by itself, whatever the account did: {row.own_status} by {row.own_exit_reason} at {until}, "
        f"{row.own_r:+.2f} R net of costs" in told
    )
    behind = {one.signal_id: one.moves for one in read_evidence(folder / EVIDENCE_FILE)}
    assert all(behind[c.signal_id][-1].what == "rule" for c in ended), "the chart is that of the account's trade"
    page = (folder / "report.html").read_bytes()
    assert b"R by itself" in page
    assert run("report", str(folder)).exit_code == 0
    assert (folder / "report.html").read_bytes() == page, "the same page from the files alone"
    assert "the limit is a loss of 1.50%: no new trades until" in told


def test_a_repeat_was_never_placed(calls: list[CallRow], run: Run) -> None:
    row = next(c for c in calls if c.status in ("repeat", "opposite"))
    text = run("explain", "trade", row.signal_id).stdout
    assert "never placed" in text


def test_an_edited_call_shows_its_later_text(calls: list[CallRow], run: Run) -> None:
    stories = [run("explain", "trade", c.signal_id).stdout for c in calls if c.channel == "demo_echo"][:40]
    assert any("\nedited 2025-" in story for story in stories)


def test_what_has_changed_since_the_run_is_said(workspace: Path, calls: list[CallRow], run: Run) -> None:
    row = next(c for c in calls if c.channel == "demo_keel")
    path = workspace / "channels" / "demo_keel.channel"
    path.write_text(path.read_text(encoding="utf-8") + "\n# a remark\n", encoding="utf-8")
    assert "demo_keel.channel has changed since this run" in run("explain", "trade", row.signal_id).stdout
    path.unlink()
    assert "message: cannot be shown" in run("explain", "trade", row.signal_id).stdout


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["demo_keel/99999"], 'there is no call "demo_keel/99999" in this run'),
        (["demo_keel/1", "--run", "old"], "there is no such run"),
    ],
)
def test_what_is_not_there_is_said(words: list[str], says: str, calls: list[CallRow], run: Run) -> None:
    result = run("explain", "trade", *words)
    assert result.exit_code == 2
    assert says in result.stderr


def test_a_damaged_run_is_said(workspace: Path, calls: list[CallRow], run: Run) -> None:
    (folder,) = (workspace / "runs").iterdir()
    (folder / "trades.csv").write_text("nonsense\n", encoding="utf-8")
    assert "trades.csv:1" in run("explain", "trade", "demo_keel/1").stderr
    assert "trades.csv:1" in run("report").stderr
    (folder / "run.json").write_text("{}", encoding="utf-8")
    assert "run.json" in run("explain", "trade", "demo_keel/1").stderr

"""``cli.py paper``: which of its ways is meant, and what it says at the end."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from engine.pipeline.errors import InputError
from engine.pipeline.progress import Track
from engine.problem import Problem

if TYPE_CHECKING:
    from engine.pipeline.workspace import Workspace

Say = Callable[[str], None]
SHOWN = 20


def paper(
    workspace: Workspace,
    given: Sequence[str],
    source: str | None,
    out: Path | None,
    compare: bool,
    track: Track,
    say: Say,
) -> bool:
    """Trade on paper, live or over history; whether a comparison found nothing. Raises InputError."""
    if source is not None:
        return replay(workspace, _one(workspace, given, source), source, out, compare, track, say)
    from engine.pipeline.paperlive import run_live

    run_live(workspace, given or _known(workspace), say)
    return True


def _known(workspace: Workspace) -> list[str]:
    """The strategies that the ledger knows, or the only one there is. Raises InputError."""
    from engine.pipeline.paperbook import strategies_of

    names = workspace.names("strategies", ".yaml")
    known = strategies_of(workspace) or (names if len(names) == 1 else [])
    if not known:
        raise InputError(Problem("which strategy?", hint="strategies here: " + ", ".join(names)))
    return known


def _one(workspace: Workspace, given: Sequence[str], source: str) -> str:
    """The one strategy of a replay."""
    if len(given) > 1:
        raise InputError(Problem("a replay takes one strategy", hint=f"cli.py paper {given[0]} --replay {source}"))
    if given:
        return given[0]
    if source == "demo":
        return "demo"
    names = workspace.names("strategies", ".yaml")
    if len(names) == 1:
        return names[0]
    raise InputError(Problem("which strategy?", hint="strategies here: " + ", ".join(names)))


def replay(
    workspace: Workspace, given: str, source: str, out: Path | None, compare: bool, track: Track, say: Say
) -> bool:
    """Replay, and say what came of it."""
    from engine.pipeline.paperreplay import LEDGER_FILE, TRADES_FILE, replay_paper
    from engine.pipeline.paperreport import report_replay

    done = replay_paper(workspace, given, source, out, compare, track)
    page = report_replay(workspace, done, source)
    trades, currency = done.record.trades.values(), done.desk.books.books.strategy.currency
    filled = [trade for trade in trades if trade.path.fills]
    say(
        f"{len(done.desk.books.rows)} calls, {len(trades)} taken, {len(filled)} filled, "
        f"{len(done.record.refused)} refused; net {sum(trade.net for trade in trades):+,.2f} {currency}, "
        f"equity {done.record.equity:,.2f} {currency}"
    )
    say(f"trades: {workspace.shown(done.folder / TRADES_FILE)}, ledger: {workspace.shown(done.folder / LEDGER_FILE)}")
    say(f"report: {workspace.shown(page)}")
    if done.different is None:
        return True
    if not done.different:
        say(f"a backtest gives the same {len(trades)} trades, legs and money (to 1e-9)")
        return True
    for one in done.different[:SHOWN]:
        say(f"differs: {one}")
    say(f"{len(done.different)} of {len(trades)} trades differ from a backtest")
    return False

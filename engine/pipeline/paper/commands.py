"""``cli.py paper``: which of its ways is meant, and what it says at the end."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from engine.config.diagnostics import did_you_mean
from engine.pipeline.errors import InputError
from engine.pipeline.progress import Track
from engine.problem import Problem
from engine.report.show import count

if TYPE_CHECKING:
    from engine.pipeline.paper.replay import Compared, Replayed
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
    commands: Sequence[str] = (),
) -> bool:
    """Trade on paper, live or over history; whether a comparison found nothing. Raises InputError.

    ``commands`` are the other words that may stand where a strategy does.
    """
    for name in given:
        _meant(workspace, name, commands)
    if source is not None:
        return replay(workspace, given or [_only(workspace, source)], source, out, compare, track, say)
    from engine.pipeline.paper.live import run_live

    run_live(workspace, given or _known(workspace), say)
    return True


def _meant(workspace: Workspace, given: str, commands: Sequence[str]) -> None:
    """Raises InputError for a word that is neither a strategy nor a command, and may be a slip of one."""
    try:
        workspace.find_strategy(given)
    except InputError:
        near = did_you_mean(given, [*workspace.names("strategies", ".yaml"), *commands])
        if not near:
            raise
        raise InputError(Problem(f"{given} is no strategy and no command of paper", hint=near)) from None


def _known(workspace: Workspace) -> list[str]:
    """The strategies that the ledger knows, or the only one there is. Raises InputError."""
    from engine.pipeline.paper.book import strategies_of

    names = workspace.names("strategies", ".yaml")
    known = strategies_of(workspace) or (names if len(names) == 1 else [])
    if not known:
        raise InputError(Problem("which strategy?", hint="strategies here: " + ", ".join(names)))
    return known


def _only(workspace: Workspace, source: str) -> str:
    """The strategy that a replay without a name means. Raises InputError where there are several."""
    if source == "demo":
        return "demo"
    names = workspace.names("strategies", ".yaml")
    if len(names) == 1:
        return names[0]
    raise InputError(Problem("which strategy?", hint="strategies here: " + ", ".join(names)))


def replay(
    workspace: Workspace, given: Sequence[str], source: str, out: Path | None, compare: bool, track: Track, say: Say
) -> bool:
    """Replay, and say what came of it."""
    from engine.collect.edits import counted
    from engine.pipeline.paper.fates import funnel
    from engine.pipeline.paper.replay import CALLS_FILE, TRADES_FILE, replay_paper
    from engine.pipeline.paper.report import report_replay
    from engine.pipeline.report import LEDGER_FILE

    done = replay_paper(workspace, given, source, out, compare, track)
    page = report_replay(workspace, done, source)
    trades, currency = done.record.trades.values(), done.desk.books.books.strategy.currency
    for line in funnel(done.fates):
        say(line)
    for channel, codes in sorted(done.unfollowed.items()):
        say(f"{channel}: {counted(codes)}")
    net = sum(trade.net for trade in trades)
    say(f"net {net:+,.2f} {currency}, equity {done.record.equity:,.2f} {currency} (what is open out at the last close)")
    start = done.desk.books.books.strategy.equity
    for channel, kept in done.alone.items():
        closed = sum(bool(trade.path.fills) for trade in kept.trades.values())
        say(
            f"{channel} alone: {start:,.2f} became {kept.equity:,.2f} {currency} ({kept.equity / start - 1:+.1%}), "
            f"{closed} filled, {len(kept.refused)} refused"
        )
    files = {"trades": TRADES_FILE, "calls": CALLS_FILE, "ledger": LEDGER_FILE}
    say(", ".join(f"{name}: {(done.folder / file).as_posix()}" for name, file in files.items()))
    say(f"report: {page.as_posix()}")
    same = [_say_compared(one, done, say) for one in done.compared or ()]  # each is to be said
    return all(same)


def _say_compared(one: Compared, done: Replayed, say: Say) -> bool:
    """Whether a backtest of a strategy gives the same, said in lines."""
    several = len(done.loaded) > 1
    things = count(one.things, "call" if several else "trade")
    head = f"{one.strategy}: " if several else ""
    if not one.different:
        money = "money of a unit" if several else "money"
        also = ", and the same money for each channel alone" if done.alone and not several else ""
        say(f"{head}a backtest gives the same {things}, legs and {money} (to 1e-9){also}")
        return True
    for different in one.different[:SHOWN]:
        say(f"differs: {head}{different}")
    say(f"{head}{len(one.different)} of {things} differ from a backtest")
    return False

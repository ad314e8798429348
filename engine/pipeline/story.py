"""``cli.py explain trade ID``: the whole story of one call, from the characters of its message to the money.

Of a backtest:

1. the row of the call in the run's trades.csv;
2. the message as it was read, its values underlined (from the archive, or from the demo world made again);
3. each fill and exit, and what the channel said in between, in the order of time (from the run's moves.csv);
4. what the account did or which rule refused it, with file and line.

Of an account on paper, or of a replay, ``engine.pipeline.paper.story`` tells the same from the ledger's events.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from pathlib import Path

from engine.config.diagnostics import did_you_mean
from engine.domain import Message
from engine.market.synthetic import SyntheticMarket
from engine.pipeline.callids import LAST, heard_ids
from engine.pipeline.errors import InputError
from engine.pipeline.fromentry import levels_of
from engine.pipeline.postlines import AMBIGUOUS, call_line, move_line, post_lines, post_number, price
from engine.pipeline.readings import channel_messages
from engine.pipeline.report import find_run, replay_folder
from engine.pipeline.workspace import Workspace
from engine.problem import Problem
from engine.report.calls import CallRow
from engine.report.moves import ENTRY, MOVES_FILE, SAID, MoveRow, read_moves
from engine.report.run import Run
from engine.report.runfile import load_run
from engine.report.tables import CALLS_FILE, UnreadableRunError, read_calls
from engine.units import moment_ms, show_time

COLUMN = "ids stand in the first column of trades.csv"


def tell_trade(workspace: Workspace, identity: str, given: str | None, paper: bool, account: str | None) -> str:
    """The story of the call ``identity`` (``channel/message_id``). Raises InputError when there is none.

    ``given`` is the run of a backtest or of a replay; ``paper`` asks for the accounts of the ledger, ``account`` for
    one of them. Without any of that it is looked for in the last backtest, then in the ledger.
    """
    from engine.pipeline.paper.story import tell_paper, tell_replay

    if paper or account is not None:
        if given is not None:
            raise InputError(Problem("a run and the ledger are two places", hint="give --run, or --paper"))
        return tell_paper(workspace, identity, account)
    replayed = None if given is None else replay_folder(workspace, given)
    if replayed is not None:
        return tell_replay(workspace, identity, replayed)
    there = given is None and identity in heard_ids(workspace.ledger_path)
    try:
        story = _tell_run(workspace, identity, LAST if given is None else given)
    except InputError:
        if there:
            return tell_paper(workspace, identity, None)
        raise
    return f"{story}\n\non paper: cli.py explain trade {identity} --paper" if there else story


def _tell_run(workspace: Workspace, identity: str, given: str) -> str:
    """The story of a call in a backtest."""
    folder = find_run(workspace, given)
    run = load_run(folder)
    if isinstance(run, str):
        raise InputError(Problem(run, str(folder / "run.json")))
    row = _find(folder, identity)
    lines = [f"{row.signal_id} in {run.strategy} ({folder.name}): {row.status}"]
    lines += _message(workspace, run, row)
    try:
        moves = read_moves(folder / MOVES_FILE, row.signal_id)
    except UnreadableRunError as error:
        raise InputError(error.problem) from None
    lines += _path(row, moves, run.timezone)
    lines += _account(row, run)
    return "\n".join(lines)


def _find(folder: Path, identity: str) -> CallRow:
    """The row of a call."""
    try:
        rows = read_calls(folder / CALLS_FILE)
    except UnreadableRunError as error:
        raise InputError(error.problem) from None
    for row in rows:
        if row.signal_id == identity:
            return row
    hint = did_you_mean(identity, (row.signal_id for row in rows), 0.8) or COLUMN
    raise InputError(Problem(f'there is no call "{identity}" in this run', str(folder / CALLS_FILE), hint=hint))


# --------------------------------------------------------------------------- the message


def _message(workspace: Workspace, run: Run, row: CallRow) -> Iterator[str]:
    """The text that was read, with its values underlined."""
    path = workspace.root / "channels" / f"{row.channel}.channel"
    yield f'posted {show_time(moment_ms(row.posted), run.timezone)} ({run.timezone}), read by layout "{row.layout}"'
    profile = workspace.profile(row.channel)
    if (
        profile is not None
        and run.inputs.get(workspace.shown(path)) != hashlib.sha256(_text(workspace, path)).hexdigest()
    ):
        yield f"note: {workspace.shown(path)} has changed since this run"
    versions = [m for m in _messages(workspace, run, row) if m.message_id == post_number(row.signal_id)]
    yield from post_lines(workspace, row.channel, versions, None, run.timezone)


def _text(workspace: Workspace, path: Path) -> bytes:
    """A profile's text as it was hashed."""
    return workspace.read_source(path).text.encode()


def _messages(workspace: Workspace, run: Run, row: CallRow) -> list[Message]:
    """All versions of a channel's messages, from where this run had them."""
    profile = workspace.profile(row.channel)
    if profile is None:
        return []
    world = None
    seed = run.inputs.get("synthetic market", "").removeprefix("seed ")
    if seed:
        world = SyntheticMarket(int(seed), moment_ms(run.period[0]), moment_ms(run.period[1]))
    return channel_messages(workspace, [profile], world, run.seed)[row.channel]


# --------------------------------------------------------------------------- what became of it


def _path(row: CallRow, moves: Sequence[MoveRow] | None, zone: str) -> Iterator[str]:
    """The plan, and what became of it move by move; ``moves`` None: they are not known any more."""
    stop, targets = levels_of(row.from_entry)
    yield call_line(row.side, row.symbol, row.entry_kind, row.entry, row.stop or stop, [*row.targets, *targets])
    if row.acted:
        yield f"acts: {_moment(row.acted, zone)}"
    if moves is None:
        yield from _exits(row, zone)
    else:
        yield from (_move(row, move, zone) for move in moves)
        if sum(move.what == ENTRY for move in moves) > 1 and row.entry_price is not None:
            yield f"in at {price(row.entry_price)} on average"
    if row.ambiguous:
        yield AMBIGUOUS
    if row.r is not None:
        ended = ", ended by a rule" if row.exit_reason == "rule" else ""
        yield f"result: {row.r:+.2f} R net of costs{ended}"
    if row.went_its_own_way:
        yield f"the call by itself, whatever the account did: {_own(row, zone)}"


def _own(row: CallRow, zone: str) -> str:
    """What the call did by itself, as its channel is judged."""
    made = "" if row.own_r is None else f", {row.own_r:+.2f} R net of costs"
    if not row.own_exit_reason or not row.own_closed_at:
        return f"{row.own_status}{made}"
    return f"{row.own_status} by {row.own_exit_reason} at {_moment(row.own_closed_at, zone)}{made}"


def _move(row: CallRow, move: MoveRow, zone: str) -> str:
    """A fill or exit with its fee, or what was said and what it changed."""
    quantity = row.quantity
    if move.what == SAID:
        over = row.closed_at and move.at_ms >= moment_ms(row.closed_at)
        return f"  {show_time(move.at_ms, zone)} {move.text}{', but the trade was over' if over else ''}"
    fee = (move.fee_rate or 0.0) if quantity is None else move.fee(quantity)
    share, at = move.share or 0.0, move.price or 0.0
    size = None if quantity is None else quantity * share
    return move_line(move.at_ms, zone, move.what, size, share, at, move.liquidity, fee)


def _exits(row: CallRow, zone: str) -> Iterator[str]:
    """What trades.csv alone knows of a trade."""
    yield f"its single fills and what its channel said later are not known any more: {MOVES_FILE} is missing"
    if row.entry_price is not None and row.filled_at:
        yield f"filled: first {_moment(row.filled_at, zone)}, at {price(row.entry_price)} on average"
        for part in row.exits.split("; "):
            what, _, at = part.rpartition(" @ ")
            yield f"  out: {what} @ {_moment(at, zone)}"


def _account(row: CallRow, run: Run) -> Iterator[str]:
    """What the account did with it."""
    currency = run.account.currency
    if row.rule:
        yield f"account: refused by {row.rule} ({row.rule_where}): {row.notes}"
    elif not row.taken:
        yield "account: not offered, a call with this outcome is never placed"
    elif row.net is None or row.quantity is None or not row.filled_at:
        yield "account: taken, but never filled"
    else:
        risk = f"{row.risk or 0:,.2f} {currency} at risk"
        yield f"account: {row.quantity:.6g} units, {risk}, net {row.net:+,.2f} {currency}"
        yield f"  gross {row.gross:+,.2f}, fees {row.fees:,.2f}, funding {row.funding:,.2f}"
        if row.notes:
            yield f"  {row.notes}"


def _moment(text: str, zone: str) -> str:
    """An ISO time in the run's zone."""
    return show_time(moment_ms(text), zone)

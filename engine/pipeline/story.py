"""``cli.py explain trade ID``: the whole story of one call, from the characters of its message to the money.

1. the row of the call in the run's trades.csv;
2. the message as it was read, its values underlined (from the archive, or from the demo world made again);
3. what the candles made of it, and what the account did or which rule refused it, with file and line.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

from engine.channel import explain, render
from engine.config.diagnostics import did_you_mean
from engine.domain import Message
from engine.market.synthetic import SyntheticMarket
from engine.pipeline.errors import InputError
from engine.pipeline.readings import channel_messages
from engine.pipeline.report import find_run
from engine.pipeline.workspace import Workspace
from engine.problem import Problem
from engine.report.run import Run
from engine.report.runfile import load_run
from engine.report.tables import CALLS_FILE, CallRow, UnreadableRunError, clean, read_calls
from engine.units import moment_ms, show_time


def tell_trade(workspace: Workspace, identity: str, given: str) -> str:
    """The story of the call ``identity`` (``channel/message_id``) in a run. Raises InputError when there is none."""
    folder = find_run(workspace, given)
    run = load_run(folder)
    if isinstance(run, str):
        raise InputError(Problem(run, str(folder / "run.json")))
    row = _find(folder, identity)
    lines = [f"{row.signal_id} in {run.strategy} ({folder.name}): {row.status}"]
    lines += _message(workspace, run, row)
    lines += _path(row, run.timezone)
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
    hint = did_you_mean(identity, (row.signal_id for row in rows), 0.8) or "ids stand in the first column of trades.csv"
    raise InputError(Problem(f'there is no call "{identity}" in this run', str(folder / CALLS_FILE), hint=hint))


# --------------------------------------------------------------------------- the message


def _message(workspace: Workspace, run: Run, row: CallRow) -> Iterator[str]:
    """The text that was read, with its values underlined."""
    path = workspace.root / "channels" / f"{row.channel}.channel"
    profile = workspace.profile(row.channel)
    if profile is None:
        yield f"message: cannot be shown, channels/{row.channel}.channel is missing or has errors"
        return
    number = int(row.signal_id.split("/")[1].split("#")[0])
    versions = [m for m in _messages(workspace, run, row) if m.message_id == number and m.kind != "deletion"]
    changed = run.inputs.get(workspace.shown(path)) != hashlib.sha256(_text(workspace, path)).hexdigest()
    yield f'posted {show_time(moment_ms(row.posted), run.timezone)} ({run.timezone}), read by layout "{row.layout}"'
    if changed:
        yield f"note: {workspace.shown(path)} has changed since this run"
    if not versions:
        yield "message: it is no longer in the archive"
        return
    yield ""
    yield render(explain(profile, versions[0].text, versions[0].known_ms, versions[0].sender))
    for later in versions[1:]:
        yield f"edited {show_time(later.known_ms, run.timezone)}: {clean(' / '.join(later.text.split(chr(10))))}"
    yield ""


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


def _path(row: CallRow, zone: str) -> Iterator[str]:
    """The plan and what the candles made of it."""
    entry = " - ".join(_price(price) for price in row.entry) or "at the market"
    targets = " / ".join(_price(price) for price in row.targets) or "none"
    stop = _price(row.stop) if row.stop is not None else "none"
    yield f"call: {row.side} {row.symbol}, entry {entry} ({row.entry_kind}), stop {stop}, targets {targets}"
    if row.acted:
        yield f"acts: {_moment(row.acted, zone)}"
    if row.entry_price is not None and row.filled_at:
        yield f"filled: {_moment(row.filled_at, zone)} at {_price(row.entry_price)} on average"
        for part in row.exits.split("; "):
            yield f"  out: {part}"
    if row.ambiguous:
        yield "ambiguous: the candles do not tell in which order things happened"
    if row.r is not None:
        ended = row.exit_reason == "rule"  # the account's trade; the call's own R knows no rules of the account
        if ended and row.risk and row.net is not None:
            yield f"result: {row.net / row.risk:+.2f} R net of costs, ended by a rule"
            yield f"  the call by itself, without the rules: {row.r:+.2f} R"
        else:
            yield f"result: {row.r:+.2f} R net of costs"


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


def _price(price: float) -> str:
    """A price without digits that say nothing."""
    return f"{price:.10g}"


def _moment(text: str, zone: str) -> str:
    """An ISO time in the run's zone."""
    return show_time(moment_ms(text), zone)

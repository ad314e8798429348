"""``cli.py paper status``: how each account stands, as data for programs, and as lines for people.

What is shown is gathered once (``state.py``); JSON is that as it is, the lines and the table are made of it.
"""

from __future__ import annotations

import json
import textwrap
import time
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from engine.collect.edits import counted
from engine.paper.spoken import in_words
from engine.pipeline.paper.alone import alone_line
from engine.pipeline.paper.book import Book, books
from engine.pipeline.paper.channels import ChannelRecord
from engine.pipeline.paper.fates import NEVER_FILLED, NOT_TAKEN, STAGES, funnel
from engine.pipeline.paper.holding import Held, held_lines
from engine.pipeline.paper.open import halted
from engine.pipeline.paper.orders import order_text
from engine.pipeline.paper.presence import ended_line
from engine.pipeline.paper.state import state_of
from engine.pipeline.paper.table import VERSION
from engine.pipeline.paper.words import age_lines, kept_words
from engine.report.show import count
from engine.verdict.forward import ENOUGH

if TYPE_CHECKING:
    from engine.pipeline.workspace import Workspace

ALIVE = ("waiting", "resting", "open")
MOST = 8  # open trades that are shown to people; JSON has all
ALONE = "what an account of its own made with the same rules; pauses and closings by hand are not in it"


def show_status(workspace: Workspace, account: str | None, form: str, say: Callable[[str], None]) -> None:
    """Print how the accounts stand: ``table`` for a terminal, ``plain`` for a pipe, ``json`` for a program."""
    now = round(time.time() * 1000)
    found = books(workspace, account)
    states = [state_of(workspace, book, now) for book in found]
    if form == "json":
        say(json.dumps({"version": VERSION, "accounts": states}, ensure_ascii=False, indent=1))
        return
    if form == "table":
        say = _wrapping(say)
    if len(states) > 1:
        say(f"{len(states)} accounts: {', '.join(_named(state) for state in states)}")
    for book, state in zip(found, states, strict=True):
        for line in _lines(book, state, now, workspace.settings.timezone, workspace.option):
            say(line)
        records = [ChannelRecord(**record) for record in state["channels"]]
        if form == "table" and records:
            _print_channels(records, {one["channel"]: one["gain"] for one in state["alone"]})
        else:
            for line in (*_channel_lines(records), *(alone_line(one, state["currency"]) for one in state["alone"])):
                say(f"  {line}")
            if state["alone"]:
                say(f"  alone: {ALONE}")
        for line in age_lines(kept_words(book.ledger, book.account), now):
            say(f"  {line}")
        for line in (*state["testnet"], *([state["reconciled"]] if state["reconciled"] else [])):
            say(f"  {line}")


def _wrapping(say: Callable[[str], None]) -> Callable[[str], None]:
    """Lines that go on, further in, where the terminal ends."""
    from rich.console import Console

    width = Console().width

    def wrapped(line: str) -> None:
        inner = " " * (len(line) - len(line.lstrip()) + 4)
        say(textwrap.fill(line, width, subsequent_indent=inner, break_on_hyphens=False))

    return wrapped


# --------------------------------------------------------------------------- telling


def _named(state: dict[str, Any]) -> str:
    return f"{state['account']} ({'running' if state['running'] else 'not running'})"


def _lines(book: Book, state: dict[str, Any], now_ms: int, zone: str, option: str) -> Iterator[str]:
    """An account for people, without its channels."""
    currency = state["currency"]
    running = "running" if state["running"] else "not running"
    yield f"{state['account']}: {running}, last written {_shown(state['last_event'])} ({zone})"
    if state["ended"]:
        yield f"  {ended_line(state['ended']['fault'], state['ended']['log'], _shown(state['ended']['at']))}"
    priced = f" at the prices of {_shown(state['priced_at'])}" if state["priced_at"] else ""
    priced = f" if all is left{priced}" if any(trade["quantity"] for trade in state["open"]) else ""
    live = f", with {count(state['only_live'], 'trade')} only live" if state["only_live"] else ""
    yield f"  equity {state['equity']:,.2f} {currency}{priced}{live}"
    began = f"began {_shown(state['began'])} with {state['began_with']:,.2f} {currency}"
    yield f"  realised {state['realised']:,.2f} {currency}; {began}"
    for loss in state["losses"]:
        yield f"  {_loss(loss, currency)}"
    for trade in state["open"][:MOST]:
        yield f"  {_trade(trade)}"
    if len(state["open"]) > MOST:
        yield f"  and {count(len(state['open']) - MOST, 'more', 'more')} resting or open"
    for halt in book.halts:
        if halt.until_ms > now_ms:
            yield f"  {halted(halt, zone)}"
    for line in held_lines([Held(**one) for one in state["held"]]):
        yield f"  {line}"
    for order in state["orders"]:
        yield f"  {order_text(order)} asked {_shown(order['asked'])}: waits for the running account"
    for line in funnel(book.fates):
        yield f"  {line}"
    for name, number in state["unread"].items():
        posts = count(number, "post that looks like a call was", "posts that look like calls were")
        yield f"  {name}: {posts} not read (cli.py channel coverage {name}{option})"
    for name, codes in state["unfollowed"].items():
        yield f"  {name}: {counted(codes)} (cli.py channel coverage {name}{option})"


def _loss(loss: dict[str, Any], currency: str) -> str:
    """The day's or the week's change, and the rules about it."""
    part = "" if loss["fraction"] is None else f" ({loss['fraction']:+.2%})"
    text = f"{loss['span']} of {loss['of']}: {loss['change']:+,.2f} {currency}{part}"
    rules = [f"{rule['rule']} ({rule['where']}) speaks below {-rule['limit']:.2%}" for rule in loss["rules"]]
    return "; ".join([text, *rules])


def _trade(trade: dict[str, Any]) -> str:
    """A trade that rests or is open."""
    text = f"{trade['state']} {_shown(trade['since'])[5:]}: {trade['signal_id']} {trade['side']} {trade['symbol']}"
    text += "" if trade["entry"] is None else f" at {trade['entry']:.6g}"
    text += "" if trade["stop"] is None else f", stop {trade['stop']:.6g}"
    text += ("" if trade["r"] is None else f", {trade['r']:+.2f} R") + (" (late)" if trade["late"] else "")
    for move in trade["live"]:
        text += f"; {in_words(move['what'])} (live) at {move['price']:.8g}, {move['at'][11:19]}"
    return text + (" (close asked for)" if trade["closing"] and trade["state"] != "closed (live)" else "")


def _channel_lines(records: Sequence[ChannelRecord]) -> Iterator[str]:
    """Each channel on a line, for a pipe."""
    for record in records:
        stages = ", ".join(f"{record.stages[stage]:,} {stage}" for stage in reversed(STAGES) if stage in record.stages)
        yield f"{_name(record, records)}: {count(record.heard, 'call')} heard: {stages}; {record.told}"


def _name(record: ChannelRecord, among: Sequence[ChannelRecord]) -> str:
    """A channel's name, with its strategy where there are several."""
    several = len({one.strategy for one in among}) > 1
    return f"{record.channel} ({record.strategy})" if several else record.channel


def _print_channels(records: Sequence[ChannelRecord], alone: dict[str, float]) -> None:
    """The channels as a table: where the calls went, what all of them made, and what each made of an own account."""
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=0)
    table.add_column("\nchannel", overflow="fold")
    heads = ("\nheard", "not\ntaken", "never\nfilled", "\nalive", "\nclosed", "all\nclosed", "\nsum R", "mean\nR")
    for head in (*heads, "evi-\ndence", *(["\nalone"] if alone else [])):
        table.add_column(head, justify="right", no_wrap=True)
    for record in records:
        parts = (NOT_TAKEN, (NEVER_FILLED,), ALIVE, ("closed",))
        counts = [record.heard, *(sum(record.stages.get(stage, 0) for stage in part) for part in parts), record.closed]
        made = ["-"] * 3
        if record.mean_r is not None:
            made = [f"{record.sum_r:+.2f}", f"{record.mean_r:+.2f}", f"{record.evidence:.2f}"]
        made += [f"{alone[record.channel]:+.1%}" if record.channel in alone else "-"] if alone else []
        table.add_row(Text(_name(record, records)), *(f"{number:,}" for number in counts), *made)
    console = Console()
    console.print(table)
    said = "alive: waiting, resting or open. all closed, sum and mean R, evidence: of all its calls by "
    said += f"themselves, also the refused, net of costs; an evidence of {ENOUGH:g} shows an edge."
    said += f" alone: {ALONE}." if alone else ""
    console.print(Text(said))


def _shown(iso: str) -> str:
    return iso[:16].replace("T", " ")

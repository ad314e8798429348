"""``cli.py paper status``: how each account stands, as data for programs, and as lines for people.

``state_of`` gathers everything once; JSON is that as it is, the lines and the table are made of it.
"""

from __future__ import annotations

import json
import textwrap
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from engine.domain import UNTIL_RESUMED_MS
from engine.pipeline.paper.alone import alone_line, alone_states
from engine.pipeline.paper.book import Book, books, last_prices, running_account, strategies_now
from engine.pipeline.paper.channels import ChannelRecord, channel_records
from engine.pipeline.paper.fates import NEVER_FILLED, NOT_TAKEN, STAGES, funnel
from engine.pipeline.paper.holding import Held, held_coins, held_lines
from engine.pipeline.paper.open import halted, open_r
from engine.pipeline.paper.orders import order_text, waiting_orders
from engine.pipeline.paper.presence import ended, ended_line
from engine.pipeline.paper.table import VERSION, moment
from engine.pipeline.paper.words import age_lines, kept_words
from engine.pipeline.paper.worth import worth_of
from engine.report.show import count
from engine.verdict.forward import ENOUGH

if TYPE_CHECKING:
    from engine.paper.call import PaperCall
    from engine.pipeline.workspace import Workspace
    from engine.risk.tree import Tree

ALIVE = ("waiting", "resting", "open")
MOST = 8  # open trades that are shown to people; JSON has all
LOSSES = {"daily loss over": "day", "weekly loss over": "week"}
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


# --------------------------------------------------------------------------- gathering


def state_of(workspace: Workspace, book: Book, now_ms: int) -> dict[str, Any]:
    """How an account stands, as plain data; the fields are told in docs/paper-trading.md."""
    zone = workspace.settings.timezone
    began_with = book.begun.data["equity"]
    prices = last_prices(workspace, book)
    worth, fates = worth_of(book, prices), book.fates
    priced = min((prices[symbol][0] for symbol, q in worth.held.items() if q and symbol in prices), default=None)
    reconciled = [event.data["line"] for event in book.ledger.events(book.account, 0, "reconciled")]
    asked = {str(order.data["id"]) for order in waiting_orders(book) if order.kind == "close"}
    running = running_account(workspace, book.ledger) == book.account
    end = None if running else ended(workspace, book)
    return {
        "account": book.account,
        "strategies": list(book.begun.data["strategies"]),
        "running": running,
        "ended": end and {"at": moment(end.at_ms, zone), "fault": end.fault, "log": end.log},
        "began": moment(book.began_ms, zone),
        "last_event": moment(book.last_ms, zone),
        "currency": book.currency,
        "began_with": began_with,
        "realised": worth.realised,
        "equity": worth.equity,
        "marked": worth.marked,
        "only_live": worth.live,
        "priced_at": None if priced is None else moment(priced, zone),
        "losses": _losses(workspace, book, worth.marked),
        "open": [
            *(_open(side, prices, zone, book, asked) for side in book.standing),
            *(_open(side, prices, zone, book, asked, " (live)") for side in book.live),
        ],
        "halts": [_dated(asdict(halt), zone) for halt in book.halts if halt.until_ms > now_ms],
        "orders": [
            _dated({"order": event.kind, "asked": moment(event.at_ms, zone), **event.data}, zone)
            for event in waiting_orders(book)
        ],
        "held": [asdict(one) for one in held_coins(workspace, book)],
        "calls": len(fates),
        "unread": _unread(book),
        "channels": [asdict(record) for record in channel_records(fates, book.fold.rows)],
        "alone": list(alone_states(book, prices, zone)),
        "verdicts": [_given(word, zone) for word in kept_words(book.ledger, book.account)],
        "testnet": _practised(workspace, book),
        "reconciled": reconciled[-1] if reconciled else None,
    }


def _given(word: dict[str, Any], zone: str) -> dict[str, Any]:
    """A verdict with the moment at which it was given."""
    said = {key: word[key] for key in ("strategy", "channel", "word", "trades")}
    return {**said, "given": moment(word["given_ms"], zone)}


def _unread(book: Book) -> dict[str, int]:
    """How many posts of each channel look like calls and were not read, in no version."""
    read = {fate.signal_id.partition("#")[0] for fate in book.fates}
    return dict(sorted(Counter(name.rpartition("/")[0] for name in book.heard.posts - read).items()))


def _dated(data: dict[str, Any], zone: str) -> dict[str, Any]:
    """Data whose ``until_ms`` is an ISO time ``until``; None: until a person ends it. So with ``from`` of a pause."""
    until = data.pop("until_ms", None)
    if "from_ms" in data:
        from_ms = data.pop("from_ms")
        data |= {"from": moment(from_ms, zone) if from_ms else None}
    return data | {"until": None if until is None or until >= UNTIL_RESUMED_MS else moment(until, zone)}


def _open(
    call: PaperCall, prices: dict[str, tuple[int, float]], zone: str, book: Book, asked: set[str], live: str = ""
) -> dict[str, Any]:
    """A trade that rests or is open, as it stands now; ``live``: the record follows when its first candle is over.

    ``asked`` are the ids whose end somebody asked for (or "all").
    """
    stepper, plan = call.acting.stepper, call.plan
    fills, since = stepper.path().fills, book.heard.now.ahead(call.row) if not live else []
    state = "closed (live)" if call.over else ("open" if fills else "resting") + live
    r = call.trade().r if call.over else None
    last = prices[plan.symbol][1] if plan.symbol in prices else None
    return {
        "signal_id": plan.signal_id,
        "channel": plan.channel,
        "strategy": call.lane,
        "symbol": plan.symbol,
        "side": plan.side.value,
        "state": state,
        "since": moment(fills[0].ts_ms if fills else plan.act_ms, zone),
        "quantity": call.quantity * stepper.held,
        "entry": stepper.position.average if fills else None,
        "stop": stepper.stop,
        "next_target": stepper.position.first_target(),
        "last": last,
        "r": open_r(call, last) if fills and last is not None and not call.over else r,
        "late": call.marked_late,
        "live": [
            {
                "what": move["what"],
                "at": moment(move["ts_ms"], zone),
                "price": move["price"],
                "quantity": call.quantity * move["share"],
            }
            for move in since
        ],
        "closing": call.closing_ms is not None or bool(asked & {plan.signal_id, "all"}),
    }


def _losses(workspace: Workspace, book: Book, equity: float) -> list[dict[str, Any]]:
    """What the day and the week have made so far, marked as rules see it, with the rules that look at it."""
    data, found = book.fold.books or {}, []
    if data.get("day") is None:
        return []
    rules = list(_loss_rules(workspace, book))
    for key, span in LOSSES.items():
        start = data[f"{span}_equity"]
        mine = [{"rule": r, "where": where, "limit": limit} for name, r, where, limit in rules if name == key]
        if mine or span == "day":
            change = equity - start
            part = change / start if start > 0 else None
            found.append(
                {"span": span, "of": data["day"], "start": start, "change": change, "fraction": part, "rules": mine}
            )
    return found


def _loss_rules(workspace: Workspace, book: Book) -> Iterator[tuple[str, str, str, float]]:
    """The conditions about losses in the account's rules: key, rule, place, limit. Files with errors have none."""
    names = dict.fromkeys(name for strategy in strategies_now(workspace, book) for name in strategy.rules)
    for name in names:
        rules = workspace.rule_file(name)
        for rule in rules.rules if rules is not None else ():
            for key, limit in _leaves(rule.when):
                if key in LOSSES:
                    yield key, rule.name, rule.where, limit


def _leaves(tree: Tree) -> Iterator[tuple[str, Any]]:
    """The conditions of a tree that have to hold, with their limits; not those under a ``not``."""
    from engine.risk.tree import AllOf, AnyOf, Leaf

    if isinstance(tree, Leaf):
        yield tree.condition.key, tree.limit
    elif isinstance(tree, (AllOf, AnyOf)):
        for part in tree.parts:
            yield from _leaves(part)


def _practised(workspace: Workspace, book: Book) -> list[str]:
    path = workspace.testnet_path
    if not path.is_file():
        return []
    from engine.pipeline.testnetsummary import summary

    return summary(path, book.fold.rows)


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
        what = move["what"].rpartition(" ")[0]
        text += f"; {move['what'] if what == 'target' else what} (live) at {move['price']:.8g}, {move['at'][11:19]}"
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
    said = "alive: waiting, resting or open. all closed, sum and mean R, evidence: of all its calls, also the refused, "
    said += f"net of costs; an evidence of {ENOUGH:g} shows an edge."
    said += f" alone: {ALONE}." if alone else ""
    console.print(Text(said))


def _shown(iso: str) -> str:
    return iso[:16].replace("T", " ")

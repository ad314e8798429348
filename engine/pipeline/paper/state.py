"""How an account on paper stands, gathered once as plain data; the fields are told in docs/paper-trading.md.

JSON is this as it is, the lines and the table of ``paper status`` are made of it (``status.py``).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from engine.domain import UNTIL_RESUMED_MS
from engine.pipeline.paper.alone import alone_states
from engine.pipeline.paper.book import Book, last_prices, running_account, strategies_now
from engine.pipeline.paper.channels import channel_records
from engine.pipeline.paper.holding import held_coins
from engine.pipeline.paper.open import open_r
from engine.pipeline.paper.orders import waiting_orders
from engine.pipeline.paper.presence import ended
from engine.pipeline.paper.table import moment
from engine.pipeline.paper.words import kept_words
from engine.pipeline.paper.worth import worth_of
from engine.simulate.flows import held_entry

if TYPE_CHECKING:
    from engine.paper.call import PaperCall
    from engine.pipeline.workspace import Workspace
    from engine.risk.tree import Tree

LOSSES = {"daily loss over": "day", "weekly loss over": "week"}


def state_of(workspace: Workspace, book: Book, now_ms: int) -> dict[str, Any]:
    """How an account stands at a moment."""
    zone = workspace.settings.timezone
    began_with = book.begun.data["equity"]
    prices = last_prices(workspace, book)
    worth, fates = worth_of(book, prices), book.fates
    priced = min((prices[symbol][0] for symbol, q in worth.held.items() if q and symbol in prices), default=None)
    reconciled = [event.data["line"] for event in book.ledger.events(book.account, 0, "reconciled")]
    orders = waiting_orders(book)
    asked = {str(order.data["id"]) for order in orders if order.kind == "close"}
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
            _dated({"order": event.kind, "asked": moment(event.at_ms, zone), **event.data}, zone) for event in orders
        ],
        "held": [asdict(one) for one in held_coins(workspace, book)],
        "calls": len(fates),
        "unread": _unread(book),
        "unfollowed": {name: dict(codes.most_common()) for name, codes in sorted(book.heard.unfollowed.items())},
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
        "entry": held_entry(stepper.path()),
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

    return summary(path, book.fold.rows, {side.row for side in (*book.standing, *book.live_sides) if side.over})

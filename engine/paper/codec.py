"""Plans, changes and what the account says, as plain data that JSON can hold, and back."""

from __future__ import annotations

from dataclasses import asdict
from datetime import date
from typing import Any

from engine.domain import (
    Change,
    Distance,
    Halt,
    History,
    OpenTrade,
    Order,
    Plan,
    RuleNote,
    Side,
    StopMove,
    Trail,
)
from engine.simulate.account import Accountant
from engine.simulate.answers import Answer
from engine.simulate.books import Books
from engine.simulate.flows import Flow
from engine.simulate.judge import Alarm
from engine.simulate.plain import change_from, level_from, levels_from
from engine.simulate.terms import Terms

Data = dict[str, Any]


def plan_data(plan: Plan) -> Data:
    """A plan without its changes: they come by events of their own."""
    return asdict(plan) | {"changes": []}


def plan_from(data: Data) -> Plan:
    """The plan that ``plan_data`` gave."""
    trail = data["trail"]
    return Plan(
        **(
            data
            | {
                "side": Side(data["side"]),
                "orders": tuple(Order(**order) for order in data["orders"]),
                "stop": level_from(data["stop"]),
                "targets": tuple(levels_from(data["targets"])),
                "stop_moves": tuple(StopMove(**move) for move in data["stop_moves"]),
                "trail": trail and Trail(**(trail | {"distance": Distance(**trail["distance"])})),
                "changes": tuple(map(change_from, data["changes"])),
            }
        )
    )


def terms_from(data: Data) -> Terms:
    """The costs of a strategy, as the ledger has them."""
    return Terms(**(data | {"later_fees": tuple(tuple(row) for row in data["later_fees"])}))


def change_data(change: Change) -> Data:
    """A change as plain data."""
    return asdict(change)


def notes_from(data: list[Data]) -> tuple[RuleNote, ...]:
    """Notes of rules."""
    return tuple(RuleNote(**note) for note in data)


def facts_from(data: Data | None) -> OpenTrade | None:
    """A taken trade as rules see it."""
    return None if data is None else OpenTrade(**(data | {"side": Side(data["side"])}))


def books_data(account: Accountant) -> Data:
    """Everything that an account knows at a moment; flows to come in the order in which they will be booked."""
    books = account.books
    ends = {row: end_ms for end_ms, _, row in books.ends}
    symbols = {*books.held, *(symbol for *_, (_, symbol, *_) in books.flows)}  # held now, or by what is booked already
    return {
        "cash": books.cash,
        "wallet": books.wallet,
        "held": books.held,
        "flows": [[at, number, row, list(flow)] for at, number, row, flow in sorted(books.flows)],
        "open": [[ends[row], row, asdict(facts), row in books.ending] for row, facts in books.open.items()],
        "halts": [asdict(halt) for halt in books.halts],
        "peak": books.peak,
        "day": None if books.day is None else books.day.isoformat(),
        "day_equity": books.day_equity,
        "week_equity": books.week_equity,
        "history": asdict(books.history),
        "sequence": account.sequence,
        "midnight_ms": account.midnight_ms,
        "now_ms": account.now_ms,
        "booked": account.booked,
        "prices": {symbol: account.marks.price(symbol, account.now_ms) for symbol in sorted(symbols)},
    }


def restore_books(account: Accountant, data: Data) -> None:
    """Bring an account to where it was when ``books_data`` was taken."""
    books = Books(data["cash"], data["wallet"], dict(data["held"]), peak=data["peak"], rank=account.books.rank)
    books.flows = [(at, number, row, Flow(*flow)) for at, number, row, flow in data["flows"]]
    for end_ms, row, found, ending in data["open"]:
        facts = facts_from(found)
        assert facts is not None
        books.add(row, facts, end_ms)
        books.ending |= {row} if ending else set()
    books.halts = [halt_from(halt) for halt in data["halts"]]
    books.day = None if data["day"] is None else date.fromisoformat(data["day"])
    books.day_equity, books.week_equity = data["day_equity"], data["week_equity"]
    books.history = History(**data["history"])
    account.restored(books)
    account.sequence, account.midnight_ms = data["sequence"], data["midnight_ms"]
    account.now_ms, account.booked = data["now_ms"], data["booked"]


def halt_from(data: Data) -> Halt:
    """A pause."""
    return Halt(**(data | {"channels": tuple(data["channels"]), "symbols": tuple(data["symbols"])}))


def alarm_data(alarm: Alarm) -> Data:
    """What a rule said that spoke by itself."""
    halt = None if alarm.halt is None else asdict(alarm.halt)
    close = None if alarm.close is None else asdict(alarm.close)
    return {"note": asdict(alarm.note), "halt": halt, "close": close}


def margins_of(answer: Answer) -> list[list[Any]]:
    """Who held the margin that a refused call needed: signal, symbol and margin of each open trade."""
    return [[trade.signal_id, trade.symbol, trade.margin] for trade in answer.holders]

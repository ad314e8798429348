"""Messages of an invented channel, for the tests of this folder."""

from __future__ import annotations

import re

from engine.domain import Action, EntryKind, Message, Reading, Refusal, Setup, Side, Target
from engine.units import moment_ms

CHAT = -1001234567890
CALL = "BUY BTCUSDT @ 64800, TP 65000, SL 64500"
WORSE = "BUY BTCUSDT @ 64800, TP 64900, SL 64000"


def at(time: str) -> int:
    """A moment of 4 May 2025, such as 15:30."""
    return moment_ms(f"2025-05-04 {time}")


def post(number: int, time: str, text: str, channel: str = "fast_scalps", **more: object) -> Message:
    """The original of a message."""
    fields = {"version": 1, "kind": "post", "edited_ms": None, "received_ms": at(time) + 900}
    return Message(channel, CHAT, number, posted_ms=at(time), text=text, **(fields | more))  # type: ignore[arg-type]


def edit(number: int, posted: str, edited: str | None, text: str, **more: object) -> Message:
    """A later version; ``edited`` None when nobody knows when it appeared."""
    fields = {"kind": "edit", "version": 2, "edited_ms": None if edited is None else at(edited)}
    return post(number, posted, text, **(fields | more))


def deletion(number: int, posted: str, gone: str) -> Message:
    """The news that a message is gone."""
    return post(number, posted, "", kind="deletion", version=2, edited_ms=at(gone))


def read_toy(message: Message) -> Reading:
    """A reader of one-line calls, ``close SYMBOL`` and ``close``, which refuses calls without SL."""
    setups = []
    for side, symbol, entry, rest in re.findall(r"(BUY|SELL) (\w+) @ (\d+)(.*)", message.text):
        stop = re.search(r"SL (\d+)", rest)
        if not stop:
            return Reading(refusal=Refusal("no-stop", "the call has no stop"))
        targets = tuple(Target(float(price)) for price in re.findall(r"TP (\d+)", rest))
        direction = Side.LONG if side == "BUY" else Side.SHORT
        setups.append(Setup(symbol, direction, EntryKind.LIMIT, (float(entry),), targets, float(stop[1]), "one line"))
    if setups:
        return Reading(setups=tuple(setups))
    if match := re.search(r"re-enter ?(\w*)(?: @ (\d+))?(?: SL (\d+))?", message.text):
        entries = (float(match[2]),) if match[2] else ()
        stop = float(match[3]) if match[3] else None
        return Reading(actions=(Action("re-enter", match[1] or None, "again", entries=entries, stop=stop),))
    if match := re.search(r"close ?(\w*)", message.text):
        return Reading(actions=(Action("close", match[1] or None, "close"),))
    return Reading(refusal=Refusal("no-layout", "no layout fits"))

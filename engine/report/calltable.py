"""The table of calls in the page: its columns, and each call as a row of plain values."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from engine.report.calls import OWN, CallRow, Calls, alike
from engine.report.tables import clean
from engine.report.words import Words
from engine.units import moment_ms, show_duration, show_time

LONGEST_TEXT = 240
_EXIT = re.compile(r"([a-z ]+?(?: \d+)?) ([-+.\de]+) x ([-+.\de]+) @ (\S+)")
TRANSLATED = ("side", "status", "own_status", "exit_reason", "own_exit_reason", "entry_kind")
ACCOUNT = {own: name for name, own in OWN.items()}
RARE = frozenset({*ACCOUNT, "from_entry"})  # a page is without those that none of its calls has

Columns = tuple[tuple[str, str, str], ...]

# field, heading, kind; the first ones are columns, the others stand in the details of a row
COLUMNS: Columns = (
    ("posted", "Posted", "time"),
    ("channel", "Channel", "text"),
    ("symbol", "Symbol", "text"),
    ("side", "Side", "text"),
    ("status", "Outcome", "text"),
    ("exit_reason", "Exit", "text"),
    ("r", "R", "r"),
    ("taken", "Taken", "flag"),
    ("net", "Net", "money"),
)
DETAILS: Columns = (
    ("signal_id", "Signal", "text"),
    ("layout", "Layout", "text"),
    ("entry_kind", "Entry kind", "text"),
    ("entry", "Entry", "prices"),
    ("stop", "Stop", "price"),
    ("targets", "Targets", "prices"),
    ("from_entry", "From the entry", "text"),
    ("leverage", "Leverage", "number"),
    ("acted", "Could act", "time"),
    ("delay_s", "Delay", "delay"),
    ("filled_at", "Filled", "time"),
    ("entry_price", "Entry price", "price"),
    ("closed_at", "Closed", "time"),
    ("exits", "Exits", "text"),
    ("ambiguous", "Ambiguous", "flag"),
    ("rule", "Refused by", "text"),
    ("rule_where", "Rule stands in", "text"),
    ("notes", "Notes", "text"),
    ("quantity", "Quantity", "number"),
    ("risk", "Risk", "amount"),
    ("gross", "Gross", "money"),
    ("fees", "Fees", "amount"),
    ("funding", "Funding paid", "amount"),
    ("own_status", "Outcome by itself", "text"),
    ("own_filled_at", "Filled by itself", "time"),
    ("own_closed_at", "Closed by itself", "time"),
    ("own_exit_reason", "Exit by itself", "text"),
    ("own_r", "R by itself", "r"),
    ("own_mae_r", "Against it, R", "r"),
    ("own_mfe_r", "For it, R", "r"),
)


def call_data(
    names: Mapping[str, str],
    ticks: Mapping[str, int],
    shown: Iterable[CallRow],
    zone: str,
    words: Words,
    head: Columns = COLUMNS,
    details: Columns = DETAILS,
) -> dict[str, Any]:
    """The calls for the table of the page: its columns, rows of plain values, and the decimals of each symbol.

    ``names`` are those of the channels, ``ticks`` the decimals of each symbol's tick. A column of few words that come
    often carries them once, as ``values``; its rows hold their places. What a call did by itself is shown where the
    account's trade did otherwise.
    """
    given = Calls.of(shown).columns
    given = {**given, "channel": [names.get(channel, channel) for channel in given["channel"]]}
    columns, cells = [], []
    for field, label, kind in (*head, *details):
        column: dict[str, Any] = {"field": field, "label": words(label), "kind": kind}
        cells_of = given[field] if field not in ACCOUNT else _otherwise(given[field], given[ACCOUNT[field]], kind)
        if field in RARE and all(cell in ("", None) for cell in cells_of):
            continue
        values = [_plain(value, kind, zone) for value in cells_of]
        if field == "exits":
            exits = zip(given["exits"], given["symbol"], strict=True)
            values = [exits_text(text, ticks.get(symbol), zone, words) for text, symbol in exits]
        elif field == "from_entry":
            values = [_levels_text(text, words) for text in values]
        elif field == "notes":
            values = [note_text(notes, words) for notes in given["notes"]]
        elif field in TRANSLATED or kind == "delay":
            values = [words.line(value) for value in values]
        if kind == "text" and 4 * len(known := sorted(set(values))) < len(values):
            column["values"], place = known, {word: i for i, word in enumerate(known)}
            values = [place[value] for value in values]
        columns.append(column)
        cells.append(values)
    decimals = {clean(symbol): places for symbol, places in ticks.items()}
    return {"columns": columns, "shown": len(head), "rows": list(zip(*cells, strict=True)), "decimals": decimals}


def _otherwise(own: Sequence[Any], account: Sequence[Any], kind: str) -> list[Any]:
    """What calls did by themselves, nothing where the account's trade did the same."""
    nothing = None if kind == "r" else ""
    if own == account:  # as in a run without a rule that ends trades
        return [nothing] * len(own)
    return [nothing if alike(*both) else both[0] for both in zip(own, account, strict=True)]


def _plain(value: Any, kind: str, zone: str) -> Any:
    """One value for the page's table: short, finite, times in the zone of the run."""
    if kind == "time":
        return show_time(moment_ms(value), zone) if value else ""
    if kind == "text":
        return clean(_cut(value))
    if kind == "flag":
        return int(value)
    if kind == "delay":
        return "" if value is None else show_duration(1000 * value)
    if kind == "prices":
        return [float(f"{price:.8g}") for price in value[:20]]
    return None if value is None else float(f"{value:.8g}") if kind in ("price", "number") else round(value, 3)


def note_text(notes: str, words: Words) -> str:
    """What rules said of a call, as long as the page shows it; cut before it is translated, for the sake of time."""
    return _cut(words.notes(clean(notes)[: 2 * LONGEST_TEXT]))


def _cut(text: str) -> str:
    """At most ``LONGEST_TEXT`` characters."""
    return text if len(text) <= LONGEST_TEXT else text[: LONGEST_TEXT - 1] + "…"


def _levels_text(told: str, words: Words) -> str:
    """Levels that count from the entry: ``target 1: 2% above; stop: 1% below``."""
    parts = [part.split(": ", 1) for part in told.split("; ")] if told else []
    return "; ".join([": ".join([words.line(word) for word in part]) for part in parts])


def exits_text(exits: str, decimals: int | None, zone: str, words: Words) -> str:
    """The exits of a call as a reader writes them: ``target 1: 65000.0 × 0.5, 2025-05-04 18:40; stop: ...``."""
    parts = []
    for part in exits.split("; ") if exits else ():
        match = _EXIT.fullmatch(part)
        if match is None:
            return clean(exits)[:LONGEST_TEXT]
        what, price, share, at = match.groups()
        told = price if decimals is None else f"{float(price):.{decimals}f}"
        figures = words.figure(f"{told} × {float(share):.3g}")
        parts.append(f"{words.line(what)}: {figures}, {show_time(moment_ms(at), zone)[:16]}")
    return "; ".join(parts)

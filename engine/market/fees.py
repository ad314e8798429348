"""The dated fee table: what an exchange takes at a given time, and who says so."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from engine.config.diagnostics import did_you_mean
from engine.config.strategy import Fees
from engine.config.text import SourceText
from engine.config.yamlfile import load_yaml
from engine.problem import Problem
from engine.units import moment_ms, show_time

TABLE = Path(__file__).with_name("data") / "fees.yaml"


@dataclass(frozen=True, slots=True)
class FeeQuote:
    """Fees, and a note where they were not in force at the time asked for ("" where they were)."""

    fees: Fees
    note: str = ""


def fees_of(exchange: str, market_type: str, at_ms: int) -> FeeQuote | Problem:
    """The fees of an exchange at a time.

    Parameters
    ----------
    exchange
        Such as ``mexc``.
    market_type
        ``swap`` or ``spot``.
    at_ms
        UTC epoch milliseconds. Before the first entry of the table the earliest one is used, and the note says so.

    Returns
    -------
        The quote, or a problem that lists what the table knows.
    """
    table = _table()
    entries = table.get(exchange, {}).get(market_type)
    if entries is None:
        known = sorted(table[exchange]) if exchange in table else sorted(table)
        missing = f'"{market_type}" fees of {exchange}' if exchange in table else f'fees of "{exchange}"'
        near = did_you_mean(market_type if exchange in table else exchange, known) or f"known: {', '.join(known)}"
        hint = f"{near}; or write your own: fees: {{maker: 0.02%, taker: 0.06%, source: my account}}"
        return Problem(f"the fee table has no {missing}", hint=hint)
    dated = _dated(entries)
    past = [entry for since, entry in dated if since <= at_ms]
    entry = past[-1] if past else dated[0][1]
    if past:
        return FeeQuote(_fees(entry))
    when = show_time(at_ms)[:10]
    return FeeQuote(
        _fees(entry), f"{exchange} {market_type} fees of {when} are not known; those since {entry['from']} are used"
    )


@dataclass(frozen=True, slots=True)
class FeeEras:
    """Fees in order of time: ``first`` and what replaced it, each with the moment from which on it holds."""

    first: FeeQuote
    later: tuple[tuple[int, Fees], ...] = ()


def fee_eras(exchange: str, market_type: str, from_ms: int, to_ms: int) -> FeeEras | Problem:
    """All fees of an exchange that were in force between two moments; problems as in ``fees_of``."""
    first = fees_of(exchange, market_type, from_ms)
    if isinstance(first, Problem):
        return first
    later = [
        (since, _fees(entry)) for since, entry in _dated(_table()[exchange][market_type]) if from_ms < since <= to_ms
    ]
    # fees used before the table begins need no second beginning
    return FeeEras(first, tuple(later[1:] if first.note and later else later))


def known_exchanges() -> tuple[str, ...]:
    """The names that ``fees_of`` knows, sorted."""
    return tuple(sorted(_table()))


def _dated(entries: Iterable[Any]) -> list[tuple[int, Any]]:
    """Entries of the table in order of time, each with the moment from which on it holds."""
    return sorted((moment_ms(entry["from"]), entry) for entry in entries)


def _fees(entry: Any) -> Fees:
    """The fees of an entry of the table."""
    return Fees(float(entry["maker"]), float(entry["taker"]), entry["source"])


@cache
def _table() -> Any:
    """The data of the table by exchange and market type."""
    return load_yaml(SourceText(TABLE.name, TABLE.read_text(encoding="utf-8")))[0].data

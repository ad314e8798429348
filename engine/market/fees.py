"""The dated fee table: what an exchange charged at a time, and where that is known from."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.resources import files

import yaml

from engine.config.strategy import Fees
from engine.problem import Problem
from engine.units import fraction, iso, moment_ms


@dataclass(frozen=True, slots=True)
class DatedFees:
    """Fees with the sentence that a report prints about them."""

    fees: Fees
    note: str


def fees_of(exchange: str, market_type: str, at_ms: int) -> DatedFees | Problem:
    """The fees in force at a time. Before the first entry the first one is used, and the note says so."""
    table = yaml.safe_load(files("engine.market").joinpath("data/fees.yaml").read_text(encoding="utf-8"))
    entries = table.get(exchange, {}).get(market_type)
    if not entries:
        known = ", ".join(f"{name} ({', '.join(types)})" for name, types in table.items())
        return Problem(
            f'no fees are known for "{exchange}" {market_type}', hint=f"known: {known}; or give maker and taker"
        )
    dated = [(moment_ms(str(entry["from"])), entry) for entry in entries]
    since, entry = next(((ms, e) for ms, e in reversed(dated) if ms <= at_ms), dated[0])
    fees = Fees(fraction(entry["maker"]), fraction(entry["taker"]), entry["source"])
    note = f"fees {exchange} {market_type}: maker {entry['maker']}, taker {entry['taker']} ({entry['source']})"
    if since > at_ms:
        note += f"; in force from {iso(since)[:10]}, used for earlier days too because no earlier figure is known"
    return DatedFees(fees, note)

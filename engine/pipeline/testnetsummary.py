"""How far the trades at a test exchange are from their record."""

from __future__ import annotations

import statistics
from collections.abc import Container, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from engine.report.show import count
from engine.simulate.position import DUST
from engine.testnet.journal import Journal
from engine.testnet.ticket import ticket_id

if TYPE_CHECKING:
    from engine.paper.call import PaperCall


def summary(path: Path, rows: Sequence[PaperCall], out: Container[int] = ()) -> list[str]:
    """What the test exchange made of the trades, against the record: lines for ``paper status``.

    A price is worse by so many basis points when the exchange bought dearer or sold cheaper than the record (for a
    short the other way round). ``out`` are the rows of trades that are out live and not in the record yet.
    """
    journal = Journal(path, lambda: 0)
    damaged = journal.look()
    if damaged is not None:
        return [f"testnet: {damaged}"]
    if not journal.standings:
        return []
    standings = journal.standings
    living = [standing for standing in standings.values() if not standing.over]
    lines = [
        f"testnet: {count(len(standings), 'trade')} sent, {len(living)} open, "
        f"{sum(s.held for s in living):g} contracts held"
    ]
    into: list[float] = []
    outof: list[float] = []
    for call in rows:
        standing = standings.get(ticket_id(call.lane, call.plan.signal_id))
        if standing is None:
            continue
        if call.row in out and standing.held > 0:
            text = "is out on paper (live) and held there: it goes out when the record's candle is over"
            lines.append(f"testnet: {call.plan.signal_id} {text}")
        state, sign = call.acting.stepper.position.state, call.plan.side.sign
        for found, moves, way, worse in (
            (standing.entry_average, state.fills, sign, into),
            (standing.exit_average if standing.over else None, state.legs, -sign, outof),
        ):
            share = sum(move.share for move in moves)
            if found is not None and share > DUST:
                average = sum(move.price * move.share for move in moves) / share
                worse.append(way * (found - average) / average * 10_000)
    for name, worse in (("entries", into), ("exits", outof)):
        if worse:
            middle = f"{statistics.median(worse):+.1f} bp at the median"
            many = count(len(worse), {"entries": "entry", "exits": "exit"}[name], name)
            lines.append(f"testnet: {many}, {middle} (+ is worse than the record)")
    refused = sum(sent.ended == "refused" for standing in standings.values() for sent in standing.of("entry"))
    if refused:
        lines.append(f"testnet: {count(refused, 'entry order')} refused by the exchange")
    return lines

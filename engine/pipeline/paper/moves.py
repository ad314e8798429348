"""Fills and exits of a trade on paper in lines, beside what was said of them live."""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator
from dataclasses import asdict
from typing import TYPE_CHECKING

from engine.domain import ExitReason, Fill, Leg
from engine.paper.spoken import moves_of
from engine.pipeline.postlines import move_line, price
from engine.simulate.flows import AT_OPEN
from engine.simulate.money import fee_of
from engine.units import show_time

if TYPE_CHECKING:
    from engine.domain import Path
    from engine.paper.call import PaperCall
    from engine.paper.spoken import Pair


SAID, AT_THE_OPEN, IN, OUT = range(4)  # what comes first of one moment
Moment = tuple[int, int]
"""When something happened, and its place among what happened then."""


def moves_lines(
    call: PaperCall, path: Path, pairs: Iterable[Pair], zone: str, ahead: Container[str] = ()
) -> Iterator[tuple[Moment, list[str]]]:
    """Each fill, exit and funding payment of the account's trade: its moment and its lines.

    They tell quantity and fee, and the price as it was said live. Fills of a candle come before its exits, but those
    at its open (``AT_OPEN``) before its fills. Those named in ``ahead`` were said live and are not in the record yet.
    """
    acting = call.acting
    terms, quantity = acting.stepper.terms, call.quantity
    legs = [leg for leg in path.legs if leg.reason is not ExitReason.END]
    names = moves_of([asdict(fill) for fill in path.fills], [asdict(leg) for leg in legs])
    live = {pair.record.what: pair.live for pair in pairs if pair.row == call.row}
    moves: list[Fill | Leg] = [*path.fills, *legs]
    for move, named in zip(moves, names, strict=True):
        what = move.name if isinstance(move, Leg) else "in"
        what += " (live)" if named.what in ahead else ""
        fee = fee_of(move, terms) * quantity
        liquidity = "maker" if move.maker else "taker"
        lines = [move_line(move.ts_ms, zone, what, quantity * move.share, move.share, move.price, liquidity, fee)]
        said = live.get(named.what)
        if said is not None:
            away = abs(said.price / move.price - 1) * 1e4
            lines.append(f"    live: {price(said.price)} at {show_time(said.ts_ms, zone)}, {away:.1f} bp away")
        place = IN if isinstance(move, Fill) else AT_THE_OPEN if move.reason in AT_OPEN else OUT
        yield (move.ts_ms, place), lines
    for ts_ms, paid in acting.paid:
        yield (ts_ms, OUT), [f"  {show_time(ts_ms, zone)} funding: {paid * quantity:,.2f}"]

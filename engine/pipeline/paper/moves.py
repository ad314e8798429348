"""Fills and exits of a trade on paper in lines, beside what was said of them live, and what changed it, in words."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import asdict
from typing import TYPE_CHECKING

from engine.domain import Distance, ExitReason, Fill, Leg
from engine.paper.spoken import moves_of
from engine.pipeline.postlines import price
from engine.simulate.money import fee_of
from engine.units import show_time

if TYPE_CHECKING:
    from engine.domain import Change, Path
    from engine.paper.call import PaperCall
    from engine.paper.spoken import Pair


def moves_lines(call: PaperCall, path: Path, pairs: Iterable[Pair], zone: str) -> Iterator[str]:
    """Each fill and exit of the account's trade with its quantity, its fee, and its price as it was said live."""
    acting = call.acting
    terms, quantity = acting.stepper.terms, call.quantity
    if call.own is not None:
        yield "its size changed its plan (margin tier, or impact on the price): it went its own way through the candles"
    legs = [leg for leg in path.legs if leg.reason is not ExitReason.END]
    names = moves_of([asdict(fill) for fill in path.fills], [asdict(leg) for leg in legs])
    live = {pair.record.what: pair.live for pair in pairs if pair.row == call.row}
    moves: list[Fill | Leg] = [*path.fills, *legs]
    for move, named in zip(moves, names, strict=True):
        what = move.name if isinstance(move, Leg) else "in"
        fee = fee_of(move, terms) * quantity
        line = f"  {show_time(move.ts_ms, zone)} {what}: {quantity * move.share:.6g} at {price(move.price)}"
        yield f"{line}, {'maker' if move.maker else 'taker'} fee {fee:,.2f}"
        said = live.get(named.what)
        if said is not None:
            away = abs(said.price / move.price - 1) * 1e4
            yield f"    live: {price(said.price)} at {show_time(said.ts_ms, zone)}, {away:.1f} bp away"
    for ts_ms, paid in acting.paid:
        yield f"  {show_time(ts_ms, zone)} funding: {paid * quantity:,.2f}"
    if path.fills and path.ambiguous:
        yield "  ambiguous: the candles do not tell in which order things happened"


def change_words(change: Change) -> str:
    """What a change does, in words: ``moves the stop to 64900``."""
    match change.kind:
        case "close":
            return "closes it" if change.share >= 1 else f"closes {change.share:.0%} of it"
        case "cancel":
            return "takes its orders away" if change.order is None else f"takes its order {change.order} away"
        case "stop":
            to = f"target {change.target}" if change.target is not None else _level(change.stop)
            return f"moves the stop to {to}"
        case "orders":
            return f"changes the entries to {', '.join(_level(order.price) for order in change.orders)}"
        case "targets":
            taken = "" if change.instead is None else f", unless {_level(change.instead)} was taken before"
            return f"changes the targets to {' / '.join(_level(level) for level, _ in change.targets)}{taken}"


def _level(level: float | Distance | str | None) -> str:
    if isinstance(level, Distance):
        return f"{level.value:g} {level.unit} from the entry"
    return "the market" if level is None else price(level)

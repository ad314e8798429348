"""What happened to each call of a run, move by move: the rows of its moves.csv.

Fills and exits are those of the account where it took the call and a size or a rule made them other ones, else those
of the call by itself. What the channel said later stands between them with what it changes of the plan.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import chain
from typing import TYPE_CHECKING, Any

import numpy as np

from engine.domain import ExitReason, Fill, Leg, exit_name
from engine.pipeline.callrows import times
from engine.pipeline.postlines import NOTHING, change_words, said_by, standing_at
from engine.pipeline.replay import by_call
from engine.report.moves import ENTRY, MAKER, SAID, TAKER
from engine.simulate.flows import AT_OPEN
from engine.simulate.table import REASON, REASONS

if TYPE_CHECKING:
    from engine.collect.reading import ReadResult
    from engine.config.strategy import Strategy
    from engine.domain import Message, Path, Plan, Signal
    from engine.files import Column
    from engine.market.candles import Floats, Ints
    from engine.pipeline.replay import Replay
    from engine.pipeline.statements import WrongNumbers
    from engine.simulate.table import Bools, PathTable
    from engine.simulate.terms import Terms

FIRST_SAID, FIRST_AT_OPEN, FIRST_IN, FIRST_OUT = range(4)  # what comes first of one moment


def move_columns(
    played: Replay,
    own: Mapping[int, Path],
    messages: Mapping[str, Sequence[Message]],
    readings: Mapping[str, ReadResult],
    strategy: Strategy,
    wrong_numbers: WrongNumbers,
) -> dict[str, Column]:
    """The columns of moves.csv, call by call in the order of trades.csv; ``own`` are paths by row that count instead
    of the table's.
    """
    table, terms = played.table, played.venue.terms
    order = played.by_posting
    at = np.array(played.rows, np.int64)[order]
    place = np.full(len(table), -1, np.int64)
    place[at[at >= 0]] = np.flatnonzero(at >= 0)
    usual = np.ones(len(table), np.bool_)
    usual[list(own)] = False
    said = list(_said(played, own, messages, readings, strategy, wrong_numbers))
    parts = [
        _fills(table, terms, usual, place),
        _exits(table, terms, usual, place),
        _of_paths([(int(place[row]), path) for row, path in own.items()], terms),
        _of_said([(int(place[row]), ms, text) for row, ms, text in said]),
    ]
    what, text = ([one for part in parts for one in part.pop(name)] for name in ("what", "text"))
    columns = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    by_time = np.lexsort((columns["rank"], columns["ms"], columns["place"]))
    columns = {name: column[by_time] for name, column in columns.items()}
    moved = (columns["rank"] != FIRST_SAID).tolist()
    ids, turn = ["" if row < 0 else table.plans[row].signal_id for row in at.tolist()], by_time.tolist()
    return {
        "signal_id": [ids[i] for i in columns["place"].tolist()],
        "time": times(columns["ms"]),
        "what": [what[i] for i in turn],
        "price": columns["price"],
        "share": columns["share"],
        "liquidity": [
            (MAKER if maker else TAKER) if is_move else ""
            for maker, is_move in zip(columns["maker"].tolist(), moved, strict=True)
        ],
        "fee_rate": columns["rate"],
        "text": [text[i] for i in turn],
    }


def _fills(table: PathTable, terms: Terms, usual: Bools, place: Ints) -> dict[str, Any]:
    into = (table.fill_ms >= 0) & usual[:, None]
    row, _ = np.nonzero(into)
    ms, maker = table.fill_ms[into], table.fill_maker[into]
    rate = terms.fees(ms, maker)
    what = [ENTRY] * len(row)
    return _part(place[row], ms, FIRST_IN, table.fill_price[into], table.fill_share[into], maker, rate, what)


def _exits(table: PathTable, terms: Terms, usual: Bools, place: Ints) -> dict[str, Any]:
    out = (table.leg_ms >= 0) & usual[:, None]
    row, _ = np.nonzero(out)
    ms, maker, reason = table.leg_ms[out], table.leg_maker[out], table.leg_reason[out]
    # the fees of a liquidation come out of the margin, which is gone
    rate = np.where(reason == REASON[ExitReason.LIQUIDATION], 0.0, terms.fees(ms, maker))
    each = zip(reason.tolist(), table.leg_target[out].tolist(), strict=True)
    what = [exit_name(REASONS[code], target) for code, target in each]
    rank = np.where(np.isin(reason, [REASON[one] for one in AT_OPEN]), FIRST_AT_OPEN, FIRST_OUT)
    return _part(place[row], ms, rank, table.leg_price[out], table.leg_share[out], maker, rate, what)


def _of_paths(paths: Sequence[tuple[int, Path]], terms: Terms) -> dict[str, Any]:
    moves: list[tuple[int, Fill | Leg]] = []
    for place, path in paths:
        moves += [(place, fill) for fill in path.fills]
        moves += [(place, leg) for leg in path.legs]
    rates = [
        0.0
        if isinstance(move, Leg) and move.reason is ExitReason.LIQUIDATION
        else terms.fee(move.ts_ms, maker=move.maker)
        for _, move in moves
    ]
    return _part(
        np.array([place for place, _ in moves], np.int64),
        np.array([move.ts_ms for _, move in moves], np.int64),
        np.array([_rank(move) for _, move in moves], np.int64),
        np.array([move.price for _, move in moves], np.float64),
        np.array([move.share for _, move in moves], np.float64),
        np.array([move.maker for _, move in moves], np.bool_),
        np.array(rates, np.float64),
        [move.name if isinstance(move, Leg) else ENTRY for _, move in moves],
    )


def _rank(move: Fill | Leg) -> int:
    """Fills of a candle come before its exits, but those at its open before its fills."""
    return FIRST_IN if isinstance(move, Fill) else FIRST_AT_OPEN if move.reason in AT_OPEN else FIRST_OUT


def _of_said(said: Sequence[tuple[int, int, str]]) -> dict[str, Any]:
    none = np.full(len(said), np.nan)
    place, ms = (np.array([one[i] for one in said], np.int64) for i in (0, 1))
    part = _part(place, ms, FIRST_SAID, none, none, np.zeros(len(said), np.bool_), none, [SAID] * len(said))
    return part | {"text": [text for _, _, text in said]}


def _part(
    place: Ints, ms: Ints, rank: int | Ints, price: Floats, share: Floats, maker: Bools, rate: Floats, what: list[str]
) -> dict[str, Any]:
    ranks = np.broadcast_to(np.array(rank, np.int64), place.shape)
    figures = {"place": place, "ms": ms, "rank": ranks, "price": price, "share": share, "maker": maker, "rate": rate}
    return figures | {"what": what, "text": [""] * len(what)}


def _said(
    played: Replay,
    paths: Mapping[int, Path],
    messages: Mapping[str, Sequence[Message]],
    readings: Mapping[str, ReadResult],
    strategy: Strategy,
    wrong_numbers: WrongNumbers,
) -> Iterator[tuple[int, int, str]]:
    """What was said of each planned call: its row, when, and the words."""
    bound = by_call(chain.from_iterable((*reading.updates, *reading.withdrawn) for reading in readings.values()))
    wrong: dict[tuple[str | None, int], list[str]] = {}
    for update, words in chain.from_iterable(wrong_numbers.values()):
        wrong.setdefault((update.signal_id, update.message.known_ms), []).append(words)
    later: dict[str, list[Message]] = {}  # by post: its own edits and its deletion, whether they change it or not
    for found in messages.values():
        for message in found:
            if message.kind != "post":
                later.setdefault(message.key, []).append(message)
    for signal, row in zip(played.signals, played.rows, strict=True):
        if row < 0:
            continue
        plan = played.table.plans[row]
        heard = later.get(signal.message.key, ()) if later else ()
        own = [message for message in heard if message.version > signal.message.version]
        if plan.changes or own or plan.signal_id in bound:
            latency_ms = strategy.entry_of(signal.message.channel).latency_ms
            updates = bound.get(plan.signal_id, ())
            all_of_it = [*(update.message for update in updates), *own]
            path = (paths.get(row) or played.table.path(row)) if plan.changes else None
            for ms, text in said_of(signal, plan, path, all_of_it, latency_ms):
                why = wrong.get((plan.signal_id, ms))
                yield row, ms, f"{text} ({' and '.join(why)})" if why else text


def said_of(
    signal: Signal, plan: Plan, path: Path | None, messages: Sequence[Message], latency_ms: int
) -> Iterator[tuple[int, str]]:
    """What messages said of a call, in the order of time, with what it changes of the plan: when, and the words.

    ``path`` is what became of it (None: not known, or the plan has no changes); it tells what came too early or late.

    Changes are found by their moment: what two messages of one moment change stands behind both their names.
    """
    spoken: dict[int, list[str]] = {}
    for message in messages:
        if message.kind == "post" or message.edited_ms is not None:  # else nobody knows when it came
            spoken.setdefault(message.known_ms, []).append(said_by(message, signal))
    changes: dict[int, list[str]] = {}
    retargeted = False
    for change in plan.changes:
        words = change_words(change, None if path is None else standing_at(change, plan, path, retargeted))
        retargeted |= change.kind == "targets"
        if change.by == "channel":
            changes.setdefault(change.act_ms - latency_ms, []).append(words)
        else:
            yield change.act_ms, f"a later call of the channel: {words}"
    for ms, who in spoken.items():
        yield ms, f"{' and '.join(dict.fromkeys(who))}: {' and '.join(dict.fromkeys(changes.get(ms, ()))) or NOTHING}"

"""One row for each call of a run: what was called, what became of it, and what the account did with it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np

from engine.domain import Distance, Leg, Setup, Trade, exit_name
from engine.market.candles import Floats, Ints
from engine.pipeline.fromentry import from_entry
from engine.pipeline.replay import Replay
from engine.report.calls import FILLED, OWN, Calls
from engine.simulate.money import average_price
from engine.simulate.table import REASONS, Bools, PathTable
from engine.simulate.walk import WalkResult
from engine.units import iso

OF_THE_PATH = (
    "status", "filled_at", "closed_at", "entry_price", "exit_reason", "exits", "r", "ambiguous", "delay_s",
)  # fmt: skip
OF_THE_ACCOUNT = ("quantity", "risk", "gross", "fees", "funding", "net")


def call_rows(played: Replay, walked: WalkResult, mae: Floats | None = None, mfe: Floats | None = None) -> Calls:
    """One row per call, in order of posting; ``mae`` and ``mfe`` in R of the rows of the table (NaN: not known).

    Only trades that a rule or their size made other ones differ from their calls by themselves: all other rows have
    the same in both places.
    """
    order = played.by_posting
    signals = [played.signals[i] for i in order]
    messages, setups = [signal.message for signal in signals], [signal.setup for signal in signals]
    table, at = played.table, np.array(played.rows, np.int64)[order]
    rows = at.tolist()
    no = {entry.row: entry.notes for entry in walked.refused}
    taken = [walked.trades.notes(row) for row in rows]
    notes = [no.get(row) or said or () for row, said in zip(rows, taken, strict=True)]
    rules = [no[row][-1] if row in no else None for row in rows]

    def of_table(column: Floats | None) -> list[float | None]:
        """A column of the table by call: None where there is no figure."""
        return known(np.append(np.full(len(table), np.nan) if column is None else column, np.nan)[at])

    plans = table.plans
    targets = [tuple([t.price for t in setup.targets if t.price is not None]) for setup in setups]
    _settle(targets, setups, rows, table)
    named = [_price(setup.stop if row < 0 else plans[row].stop) for row, setup in zip(rows, setups, strict=True)]
    paths, known_ms = _of_paths(table, at), np.array([message.known_ms for message in messages], np.int64)
    columns: dict[str, Sequence[Any]] = {
        "signal_id": [signal.id for signal in signals],
        "channel": [message.channel for message in messages],
        "posted": times(np.array([message.posted_ms for message in messages], np.int64)),
        "acted": times(np.append(table.planned.act_ms, 0)[at], at >= 0),
        "symbol": [setup.symbol for setup in setups],
        "side": [setup.side.value for setup in setups],
        "entry_kind": [setup.entry_kind.value for setup in setups],
        "entry": [setup.entries for setup in setups],
        "stop": [said if met is None else met for met, said in zip(of_table(table.stop), named, strict=True)],
        "targets": targets,
        "from_entry": _from_entry(setups, rows, table),
        "leverage": [setup.leverage for setup in setups],
        "layout": [setup.layout for setup in setups],
        "status": [played.fates[i] for i in order],
        "filled_at": times(paths.filled_ms, paths.filled_ms >= 0),
        "closed_at": times(paths.closed_ms, paths.closed_ms >= 0),
        "entry_price": known(paths.entry_price),
        "exit_reason": paths.reason,
        "exits": paths.exits,
        "r": of_table(played.money.r),
        "ambiguous": paths.ambiguous.tolist(),
        "delay_s": known(np.where(paths.filled_ms < 0, np.nan, paths.filled_ms - known_ms) / 1000),
        "taken": [said is not None for said in taken],
        "rule": ["" if note is None else note.rule for note in rules],
        "rule_where": ["" if note is None else note.where for note in rules],
        "notes": ["; ".join([note.text for note in said]) if said else "" for said in notes],
    }
    columns |= {own: columns[name] for name, own in OWN.items()}
    columns |= {"own_mae_r": of_table(mae), "own_mfe_r": of_table(mfe)}
    if walked.trades.own:
        columns |= {name: list(columns[name]) for name in OF_THE_PATH}
        call = {row: i for i, row in enumerate(rows)}
        for row, trade in walked.trades.own.items():
            i = call[row]
            for name, value in _of_trade(trade, int(known_ms[i])).items():
                columns[name][i] = value  # type: ignore[index]  # a list of this line's
    trades = walked.trades.columns
    place = np.full(len(table) + 1, -1, np.int64)  # of each row among the trades
    place[trades.row] = np.arange(len(trades.row))
    figures = {name: np.append(getattr(trades, name), np.nan)[place[at]] for name in OF_THE_ACCOUNT}
    return Calls(columns | {name: known(column) for name, column in figures.items()})


def _settle(targets: list[tuple[float, ...]], setups: Sequence[Setup], rows: Sequence[int], table: PathTable) -> None:
    """Put in the prices of targets that calls named as distances, where their entry is known."""
    said = [
        i
        for i, (priced, setup, row) in enumerate(zip(targets, setups, rows, strict=True))
        if len(priced) < len(setup.targets) and row >= 0 and (not priced or any(t.distance for t in setup.targets))
    ]
    prices = table.target[[rows[i] for i in said]]
    for i, count, met in zip(said, np.isfinite(prices).sum(axis=1).tolist(), prices.tolist(), strict=True):
        if count:
            targets[i] = tuple(met[:count])
        else:  # without candles nothing is met; what counts from the fill is a distance then
            levels = [level for level, _ in table.plans[rows[i]].targets]
            targets[i] = tuple([level for level in levels if not isinstance(level, Distance)])


def _from_entry(setups: Sequence[Setup], rows: Sequence[int], table: PathTable) -> list[str]:
    """What calls named as distances from a fill that never came, "" for all others."""
    told, plans = [""] * len(setups), table.plans
    waiting = np.append(table.planned.at_market.any(axis=1) & ~table.filled, True)
    for i in np.flatnonzero(waiting[np.array(rows, np.int64)]).tolist():
        setup, row = setups[i], rows[i]
        stop = setup.stop if row < 0 else plans[row].stop
        told[i] = from_entry(setup.side, stop, [target.distance for target in setup.targets])
    return told


def _price(level: float | Distance | None) -> float | None:
    """A level that is a price; None for one that counts from a fill which never came."""
    return None if isinstance(level, Distance) else level


@dataclass(slots=True)
class _Paths:
    """What became of calls by themselves, shape (calls,): -1, NaN, "" and False where a call was never planned or
    never filled.
    """

    filled_ms: Ints
    closed_ms: Ints
    entry_price: Floats
    reason: list[str]
    exits: list[str]
    ambiguous: Bools


def _of_trade(trade: Trade, known_ms: int) -> dict[str, Any]:
    """The cells of a trade that a rule or its size made another one than its call by itself (``OF_THE_PATH``);
    ``known_ms`` is when the text of the call was known.
    """
    path = trade.path
    fills, legs = path.fills, path.legs
    worthless = path.status.value in FILLED and trade.r is None
    return {
        "status": "no stop" if worthless else path.status.value,
        "filled_at": iso(fills[0].ts_ms) if fills else "",
        "closed_at": iso(legs[-1].ts_ms) if fills else "",
        "entry_price": average_price(fills) if fills else None,
        "exit_reason": legs[-1].reason.value if fills else "",
        "exits": exits_of(legs) if fills else "",
        "r": trade.r,
        "ambiguous": path.ambiguous,
        "delay_s": (fills[0].ts_ms - known_ms) / 1000 if fills else None,
    }


def _of_paths(table: PathTable, at: Ints) -> _Paths:
    """The paths of rows of a table, -1 for a call without one."""
    into, out = table.fill_ms >= 0, table.leg_ms >= 0
    filled = table.filled
    begun = table.fill_ms[np.arange(len(table)), into.argmax(axis=1)]
    worth, whole = np.zeros(len(table)), np.zeros(len(table))
    for j in range(into.shape[1]):  # added up one by one, as average_price does
        worth += np.where(into[:, j], table.fill_price[:, j] * table.fill_share[:, j], 0.0)
        whole += np.where(into[:, j], table.fill_share[:, j], 0.0)
    first = np.append(0, np.cumsum(out.sum(axis=1)))  # of each row's exits among all
    ms, reason = np.append(table.leg_ms[out], -1), np.append(table.leg_reason[out], 0)
    last = np.where(filled, first[1:] - 1, len(ms) - 1)
    exits = _exits(table, out)
    texts = ["; ".join(exits[a:b]) for a, b in pairwise(first.tolist())]
    texts.append("")
    known = np.append(filled, False)[at]
    return _Paths(
        np.where(known, np.append(begun, -1)[at], -1),
        np.where(known, np.append(ms[last], -1)[at], -1),
        np.where(known, np.append(worth / np.where(filled, whole, 1.0), np.nan)[at], np.nan),
        [REASONS[code].value if there else "" for code, there in
         zip(np.append(reason[last], 0)[at].tolist(), known.tolist(), strict=True)],
        [texts[row] for row in at.tolist()],
        np.append(table.ambiguous, False)[at],
    )  # fmt: skip


def _exits(table: PathTable, out: Bools) -> list[str]:
    """Each exit of a table as text, row after row; ``out`` says where they stand."""
    columns = (table.leg_reason, table.leg_target, table.leg_price, table.leg_share)
    each = zip(*(column[out].tolist() for column in columns), times(table.leg_ms[out]), strict=True)
    return [_exit(exit_name(REASONS[code], target), price, share, time) for code, target, price, share, time in each]


def times(moments_ms: Ints, known: Bools | None = None) -> list[str]:
    """Moments as ``iso`` writes them, "" where they are not known; most are whole seconds."""
    texts: list[str] = np.datetime_as_string((moments_ms // 1000).astype("datetime64[s]"), timezone="UTC").tolist()
    for i in np.flatnonzero(moments_ms % 1000).tolist():
        texts[i] = iso(int(moments_ms[i]))
    return texts if known is None else [text if one else "" for text, one in zip(texts, known.tolist(), strict=True)]


def known(values: Floats) -> list[float | None]:
    """Figures, None where there is none."""
    return [None if value != value else value for value in values.tolist()]


def exits_of(legs: Sequence[Leg]) -> str:
    """The exits as text: ``target 1 65000 x 0.5 @ 2025-05-04T15:40:00Z; stop ...``."""
    return "; ".join([f"{leg.name} {sized(leg)} @ {iso(leg.ts_ms)}" for leg in legs])


def sized(leg: Leg) -> str:
    """The price of an exit and its share of the planned quantity: ``65000 x 0.5``."""
    return f"{leg.price:.10g} x {leg.share:.6g}"


def _exit(name: str, price: float, share: float, time: str) -> str:
    return f"{name} {price:.10g} x {share:.6g} @ {time}"

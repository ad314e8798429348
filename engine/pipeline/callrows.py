"""One row for each call of a run: what was called, what became of it, and what the account did with it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from operator import attrgetter
from typing import Any, TypeVar

import numpy as np

from engine.domain import Distance, Leg
from engine.market.candles import Floats
from engine.pipeline.replay import Replay
from engine.report.tables import Calls
from engine.simulate.money import average_price
from engine.simulate.walk import WalkResult
from engine.units import iso

T = TypeVar("T")
OF_THE_ACCOUNT = ("quantity", "risk", "gross", "fees", "funding", "net")


def call_rows(played: Replay, walked: WalkResult, mae: Floats | None = None, mfe: Floats | None = None) -> Calls:
    """One row per call, in order of posting; ``mae`` and ``mfe`` in R of the rows of the table (NaN: not known)."""
    order = sorted(range(len(played.signals)), key=lambda i: played.signals[i].message.posted_ms)
    signals = [played.signals[i] for i in order]
    messages, setups = [signal.message for signal in signals], [signal.setup for signal in signals]
    table, rows = played.table, np.array(played.rows, np.int64)[order]
    no = {entry.row: entry.notes for entry in walked.refused}
    refused, trades = [no.get(row) for row in rows.tolist()], [walked.trades.get(row) for row in rows.tolist()]
    paths = [
        trade.path if trade else table.path(row) if row >= 0 else None
        for trade, row in zip(trades, rows.tolist(), strict=True)
    ]
    filled = [path if path and path.fills else None for path in paths]
    notes = [said or (trade.notes if trade else ()) for said, trade in zip(refused, trades, strict=True)]
    last = [said[-1] if said else None for said in refused]

    def of_table(column: Floats | None) -> list[float | None]:
        """A column of the table by call: None where there is no figure."""
        return _known(np.append(np.full(len(table), np.nan) if column is None else column, np.nan)[rows])

    named = [None if isinstance(setup.stop, Distance) else setup.stop for setup in setups]
    columns: dict[str, Sequence[Any]] = {
        "signal_id": [signal.id for signal in signals],
        "channel": [message.channel for message in messages],
        "posted": _times([message.posted_ms for message in messages]),
        "acted": _times(_each(paths, lambda path: path.plan.act_ms, None)),
        "symbol": [setup.symbol for setup in setups],
        "side": [setup.side.value for setup in setups],
        "entry_kind": [setup.entry_kind.value for setup in setups],
        "entry": [setup.entries for setup in setups],
        "stop": [
            planned if row >= 0 else stop
            for row, planned, stop in zip(rows.tolist(), of_table(table.stop), named, strict=True)
        ],
        "targets": [tuple([t.price for t in setup.targets if t.price is not None]) for setup in setups],
        "leverage": [setup.leverage for setup in setups],
        "layout": [setup.layout for setup in setups],
        "status": [played.fates[i] for i in order],
        "filled_at": _times(_each(filled, lambda path: path.fills[0].ts_ms, None)),
        "closed_at": _times(_each(filled, lambda path: path.legs[-1].ts_ms, None)),
        "entry_price": _each(filled, lambda path: average_price(path.fills), None),
        "exit_reason": _each(filled, lambda path: path.legs[-1].reason.value, ""),
        "exits": _each(filled, lambda path: exits_of(path.legs), ""),
        "r": of_table(played.money.r),
        "mae_r": of_table(mae),
        "mfe_r": of_table(mfe),
        "ambiguous": _each(paths, lambda path: path.ambiguous, False),
        "delay_s": [
            (path.fills[0].ts_ms - message.known_ms) / 1000 if path else None
            for path, message in zip(filled, messages, strict=True)
        ],
        "taken": [trade is not None for trade in trades],
        "rule": _each(last, lambda note: note.rule, ""),
        "rule_where": _each(last, lambda note: note.where, ""),
        "notes": ["; ".join([note.text for note in said]) if said else "" for said in notes],
    }
    return Calls(columns | {name: _each(trades, attrgetter(name), None) for name in OF_THE_ACCOUNT})


def _each(found: Sequence[T | None], get: Callable[[T], Any], missing: Any) -> list[Any]:
    """Something of each that is there."""
    return [missing if one is None else get(one) for one in found]


def _times(moments_ms: Sequence[int | None]) -> list[str]:
    """Moments as ``iso`` writes them, "" for None; most are whole seconds."""
    known = np.array([0 if ms is None else ms for ms in moments_ms], np.int64)
    texts = [f"{text}Z" for text in np.datetime_as_string((known // 1000).astype("datetime64[s]")).tolist()]
    for i in np.flatnonzero(known % 1000).tolist():
        texts[i] = iso(int(known[i]))
    return [text if ms is not None else "" for text, ms in zip(texts, moments_ms, strict=True)]


def _known(values: Floats) -> list[float | None]:
    """Figures, None where there is none."""
    return [None if value != value else value for value in values.tolist()]


def exits_of(legs: Sequence[Leg]) -> str:
    """The exits as text: ``target 1 65000 x 0.5 @ 2025-05-04T15:40:00Z; stop ...``."""
    return "; ".join(
        [
            f"{leg.reason.value}{f' {leg.target}' if leg.target else ''} {leg.price:.10g} x {leg.share:.3g}"
            f" @ {iso(leg.ts_ms)}"
            for leg in legs
        ]
    )

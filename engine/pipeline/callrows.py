"""One row for each call of a run: what was called, what became of it, and what the account did with it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from engine.domain import Distance, Leg, RuleNote, Trade
from engine.pipeline.replay import Replay
from engine.report.tables import CallRow
from engine.simulate.walk import Refused, WalkResult
from engine.units import iso

OF_THE_ACCOUNT = ("quantity", "risk", "gross", "fees", "funding", "net")


def call_rows(
    played: Replay, walked: WalkResult, excursions: dict[int, tuple[float, float]] | None = None
) -> list[CallRow]:
    """One row per call, in order of posting; ``excursions`` has MAE and MFE of rows of the table."""
    refused = {entry.row: entry for entry in walked.refused}
    order = sorted(range(len(played.signals)), key=lambda i: (played.signals[i].message.posted_ms, i))
    return [_row(played, i, walked.trades, refused, excursions or {}) for i in order]


def _row(
    played: Replay,
    i: int,
    trades: dict[int, Trade],
    refused: dict[int, Refused],
    excursions: dict[int, tuple[float, float]],
) -> CallRow:
    signal, at, table = played.signals[i], played.rows[i], played.table
    setup = signal.setup
    cells: dict[str, Any] = {
        "signal_id": signal.id,
        "channel": signal.message.channel,
        "posted": iso(signal.message.posted_ms),
        "symbol": setup.symbol,
        "side": setup.side.value,
        "entry_kind": setup.entry_kind.value,
        "entry": setup.entries,
        "stop": None if isinstance(setup.stop, Distance) else setup.stop,
        "targets": tuple([t.price for t in setup.targets if t.price is not None]),
        "leverage": setup.leverage,
        "layout": setup.layout,
        "status": played.fates[i],
    }
    if at < 0:
        return CallRow(**cells)
    trade, no = trades.get(at), refused.get(at)
    path = trade.path if trade else table.path(at)
    note = no.notes[-1] if no and no.notes else None
    said: Sequence[RuleNote] = no.notes if no else trade.notes if trade else ()
    mae, mfe = excursions.get(at, (np.nan, np.nan))
    cells |= {
        "acted": iso(path.plan.act_ms),
        "stop": _known(float(table.stop[at])),
        "ambiguous": path.ambiguous,
        "taken": trade is not None,
        "rule": note.rule if note else "",
        "rule_where": note.where if note else "",
        "notes": "; ".join([n.text for n in said]),
        "r": _known(float(played.money.r[at])),
        "mae_r": _known(mae),
        "mfe_r": _known(mfe),
    }
    if path.fills:
        first, last = path.fills[0], path.legs[-1]
        cells |= {
            "filled_at": iso(first.ts_ms),
            "closed_at": iso(last.ts_ms),
            "entry_price": sum([f.price * f.share for f in path.fills]) / sum([f.share for f in path.fills]),
            "exit_reason": last.reason.value,
            "exits": exits_of(path.legs),
            "delay_s": (first.ts_ms - signal.message.known_ms) / 1000,
        }
    if trade is not None:
        cells |= {name: getattr(trade, name) for name in OF_THE_ACCOUNT}
    return CallRow(**cells)


def _known(value: float) -> float | None:
    """A figure, None where it is not one."""
    return None if value != value else value


def exits_of(legs: Sequence[Leg]) -> str:
    """The exits as text: ``target 1 65000 x 0.5 @ 2025-05-04T15:40:00Z; stop ...``."""
    words = [f"{leg.reason.value} {leg.target}" if leg.target else leg.reason.value for leg in legs]
    return "; ".join(
        f"{word} {leg.price:.10g} x {leg.share:.3g} @ {iso(leg.ts_ms)}" for word, leg in zip(words, legs, strict=True)
    )

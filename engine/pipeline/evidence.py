"""The messages and candles behind each call of a run, for its report (``engine.report.evidence``)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from engine.market.candles import Candles
from engine.pipeline.replay import Replay
from engine.report.evidence import Chart, Evidence, Move, Version

if TYPE_CHECKING:
    from engine.domain import Message, Path, Signal

MOST_CANDLES = 60
LEAST_CANDLES = 24
LONGEST_TEXT = 4_096


def evidence_of(played: Replay, order: Sequence[int], messages: Mapping[str, Sequence[Message]]) -> list[Evidence]:
    """The evidence of some calls, by their places among the signals."""
    keys = {played.signals[i].message.key for i in order}
    versions: dict[str, list[Message]] = {}
    for found in messages.values():
        for message in found:
            if (key := message.key) in keys:
                versions.setdefault(key, []).append(message)
    return [_one(played, i, versions) for i in order]


def of_the_account(played: Replay, own: Mapping[int, Path], order: Sequence[int]) -> dict[int, Evidence]:
    """The evidence of those of some calls, by their places in ``order``, that the account's trades did not follow, with
    what these did; ``own`` are their paths by row. Its messages are left out.
    """
    found = {}
    for place, i in enumerate(order if own else ()):
        if (path := own.get(played.rows[i])) is not None:
            found[place] = replace(_one(played, i, {}), moves=moves_of_path(path))
    return found


def _one(played: Replay, i: int, versions: Mapping[str, Sequence[Message]]) -> Evidence:
    signal, row = played.signals[i], played.rows[i]
    said = versions_of(signal, versions.get(signal.message.key, ()))
    if row < 0:
        return Evidence(signal.id, said)
    path = played.table.path(row)
    bars = played.venue.candles.get(signal.setup.symbol)
    return Evidence(signal.id, said, moves_of_path(path), None if bars is None else chart(bars, *_span(played, row)))


def versions_of(signal: Signal | None, known: Sequence[Message]) -> tuple[Version, ...]:
    """All versions in the order in which they became known; the one that was read has its values marked."""
    marks = () if signal is None else tuple((value.field, value.start, value.end) for value in signal.setup.values)
    return tuple(
        Version(m.known_ms, m.kind, m.text[:LONGEST_TEXT], marks if signal is not None and m == signal.message else ())
        for m in sorted(known, key=lambda m: (m.known_ms, m.version))
    )


def moves_of_path(path: Path) -> tuple[Move, ...]:
    """Fills and exits."""
    fills = [Move(fill.ts_ms, fill.price, fill.share, "entry") for fill in path.fills]
    exits = [Move(leg.ts_ms, leg.price, leg.share, leg.name) for leg in path.legs]
    return (*fills, *exits)


def _span(played: Replay, row: int) -> tuple[int, int]:
    """From when the call acts to when its orders and position are gone."""
    start = played.table.plans[row].act_ms
    return start, max(start, int(played.table.end_ms[row]))


def chart(bars: Candles, start_ms: int, end_ms: int) -> Chart | None:
    """At most 60 candles around a stretch of time, a third of it before and a sixth after; None without any."""
    step = bars.timeframe_ms
    around = max((end_ms - start_ms) // 3, LEAST_CANDLES // 3 * step)
    start_ms, end_ms = start_ms - around, end_ms + around // 2
    step *= max(1, -(-(end_ms - start_ms) // (step * (MOST_CANDLES - 1))))
    start_ms = start_ms // step * step
    first, last = np.searchsorted(bars.ts, (start_ms, end_ms))
    if first == last:
        return None
    place = (bars.ts[first:last] - start_ms) // step
    begins = np.flatnonzero(np.diff(place, prepend=-1))
    ends = np.append(begins[1:], len(place)) - 1
    columns = (
        place[begins],
        bars.open[first:last][begins],
        np.maximum.reduceat(bars.high[first:last], begins),
        np.minimum.reduceat(bars.low[first:last], begins),
        bars.close[first:last][ends],
    )
    return Chart(int(start_ms), int(step), tuple(zip(*(column.tolist() for column in columns), strict=True)))

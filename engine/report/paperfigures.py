"""The pictures of an account on paper: its equity with its trades, and each channel's R added up."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from engine.report import drawing as draw
from engine.report.calls import FILLED, Calls
from engine.report.drawing import Figure
from engine.report.figures import adds_up, cumulative_figure, equity_figure
from engine.report.paperrun import PaperRow, PaperRun
from engine.report.show import minus, money
from engine.units import moment_ms, show_time

Curve = tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.float64]]
MARKED_TRADES = 200


def paper_figures(run: PaperRun, rows: Sequence[PaperRow], curve: Curve, zone: str) -> dict[str, Figure]:
    """The figures by the id of their place in the page; none where there is nothing to draw."""
    found = {}
    if len(curve[0]) and run.trades:  # without any the account is a straight line
        found["equity"] = equity_figure(*curve, run.currency, zone)
        for trace in found["equity"]["data"]:
            trace["showlegend"] = False
        found["equity"]["data"] += _trades(rows, curve, zone)
        found["equity"]["layout"] |= {"hovermode": "closest", "showlegend": True}
    counted = counted_rows(run, rows)
    if adds_up(counted):
        found["cumulative"] = cumulative_figure(run.channels, counted, zone)
    return found


def counted_rows(run: PaperRun, rows: Sequence[PaperRow]) -> list[Calls]:
    """Of each channel of the record the calls that closed by themselves and count, as they did."""
    found: dict[tuple[str, str], list[PaperRow]] = {(c.strategy, c.channel): [] for c in run.channels}
    for row in rows:
        counts = row.own_r is not None and row.own_status in FILLED and row.own_closed_at
        if counts and (row.strategy, row.channel) in found:
            found[row.strategy, row.channel].append(row)
    return [Calls.of(part, PaperRow).by_itself for part in found.values()]


def _trades(rows: Sequence[PaperRow], curve: Curve, zone: str) -> list[Figure]:
    """The ends of the account's trades on its curve: those won and those lost, evenly thinned."""
    ended = [row for row in rows if row.taken and row.closed_at and row.net is not None]
    shown = sorted(ended, key=lambda row: row.closed_at)[:: max(1, -(-len(ended) // MARKED_TRADES))]
    traces = []
    for name, colour, symbol, won in (
        ("won", "--blue", "triangle-up", True),
        ("lost", "--red", "triangle-down", False),
    ):
        part = [row for row in shown if ((row.net or 0.0) > 0) is won]
        if not part:
            continue
        moments = np.array([moment_ms(row.closed_at) for row in part], np.int64)
        at = np.minimum(np.searchsorted(curve[0], moments), len(curve[0]) - 1)
        texts = [
            f"{draw.safe(row.signal_id)} {draw.safe(row.symbol)}: {minus(money(row.net, sign=True))}" for row in part
        ]
        trace: Figure = {"type": "scatter", "mode": "markers", "name": name, "text": texts, "hoverinfo": "text"}
        trace |= {"x": [show_time(ms, zone) for ms in moments.tolist()], "yaxis": "y"}
        trace |= {"y": [float(f"{value:.7g}") for value in curve[1][at].tolist()]}
        traces.append(trace | {"marker": {"size": 7, "color": colour, "symbol": symbol, "opacity": 0.75}})
    return traces

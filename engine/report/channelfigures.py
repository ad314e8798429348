"""The pictures of one channel: how its trades are spread, targets hit beside fair, how far trades went either way."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from engine.report import drawing as draw
from engine.report.calls import Calls
from engine.report.drawing import Figure
from engine.report.run import ChannelResult
from engine.report.show import count, minus, percent, r_text

SCATTER_POINTS = 400
FARTHEST_R = 10.0  # what went farther stands at the edge
HISTOGRAM_STEP = 0.5
HISTOGRAM_RANGE = (-2.0, 6.0)


def histogram_figure(values: Sequence[float], highest: int) -> Figure:
    """How a channel's R multiples are spread; the outermost bars hold everything beyond. ``highest`` is the scale."""
    low, high = HISTOGRAM_RANGE
    counts = histogram(values)
    centres = [low + HISTOGRAM_STEP * (i + 0.5) for i in range(len(counts))]
    bounds = [f"{c - HISTOGRAM_STEP / 2:+.1f} to {c + HISTOGRAM_STEP / 2:+.1f} R" for c in centres]
    bounds[0], bounds[-1] = f"below {low + HISTOGRAM_STEP:+.1f} R", f"from {high - HISTOGRAM_STEP:+.1f} R on"
    bars = {
        "type": "bar",
        "x": centres,
        "y": counts,
        "width": HISTOGRAM_STEP * 0.92,
        "marker": {"color": ["--blue" if c > 0 else "--red" for c in centres]},
        "text": [f"{bound}: {count(n, 'trade')}" for bound, n in zip(bounds, counts, strict=True)],
        "textposition": "none",
        "hoverinfo": "text",
    }
    layout = draw.layout(190, hovermode="closest")
    layout["margin"] = {"l": 36, "r": 8, "t": 8, "b": 30}
    ticks = list(range(int(low), int(high) + 1))
    layout["xaxis"] |= {
        "range": [low, high],
        "tickvals": ticks,
        "ticktext": [minus(f"{t:+d}") if t else "0" for t in ticks],
    }
    layout["yaxis"] |= {"range": [0, max(1, highest) * 1.05], "tickformat": "d"}
    layout["yaxis"] |= {"nticks": 5} if highest > 5 else {"dtick": 1}
    return {"data": [bars], "layout": layout}


def histogram(values: Sequence[float]) -> list[int]:
    """The number of R multiples in each bar of a histogram; values beyond the range count in the outermost bars."""
    low, high = HISTOGRAM_RANGE
    bars = round((high - low) / HISTOGRAM_STEP)
    places = np.floor((np.array(values, np.float64) - low) / HISTOGRAM_STEP).clip(0, bars - 1)
    counts: list[int] = np.bincount(places.astype(np.int64), minlength=bars).tolist()
    return counts


def excursions_figure(calls: Calls) -> Figure:
    """How far each trade went against and for it, in R: those won blue, those lost orange; at most 400 of them."""
    columns = [calls.columns[name] for name in ("signal_id", "r", "own_mae_r", "own_mfe_r")]
    known = [(name, r or 0.0, mae, mfe) for name, r, mae, mfe in zip(*columns, strict=True) if None not in (mae, mfe)]
    shown = known[:: max(1, -(-len(known) // SCATTER_POINTS))]
    traces = []
    for name, colour, won in (("won", "--blue", True), ("lost", "--red", False)):
        part = [row for row in shown if (row[1] > 0) is won]
        x, y = ([float(f"{min(row[i], FARTHEST_R):.3g}") for row in part] for i in (2, 3))
        texts = [f"{draw.safe(name)}: {minus(r_text(r))} R" for name, r, _, _ in part]
        trace: Figure = {"type": "scatter", "mode": "markers", "name": name, "x": x, "y": y, "text": texts}
        traces.append(trace | {"hoverinfo": "text", "marker": {"size": 5, "color": colour, "opacity": 0.6}})
    layout = draw.layout(240, hovermode="closest")
    layout["margin"] = {"l": 40, "r": 8, "t": 8, "b": 40}
    layout["xaxis"] |= {"title": draw.title("against it, R (MAE)"), "rangemode": "tozero"}
    layout["yaxis"] |= {"title": draw.title("for it, R (MFE)"), "rangemode": "tozero"}
    return {"data": traces, "layout": layout}


def hits_figure(channel: ChannelResult) -> Figure:
    """The share of trades that reached each target, beside the fair share of the same levels."""
    places = [hits.target for hits in channel.targets]
    traces = []
    for name, colour, values in (
        ("hit", "--blue", [hits.hit for hits in channel.targets]),
        ("fair", "--faint", [hits.fair for hits in channel.targets]),
    ):
        if all(value is None for value in values):
            continue
        texts = [
            f"{name} {percent(v, 1)}, {count(h.trades, 'trade')}" for v, h in zip(values, channel.targets, strict=True)
        ]
        bars: Figure = {"type": "bar", "name": name, "x": places, "y": values, "marker": {"color": colour}}
        traces.append(bars | {"text": texts, "textposition": "none", "hoverinfo": "text"})
    layout = draw.layout(220, hovermode="closest", barmode="group", showlegend=True)
    layout["margin"] = {"l": 40, "r": 8, "t": 8, "b": 30}
    layout["xaxis"] |= {"tickvals": places, "ticktext": [f"target {place}" for place in places]}
    layout["yaxis"] |= {"tickformat": ".0%", "range": [0, 1]}
    return {"data": traces, "layout": layout}

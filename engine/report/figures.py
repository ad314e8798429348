"""The pictures of a report as plotly figures, built as plain dicts: plotly itself only runs in the reader's browser.

Colours are the names of CSS variables (``--blue``); the page puts in the values of its light or dark scheme.
Names come from strangers and plotly reads a little HTML, so every text is escaped. Two channels may share a name:
they are told apart by their place, not by their label.
"""

from __future__ import annotations

import html
import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.report.run import ChannelResult
from engine.report.show import count, minus, percent, r_text, seconds, tone
from engine.report.tables import CallRow, clean
from engine.units import moment_ms, show_time

Figure = dict[str, Any]
CURVE_POINTS = 2000
SCATTER_POINTS = 400
FARTHEST_R = 10.0  # what went farther stands at the edge
LINES = ("--blue", "--orange", "--green", "--purple", "--sky", "--red")  # Okabe and Ito: told apart by everybody
DASHES = ("solid", "dash", "dot")
TONES = {"good": "--blue", "bad": "--red", "open": "--muted"}
HISTOGRAM_STEP = 0.5
HISTOGRAM_RANGE = (-2.0, 6.0)
MESSAGES = (("signals", "calls", "--blue"), ("updates", "updates", "--sky"))
UNUSED = (("refused", "refused", "--orange"), ("unread", "not read", "--faint"))


def thinned(*curves: NDArray[np.float64], limit: int = CURVE_POINTS) -> NDArray[np.intp]:
    """At most ``limit`` indices at which curves of one length keep their shape.

    The curves are cut into stretches of equal length; of each stretch every curve's lowest and highest point stay,
    and so do the very first and last point: no peak and no trough is lost.
    """
    length = len(curves[0])
    if length <= limit:
        return np.arange(length)
    stretches = (limit - 2) // (2 * len(curves))
    edges = np.linspace(0, length, stretches + 1).astype(np.intp)
    kept = {0, length - 1}
    for start, end in zip(edges[:-1].tolist(), edges[1:].tolist(), strict=True):
        for curve in curves:
            kept |= {start + int(np.argmin(curve[start:end])), start + int(np.argmax(curve[start:end]))}
    return np.array(sorted(kept), dtype=np.intp)


def equity_figure(
    ts_ms: NDArray[np.int64], equity: NDArray[np.float64], drawdown: NDArray[np.float64], currency: str, zone: str
) -> Figure:
    """The account's equity over time, and below it how far it stood under its highest point."""
    at = thinned(equity, drawdown)
    times = [show_time(ms, zone) for ms in ts_ms[at].tolist()]
    money = _line("Equity", times, equity[at], "--blue", yaxis="y", hovertemplate="%{y:,.2f}<extra></extra>")
    under = _line("Drawdown", times, -drawdown[at], "--red", yaxis="y2", hovertemplate="%{y:.1%}<extra></extra>")
    under |= {"fill": "tozeroy", "fillcolor": "--red-wash"}
    layout = _layout(380, hovermode="x unified", dragmode="zoom")
    layout["xaxis"] |= {"type": "date", "anchor": "y2"}
    layout["yaxis"] |= {"domain": [0.36, 1], "title": _title(f"Equity, {_safe(currency)}"), "tickformat": ",~r"}
    layout["yaxis2"] = _axis() | {"domain": [0, 0.28], "title": _title("Drawdown"), "tickformat": ".0%"}
    return {"data": [money, under], "layout": layout}


def mean_r_figure(channels: Sequence[ChannelResult]) -> Figure:
    """The main picture: each channel's mean R with its 95% interval, best first, beside the line of no skill."""
    known = [c for c in channels if c.mean_r is not None]
    traces, notes = [], []
    for place, channel in enumerate(known):
        mean, colour = channel.mean_r or 0.0, TONES[tone(channel)]
        said = f"{minus(r_text(mean))} R, {count(channel.trades, 'trade')}"
        marker = {"size": 11, "color": colour, "symbol": "circle-open"}
        trace: Figure = {"type": "scatter", "mode": "markers", "x": [mean], "y": [place], "marker": marker}
        trace |= {"hoverinfo": "text", "text": [said]}
        if channel.low is not None and channel.high is not None:
            ends: Figure = {"array": [channel.high - mean], "arrayminus": [mean - channel.low]}
            look = {"type": "data", "symmetric": False, "color": colour, "thickness": 3, "width": 7}
            trace["error_x"] = ends | look
            marker["symbol"] = "circle"
            trace["text"] = [f"{said}, 95% interval {minus(r_text(channel.low))} .. {minus(r_text(channel.high))}"]
        traces.append(trace)
        notes.append(_row_label(place, f"<b>{_name(channel.name)}</b>  {said}"))
    layout = _layout(90 + 60 * len(known), hovermode="closest", annotations=notes)
    layout["xaxis"] |= {"title": _title("R per filled trade, net of costs"), "zeroline": True, "zerolinewidth": 2}
    layout["xaxis"] |= {"zerolinecolor": "--ink", "tickformat": "+.2~f"}
    layout["yaxis"] |= {"range": [len(known) - 0.6, -0.8], "visible": False}
    return {"data": traces, "layout": layout}


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
    layout = _layout(190, hovermode="closest")
    layout["margin"] = {"l": 36, "r": 8, "t": 8, "b": 30}
    ticks = list(range(int(low), int(high) + 1))
    layout["xaxis"] |= {
        "range": [low, high],
        "tickvals": ticks,
        "ticktext": [minus(f"{t:+d}") if t else "0" for t in ticks],
    }
    layout["yaxis"] |= {"range": [0, max(1, highest) * 1.05], "tickformat": "d", "nticks": 5}
    return {"data": [bars], "layout": layout}


def histogram(values: Sequence[float]) -> list[int]:
    """The number of R multiples in each bar of a histogram; values beyond the range count in the outermost bars."""
    low, high = HISTOGRAM_RANGE
    bars = round((high - low) / HISTOGRAM_STEP)
    counts = [0] * bars
    for value in values:
        counts[min(max(math.floor((value - low) / HISTOGRAM_STEP), 0), bars - 1)] += 1
    return counts


def cumulative_figure(channels: Sequence[ChannelResult], calls: Sequence[CallRow], zone: str) -> Figure:
    """Each channel's R multiples added up in the order in which its trades closed."""
    traces = []
    for place, channel in enumerate(channels):
        counted = calls_of(channel, calls)
        if not counted:
            continue
        ended = sorted((moment_ms(row.closed_at or row.filled_at or row.posted), row.counted_r) for row in counted)
        total = np.cumsum([r for _, r in ended])
        at = thinned(total)
        times = [show_time(ended[i][0], zone) for i in at.tolist()]
        dash = DASHES[place // len(LINES) % len(DASHES)]
        trace = _line(_name(channel.name), times, total[at], LINES[place % len(LINES)], hovertemplate="%{y:+.1f} R")
        traces.append(trace | {"line": trace["line"] | {"shape": "hv", "dash": dash}})
    layout = _layout(340, hovermode="x unified", dragmode="zoom", showlegend=len(traces) > 1)
    layout["legend"] = {"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom", "bgcolor": "--clear"}
    layout["xaxis"] |= {"type": "date"}
    layout["yaxis"] |= {"title": _title("Sum of R"), "zeroline": True, "zerolinecolor": "--ink", "tickformat": "+~f"}
    return {"data": traces, "layout": layout}


def funnel_figure(channels: Sequence[ChannelResult]) -> Figure:
    """What became of each channel's messages, as shares of what was posted."""
    traces = []
    for field, label, colour in (*MESSAGES, *UNUSED):
        numbers = [getattr(c.funnel, field) for c in channels]
        shares = [n / max(1, c.funnel.posted) for n, c in zip(numbers, channels, strict=True)]
        texts = [f"{count(n, 'message')} ({percent(s)}) {label}" for n, s in zip(numbers, shares, strict=True)]
        bar: Figure = {"type": "bar", "orientation": "h", "name": label, "x": shares, "y": list(range(len(channels)))}
        bar |= {"width": 0.3, "marker": {"color": colour}, "text": texts, "textposition": "none", "hoverinfo": "text"}
        traces.append(bar)
    notes = [
        _row_label(place, f"<b>{_name(c.name)}</b>  {count(c.funnel.posted, 'message')}")
        for place, c in enumerate(channels)
    ]
    layout = _layout(100 + 56 * len(channels), hovermode="closest", barmode="stack", showlegend=True, annotations=notes)
    layout["legend"] = {"orientation": "h", "x": 0, "y": 1.0, "yanchor": "bottom", "traceorder": "normal"}
    layout["xaxis"] |= {"range": [0, 1], "tickformat": ".0%"}
    layout["yaxis"] |= {"range": [len(channels) - 0.6, -0.8], "visible": False}
    return {"data": traces, "layout": layout}


def excursions_figure(calls: Sequence[CallRow]) -> Figure:
    """How far each trade went against and for it, in R: those won blue, those lost orange; at most 400 of them."""
    known = [row for row in calls if row.mae_r is not None and row.mfe_r is not None]
    shown = known[:: max(1, -(-len(known) // SCATTER_POINTS))]
    traces = []
    for name, colour, won in (("won", "--blue", True), ("lost", "--red", False)):
        part = [row for row in shown if ((row.r or 0.0) > 0) is won]
        x = [float(f"{min(row.mae_r or 0.0, FARTHEST_R):.3g}") for row in part]
        y = [float(f"{min(row.mfe_r or 0.0, FARTHEST_R):.3g}") for row in part]
        texts = [f"{_safe(row.signal_id)}: {minus(r_text(row.r))} R" for row in part]
        trace: Figure = {"type": "scatter", "mode": "markers", "name": name, "x": x, "y": y, "text": texts}
        traces.append(trace | {"hoverinfo": "text", "marker": {"size": 5, "color": colour, "opacity": 0.6}})
    layout = _layout(240, hovermode="closest")
    layout["margin"] = {"l": 40, "r": 8, "t": 8, "b": 40}
    layout["xaxis"] |= {"title": _title("against it, R (MAE)"), "rangemode": "tozero"}
    layout["yaxis"] |= {"title": _title("for it, R (MFE)"), "rangemode": "tozero"}
    return {"data": traces, "layout": layout}


def hits_figure(channel: ChannelResult) -> Figure:
    """The share of trades that reached each target, beside the fair share of the same levels."""
    ticks = [f"target {hits.target}" for hits in channel.targets]
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
        bars: Figure = {"type": "bar", "name": name, "x": ticks, "y": values, "marker": {"color": colour}}
        traces.append(bars | {"text": texts, "textposition": "none", "hoverinfo": "text"})
    layout = _layout(220, hovermode="closest", barmode="group", showlegend=True)
    layout["margin"] = {"l": 40, "r": 8, "t": 8, "b": 30}
    layout["legend"] = {"orientation": "h", "x": 1, "xanchor": "right", "y": 1, "bgcolor": "--clear"}
    layout["yaxis"] |= {"tickformat": ".0%", "range": [0, 1]}
    return {"data": traces, "layout": layout}


def latency_figure(channels: Sequence[ChannelResult]) -> Figure:
    """Each channel's mean R when it is acted on later."""
    traces = []
    for place, channel in enumerate(channels):
        known = [point for point in channel.latency if point.mean_r is not None]
        if not known:
            continue
        y = np.array([point.mean_r for point in known], np.float64)
        dash = DASHES[place // len(LINES) % len(DASHES)]
        colour = LINES[place % len(LINES)]
        trace = _line(_name(channel.name), [seconds(p.delay_s) for p in known], y, colour, hovertemplate="%{y:+.2f} R")
        traces.append(trace | {"mode": "lines+markers", "line": trace["line"] | {"dash": dash}})
    layout = _layout(300, hovermode="x unified", showlegend=len(traces) > 1)
    layout["legend"] = {"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom", "bgcolor": "--clear"}
    layout["xaxis"] |= {"type": "category", "title": _title("delay after the text was known")}
    layout["yaxis"] |= {
        "title": _title("mean R"),
        "rangemode": "tozero",
        "zeroline": True,
        "zerolinecolor": "--ink",
        "tickformat": "+.2~f",
    }
    return {"data": traces, "layout": layout}


def calls_of(channel: ChannelResult, calls: Sequence[CallRow]) -> list[CallRow]:
    """The calls of a channel that were filled and count in its verdict."""
    name = channel.channel
    return [row for row in calls if row.channel == name and row.counted_r is not None]


def _line(name: str, x: list[str], y: NDArray[np.float64], colour: str, **more: Any) -> Figure:
    rounded = [float(f"{value:.7g}") for value in y.tolist()]
    trace: Figure = {"type": "scatter", "mode": "lines", "name": name, "x": x, "y": rounded}
    return trace | {"line": {"color": colour, "width": 2}} | more


def _title(text: str) -> Figure:
    return {"text": text, "font": {"size": 12, "color": "--muted"}}


def _row_label(place: int, text: str) -> Figure:
    """A label above a row instead of beside it, so that a phone has room for the picture."""
    where = {"x": 0, "xref": "paper", "xanchor": "left", "y": place, "yshift": 20}
    return where | {"text": text, "showarrow": False, "align": "left", "font": {"color": "--ink", "size": 13}}


def _axis() -> Figure:
    grid = {"gridcolor": "--line", "linecolor": "--line", "tickcolor": "--line", "zeroline": False}
    return grid | {"tickfont": {"color": "--muted"}, "title": _title(""), "automargin": True, "fixedrange": True}


def _layout(height: int, **more: Any) -> Figure:
    layout: Figure = {
        "height": height,
        "margin": {"l": 8, "r": 8, "t": 16, "b": 40},
        "paper_bgcolor": "--clear",
        "plot_bgcolor": "--clear",
        "font": {"family": "system-ui, sans-serif", "size": 13, "color": "--ink"},
        "hoverlabel": {"bgcolor": "--card", "bordercolor": "--line", "font": {"color": "--ink"}},
        "showlegend": False,
        "dragmode": False,
        "xaxis": _axis(),
        "yaxis": _axis(),
    }
    return layout | more


def _safe(text: str) -> str:
    """Text that plotly shows as it stands."""
    return html.escape(clean(text), quote=False)


def _name(text: str) -> str:
    """A channel's name, short enough for a phone."""
    return _safe(text if len(text) <= 32 else text[:31] + "…")

"""The pictures of a report as plotly figures, built as plain dicts: plotly itself only runs in the reader's browser.

Those of all channels and of the account stand here, those of one channel in ``channelfigures.py``. Names come from
strangers and plotly reads a little HTML, so every text is escaped. Two channels may share a name: they are told apart
by their place, not by their label.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from engine.report import drawing as draw
from engine.report.calls import CallRow, Calls
from engine.report.drawing import DASHES, LINES, Figure
from engine.report.run import ChannelResult
from engine.report.show import Judged, count, minus, percent, r_text, seconds, tone
from engine.units import moment_ms, show_time
from engine.verdict.latency import DELAYS_S

TONES = {"good": "--blue", "bad": "--red", "open": "--muted"}
MESSAGES = (("signals", "calls", "--blue"), ("updates", "updates", "--sky"))
# as many digits as tell two ticks of an axis apart, without zeros at the end
MONEY, SHARE, R_MEAN = ",.10~r", ".3~%", "+.4~f"
LEAST_FALL = 0.001  # a drawdown's axis shows a tenth of a percent at least
UNUSED = (("refused", "refused", "--orange"), ("unread", "not read", "--faint"))


def equity_figure(
    ts_ms: NDArray[np.int64], equity: NDArray[np.float64], drawdown: NDArray[np.float64], currency: str, zone: str
) -> Figure:
    """The account's equity over time, and below it how far it stood under its highest point."""
    at = draw.thinned(equity, drawdown)
    times = [show_time(ms, zone) for ms in ts_ms[at].tolist()]
    money = draw.line("Equity", times, equity[at], "--blue", yaxis="y", hovertemplate="%{y:,.2f}<extra></extra>")
    under = draw.line("Drawdown", times, -drawdown[at], "--red", yaxis="y2", hovertemplate="%{y:.1%}<extra></extra>")
    under |= {"fill": "tozeroy", "fillcolor": "--red-wash"}
    layout = draw.layout(380, hovermode="x unified", dragmode="zoom")
    layout["xaxis"] |= {"type": "date", "anchor": "y2"}
    layout["yaxis"] |= {"domain": [0.36, 1], "title": draw.title(f"Equity, {draw.safe(currency)}"), "tickformat": MONEY}
    layout["yaxis2"] = draw.axis() | {"domain": [0, 0.28], "title": draw.title("Drawdown"), "tickformat": SHARE}
    if not (drawdown > LEAST_FALL).any():
        layout["yaxis2"]["range"] = [-LEAST_FALL, LEAST_FALL / 20]
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
        notes.append(draw.row_label(place, draw.row_text(channel.name, said)))
    layout = draw.layout(90 + 60 * len(known), hovermode="closest", annotations=notes)
    layout["xaxis"] |= {"title": draw.title("R per filled trade, net of costs"), "zeroline": True, "zerolinewidth": 2}
    layout["xaxis"] |= {"zerolinecolor": "--ink", "tickformat": R_MEAN}
    layout["yaxis"] |= {"range": [len(known) - 0.6, -0.8], "visible": False}
    return {"data": traces, "layout": layout}


def adds_up(calls: Sequence[Calls]) -> bool:
    """Whether there is anything to add up over time: one trade is a step, not a line."""
    return any(len(part) > 1 for part in calls)


def cumulative_figure(channels: Sequence[Judged], calls: Sequence[Calls], zone: str) -> Figure:
    """Each channel's R multiples added up in the order in which its trades closed; ``calls`` has those that count.

    A line begins with nothing when the channel's first of these calls was posted.
    """
    traces = []
    for place, (channel, counted) in enumerate(zip(channels, calls, strict=True)):
        if not counted:
            continue
        ended, r = np.array(counted.end_ms, np.int64), np.array(counted.columns["r"], np.float64)
        order = np.lexsort((r, ended))
        moments = np.append(min(ended.min(), moment_ms(min(counted.columns["posted"]))), ended[order])
        total = np.cumsum(np.append(0.0, r[order]))
        at = draw.thinned(total)
        times = [show_time(ms, zone) for ms in moments[at].tolist()]
        dash = DASHES[place // len(LINES) % len(DASHES)]
        trace = draw.line(
            draw.name(channel.name), times, total[at], LINES[place % len(LINES)], hovertemplate="%{y:+.1f} R"
        )
        traces.append(trace | {"line": trace["line"] | {"shape": "hv", "dash": dash}})
    layout = draw.layout(340, hovermode="x unified", dragmode="zoom", showlegend=len(traces) > 1)
    layout["xaxis"] |= {"type": "date"}
    layout["yaxis"] |= {
        "title": draw.title("Sum of R"),
        "zeroline": True,
        "zerolinecolor": "--ink",
        "tickformat": "+~f",
    }
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
        draw.row_label(place, draw.row_text(c.name, count(c.funnel.posted, "message")))
        for place, c in enumerate(channels)
    ]
    layout = draw.layout(
        100 + 56 * len(channels), hovermode="closest", barmode="stack", showlegend=True, annotations=notes
    )
    layout["xaxis"] |= {"range": [0, 1], "tickformat": ".0%"}
    layout["yaxis"] |= {"range": [len(channels) - 0.6, -0.8], "visible": False}
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
        places = [DELAYS_S.index(point.delay_s) for point in known]
        trace = draw.line(draw.name(channel.name), places, y, colour, hovertemplate="%{text}: %{y:+.2f} R")
        trace |= {"mode": "lines+markers", "text": [seconds(point.delay_s) for point in known]}
        traces.append(trace | {"line": trace["line"] | {"dash": dash}})
    layout = draw.layout(300, hovermode="closest", showlegend=len(traces) > 1)
    layout["xaxis"] |= {
        "title": draw.title("delay after the text was known"),
        "tickvals": list(range(len(DELAYS_S))),
        "ticktext": [seconds(delay) for delay in DELAYS_S],
    }
    layout["yaxis"] |= {
        "title": draw.title("mean R"),
        "rangemode": "tozero",
        "zeroline": True,
        "zerolinecolor": "--ink",
        "tickformat": R_MEAN,
    }
    return {"data": traces, "layout": layout}


def counted_by_channel(channels: Sequence[ChannelResult], calls: Iterable[CallRow]) -> list[Calls]:
    """Of each channel the calls that were filled and count in its verdict."""
    found, none = Calls.of(calls).by_channel, Calls.of(())
    return [found.get(channel.channel, none).counted for channel in channels]

"""What all pictures of a report share: lines, axes, layout, and text that plotly shows as it stands.

Colours are the names of CSS variables (``--blue``); the page puts in the values of its light or dark scheme.
"""

from __future__ import annotations

import html
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.report.tables import clean

Figure = dict[str, Any]
CURVE_POINTS = 2000
LONG_NAME = 18  # characters
LINES = ("--blue", "--orange", "--green", "--purple", "--sky", "--red")  # Okabe and Ito: told apart by everybody
DASHES = ("solid", "dash", "dot")


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


def line(name: str, x: Sequence[str | int], y: NDArray[np.float64], colour: str, **more: Any) -> Figure:
    """A curve: seven digits of each value are enough for a picture."""
    rounded = [float(f"{value:.7g}") for value in y.tolist()]
    trace: Figure = {"type": "scatter", "mode": "lines", "name": name, "x": list(x), "y": rounded}
    return trace | {"line": {"color": colour, "width": 2}} | more


def title(text: str) -> Figure:
    """The words beside an axis."""
    return {"text": text, "font": {"size": 12, "color": "--muted"}}


def row_label(place: int, text: str) -> Figure:
    """A label above a row instead of beside it, so that a phone has room for the picture.

    It has a ground of its own: no line of the picture goes through its words.
    """
    where = {"x": 0, "xref": "paper", "xanchor": "left", "y": place, "yshift": 28 if "<br>" in text else 20}
    look = {"font": {"color": "--ink", "size": 13}, "bgcolor": "--card", "borderpad": 1}
    return where | {"text": text, "showarrow": False, "align": "left"} | look


def row_text(channel: str, said: str) -> str:
    """A channel's name and its figures for ``row_label``: on two lines where one would be too long for a phone."""
    return f"<b>{name(channel)}</b>{'  ' if len(channel) <= LONG_NAME else '<br>'}{said}"


def axis() -> Figure:
    """An axis that does not move under a finger."""
    grid = {"gridcolor": "--line", "linecolor": "--line", "tickcolor": "--line", "zeroline": False}
    return grid | {"tickfont": {"color": "--muted"}, "title": title(""), "automargin": True, "fixedrange": True}


def layout(height: int, **more: Any) -> Figure:
    """What pictures have in common, with what one of them has of its own."""
    common: Figure = {
        "height": height,
        "margin": {"l": 8, "r": 8, "t": 16, "b": 40},
        "paper_bgcolor": "--clear",
        "plot_bgcolor": "--clear",
        "font": {"family": "system-ui, sans-serif", "size": 13, "color": "--ink"},
        "hoverlabel": {"bgcolor": "--card", "bordercolor": "--line", "font": {"color": "--ink"}},
        "showlegend": False,
        "dragmode": False,
        "xaxis": axis(),
        "yaxis": axis(),
    }
    return common | more


def safe(text: str) -> str:
    """Text that plotly shows as it stands."""
    return html.escape(clean(text), quote=False)


def name(text: str) -> str:
    """A channel's name, short enough for a phone."""
    return safe(text if len(text) <= 32 else text[:31] + "…")

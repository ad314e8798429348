"""report.html: one file that works offline, rendered from the files of a run alone.

Everything that came from a message is hostile. Three fences, each enough by itself: jinja escapes every value; data
for the script is JSON in a block that is never run, with ``<``, ``>`` and ``&`` escaped; and the file's content
security policy runs exactly the scripts whose SHA-256 it lists and lets nothing be fetched. The same run renders to
the same bytes.
"""

from __future__ import annotations

import base64
import hashlib
import importlib.resources
import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import jinja2
from markupsafe import Markup

from engine.files import write_text
from engine.problem import Problem
from engine.report import figures, show, splits
from engine.report.run import RUN_FILE, ChannelResult, Run, load_run
from engine.report.tables import CALLS_FILE, EQUITY_FILE, CallRow, UnreadableRunError, clean, read_calls, read_equity
from engine.units import moment_ms, show_duration, show_time

REPORT_FILE = "report.html"
TEMPLATES = Path(__file__).with_name("templates")
PLOTLY = importlib.resources.files("plotly") / "package_data" / "plotly.min.js"
SHOWN_CALLS = 5000
LONGEST_TEXT = 240

# field, heading, kind; the first ones are columns, the others stand in the details of a row
COLUMNS = (
    ("posted", "Posted", "time"),
    ("channel", "Channel", "text"),
    ("symbol", "Symbol", "text"),
    ("side", "Side", "text"),
    ("status", "Outcome", "text"),
    ("exit_reason", "Exit", "text"),
    ("r", "R", "r"),
    ("taken", "Taken", "flag"),
    ("net", "Net", "money"),
)
DETAILS = (
    ("signal_id", "Signal", "text"),
    ("layout", "Layout", "text"),
    ("entry_kind", "Entry kind", "text"),
    ("entry", "Entry", "prices"),
    ("stop", "Stop", "price"),
    ("targets", "Targets", "prices"),
    ("leverage", "Leverage", "price"),
    ("acted", "Could act", "time"),
    ("delay_s", "Delay", "delay"),
    ("filled_at", "Filled", "time"),
    ("entry_price", "Entry price", "price"),
    ("closed_at", "Closed", "time"),
    ("exits", "Exits", "text"),
    ("ambiguous", "Ambiguous", "flag"),
    ("rule", "Refused by", "text"),
    ("rule_where", "Rule stands in", "text"),
    ("notes", "Notes", "text"),
    ("quantity", "Quantity", "price"),
    ("risk", "Risk", "amount"),
    ("gross", "Gross", "money"),
    ("fees", "Fees", "amount"),
    ("funding", "Funding paid", "amount"),
)


def render_report(folder: Path) -> Path:
    """Write report.html of a run from its run.json, trades.csv and equity.csv; its path.

    Raises UnreadableRunError when one of the three cannot be used.
    """
    run = load_run(folder)
    if isinstance(run, str):
        raise UnreadableRunError(Problem(run, str(folder / RUN_FILE)))
    calls = read_calls(folder / CALLS_FILE)
    path = folder / REPORT_FILE
    write_text(path, _page(run, calls, read_equity(folder / EQUITY_FILE)))
    return path


def embedded(data: Any) -> Markup:
    """Data as JSON that cannot leave its script block, whatever text is in it."""
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    for character in "<>&\u2028\u2029":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return Markup(text)  # noqa: S704 - no markup is left in it


def _page(run: Run, calls: Sequence[CallRow], curve: tuple[Any, Any, Any]) -> str:
    channels = show.best_first(run.channels)
    zone = _zone(run.timezone)
    scripts = [_script(PLOTLY), _script(TEMPLATES / "report.js")]
    spread = {c.channel: [row.r for row in figures.calls_of(c, calls) if row.r is not None] for c in channels}
    highest = max((max(figures.histogram(values)) for values in spread.values()), default=0)
    pictures = {
        "mean-r": figures.mean_r_figure(channels),
        "cumulative": figures.cumulative_figure(channels, calls, zone),
        "funnel": figures.funnel_figure(channels),
    }
    spread = {key: values for key, values in spread.items() if values}
    pictures |= {f"spread-{i}": figures.histogram_figure(values, highest) for i, values in enumerate(spread.values())}
    if len(curve[0]):
        pictures["equity"] = figures.equity_figure(*curve, run.account.currency, zone)
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=lambda value: clean(value) if type(value) is str else value,
    )
    environment.globals |= {"show": show, "duration": show_duration}
    counted = [figures.calls_of(c, calls) for c in channels]
    fates = [fate for fate, _ in sum((Counter(c.funnel.calls) for c in channels), Counter()).most_common()]
    return environment.get_template("report.html.j2").render(
        run=run,
        channels=channels,
        bars=_bars(channels),
        fates=fates,
        origins=[(c, splits.origin(rows, zone, run.seed)) for c, rows in zip(channels, counted, strict=True) if rows],
        years=splits.monthly(counted, zone),
        scripts=scripts,
        policy=" ".join(_hash(script) for script in scripts),
        data=embedded({"figures": pictures, "calls": _call_data(run, calls, zone)}),
        shown=min(len(calls), SHOWN_CALLS),
        calls=len(calls),
        zone=zone,
        spread=spread,
        equity="equity" in pictures,
    )


def _call_data(run: Run, calls: Sequence[CallRow], zone: str) -> dict[str, Any]:
    """The latest calls for the table of the page: its columns, and rows of plain values.

    A column of few words that come often carries them once, as ``values``; its rows hold their places.
    """
    names = {c.channel: c.name for c in run.channels}
    latest = sorted(calls, key=lambda row: row.posted)[-SHOWN_CALLS:]
    shown = [replace(row, channel=names.get(row.channel, row.channel)) for row in latest]
    columns, cells = [], []
    for field, label, kind in (*COLUMNS, *DETAILS):
        column: dict[str, Any] = {"field": field, "label": label, "kind": kind}
        values = [_plain(getattr(row, field), kind, zone) for row in shown]
        if kind == "text" and 4 * len(words := sorted(set(values))) < len(values):
            column["values"], place = words, {word: i for i, word in enumerate(words)}
            values = [place[value] for value in values]
        columns.append(column)
        cells.append(values)
    return {"columns": columns, "shown": len(COLUMNS), "rows": list(zip(*cells, strict=True))}


def _plain(value: Any, kind: str, zone: str) -> Any:
    """One value for the page's table: short, finite, times in the zone of the run."""
    if kind == "time":
        return show_time(moment_ms(value), zone) if value else ""
    if kind == "text":
        return clean(value if len(value) <= LONGEST_TEXT else value[: LONGEST_TEXT - 1] + "…")
    if kind == "flag":
        return int(value)
    if kind == "delay":
        return "" if value is None else show_duration(1000 * value)
    if kind == "prices":
        return [float(f"{price:.8g}") for price in value[:20]]
    return None if value is None else float(f"{value:.8g}") if kind == "price" else round(value, 3)


def _bars(channels: Sequence[ChannelResult]) -> dict[str, dict[str, float | str]]:
    """The small picture of each interval: places from 0 to 100 on one scale that all channels share."""
    known = [c for c in channels if c.mean_r is not None]
    ends = [0.0, *(value for c in known for value in (c.low, c.mean_r, c.high) if value is not None)]
    low, width = min(ends), (max(ends) - min(ends)) or 1.0

    def place(value: float | None) -> float:
        return round(4 + 92 * ((value or 0.0) - low) / width, 2)

    return {
        c.channel: {
            "zero": place(0.0),
            "mean": place(c.mean_r),
            "low": place(c.mean_r if c.low is None else c.low),
            "high": place(c.mean_r if c.high is None else c.high),
        }
        for c in known
    }


def _script(source: Traversable) -> Markup:
    """A script as it stands in the page; browsers hash it with plain line ends."""
    text = source.read_text(encoding="utf-8").replace("\r\n", "\n")
    return Markup(text.replace("</script", "<\\/script"))  # noqa: S704 - the program's own code


def _hash(script: str) -> str:
    """A script's source expression for the content security policy."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()}'"


def _zone(name: str) -> str:
    """The zone of the run, or UTC where this machine does not know it."""
    try:
        return ZoneInfo(name).key
    except (OSError, ValueError, KeyError):
        return "UTC"

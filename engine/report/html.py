"""report.html: one file that works offline, rendered from the files of a run alone.

The chart library, the rows, the messages and the candles of the calls are packed (gzip, base64): the page unpacks
library and rows when it opens, the rest when a call is looked at: 5,000 calls with their charts stay below 8 MB.

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
from collections.abc import Callable, Sequence
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from markupsafe import Markup

from engine.domain import ExitReason
from engine.files import write_text
from engine.problem import Problem
from engine.report import channelfigures, figures, show, splits
from engine.report.calls import SHOWN_CALLS, Calls
from engine.report.calltable import call_data
from engine.report.drawing import Figure
from engine.report.evidence import EVIDENCE_FILE, Evidence, read_evidence
from engine.report.packing import Stories, packed, packed_stories
from engine.report.run import ChannelResult, Run
from engine.report.runfile import RUN_FILE, load_run
from engine.report.show import One
from engine.report.splits import MONTHS
from engine.report.spoken import said
from engine.report.tables import CALLS_FILE, EQUITY_FILE, UnreadableRunError, read_calls, read_equity
from engine.report.templating import TEMPLATES, environment
from engine.report.words import Words

REPORT_FILE = "report.html"
PLOTLY = importlib.resources.files("plotly") / "package_data" / "plotly.min.js"

PAGE_WORDS = (
    "Dark", "Light", "No call fits", "of", "yes", "no", "taken", "Everything about this call", "posted", "edited",
    "deleted", "entry", "symbol", "side", "share", "leverage", "The message is not known.",
    "No candles for this call.", "This browser is too old to unpack the pictures.",
    *ExitReason, *MONTHS,
)  # fmt: skip


def render_report(folder: Path, lang: str = "en", given: tuple[Calls, Stories] | None = None) -> Path:
    """Write report.html of a run from its run.json, trades.csv, equity.csv and evidence.jsonl.gz; its path.

    ``given`` are the calls and the stories of those that are shown, the latest, where they are at hand; ``lang`` is one
    of ``words.LANGUAGES``. Raises UnreadableRunError when one of the files cannot be used.
    """
    run = load_run(folder)
    if isinstance(run, str):
        raise UnreadableRunError(Problem(run, str(folder / RUN_FILE)))
    if given is None:
        calls = Calls.of(read_calls(folder / CALLS_FILE))
        evidence = read_evidence(folder / EVIDENCE_FILE)
        given = calls, stories_of(evidence, calls[-SHOWN_CALLS:], known_zone(run.timezone))
    path = folder / REPORT_FILE
    write_text(path, _page(run, given[0], read_equity(folder / EQUITY_FILE), given[1], Words(lang)))
    return path


def stories_of(evidence: Sequence[Evidence], shown: Calls, zone: str) -> Stories:
    """The stories behind calls that are shown, from whatever evidence there is."""
    known = {one.signal_id: one for one in evidence}
    return packed_stories([known.get(name) for name in shown.columns["signal_id"]], zone)


def embedded(data: Any) -> Markup:
    """Data as JSON that cannot leave its script block, whatever text is in it."""
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    for character in "<>&\u2028\u2029":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return Markup(text)  # noqa: S704 - no markup is left in it


def _page(run: Run, calls: Calls, curve: tuple[Any, Any, Any], stories: Stories, words: Words) -> str:
    channels = show.best_first(run.channels)
    zone = known_zone(run.timezone)
    counted = figures.counted_by_channel(channels, calls)
    fates = [fate for fate, _ in sum((Counter(c.funnel.calls) for c in channels), Counter()).most_common()]
    pictures = _pictures(run, channels, counted, curve, zone)
    latest = calls[-SHOWN_CALLS:]
    names = {c.channel: c.name for c in run.channels}
    return fill_page(
        "report.html.j2",
        words,
        pictures,
        call_data(names, run.decimals, latest, zone, words),
        stories,
        zone,
        run=run,
        channels=channels,
        bars=bars_of(channels, lambda channel: channel.channel),
        fates=fates,
        origins=[(c, splits.origin(rows, zone, run.seed)) for c, rows in zip(channels, counted, strict=True) if rows],
        years=splits.monthly(counted, zone),
        names=names,
        shown=len(latest),
        calls=len(calls),
        taken=sum(calls.columns["taken"]),
    )


def fill_page(
    template: str,
    words: Words,
    pictures: dict[str, Figure],
    table: dict[str, Any],
    stories: Stories,
    zone: str,
    **more: Any,
) -> str:
    """A page with pictures and a table of calls, from a template that gets ``more``.

    ``pictures`` go by the id of their place, ``table`` is what ``calltable.call_data`` gives, ``stories`` are
    those behind each of its rows.
    """
    library, program = _script(PLOTLY), _script(TEMPLATES / "report.js")
    rows = json.dumps(table.pop("rows"), ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    data = {
        "figures": {name: said(figure, words) for name, figure in pictures.items()},
        "calls": table,
        "words": {text: words(text) for text in PAGE_WORDS},
        "locale": {"en": "en-US", "tr": "tr-TR"}[words.language],
    }
    return (
        environment(words)
        .get_template(template)
        .render(
            lang=words.language,
            script=program,
            policy=" ".join(_hash(script) for script in (library, program)),
            library=packed(library.encode()),
            rows=packed(rows.encode("utf-8", "replace")),
            stories=stories.stories,
            candles=stories.candles,
            data=embedded(data),
            zone=zone,
            pictures=pictures,
            kinds={name.split("-")[0] for name in pictures},
            **more,
        )
    )


def _pictures(
    run: Run,
    channels: Sequence[ChannelResult],
    counted: Sequence[Calls],
    curve: tuple[Any, Any, Any],
    zone: str,
) -> dict[str, Figure]:
    """The figures by the id of their place in the page; channels by their place in the order of the report."""
    found = {
        "mean-r": figures.mean_r_figure(channels),
        "latency": figures.latency_figure(channels),
        "funnel": figures.funnel_figure(channels),
    }
    if figures.adds_up(counted):
        found["cumulative"] = figures.cumulative_figure(channels, counted, zone)
    spread = [rows.columns["r"] for rows in counted]
    highest = max((max(channelfigures.histogram(values)) for values in spread if values), default=0)
    for i, (channel, rows) in enumerate(zip(channels, counted, strict=True)):
        if rows:
            found[f"spread-{i}"] = channelfigures.histogram_figure(spread[i], highest)
        if any(mae is not None for mae in rows.columns["own_mae_r"]):
            found[f"excursion-{i}"] = channelfigures.excursions_figure(rows)
        if channel.targets:
            found[f"hits-{i}"] = channelfigures.hits_figure(channel)
    if len(curve[0]):
        found["equity"] = figures.equity_figure(*curve, run.account.currency, zone)
    return found


def bars_of(channels: Sequence[One], key: Callable[[One], str]) -> dict[str, dict[str, float]]:
    """The small picture of each interval: places from 0 to 100 on one scale that all channels share."""
    known = [c for c in channels if c.mean_r is not None]
    ends = [0.0, *(value for c in known for value in (c.low, c.mean_r, c.high) if value is not None)]
    low, width = min(ends), (max(ends) - min(ends)) or 1.0

    def place(value: float | None) -> float:
        return round(4 + 92 * ((value or 0.0) - low) / width, 2)

    return {
        key(c): {
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


def known_zone(name: str) -> str:
    """The zone of the run, or UTC where this machine does not know it."""
    try:
        return ZoneInfo(name).key
    except (OSError, ValueError, KeyError):
        return "UTC"

"""report.html of an account on paper: rendered from paper.json, trades.csv, equity.csv and evidence.jsonl.gz alone.

Looks, languages and fences are those of a backtest's report (``html.py``): one file that works offline.
"""

from __future__ import annotations

from pathlib import Path

from engine.files import write_text
from engine.problem import Problem
from engine.report import show
from engine.report.calls import SHOWN_CALLS, Calls
from engine.report.calltable import COLUMNS, DETAILS, Columns, call_data
from engine.report.evidence import EVIDENCE_FILE, read_evidence
from engine.report.html import REPORT_FILE, bars_of, fill_page, known_zone, stories_of
from engine.report.paperfigures import paper_figures
from engine.report.paperrun import PAPER_FILE, Forward, PaperRow, load_paper
from engine.report.tables import CALLS_FILE, EQUITY_FILE, UnreadableRunError, read_equity, read_rows
from engine.report.words import Words

PAPER_DETAILS: Columns = (
    ("strategy", "Strategy", "text"),
    ("late", "Late", "flag"),
    ("why", "Reason", "text"),
    *DETAILS,
    ("seen", "Said live at", "price"),
    ("behind_bp", "Record worse by, basis points", "number"),
)


def render_paper(folder: Path, lang: str = "en") -> Path:
    """Write report.html of an account on paper from the files of its folder; its path.

    ``lang`` is one of ``words.LANGUAGES``. Raises UnreadableRunError when one of the files cannot be used.
    """
    run = load_paper(folder)
    if isinstance(run, str):
        raise UnreadableRunError(Problem(run, str(folder / PAPER_FILE)))
    rows = read_rows(folder / CALLS_FILE, PaperRow)
    words, zone = Words(lang), known_zone(run.timezone)
    figures = paper_figures(run, rows, read_equity(folder / EQUITY_FILE), zone)
    latest = Calls.of(sorted(rows, key=lambda row: row.posted)[-SHOWN_CALLS:], PaperRow)
    names = {c.channel: c.name for c in run.channels}
    channels = show.best_first(run.channels)
    page = fill_page(
        "paper.html.j2",
        words,
        figures,
        call_data(names, run.decimals, latest, zone, words, COLUMNS, PAPER_DETAILS),
        stories_of(read_evidence(folder / EVIDENCE_FILE), latest, zone),
        zone,
        run=run,
        channels=channels,
        bars=bars_of(channels, _key),
        key=_key,
        names=names,
        several=len({c.strategy for c in run.channels}) > 1,
        shown=len(latest),
        calls=len(rows),
        against=against,
    )
    path = folder / REPORT_FILE
    write_text(path, page)
    return path


def against(channel: Forward) -> str:
    """How a forward record lies beside what a backtest had led to expect."""
    expected = channel.expected
    if expected is None or expected.mean_r is None:
        return "no backtest to compare with"
    if channel.low is None or channel.high is None:
        return "too few trades to say"
    if channel.high < expected.mean_r:
        return "worse than the backtest"
    return "better than the backtest" if channel.low > expected.mean_r else "no difference is shown"


def _key(channel: Forward) -> str:
    """The name of a record: a channel may stand in several strategies."""
    return f"{channel.strategy}/{channel.channel}"

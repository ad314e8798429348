"""What a run says in the terminal: a table for people, plain lines for a pipe, the path of the report at the end."""

from __future__ import annotations

from pathlib import Path

from rich.console import Console
from rich.table import Table
from rich.text import Text

from engine.report import show
from engine.report.html import REPORT_FILE
from engine.report.run import Run
from engine.report.tables import clean

STYLES = {"good": "bold blue", "bad": "bold red", "open": "bold"}


def print_summary(run: Run, folder: Path, console: Console) -> None:
    """Print the verdict on each channel, what the account did, the warnings, and where the report is.

    Names come from strangers: they are printed as they stand, without markup and without control characters.
    """
    if console.is_terminal:
        console.print(_table(run))
    else:
        for channel in show.best_first(run.channels):
            _line(console, f"{channel.name}: {show.sentence(channel)}")
    for channel in show.best_first(run.channels):
        _line(console, f"{channel.name}: {show.money_line(channel, run.held, run.account.currency)}")
    _line(console, _account(run))
    if run.holdout:
        start, end = (day[:10] for day in run.holdout.period)
        for held in run.holdout.channels:
            sure = "" if held.low is None else f" ({show.r_text(held.low)} .. {show.r_text(held.high)})"
            mean = f"{show.count(held.trades, 'trade')}, {show.r_text(held.mean_r)} R{sure}"
            _line(console, f"held out {start} to {end}: {held.name}: {mean}: {held.verdict}")
    for warning in run.warnings:
        _line(console, f"warning: {warning}", style="yellow")
    _line(console, f"report: {folder / REPORT_FILE}")


def _table(run: Run) -> Table:
    table = Table(
        title=Text(f"{clean(run.strategy)}, {run.period[0][:10]} to {run.period[1][:10]}"), title_justify="left"
    )
    table.add_column("Channel", overflow="fold")
    for heading in ("Calls", "Filled", "Mean R", "95% interval", "Won / fair"):
        table.add_column(heading, justify="right")
    table.add_column("Verdict", overflow="fold")
    for c in show.best_first(run.channels):
        table.add_row(
            Text(clean(c.name)),
            str(sum(c.funnel.calls.values())),
            str(c.trades),
            show.r_text(c.mean_r),
            show.NOTHING if c.low is None else f"{show.r_text(c.low)} .. {show.r_text(c.high)}",
            f"{show.percent(c.win_rate)} / {show.percent(c.fair_win_rate)}",
            Text(clean(c.verdict), style=STYLES[show.tone(c)]),
        )
    return table


def _account(run: Run) -> str:
    a = run.account
    money = f"{show.money(a.start_equity)} to {show.money(a.end_equity)} {a.currency}"
    trades = f"{show.count(a.trades, 'trade')}, {a.refused:,} refused by rules"
    return f"account: {money}, {trades}, max drawdown {show.percent(a.max_drawdown, 1)}"


def _line(console: Console, text: str, style: str = "") -> None:
    console.print(Text(clean(text), style=style), soft_wrap=True)

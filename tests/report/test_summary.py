"""The summary in the terminal."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path

import pytest
from rich.console import Console

from engine.report.run import Run
from engine.report.summary import print_summary
from tests.report.sample import sample_calls, sample_run


@pytest.fixture(scope="module")
def run() -> Run:
    return sample_run(sample_calls(hostile=False), hostile=False)


def printed(run: Run, terminal: bool, width: int = 100) -> str:
    out = io.StringIO()
    console = Console(file=out, force_terminal=terminal, width=width, color_system=None)
    print_summary(run, Path("runs/2025-07-02-vip-ladder"), console)
    return out.getvalue()


def test_a_pipe_gets_one_plain_line_per_fact(run):
    said = printed(run, terminal=False, width=40)
    lines = [line for line in said.splitlines(keepends=True) if "following it" not in line]
    assert len(said.splitlines()) == len(lines) + 4
    assert (
        "Keel Signals: 1,000 USDT following it, compounded, became 1,555.47 (from 1,555.47 to 1,617.18 with the "
        "same-candle band); BTC held: 1,042.50\n"
    ) in said
    assert "".join(lines) == (
        "Keel Signals: 310 trades, +0.20 R per trade on average (95% sure between +0.08 and +0.31): FOLLOW\n"
        "Fast Scalps: 118 trades, -0.15 R per trade on average (95% sure between -0.34 and +0.02): PAPER ONLY\n"
        "Moon Room: 49 trades, -0.10 R per trade on average (95% sure between -0.38 and +0.19): "
        "NOT ENOUGH DATA (about 211 more trades)\n"
        "Quiet Desk: no calls: NOT ENOUGH DATA (about 260 more trades)\n"
        "account: 10,000.00 to 12,088.63 USDT, 368 trades, 109 refused by rules, max drawdown 3.8%\n"
        "warning: 17 calls name symbols without candles; they stand in the funnel as no data.\n"
        "report: runs/2025-07-02-vip-ladder/report.html\n"
    )


def test_a_terminal_gets_a_table_and_the_path_at_the_end(run):
    lines = printed(run, terminal=True).splitlines()
    row = next(line for line in lines if "Keel Signals" in line)
    assert [cell.strip() for cell in row.strip("│").split("│")] == [
        "Keel Signals", "390", "310", "+0.20", "+0.08 .. +0.31", "62% / 46%", "FOLLOW",
    ]  # fmt: skip
    assert lines[-1] == "report: runs/2025-07-02-vip-ladder/report.html"


@pytest.mark.parametrize("terminal", [True, False])
def test_names_are_neither_markup_nor_commands_to_the_terminal(run, terminal):
    odd = replace(run, channels=[replace(run.channels[0], name="[red]x[/] \x1b]0;title\x07")], warnings=["\x1b[2J[/]"])
    said = printed(odd, terminal, width=200)
    assert "[red]x[/]  ]0;title" in said
    assert "warning:  [2J[/]" in said
    assert "\x1b]" not in said
    assert "\x1b[2J" not in said

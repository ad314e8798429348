"""``cli.py report``: render the report of a run again, or lay two runs side by side, from the files of runs alone."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from engine.config.diagnostics import did_you_mean
from engine.pipeline.errors import InputError
from engine.pipeline.workspace import Workspace
from engine.problem import Problem
from engine.report.run import Run
from engine.report.runfile import RUN_FILE, is_finished, load_run, run_folders
from engine.report.tables import UnreadableRunError

if TYPE_CHECKING:
    from rich.console import Console

LEDGER_FILE = "paper.db"  # the ledger of a replay, in its run's folder


def find_run(workspace: Workspace, given: str) -> Path:
    """The folder of a run, by path, by name below runs/, or the word ``last``. Raises InputError when there is none."""
    names = [folder.name for folder in run_folders(workspace.runs_path)]
    if given == "last":
        if not names:
            raise InputError(Problem("there is no run yet", hint="cli.py backtest strategies/demo.yaml makes one"))
        return workspace.runs_path / names[-1]
    for folder in _folders(workspace, given):
        if (folder / RUN_FILE).is_file():
            if not is_finished(folder):
                hint = "nothing else needs the folder: delete it, and run the backtest again"
                raise InputError(
                    Problem("this run was never finished: its writing was cut off", str(folder), hint=hint)
                )
            return folder
    raise InputError(Problem("there is no such run", given, hint=did_you_mean(Path(given).name, names)))


def _folders(workspace: Workspace, given: str) -> tuple[Path, ...]:
    """Where a run may lie."""
    return Path(given), workspace.root / given, workspace.runs_path / given


def replay_folder(workspace: Workspace, given: str) -> Path | None:
    """The folder of a replay of paper trading, by path or by name below runs/; None where it is none."""
    return next((folder for folder in _folders(workspace, given) if (folder / LEDGER_FILE).is_file()), None)


def read_run(workspace: Workspace, given: str) -> tuple[Path, Run]:
    """A run and its folder. Raises InputError when there is none or its run.json cannot be used."""
    folder = find_run(workspace, given)
    run = load_run(folder)
    if isinstance(run, str):
        raise InputError(Problem(run, str(folder / "run.json")))
    return folder, run


def render_again(workspace: Workspace, given: str, lang: str | None = None) -> str:
    """Write report.html of a run anew, in a language (None: the workspace's); its path."""
    from engine.report.html import render_report
    from engine.report.paperpage import render_paper
    from engine.report.paperrun import PAPER_FILE

    try:
        for folder in _folders(workspace, given):
            if (folder / PAPER_FILE).is_file():
                return str(render_paper(folder, lang or workspace.settings.language))
        folder, _ = read_run(workspace, given)
        return str(render_report(folder, lang or workspace.settings.language))
    except UnreadableRunError as error:
        raise InputError(error.problem) from None


def compare_runs(workspace: Workspace, first: str, second: str, lang: str | None, console: Console) -> str:
    """Print two runs side by side and write compare.html into the second one's folder; its path."""
    from engine.report.compare import COMPARE_FILE, comparison, print_comparison, render_comparison
    from engine.report.words import Words

    _, one = read_run(workspace, first)
    folder, other = read_run(workspace, second)
    lines = comparison(one, other)
    print_comparison(lines, console)
    return str(render_comparison(folder / COMPARE_FILE, lines, Words(lang or workspace.settings.language)))

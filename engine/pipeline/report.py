"""``cli.py report``: render the report of a run again, from the files of the run alone."""

from __future__ import annotations

from pathlib import Path

from engine.config.diagnostics import did_you_mean
from engine.pipeline.errors import InputError
from engine.pipeline.workspace import Workspace
from engine.problem import Problem
from engine.report.html import render_report
from engine.report.run import load_run
from engine.report.tables import UnreadableRunError


def find_run(workspace: Workspace, given: str) -> Path:
    """The folder of a run, by path, by name below runs/, or the word ``last``. Raises InputError when there is none."""
    names = sorted(p.parent.name for p in workspace.runs_path.glob("*/run.json"))
    if given == "last":
        if not names:
            raise InputError(Problem("there is no run yet", hint="cli.py backtest strategies/demo.yaml makes one"))
        return workspace.runs_path / names[-1]
    for folder in (Path(given), workspace.root / given, workspace.runs_path / given):
        if (folder / "run.json").is_file():
            return folder
    raise InputError(Problem("there is no such run", given, hint=did_you_mean(Path(given).name, names)))


def render_again(workspace: Workspace, given: str) -> str:
    """Write report.html of a run anew; its path."""
    folder = find_run(workspace, given)
    run = load_run(folder)
    if isinstance(run, str):
        raise InputError(Problem(run, str(folder / "run.json")))
    try:
        return str(render_report(folder))
    except UnreadableRunError as error:
        raise InputError(error.problem) from None

"""Completion in the shell: commands and options by click, and the names that the files of a workspace have."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

Complete = Callable[[click.Context, click.Parameter, str], "list[CompletionItem | str]"]
SHELLS = ("bash", "zsh", "fish")
PROGRAM = "signalproof"


def names_in(folder: str, suffix: str = "") -> Complete:
    """Completes the names of a workspace's files below a folder (without suffix: of the folders in it)."""

    def complete(ctx: click.Context, _: click.Parameter, typed: str) -> list[CompletionItem | str]:
        base: Path = (ctx.find_root().meta.get("root") or Path()) / folder
        found = base.rglob(f"*{suffix}") if suffix else (path for path in base.glob("*") if path.is_dir())
        names = (path.relative_to(base).as_posix().removesuffix(suffix) for path in found)
        return [name for name in sorted(names) if name.startswith(typed)]

    return complete


def call_ids(ctx: click.Context, _: click.Parameter, typed: str) -> list[CompletionItem | str]:
    """Completes the ids of calls: of the run that is named, else of the ledger and of the last backtest."""
    from engine.pipeline.callids import known_ids

    root = ctx.find_root().meta.get("root") or Path()
    paper = bool(ctx.params.get("on_paper") or ctx.params.get("account") or "on_paper" not in ctx.params)
    return [name for name in known_ids(root, ctx.params.get("run"), paper) if name.startswith(typed)]


def codes(_: click.Context, __: click.Parameter, typed: str) -> list[CompletionItem | str]:
    """Completes the codes of findings, with their titles."""
    from click.shell_completion import CompletionItem

    from engine.config.diagnostics import CODES, explain_code

    found = [path.stem for path in sorted(CODES.glob("*.md")) if path.stem.startswith(typed.upper())]
    return [CompletionItem(code, help=(explain_code(code) or code).splitlines()[0][2:]) for code in found]


def completion_script(cli: click.Command, shell: str) -> str:
    """The script that teaches a shell to complete ``signalproof``."""
    from click.shell_completion import get_completion_class

    known = get_completion_class(shell)
    if known is None:  # the choices of the command are those that click knows
        raise ValueError(shell)
    return known(cli, {}, PROGRAM, f"_{PROGRAM.upper()}_COMPLETE").source()

"""``cli.py validate``: every file of a workspace, all findings at once.

1. load settings, profiles (with their own tests), rules (with their own tests) and strategies (with what they name);
2. keep the findings of the paths asked for (default: all);
3. render them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from engine.config.diagnostics import CODES, Diagnostic, did_you_mean, explain_code, has_errors
from engine.config.render import render
from engine.config.text import SourceText
from engine.pipeline.errors import InputError
from engine.pipeline.workspace import Workspace
from engine.problem import Problem


@dataclass(frozen=True, slots=True)
class Validation:
    """The findings of a validation, sorted by place, and the sources they point into."""

    findings: tuple[Diagnostic, ...]
    sources: dict[str, SourceText]
    files: int

    def render(self, form: str) -> str:
        """The findings as text, concise, json, github or sarif."""
        return render(list(self.findings), self.sources, form)

    @property
    def summary(self) -> str:
        """One line: how many files, errors and warnings."""
        errors = sum(d.severity == "error" for d in self.findings)
        warnings = len(self.findings) - errors
        what = f"{plural(errors, 'error')}, {plural(warnings, 'warning')}" if self.findings else "no findings"
        return f"{plural(self.files, 'file')} checked: {what}"

    def failed(self, strict: bool) -> bool:
        """Whether there is an error (or, when strict, a warning)."""
        return bool(self.findings) if strict else has_errors(self.findings)


def plural(count: int, noun: str) -> str:
    """``1 file``, ``2 files``."""
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


def validate_workspace(workspace: Workspace, paths: Sequence[Path]) -> Validation:
    """Load everything under a workspace; with ``paths``, only findings in those files and folders."""
    workspace.load_all()
    if not workspace.sources:
        raise InputError(
            Problem("no channels/, rules/ or strategies/ files here", str(workspace.root), hint="name a --workspace")
        )
    wanted = [_shown(workspace, path) for path in paths]
    inside = [
        name
        for name in workspace.sources
        if not wanted or any(w in ("", ".") or name == w or name.startswith(f"{w}/") for w in wanted)
    ]
    if wanted and not inside:
        raise InputError(Problem("no profile, rules or strategy of this workspace", ", ".join(map(str, paths))))
    findings = tuple(sorted({d for d in workspace.findings if d.path in inside}))
    return Validation(findings, workspace.sources, len(inside))


def _shown(workspace: Workspace, path: Path) -> str:
    """A path given by the user, relative to the workspace. Raises InputError when nothing is there."""
    for candidate in (path, workspace.root / path):
        if candidate.exists():
            return workspace.shown(candidate).rstrip("/")
    raise InputError(Problem("there is no such file or folder", str(path)))


def explain(code: str) -> str:
    """The page of a diagnostic code. Raises InputError for an unknown one."""
    page = explain_code(code)
    if page is None:
        near = did_you_mean(code.upper(), (path.stem for path in CODES.glob("*.md")))
        raise InputError(
            Problem(f"no such code: {code}", hint=near or "every finding of cli.py validate shows its code")
        )
    return page.rstrip()

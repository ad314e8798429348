"""``cli.py validate``: every file of a workspace, all findings at once.

1. check each file by itself (``checking.py``), unless its text, all it depends on and the program are as they were when
   it was checked last (``memory.py``);
2. look across the files: names that no file has, amounts in another currency;
3. leave out what comments suppress, and say where a comment suppresses nothing;
4. keep the findings of the paths asked for (default: all) and render them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from engine.config.diagnostics import CODES, Diagnostic, did_you_mean, explain_code, has_errors
from engine.config.suppress import suppress
from engine.config.text import SourceText
from engine.pipeline.checking import CHECKS, Checked, hash_of
from engine.pipeline.crossing import foreign_amounts, two_worlds, unknown_names
from engine.pipeline.errors import InputError
from engine.pipeline.memory import Memory
from engine.pipeline.progress import Track, silent
from engine.pipeline.shipped import shipped
from engine.pipeline.workspace import Workspace
from engine.problem import Problem
from engine.units import show_count

FOLDERS = (("channels", ".channel"), ("rules", ".yaml"), ("strategies", ".yaml"))


@dataclass(frozen=True, slots=True)
class Validation:
    """The findings of a validation, sorted by place, the sources they point into, and files that cannot be read."""

    findings: tuple[Diagnostic, ...]
    sources: dict[str, SourceText]
    files: int
    problems: tuple[Problem, ...] = ()

    def render(self, form: str) -> str:
        """The findings as text, concise, json, github or sarif."""
        if not self.findings and form in ("text", "concise", "github"):
            return ""
        from engine.config.render import render

        return render(list(self.findings), self.sources, form)

    @property
    def summary(self) -> str:
        """One line: how many files, errors and warnings."""
        errors = sum(d.severity == "error" for d in self.findings)
        warnings = len(self.findings) - errors
        what = f"{show_count(errors, 'error')}, {show_count(warnings, 'warning')}" if self.findings else "no findings"
        return f"{show_count(self.files, 'file')} checked: {what}"

    def failed(self, strict: bool) -> bool:
        """Whether there is an error (or, when strict, a warning)."""
        return bool(self.findings) if strict else has_errors(self.findings)


def validate_workspace(
    workspace: Workspace, paths: Sequence[Path] = (), track: Track = silent, remember: bool = True
) -> Validation:
    """Check every file and keep the findings of ``paths``; without ``remember`` nothing is taken from the last run.

    Raises InputError where there is nothing to check, and for a path that is none of this workspace. A file that cannot
    be read at all is among the problems, and the others are checked all the same.
    """
    read, problems = _sources(workspace)
    if not read and not problems:
        raise InputError(
            Problem("no channels/, rules/ or strategies/ files here", str(workspace.root), hint="name a --workspace")
        )
    wanted = [_shown(workspace, path) for path in paths]

    def is_wanted(shown: str) -> bool:
        return not wanted or any(w in ("", ".") or shown == w or shown.startswith(f"{w}/") for w in wanted)

    inside = {shown for shown in read if is_wanted(shown)}
    gone = tuple(problem for problem in problems if is_wanted(problem.path))
    if wanted and not inside and not gone:
        raise InputError(Problem("no profile, rules or strategy of this workspace", ", ".join(map(str, paths))))
    checked = _check_all(workspace, read, track, remember)
    found = [finding for each in checked.values() for finding in each.findings]
    found += _look_across(workspace, read, checked)
    findings = tuple(d for d in suppress(found, read) if d.path in inside)
    return Validation(findings, read, len(inside) + len(gone), gone)


def _sources(workspace: Workspace) -> tuple[dict[str, SourceText], list[Problem]]:
    """The texts of all files of the workspace by the path that is shown, and what cannot be read."""
    found: dict[str, SourceText] = {}
    problems: list[Problem] = []
    paths = [
        workspace.root / folder / f"{n}{suffix}" for folder, suffix in FOLDERS for n in workspace.names(folder, suffix)
    ]
    settings = workspace.root / "workspace.yaml"
    for path in ([settings] if settings.is_file() else []) + paths:
        try:
            source = workspace.read_source(path)
            found[source.path] = source
        except InputError as error:
            problems += error.problems
    return found, problems


def _check_all(workspace: Workspace, read: dict[str, SourceText], track: Track, remember: bool) -> dict[str, Checked]:
    """What each file tells, checked now or remembered."""
    memory = Memory(workspace.checked_path if remember else None)
    checked: dict[str, Checked] = {}
    states = {shown: _state(shown, read) for shown in read}
    for shown in read:
        known = memory.recall(shown, states[shown], lambda name: _text_of(read, name)) if remember else None
        if known is not None:
            checked[shown] = known
    for shown in track([shown for shown in read if shown not in checked], "checking files"):
        folder, _, rest = shown.rpartition(".")[0].partition("/")
        checked[shown] = CHECKS[folder](workspace, read[shown], rest)
        if not any(finding.code == "D214" for finding in checked[shown].findings):  # hangs on the names of all files
            memory.keep(shown, states[shown], checked[shown])
    memory.save()
    return checked


def _state(shown: str, read: dict[str, SourceText]) -> str:
    """A hash of everything that a file's own findings hang on, but for the profiles it takes over."""
    settings = read.get("workspace.yaml") if shown.startswith("rules/") else None
    return hash_of(shown, read[shown].text, settings.text if settings else "")


def _text_of(read: dict[str, SourceText], name: str) -> str | None:
    """The text of a profile, as ``Workspace.channel_source`` finds it."""
    source = read.get(f"channels/{name}.channel") or shipped(name)
    return source.text if source else None


def _look_across(workspace: Workspace, read: dict[str, SourceText], checked: dict[str, Checked]) -> list[Diagnostic]:
    """What is wrong between the files."""
    names = cache(workspace.names)

    def currency_of(name: str) -> str | None:
        rules = checked.get(f"rules/{name}.yaml")
        return rules.currency if rules else None

    def known(name: str) -> bool | None:
        profile = checked.get(f"channels/{name}.channel")
        return profile.invented if profile else None

    found: list[Diagnostic] = []
    for shown, each in checked.items():
        found += unknown_names("channel", each.channels, read[shown], names)
        found += unknown_names("rules", each.rules, read[shown], names)
        if each.currency and shown.startswith("strategies/"):
            found += foreign_amounts(each.currency, each.rules, read[shown], currency_of)
        if each.invented is not None and shown.startswith("strategies/"):
            found += two_worlds(each.invented, each.channels, read[shown], known)
    return found


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

"""``cli.py channel ...``: the tests inside profiles, labelled cases, and why a message was or was not read."""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from engine.channel import Profile, explain, read
from engine.channel import render as render_explanation
from engine.config.diagnostics import Diagnostic, did_you_mean, has_errors
from engine.config.render import render
from engine.config.text import SourceText
from engine.domain import Action, Distance, Reading, Setup
from engine.pipeline.errors import InputError
from engine.pipeline.progress import Track
from engine.pipeline.workspace import Workspace
from engine.problem import Problem
from engine.units import show_count


@dataclass(frozen=True, slots=True)
class ProfileTests:
    """What the tests inside profiles said."""

    rows: tuple[tuple[str, int, int], ...]  # name, layouts, tests
    findings: tuple[Diagnostic, ...]
    sources: dict[str, SourceText]

    @property
    def failed(self) -> bool:
        """Whether a profile has an error or a failing test."""
        return has_errors(self.findings)

    def render(self, form: str) -> str:
        """As text or json."""
        if form == "json":
            return render(list(self.findings), self.sources, "json")
        found = render(list(self.findings), self.sources, "text")
        rows = [f"{name}: {show_count(n, 'layout')}, {show_count(tests, 'test')}" for name, n, tests in self.rows]
        end = show_count(len(self.findings), "finding")
        if not self.failed and self.rows:
            tests = sum(tests for _, _, tests in self.rows)
            end = f"{'the test' if tests == 1 else f'all {tests:,} tests'} passed, {end}" if tests else end
        return "\n".join(([found] if found else []) + rows + [end])


def find_profile(workspace: Workspace, name: str) -> Profile:
    """A profile by name or path, without errors. Raises InputError otherwise."""
    known = workspace.names("channels", ".channel")
    name = name.removeprefix("channels/").removesuffix(".channel")
    if name not in known:
        hint = did_you_mean(name, known) or ("profiles here: " + ", ".join(known) if known else "")
        raise InputError(Problem(f'there is no profile "{name}"', f"channels/{name}.channel", hint=hint))
    profile = workspace.profile(name)
    workspace.check()
    if profile is None:
        raise InputError(findings=workspace.findings)
    return profile


def test_profiles(workspace: Workspace, names: Sequence[str]) -> ProfileTests:
    """Load the named profiles (default: all), which checks them and runs the tests inside."""
    known = workspace.names("channels", ".channel")
    rows = []
    for given in names or known:
        name = given.removeprefix("channels/").removesuffix(".channel")
        if name not in known:
            raise InputError(Problem(f'there is no profile "{given}"', hint=did_you_mean(name, known)))
        profile = workspace.profile(name)
        if profile:
            rows.append((name, len(profile.layouts), len(profile.tests)))
    return ProfileTests(tuple(rows), tuple(sorted(set(workspace.findings))), workspace.sources)


def explain_message(workspace: Workspace, name: str, message: Path) -> str:
    """Each value of a message underlined and named, or how far each layout got."""
    profile = find_profile(workspace, name)
    return render_explanation(explain(profile, message_text(message)))


def message_text(message: Path) -> str:
    """The text of a message file, or of standard input for ``-``. Raises InputError when there is none."""
    try:
        text = sys.stdin.read() if str(message) == "-" else message.read_text(encoding="utf-8")
        if not text.strip():
            raise InputError(Problem("the message is empty", str(message)))
    except UnicodeDecodeError:
        raise InputError(Problem("not UTF-8 text", str(message), hint="save the message as UTF-8")) from None
    except OSError as error:
        raise InputError(Problem(f"cannot be read: {error.strerror}", str(message))) from None
    return text


def read_cases(workspace: Workspace, name: str, path: Path, track: Track) -> dict[str, Any]:
    """Read labelled messages (one JSON object a line, with ``id`` and ``text``) with one profile.

    The result has ``cases`` (id, kind, read, refused), ``summary`` (counts by kind) and ``text`` (for people).
    """
    profile = find_profile(workspace, name)
    cases = [_case(case["id"], read(profile, case["text"])) for case in track(_load_cases(path), "reading cases")]
    kinds = Counter(case["kind"] for case in cases)
    refused = Counter(case["refused"] for case in cases if case["refused"])
    lines = [f"{kind}: {count}" for kind, count in kinds.most_common()]
    lines += [f"  refused, {reason}: {count}" for reason, count in refused.most_common()]
    return {
        "cases": cases,
        "summary": {"cases": len(cases), **kinds, "refused": dict(refused)},
        "text": "\n".join(lines),
    }


def _load_cases(path: Path) -> list[dict[str, Any]]:
    """The records of a cases file. Raises InputError naming the first bad line."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(Problem(f"cannot be read: {error}", str(path))) from None
    cases = []
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            case = json.loads(line)
        except json.JSONDecodeError as error:
            raise InputError(Problem(f"not JSON: {error.msg}", str(path), number, error.colno)) from None
        if not isinstance(case, dict) or not isinstance(case.get("text"), str) or "id" not in case:
            raise InputError(Problem('a case needs "id" and "text"', str(path), number))
        cases.append(case)
    return cases


def _case(identity: Any, reading: Reading) -> dict[str, Any]:
    """One case as the contract of ``channel test --cases`` has it."""
    if reading.setups:
        return {"id": identity, "kind": "signal", "read": [_setup(s) for s in reading.setups], "refused": None}
    if reading.actions:
        return {"id": identity, "kind": "update", "read": [_action(a) for a in reading.actions], "refused": None}
    return {"id": identity, "kind": "none", "read": [], "refused": reading.refusal.code if reading.refusal else None}


def _setup(setup: Setup) -> dict[str, Any]:
    """A setup in plain JSON; distances are ``600pt``, ``5%`` or ``2R``, a market leg's price stands first."""
    entries = list(setup.entries)
    if setup.reference is not None:
        entries.insert(0, setup.reference)
    targets = [target.price if target.distance is None else target.distance for target in setup.targets]
    close = setup.close_stop
    return {
        "symbol": setup.symbol,
        "side": "BUY" if setup.side.sign > 0 else "SELL",
        "entries": entries,
        "entry_kind": setup.entry_kind.value,
        "targets": [_level(target) for target in targets if target is not None],
        "stop": _level(setup.stop),
        "stop_close_ms": close.timeframe_ms if close else None,
        "stop_hard": close.hard if close else None,
        "leverage": setup.leverage,
        "ref": setup.ref,
        "layout": setup.layout,
    }


def _level(level: float | Distance | None) -> float | str | None:
    """A price, or a distance as text."""
    if not isinstance(level, Distance):
        return level
    return f"{level.value:g}{ {'percent': '%', 'points': 'pt', 'R': 'R'}[level.unit] }"


def _action(action: Action) -> dict[str, Any]:
    """An action in plain JSON."""
    return {
        "action": action.kind,
        "symbol": action.symbol,
        "side": None if action.side is None else "BUY" if action.side.sign > 0 else "SELL",
        "ref": action.signal_ref,
        "level": action.level,
        "number": action.target if action.target is not None else action.order,
        "share": action.share,
        "entries": list(action.entries),
        "targets": [target.price for target in action.targets],
        "stop": _level(action.stop),
    }

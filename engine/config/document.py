"""A YAML file read and held against its schema, ready for the checks that a schema cannot express.

A check asks ``sound(path)`` first: where the schema has found a fault already, nothing is said twice, and everything
else in the file is still checked, so that the user sees all errors at once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from engine.config.diagnostics import Diagnostic, Related, Severity, diagnose, has_errors, related
from engine.config.schema import check_schema
from engine.config.text import SourceText, Span
from engine.config.yamlfile import Path, YamlFile, load_yaml
from engine.units import moment_ms


@dataclass
class Document:
    """A file's data with its spans, the paths the schema objects to, and everything found so far.

    ``wrong`` are the paths of all errors, ``is_torn`` says that others belong to no path: its YAML is broken.
    """

    file: YamlFile
    findings: list[Diagnostic] = field(default_factory=list)
    faulty: set[Path] = field(default_factory=set)
    wrong: set[Path] = field(default_factory=set)
    is_torn: bool = False

    @property
    def source(self) -> SourceText:
        """The text of the file."""
        return self.file.source

    @property
    def failed(self) -> bool:
        """Whether an error was found (warnings leave a file usable)."""
        return has_errors(self.findings)

    @property
    def ordered(self) -> list[Diagnostic]:
        """Everything found, each thing once, in the order of the file."""
        return sorted(set(self.findings))

    def get(self, *path: str | int, default: Any = None) -> Any:
        """The value at a path, or ``default`` when it is absent or any part of the way is not sound."""
        if not self.sound(*path):
            return default
        value = self.file.data
        for part in path:
            try:
                value = value[part]
            except (KeyError, IndexError, TypeError):
                return default
        return value

    def count(self, *path: str | int) -> int:
        """How many items a list has, whatever they are worth; 0 when it is absent or no list."""
        return sum(at[:-1] == path and isinstance(at[-1], int) for at in self.file.values if at)

    def keys(self, *path: str | int) -> list[str]:
        """The keys of a block, whatever its values are worth; none when it is absent or no block."""
        return [str(key[-1]) for key in self.file.keys if key[:-1] == path]

    def sound(self, *path: str | int) -> bool:
        """Whether the schema finds no fault at this path, above it or below it."""
        return self.file.data is not None and not any(
            fault[: len(path)] == path or path[: len(fault)] == fault for fault in self.faulty
        )

    def report(
        self,
        path: Sequence[str | int],
        code: str,
        message: str,
        hint: str,
        *,
        at_key: bool = False,
        severity: Severity = "error",
        other: tuple[Related, ...] = (),
    ) -> None:
        """Note a finding at the value of a path, or at its key."""
        span = self.file.key_span(tuple(path)) if at_key else self.file.span(tuple(path))
        self.findings.append(diagnose(self.source, span, code, message, hint, severity, other))
        if severity == "error":
            self.wrong.add(tuple(path))

    def refuse_repeats(self, what: str, paths: Sequence[Path]) -> None:
        """A finding for every name at these paths that stands there a second time."""
        first: dict[str, Path] = {}
        for path in paths:
            name = self.get(*path)
            if name is None:
                continue
            if name in first:
                place = related(self.source, self.file.span(first[name]), "first named here")
                hint = f"delete or rename one of them; the first stands in line {place.line}"
                self.report(path, "R105", f'{what} "{name}" stands here twice', hint, other=(place,))
            else:
                first[name] = path

    def moment(self, *path: str | int) -> int | None:
        """The epoch milliseconds of a date, None when it is absent or no date (which is then a finding)."""
        text = self.get(*path)
        if text is None:
            return None
        try:
            return moment_ms(text)
        except ValueError:
            self.report(path, "R102", f'"{text}" is no date of the calendar', f"write {path[-1]}: 2025-01-31")
            return None

    def spans(self, *path: str | int) -> dict[str, Span]:
        """The names in a list of text and where each stands."""
        return {name: self.file.span((*path, i)) for i, name in enumerate(self.get(*path, default=()))}


def read_document(source: SourceText, schema: str) -> Document:
    """Read a YAML file and hold it against ``schemas/<schema>.schema.json``. Never raises."""
    file, findings = load_yaml(source)
    document = Document(file, findings, is_torn=has_errors(findings))
    if file.data is not None:
        faults = check_schema(file, schema)
        document.faulty = {fault.path for fault in faults}
        document.wrong |= document.faulty
        document.findings += [fault.finding for fault in faults]
    return document

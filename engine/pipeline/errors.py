"""The one exception of the pipelines: a command cannot go on, and the user can mend why."""

from __future__ import annotations

from collections.abc import Sequence

from engine.config.diagnostics import Diagnostic
from engine.problem import Problem


class InputError(Exception):
    """A command stops here. ``problems`` are unreadable inputs (exit code 2), ``findings`` faults in files (1)."""

    def __init__(self, *problems: Problem, findings: Sequence[Diagnostic] = ()) -> None:
        super().__init__("; ".join(str(p) for p in problems) or f"{len(findings)} findings")
        self.problems = problems
        self.findings = tuple(findings)

    @property
    def exit_code(self) -> int:
        """1 when files have findings, 2 when an input cannot be used at all."""
        return 1 if self.findings and not self.problems else 2

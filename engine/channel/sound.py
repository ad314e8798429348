"""What of a faulty profile can still be checked: the samples and tests that no faulty section has a say in.

1. Where every error lies in a layout, a form or a test, the other layouts mean what they say: they read their samples.
   An error in the settings, words or phrases may change how anything reads, so nothing more is checked then.
2. Layouts are tried in the order of the file. What one before the first faulty layout reads, the faulty one would not
   have changed, so a test's answer is sure. That nothing was read is sure where no layout and no form is faulty.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from engine.channel.layout.layout import Layout
from engine.channel.syntax import tree as t
from engine.channel.syntax.parser import sections
from engine.config.diagnostics import Diagnostic
from engine.config.text import SourceText
from engine.domain import Reading

LOCAL = frozenset({"signal", "update", "form", "test"})


@dataclass(frozen=True, slots=True)
class Faulty:
    """The faulty sections of a profile, as half-open ranges of its text, by their keywords."""

    ranges: tuple[tuple[int, int, str], ...]

    @property
    def first_layout(self) -> float:
        """Where the first faulty layout begins; infinite where none is faulty."""
        return min((start for start, _, keyword in self.ranges if keyword in ("signal", "update")), default=math.inf)

    @property
    def has_forms(self) -> bool:
        """Whether a form is faulty."""
        return any(keyword == "form" for _, _, keyword in self.ranges)

    def holds(self, offset: int) -> bool:
        """Whether a place lies in a faulty section."""
        return any(start <= offset < stop for start, stop, _ in self.ranges)

    def sound(self, file: t.File, layouts: Sequence[Layout]) -> tuple[t.File, list[Layout]]:
        """A file's layouts and tests without those in faulty sections, and what was compiled of these layouts.

        Phrases are left out beside a faulty layout: a word of theirs may be known by it.
        """
        whole = self.first_layout == math.inf
        kept = [one for one in layouts if not self.holds(one.name_span.start) and (whole or not one.phrases)]
        places = {one.name_span for one in kept}
        nodes = [node for node in file.layouts if node.name_span in places]
        tests = [case for case in file.tests if not self.holds(case.name_span.start)]
        return replace(file, layouts=nodes, tests=tests, forms=[] if self.has_forms else list(file.forms)), kept

    def is_sure(self, reading: Reading, own: Sequence[Layout], all_layouts: Iterable[Layout]) -> bool:
        """Whether a message would be read so, whatever the faulty sections come to say; ``own``: of this file."""
        if self.first_layout == math.inf and not self.has_forms:
            return True
        sure = {one.name for one in own if not one.phrases and one.name_span.start < self.first_layout}
        unsure = {one.name for one in all_layouts if one not in own or one.name not in sure}
        names = {one.layout for one in reading.setups} | {one.layout for one in reading.actions}
        return bool(names) and names <= sure - unsure


def faulty_sections(found: Iterable[Diagnostic], source: SourceText) -> Faulty | None:
    """The sections that have errors; None where one of them may change how the others read."""
    errors = [one for one in found if one.severity == "error"]
    if not errors:
        return Faulty(())
    cut = list(sections(source.text.replace("\r", " ") + "\n"))
    first_lines = [source.place(start).line for start, _, _ in cut]
    faulty = set()
    for one in errors:
        index = bisect_right(first_lines, one.line) - 1
        if one.path != source.path or index < 0 or cut[index][2] not in LOCAL:
            return None
        faulty.add(cut[index])
    return Faulty(tuple(sorted(faulty)))

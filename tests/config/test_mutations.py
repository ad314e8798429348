"""Slips at random in every file that the program ships: nothing is ever raised, and every finding lies in its file.

SIGNALPROOF_EXAMPLES says how many files are spoilt (20,000 for a release; the few of a usual run are other ones each
day). The seeds are numbers, so a failure is repeated by its number.
"""

from __future__ import annotations

import os
import random
import re
from datetime import UTC, datetime
from pathlib import Path

import pytest

from engine.channel import load_profile
from engine.config.diagnostics import Diagnostic, has_errors
from engine.config.render import FORMS, render
from engine.config.suppress import suppress
from engine.config.text import SourceText
from tests.channel.helpers import shipped
from tests.config.examples import LOADERS, ROOT

MANY = int(os.environ.get("SIGNALPROOF_EXAMPLES", "60"))
PARTS = 20
KINDS = {"strategies": "strategy", "rules": "rules", "pipeline": "workspace"}
# Profiles that take over others cost a second each to read, so those that stand for themselves are spoilt.
FILES = sorted(
    [
        *ROOT.glob("strategies/*.yaml"),
        *ROOT.glob("rules/*.yaml"),
        ROOT / "engine/pipeline/templates/workspace.yaml",
        *(path for path in ROOT.glob("channels/**/*.channel") if "\nlike " not in path.read_text(encoding="utf-8")),
    ]
)
PIECES = [
    *" \n\t:,{}[]\"'#&*!|>%@`-?\\$\u202e\u0000\ud7ff\U0001f4c8",
    "\n\n", "  - ", "{?", "{+", "}}", "<<<", ">>>", "- ", ": ", "null", "true", "-1", "1e9", "1e999", "0x1f", "9" * 45,
    "&a", "*a", "<<: *a", "!!python/object:os.system", "---", "...", "{target: 1}", "{any: x}", "{...}", "signal \"x\"",
    "expect nothing", "like \"own\"", "100%", "0%", "5s", "4 h", "\uff15", "\u0131", "short", "all: []", "name", "\r\n",
    "# signalproof: ignore R202", "# signalproof: ignore D501 because of it",
]  # fmt: skip


def spoilt(number: int) -> tuple[Path, str]:
    """The file of a number and its text with one to five slips."""
    chance = random.Random(number)
    path = FILES[number % len(FILES)]
    text = path.read_text(encoding="utf-8")
    for _ in range(chance.randint(1, 5)):
        at = chance.randrange(len(text) + 1)
        match chance.randrange(6):
            case 0:  # something is deleted
                text = text[:at] + text[at + chance.randint(1, 20) :]
            case 1:  # something is put in
                text = text[:at] + chance.choice(PIECES) + text[at:]
            case 2:  # something stands twice
                text = text[: at + 15] + text[at : at + 15] + text[at + 15 :]
            case 3:  # a line is taken out or moved
                lines = text.split("\n")
                line = lines.pop(chance.randrange(len(lines)))
                if chance.random() < 0.5:
                    lines.insert(chance.randrange(len(lines) + 1), line)
                text = "\n".join(lines)
            case 4:  # a character is another one
                text = (
                    text[:at]
                    + chr(chance.choice([chance.randrange(32, 127), chance.randrange(0xD7FF)]))
                    + text[at + 1 :]
                )
            case _:  # a word or value is another one
                words = list(re.finditer(r"[\w.%]+", text)) or [re.match("", text)]
                word = chance.choice(words)
                assert word is not None
                text = text[: word.start()] + chance.choice(PIECES) + text[word.end() :]
    return path, text


def read(path: Path, text: str) -> tuple[SourceText, object, list[Diagnostic]]:
    source = SourceText(path.relative_to(ROOT).as_posix(), text)
    if path.suffix == ".channel":
        loaded, found = load_profile(source, path.stem, shipped, ("library/common", "my_channel"))
    else:
        loaded, found = LOADERS[KINDS[path.parent.name if path.parent.name in KINDS else "pipeline"]](source)
    return source, loaded, found


@pytest.mark.parametrize("part", range(PARTS))
def test_a_spoilt_file_is_told_what_is_wrong_with_it(part: int) -> None:
    first = int(datetime.now(UTC).timestamp()) // 86_400 * 1000 if MANY < 1000 else 0
    for number in range(first + part, first + MANY, PARTS):
        path, text = spoilt(number)
        try:
            source, loaded, found = read(path, text)
            heard = suppress(found, {source.path: source})
            shown = [render(heard, {source.path: source}, form) for form in FORMS]
        except Exception as error:
            raise AssertionError(f"number {number}: {path.name} raised {error!r}") from error
        assert (loaded is None) == has_errors(found), number
        assert all(shown) or not heard, number
        for finding in heard:
            assert finding.path == source.path, number
            assert finding.message, number
            assert finding.hint, (number, finding)
            assert 1 <= finding.line <= source.line_count, number
            width = len(source.line(finding.line)) + 1
            assert 1 <= finding.column <= width, (number, finding)
            assert finding.column < finding.end_column <= max(width, finding.column + 1), (number, finding)
            for other in finding.related:
                assert other.path != source.path or 1 <= other.line <= source.line_count, number

"""Bad files, each beside the whole text that the user sees. SIGNALPROOF_ACCEPT=1 writes the texts anew."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from engine.config.diagnostics import CODES
from engine.config.render import render
from engine.config.text import SourceText
from engine.pipeline.validate import validate_workspace
from engine.pipeline.workspace import Workspace
from tests.config.examples import LOADERS

FOLDER = Path(__file__).parent / "bad"
BAD = sorted(FOLDER.glob("*.yaml"))
PROFILES = sorted(FOLDER.glob("*.channel"))  # tests/channel/test_bad.py holds these
WORKSPACES = sorted(path for path in (FOLDER / "workspaces").iterdir() if path.is_dir())


@pytest.mark.parametrize("path", BAD, ids=lambda path: path.stem)
def test_a_bad_file_is_told_exactly_this(path: Path) -> None:
    source = SourceText(path.name, path.read_text(encoding="utf-8"))
    loaded, found = LOADERS[path.stem.partition("-")[0]](source)
    text = render(found, {path.name: source}, "text") + "\n"
    golden = path.with_suffix(".txt")
    if os.environ.get("SIGNALPROOF_ACCEPT"):
        golden.write_text(text, encoding="utf-8", newline="")
    assert text == golden.read_text(encoding="utf-8")
    assert (loaded is None) == any(d.severity == "error" for d in found)


@pytest.mark.parametrize("path", WORKSPACES, ids=lambda path: path.name)
def test_a_bad_workspace_is_told_exactly_this(path: Path) -> None:
    text = validate_workspace(Workspace(path), remember=False).render("text") + "\n"
    golden = path.with_suffix(".txt")
    if os.environ.get("SIGNALPROOF_ACCEPT"):
        golden.write_text(text, encoding="utf-8", newline="")
    assert text == golden.read_text(encoding="utf-8")


def test_there_are_enough_bad_files_and_every_code_is_among_them() -> None:
    assert len([*BAD, *PROFILES, *WORKSPACES]) >= 120
    told = "".join(path.read_text(encoding="utf-8") for path in FOLDER.rglob("*.txt"))
    assert set(re.findall(r"(?:error|warning)\[([A-Z]\d{3})\]", told)) == {page.stem for page in CODES.glob("*.md")}

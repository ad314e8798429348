"""Bad files, each beside the whole text that the user sees. SIGNALPROOF_ACCEPT=1 writes the texts anew."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from engine.config.render import render
from engine.config.text import SourceText
from tests.config.examples import LOADERS

BAD = sorted((Path(__file__).parent / "bad").glob("*.yaml"))


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


def test_there_are_enough_bad_files() -> None:
    assert len(BAD) >= 30

"""Each bad profile beside the whole of what is said about it: tests/config/bad/*.channel and *.txt."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.channel import load_profile
from engine.config.diagnostics import CODES, has_errors
from engine.config.text import SourceText
from tests.channel.helpers import concise, shipped

BAD = Path(__file__).parent.parent / "config" / "bad"
FILES = sorted(BAD.glob("*.channel"))


def rendered(path: Path) -> str:
    source = SourceText(path.name, path.read_text(encoding="utf-8"))
    loaded, found = load_profile(source, path.stem, shipped, ("library/labels", "library/cornix", "my_channel"))
    assert (loaded is None) is has_errors(found)
    return "".join(concise(one) + "\n" for one in found)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_every_slip_is_explained_at_its_place(path: Path) -> None:
    assert rendered(path) == path.with_suffix(".txt").read_text(encoding="utf-8")


def test_every_code_has_an_example_and_a_page_and_no_page_is_left_over() -> None:
    used = {code for path in FILES for code in _codes(path.with_suffix(".txt").read_text(encoding="utf-8"))}
    pages = {page.stem for page in CODES.glob("D*.md")}
    assert used == pages
    for page in sorted(CODES.glob("D*.md")):
        assert page.read_text(encoding="utf-8").startswith(f"# {page.stem}: "), page.name


def _codes(text: str) -> set[str]:
    return {line.split("[", 1)[1][:4] for line in text.splitlines() if line.startswith(("D", "everything"))}


if __name__ == "__main__":  # writes the expected texts anew; read the difference before you keep it
    for bad in FILES:
        bad.with_suffix(".txt").write_text(rendered(bad), encoding="utf-8")

"""The pages of the D codes: what fails there fails with that code, and what is mended there is clean of it."""

from __future__ import annotations

import re

import pytest

from engine.config.diagnostics import CODES
from tests.channel.helpers import CHAT, findings

PAGES = sorted(CODES.glob("D*.md"))


def whole(block: str, code: str) -> str:
    """An example with what it leaves out: a first line, and a test."""
    if not block.startswith('channel "') and code != "D108":
        block = f'channel "Test"\n\ndefaults\nquote: USDT\n\n{block}'
    return block if "\ntest " in block or code in ("D501", "D105") else f"{block}\n{CHAT}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_the_examples_of_a_page_are_true(page) -> None:
    failing, mended = re.findall(r"```channel\n(.*?)```", page.read_text(encoding="utf-8"), re.DOTALL)
    assert page.stem in {found.code for found in findings(whole(failing, page.stem))}
    assert {found.code for found in findings(whole(mended, page.stem))} - {"D501"} == set()

"""One browser for all tests of this folder, and the run whose report it opens."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.pipeline.paper.report import write_paper
from engine.report.html import render_report
from tests.browser.driver import CHROMEDRIVER, CHROMIUM, Browser, browser
from tests.paper import pageworld
from tests.report.sample import write_sample


@pytest.fixture(scope="session")
def window() -> Iterator[Browser]:
    if not (CHROMIUM and CHROMEDRIVER):
        missing = "chromium and chromedriver are not installed"
        if os.environ.get("SIGNALPROOF_REQUIRE_BROWSER"):
            pytest.fail(missing)
        pytest.skip(missing)
    with browser() as opened:
        yield opened


@pytest.fixture(scope="session")
def report(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("run")
    write_sample(folder)
    return render_report(folder)


@pytest.fixture(scope="session")
def paper_pages(tmp_path_factory) -> dict[str, Path]:
    """Pages of accounts on paper: one that has seen everything, one call, none, and one that knows no candles."""
    place = pageworld.workspace(tmp_path_factory.mktemp("paper"))
    pages = {}
    for name, calls in (("full", None), ("one", 1), ("empty", 0)):
        desk = pageworld.ledger_of(place, place.root / f"{name}.db", calls=calls)
        if name == "full":
            pageworld.eventful(desk)
        sources = pageworld.sources_of(desk)
        pages[name] = write_paper(place, pageworld.book_of(desk), sources, place.root / name)
        if name == "full":
            pages["turkish"] = write_paper(place, pageworld.book_of(desk), sources, place.root / "turkish", "tr")
    return pages

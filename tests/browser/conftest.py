"""One browser for all tests of this folder, and the run whose report it opens."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.report.html import render_report
from tests.browser.driver import CHROMEDRIVER, CHROMIUM, Browser, browser
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

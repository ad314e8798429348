"""``python -m tests.browser.picture docs/pictures/report.png``: the picture of the made-up report for the documents."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from engine.report.html import render_report
from tests.browser.driver import browser
from tests.report.sample import write_sample


def main(target: Path) -> None:
    """Render the sample run and save the top of its page."""
    with tempfile.TemporaryDirectory() as name, browser() as window:
        write_sample(Path(name), hostile=False)
        window.open(render_report(Path(name)), 1280, 1320)
        target.parent.mkdir(parents=True, exist_ok=True)
        window.picture(target)


if __name__ == "__main__":
    main(Path(sys.argv[1]))

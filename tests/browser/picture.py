"""``python -m tests.browser.picture docs/pictures/report.png``: the picture of the demo's report for the documents."""

from __future__ import annotations

import shutil
import sys
import tempfile
from pathlib import Path

from engine.pipeline.backtest import run_backtest
from engine.pipeline.progress import silent
from engine.pipeline.workspace import Workspace
from tests.browser.driver import browser
from tests.conftest import ROOT


def main(target: Path) -> None:
    """Run the demo in a folder of its own and save the top of its report."""
    with tempfile.TemporaryDirectory() as name, browser() as window:
        folder = Path(name)
        for part in ("channels", "rules", "strategies"):
            shutil.copytree(ROOT / part, folder / part)
        run_backtest(Workspace(folder), "demo", None, None, folder / "run", silent)
        window.open(folder / "run" / "report.html", 1280, 1320)
        target.parent.mkdir(parents=True, exist_ok=True)
        window.picture(target)


if __name__ == "__main__":
    main(Path(sys.argv[1]))

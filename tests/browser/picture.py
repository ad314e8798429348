"""``python -m tests.browser.picture docs/pictures``: the pictures of the demo's pages for the documents."""

from __future__ import annotations

import shutil
import sys
import tempfile
from pathlib import Path

from engine.pipeline.backtest import run_backtest
from engine.pipeline.paper.replay import replay_paper
from engine.pipeline.paper.report import report_replay
from engine.pipeline.progress import silent
from engine.pipeline.workspace import Workspace
from tests.browser.driver import browser
from tests.conftest import ROOT


def main(target: Path) -> None:
    """Run the demo in a folder of its own, over history and on paper, and save the tops of its pages."""
    with tempfile.TemporaryDirectory() as name, browser() as window:
        folder = Path(name)
        for part in ("channels", "rules", "strategies"):
            shutil.copytree(ROOT / part, folder / part)
        run_backtest(Workspace(folder), "demo", None, None, folder / "runs" / "20250701-120000-demo", silent)
        place = Workspace(folder)
        replayed = replay_paper(place, ["demo"], "demo", folder / "paper", compare=False, track=silent)
        target.mkdir(parents=True, exist_ok=True)
        for name, page in (
            ("report", folder / "runs" / "20250701-120000-demo" / "report.html"),
            ("paper", report_replay(place, replayed, "demo")),
        ):
            window.open(page, 1280, 1320)
            window.picture(target / f"{name}.png")


if __name__ == "__main__":
    main(Path(sys.argv[1]))

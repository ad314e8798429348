"""Logs of a workspace: logs/YYYY-MM-DD.log, one file a day, UTC."""

from __future__ import annotations

import logging
import time
from datetime import UTC, datetime
from pathlib import Path

FORM = "%(asctime)s.%(msecs)03dZ %(levelname)s %(name)s: %(message)s"


class DailyFile(logging.FileHandler):
    """Writes to the file of the day on which a record is made; changes files at midnight UTC."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        super().__init__(self.path_of_today(), encoding="utf-8", delay=True)

    def path_of_today(self) -> Path:
        """The log file of today."""
        return self.folder / f"{datetime.now(UTC):%Y-%m-%d}.log"

    def emit(self, record: logging.LogRecord) -> None:
        """Write a record, into a new file when the day has changed."""
        today = str(self.path_of_today().absolute())
        if today != self.baseFilename:
            self.close()
            self.baseFilename = today
        Path(today).parent.mkdir(parents=True, exist_ok=True)
        super().emit(record)


def start_logging(folder: Path) -> DailyFile:
    """Send the engine's log records of level INFO and above to the day's file in ``folder``."""
    handler = DailyFile(folder)
    formatter = logging.Formatter(FORM, "%Y-%m-%dT%H:%M:%S")
    formatter.converter = time.gmtime
    handler.setFormatter(formatter)
    logger = logging.getLogger("engine")
    for old in [h for h in logger.handlers if isinstance(h, DailyFile)]:
        logger.removeHandler(old)
        old.close()
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    logger.propagate = False
    return handler

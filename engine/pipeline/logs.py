"""Logs of a workspace: logs/YYYY-MM-DD.log, one file a day, UTC."""

from __future__ import annotations

import logging
import sys
import time
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

FORM = "%(asctime)s.%(msecs)03dZ %(levelname)s %(name)s: %(message)s"


class DailyFile(logging.FileHandler):
    """Writes to the file of the day on which a record is made; changes files at midnight UTC."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.failed = folder, False
        super().__init__(self.path_of_today(), encoding="utf-8", delay=True)

    def path_of_today(self) -> Path:
        """The log file of today."""
        return self.folder / f"{datetime.now(UTC):%Y-%m-%d}.log"

    def emit(self, record: logging.LogRecord) -> None:
        """Write a record, into a new file when the day has changed.

        What cannot be written is left out, and that is said once: no work stops for its log.
        """
        today = str(self.path_of_today().absolute())
        try:
            if today != self.baseFilename:
                self.close()
                self.baseFilename = today
            Path(today).parent.mkdir(parents=True, exist_ok=True)
            super().emit(record)
        except OSError as error:
            self._fail(error)

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - logging's name
        """A record that could not be written."""
        error = sys.exc_info()[1]
        if isinstance(error, OSError):
            self._fail(error)
        else:
            super().handleError(record)

    def _fail(self, error: OSError) -> None:
        """Say once why there is no log, and begin anew with the next record."""
        stream, self.stream = self.stream, None
        if stream is not None:
            with suppress(OSError):
                stream.close()
        if not self.failed:
            self.failed = True
            text = f"the log {self.baseFilename} cannot be written: {error.strerror}; the work goes on without it"
            print(text, file=sys.stderr, flush=True)


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

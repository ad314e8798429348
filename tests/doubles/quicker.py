"""Run a program in a world whose clock goes faster: ``python -m tests.doubles.quicker cli.py paper ...``.

``QUICKER=MOMENT:SPEED`` (seconds since 1970, and how many seconds pass for each of ours) is the same for every process
of that world, so they agree on the time. Candles of a minute are over in ``60 / SPEED`` seconds. Only the clock is
quicker: what waits for so many seconds waits as long as ever.
"""

from __future__ import annotations

import os
import runpy
import sys
import time
from typing import Any

VARIABLE = "QUICKER"


def hasten() -> None:
    """Let this process go by the quick clock."""
    moment, speed = (float(part) for part in os.environ[VARIABLE].split(":"))
    real = time.time
    time.time = lambda: moment + (real() - moment) * speed

    if "paper" in sys.argv:
        from engine.paper import live

        live.JUMP_MS = 1 << 60  # a clock that is not the machine's always jumps
    elif sys.argv[1:] == ["-m", "tests.doubles.exchange"]:
        from tests.doubles.exchange.clock import Clock

        made: Any = Clock.__init__
        start, _, began = made.__defaults__
        made.__defaults__ = (start, speed, began)  # how long the exchange waits between two prices


if __name__ == "__main__":
    hasten()
    del sys.argv[0]
    if sys.argv[0] == "-m":
        del sys.argv[0]
        runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)
    else:
        runpy.run_path(sys.argv[0], run_name="__main__")

"""The bar of a fetch: rows and the time left on a terminal, plain lines in a pipe."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from engine.market.venue import ADDRESS_VARIABLE
from tests.conftest import ROOT
from tests.doubles.exchange import ExchangeDouble, World

pty = pytest.importorskip("pty")


def command(folder: Path, symbol: str, *more: str) -> list[str]:
    words = ["market", "fetch", symbol, "--only", "candles", *more, "--workspace", str(folder)]
    return [sys.executable, str(ROOT / "cli.py"), *words]


def test_on_a_terminal_rows_and_the_time_left_are_shown(tmp_path: Path) -> None:
    with ExchangeDouble(World.many(2)) as double:
        env = {**os.environ, ADDRESS_VARIABLE: double.url, "COLUMNS": "100", "TERM": "xterm"}
        main, side = pty.openpty()
        with subprocess.Popen(command(tmp_path, "TK00"), stdout=subprocess.PIPE, stderr=side, env=env) as process:
            os.close(side)
            shown = b""
            while True:
                try:
                    part = os.read(main, 65536)
                except OSError:  # the other side is gone
                    break
                if not part:
                    break
                shown += part
            out = process.stdout.read() if process.stdout else b""
        os.close(main)
    assert process.returncode == 0
    text = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", shown.decode("utf-8", "replace"))
    assert re.search(r"fetching .* [0-9,]+ of 43,[0-9]{3} rows time left", text)
    assert b"new candles" in out


def test_in_a_pipe_there_are_plain_lines(tmp_path: Path) -> None:
    with ExchangeDouble(World.many(2)) as double:
        env = {**os.environ, ADDRESS_VARIABLE: double.url}
        done = subprocess.run(command(tmp_path, "TK01"), capture_output=True, env=env, timeout=60, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    assert re.fullmatch(r"mexc swap TK01USDT 1m: 43,[0-9]{3} new candles, asked for .* UTC\n", done.stdout)

"""The program ends at once, but nothing of what it has begun is left half done."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

LEAVES = "import sys; from engine.pipeline.shell import leave\n"


def ends(program: str, **how: object) -> subprocess.CompletedProcess[str]:
    """A process that runs a program and leaves."""
    buffered = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}
    how = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "env": buffered} | how
    return subprocess.run([sys.executable, "-c", LEAVES + program], text=True, timeout=60, check=False, **how)


@pytest.mark.parametrize(("code", "expected"), [("", 0), ("None", 0), ("0", 0), ("1", 1), ("3", 3), ("'why'", 1)])
def test_the_exit_code_is_what_was_said(code: str, expected: int) -> None:
    done = ends(f"leave(SystemExit({code}))")
    assert done.returncode == expected
    assert done.stderr == ("why\n" if expected == 1 and code == "'why'" else "")


def test_buffers_are_written_and_exit_handlers_run_once() -> None:
    done = ends("import atexit; atexit.register(print, 'bye'); print('said', end='; '); leave(SystemExit(2))")
    assert (done.returncode, done.stdout) == (2, "said; bye\n")


def test_nothing_is_taken_apart() -> None:
    """That is what takes the time after a large run."""
    done = ends("class Held:\n  def __del__(self): print('freed')\nheld = Held()\nleave(SystemExit(0))")
    assert (done.returncode, done.stdout) == (0, "")


def test_a_thread_at_work_is_waited_for() -> None:
    program = "import threading, time\nthreading.Thread(target=lambda: (time.sleep(0.3), print('done'))).start()\n"
    done = ends(program + "leave(SystemExit(0))")
    assert (done.returncode, done.stdout) == (0, "done\n")


TALKS = """
import click
from rich.console import Console
from engine.pipeline.shell import begin
begin()
for _ in range(5_000):
    click.echo("what nobody reads any more")
    Console().print("nor this")
print("the end", file=sys.stderr)
leave(SystemExit({code}))
"""


@pytest.mark.parametrize("code", [0, 1])
def test_a_reader_that_has_gone_is_no_finding(code: int) -> None:
    """As with ``cli.py ... | head -1``: the command goes on to its end, and its exit code is its own."""
    with subprocess.Popen(["true"], stdin=subprocess.PIPE) as reader:
        reader.wait()
        done = ends(TALKS.format(code=code), stdout=reader.stdin)
    assert (done.returncode, done.stderr) == (code, "the end\n")


def test_what_is_said_arrives_whole_and_as_utf_8() -> None:
    done = ends(
        "from engine.pipeline.shell import begin; begin(); print(chr(0x20bf), chr(0xd800)); leave(SystemExit(0))"
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "\u20bf \\ud800\n", "")

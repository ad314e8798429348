"""Work in a process beside this one: the same result as in place, its errors here, and an end with its parent.

Each story is a program of its own, since a test runner has threads, and whoever has them does not fork.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest

from tests.conftest import ROOT

FORKS = sys.platform == "linux" and len(os.sched_getaffinity(0)) > 1
forks = pytest.mark.skipif(not FORKS, reason="needs Linux and two cores")


def start(story: str, cores: str = "") -> subprocess.Popen[str]:
    """A program that begins with what all stories need."""
    head = "import gc, logging, os, signal, sys, threading, time\nfrom pathlib import Path\nfrom engine import beside\n"
    head += "from engine.beside import BesideError\nfrom engine.beside import beside as at_once, shared_out\n"
    head += "signal.signal(signal.SIGINT, signal.default_int_handler)\n"  # tests may run where Ctrl-C is switched off
    return subprocess.Popen(
        [sys.executable, "-W", "error", "-c", head + textwrap.dedent(story)],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=ROOT,
        env=os.environ | {"SIGNALPROOF_CORES": cores},
    )  # fmt: skip


def told(story: str, cores: str = "") -> str:
    """What a program prints that ends without an error."""
    with start(story, cores) as program:
        out, err = program.communicate(timeout=60)
    assert program.returncode == 0, err
    assert err == ""
    return out


def gone(pid: int) -> bool:
    """Whether a process ends within a few seconds."""
    for _ in range(200):
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return True
        if "\nState:\tZ" in Path(f"/proc/{pid}/status").read_text(encoding="utf-8"):
            return True  # its parent is gone, and whoever inherited it has not looked yet
        time.sleep(0.05)
    return False


# --------------------------------------------------------------------------- the result

WHERE = """
    with at_once(os.getpid) as pid:
        print("beside" if pid() != os.getpid() else "in place")
"""


@forks
def test_the_work_is_done_in_another_process() -> None:
    assert told(WHERE) == "beside\n"


@pytest.mark.parametrize("cores", ["", "1"])
def test_the_result_is_the_same_to_the_last_bit_in_both_ways(cores: str) -> None:
    story = """
        import numpy as np
        values = np.append(np.random.default_rng(3).normal(size=300_000), [np.nan, -0.0, np.inf, 5e-324])
        with at_once(lambda: (values * values, {"rows": [1, None, "a\\ud800"]})) as squared:
            pass
        with at_once(lambda: (values * values, {"rows": [1, None, "a\\ud800"]})) as squared:
            found, rest = squared()
            assert squared()[0] is found  # asked twice, done once
        print(found.tobytes() == (values * values).tobytes(), rest == {"rows": [1, None, "a\\ud800"]})
    """
    assert told(story, cores) == "True True\n"


@forks
def test_the_child_sees_what_was_there_at_the_beginning_and_changes_nothing_here() -> None:
    story = """
        seen = [1]
        def work():
            time.sleep(0.2)
            seen.append(2)
            return list(seen)
        with at_once(work) as found:
            seen.append(3)
            print(found(), seen)
    """
    assert told(story) == "[1, 2] [1, 3]\n"


@pytest.mark.parametrize(
    "change",
    [
        "os.environ['SIGNALPROOF_CORES'] = '1'",
        "sys.platform = 'darwin'",
        "os.sched_setaffinity(0, [min(os.sched_getaffinity(0))])",
        "threading.Thread(target=time.sleep, args=(5,), daemon=True).start()",
        "import _thread; _thread.start_new_thread(time.sleep, (5,)); time.sleep(0.2)",
        "beside.LEAST_CALLS = 101",
    ],
)
@pytest.mark.skipif(sys.platform != "linux", reason="the others never fork")
def test_the_work_is_done_in_place_where_a_second_process_is_unsafe_or_no_gain(change: str) -> None:
    story = f"""
        {change}
        with at_once(os.getpid, 100) as pid:
            print(pid() == os.getpid())
    """
    assert told(story) == "True\n"


@forks
def test_a_child_has_no_child() -> None:
    story = """
        def within():
            with at_once(os.getpid) as pid:
                return pid() == os.getpid()
        with at_once(within) as found:
            print(found())
    """
    assert told(story) == "True\n"


@forks
def test_a_system_without_room_for_a_process_does_the_work_in_place() -> None:
    story = """
        def full(): raise BlockingIOError(11, "Resource temporarily unavailable")
        os.fork = full
        logging.basicConfig(stream=sys.stdout, format="%(levelname)s %(message)s")
        with at_once(lambda: 5) as found:
            print(found(), gc.get_freeze_count())
    """
    said = (
        "WARNING no process beside this one ([Errno 11] Resource temporarily unavailable): its work is done in this one"
    )
    assert told(story) == f"{said}\n5 0\n"


# --------------------------------------------------------------------------- several pieces

PIECES = """
    folder = Path({folder!r})
    def piece(number):
        time.sleep(0.2)
        with (folder / "done").open("a") as done:
            done.write(f"{{number}} {{os.getpid()}}\\n")
        return number * number
"""


@pytest.mark.parametrize("cores", ["", "1"])
def test_each_piece_is_done_once_and_results_stand_in_the_order_of_the_pieces(tmp_path: Path, cores: str) -> None:
    story = PIECES.format(folder=str(tmp_path))
    story += """
    with shared_out([lambda number=number: piece(number) for number in range(6)]) as results:
        found = results()
        assert results() == found
    with shared_out([]) as nothing:
        print(found, nothing())
    """
    assert told(story, cores) == "[0, 1, 4, 9, 16, 25] []\n"
    done = [line.split() for line in (tmp_path / "done").read_text(encoding="utf-8").splitlines()]
    assert sorted(number for number, _ in done) == list("012345")
    if FORKS and not cores:
        assert len({process for _, process in done}) == 2


@pytest.mark.parametrize("cores", ["", "1"])
def test_pieces_that_nobody_asks_for_are_done_by_the_end_of_the_block(tmp_path: Path, cores: str) -> None:
    story = PIECES.format(folder=str(tmp_path))
    story += """
    before = len(os.listdir("/dev/fd")) if Path("/dev/fd").is_dir() else 0
    with shared_out([lambda: piece(1), lambda: piece(2)]):
        pass
    print(before == (len(os.listdir("/dev/fd")) if Path("/dev/fd").is_dir() else 0))
    """
    assert told(story, cores) == "True\n"
    assert len((tmp_path / "done").read_text(encoding="utf-8").splitlines()) == 2


@pytest.mark.parametrize("cores", ["", "1"])
@pytest.mark.parametrize("at", [0, 1, 2])
def test_the_error_of_a_piece_is_raised_whoever_does_it(at: int, cores: str) -> None:
    story = f"""
        def piece(number):
            time.sleep(0.1)
            return 1 / (number - {at})
        try:
            with shared_out([lambda number=number: piece(number) for number in range(3)]) as results:
                results()
        except ZeroDivisionError as error:
            print(error)
    """
    assert told(story, cores) == "division by zero\n"


@forks
def test_a_process_that_dies_over_a_piece_is_told_and_holds_up_nobody() -> None:
    story = """
        here = os.getpid()
        def piece():
            time.sleep(0.1)
            if os.getpid() != here:
                os.kill(os.getpid(), signal.SIGKILL)
        try:
            with shared_out([piece] * 4) as results: results()
        except BesideError as error:
            print("ended by SIGKILL" in str(error))
    """
    assert told(story) == "True\n"


# --------------------------------------------------------------------------- errors


@pytest.mark.parametrize("cores", ["", "1"])
def test_an_error_of_the_work_is_raised_here_with_the_place_where_it_came_about(cores: str) -> None:
    story = """
        import io
        log = io.StringIO()
        logging.basicConfig(stream=log)
        def divide(): return 1 / 0
        try:
            with at_once(divide) as found:
                found()
        except ZeroDivisionError as error:
            logging.exception("internal fault")
        print("in divide" in log.getvalue(), error_seen := "division by zero" in log.getvalue())
    """
    assert told(story, cores) == "True True\n"


@pytest.mark.parametrize("cores", ["", "1"])
def test_an_input_error_keeps_its_problems(cores: str) -> None:
    story = """
        from engine.pipeline.errors import InputError
        from engine.problem import Problem
        problem = Problem("cannot be read", "data/x.csv", 3, hint="mend it")
        def work(): raise InputError(problem)
        try:
            with at_once(work): pass
        except InputError as error:
            print(error.problems == (problem,), error.findings, error.exit_code, error)
    """
    assert told(story, cores) == "True () 2 data/x.csv:3: cannot be read; mend it\n"


@pytest.mark.parametrize("cores", ["", "1"])
def test_the_block_s_own_error_comes_first(cores: str) -> None:
    story = """
        def work(): raise KeyError("theirs")
        try:
            with at_once(work): raise ValueError("ours")
        except ValueError as error:
            print(error)
        try: print(os.waitpid(-1, 0))
        except ChildProcessError: print("no child")
    """
    assert told(story, cores) == "ours\nno child\n"


@forks
def test_an_error_or_a_result_that_cannot_be_sent_is_told() -> None:
    story = """
        class Odd(Exception):
            def __init__(self, one, two): super().__init__(f"{one} and {two}")
        def work(): raise Odd(1, 2)
        for what in (work, lambda: threading.Lock()):
            try:
                with at_once(what) as found: found()
            except (BesideError, TypeError) as error:
                print(error)
    """
    assert told(story) == "Odd: 1 and 2\ncannot pickle '_thread.lock' object\n"


@forks
@pytest.mark.parametrize("how", ["os.kill(os.getpid(), signal.SIGKILL)", "os._exit(7)"])
def test_a_child_that_dies_is_told_plainly(how: str) -> None:
    story = f"""
        try:
            with at_once(lambda: {how}) as found: found()
        except BesideError as error:
            print(error)
        try: print(os.waitpid(-1, 0))
        except ChildProcessError: print("no child")
    """
    killed = (
        "the process beside this one was ended by SIGKILL; the machine may have run out of memory. "
        "SIGNALPROOF_CORES=1 in the environment does all work in one process"
    )
    left = "the process beside this one ended without a result (exit code 7)"
    assert told(story) == f"{left if '_exit' in how else killed}\nno child\n"


# --------------------------------------------------------------------------- ends


@forks
def test_nothing_that_the_parent_has_begun_is_finished_twice(tmp_path: Path) -> None:
    story = f"""
        import atexit, logging.handlers, sqlite3
        folder = Path({str(tmp_path)!r})
        atexit.register(print, "at exit")
        print("printed before", end=" ")
        half = (folder / "half.txt").open("w")
        half.write("written once")
        ledger = sqlite3.connect(folder / "ledger.db")
        ledger.execute("create table calls (id)")
        ledger.execute("insert into calls values (1)")
        to_file = logging.FileHandler(folder / "log.txt")
        kept = logging.handlers.MemoryHandler(100, target=to_file)
        logging.getLogger().addHandler(kept)
        logging.error("kept back")
        with at_once(os.getpid) as pid:
            assert pid() != os.getpid()
        ledger.commit()
        print(ledger.execute("select count(*) from calls").fetchall(), end=" ")
        ledger.close()
        half.close()
    """
    assert told(story) == "printed before [(1,)] at exit\n"
    assert (tmp_path / "half.txt").read_text(encoding="utf-8") == "written once"
    assert (tmp_path / "log.txt").read_text(encoding="utf-8") == "kept back\n"


@forks
def test_the_search_for_cycles_leaves_the_shared_pages_alone_and_is_as_before_afterwards() -> None:
    story = """
        for switch in (gc.enable, gc.disable):
            switch()
            with at_once(lambda: (gc.get_freeze_count() > 1000, gc.isenabled())) as found:
                print(found(), (gc.get_freeze_count(), gc.isenabled()))
    """
    assert told(story) == "(True, True) (0, True)\n(True, False) (0, False)\n"


STOPPED = """
    from engine.files import replacing
    folder = Path({folder!r})
    def work():
        with replacing(folder / "long.csv"):
            (folder / "pid").write_text(str(os.getpid()))
            time.sleep(60)
    with at_once(work):
        time.sleep(60)
"""


@forks
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_a_child_ends_with_its_parent_and_leaves_no_half_file(tmp_path: Path, number: signal.Signals) -> None:
    with start(STOPPED.format(folder=str(tmp_path))) as parent:
        written = tmp_path / "pid"
        for _ in range(400):
            if written.is_file() and written.read_text(encoding="utf-8"):
                break
            time.sleep(0.05)
        child = int(written.read_text(encoding="utf-8"))
        assert list(tmp_path.glob(".long.csv*"))
        began = time.monotonic()
        parent.send_signal(number)
        _, err = parent.communicate(timeout=30)
        assert time.monotonic() - began < 10
        assert gone(child)
    assert parent.returncode == -number
    assert ("KeyboardInterrupt" in err) == (number is signal.SIGINT)
    assert "Process" not in err
    assert [path.name for path in tmp_path.iterdir()] == ["pid"]


@forks
def test_ctrl_c_at_a_terminal_reaches_both_and_only_the_parent_speaks(tmp_path: Path) -> None:
    story = "os.setpgid(0, 0)\n" + textwrap.dedent(STOPPED.format(folder=str(tmp_path)))
    with start(story) as parent:
        written = tmp_path / "pid"
        for _ in range(400):
            if written.is_file() and written.read_text(encoding="utf-8"):
                break
            time.sleep(0.05)
        child = int(written.read_text(encoding="utf-8"))
        os.killpg(parent.pid, signal.SIGINT)
        _, err = parent.communicate(timeout=30)
        assert gone(child)
    assert err.count("Traceback") == 1
    assert [path.name for path in tmp_path.iterdir()] == ["pid"]

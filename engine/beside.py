"""A second core for work on data that is at hand: a child that is a copy of this process does it beside its parent.

    with beside(lambda: walk(theirs), len(calls)) as walked:
        mine = walk(ours)
        others = walked()  # waits for the child; what failed there is raised here

    with shared_out([walk_one, walk_another, pack], len(calls)) as results:
        mine = walk(ours)
        one, another, packed = results()  # takes part in what the child has not begun

The child is forked, so nothing is handed to it: it sees everything as it was at the beginning of the block, and what it
changes stays its own. Only the result comes back, pickled, so it had better be small or arrays. Where there is nothing
to gain or fork is not safe, the work is done in place when its result is asked for; the result is the same either way,
as long as the block does not change what the work looks at. ``SIGNALPROOF_CORES=1`` asks for one process.

The child ends with its work, with the block, and with its parent, however that ends. It leaves by ``os._exit``: nothing
that its parent has begun (buffers, exit handlers, transactions) is finished twice. It unwinds when it is stopped, so
that no temporary file stays. Python's search for cycles is kept from the pages that both share.
"""

from __future__ import annotations

import gc
import logging
import os
import pickle
import signal
import sys
import threading
import traceback
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from multiprocessing.connection import Connection
    from multiprocessing.process import BaseProcess

T = TypeVar("T")
LOG = logging.getLogger(__name__)
CORES = "SIGNALPROOF_CORES"
LEAST_CALLS = 5_000  # a process costs some 20 ms; fewer calls are done as quickly in place
ENDS = (signal.SIGTERM, signal.SIGINT)
GRACE_S = 5.0  # for a child that is stopped to put away what it has begun


class BesideError(Exception):
    """The process beside this one gave no result: it was killed, or what it found cannot be sent."""


class _Stopped(BaseException):
    """The child is to end."""


class _InTheChildError(Exception):
    """Where in the child an error came about, as the cause of that error."""

    def __str__(self) -> str:
        return f"\n{self.args[0]}"


@contextmanager
def beside(work: Callable[[], T], calls: int | None = None) -> Iterator[Callable[[], T]]:
    """Do ``work`` in a process of its own during the block, and give what it returned to who asks within the block.

    ``calls`` is how many calls it goes over (None: many). Its error is raised when its result is asked for, at the end
    of the block if nobody asks; a child without a result is a BesideError.
    """
    child = _forked(work) if (calls is None or calls >= LEAST_CALLS) and _may_fork() else None
    found: list[T] = []

    def result() -> T:
        if not found:
            found.append(work() if child is None else _received(*child))
        return found[0]

    try:
        yield result
        result()
    finally:
        if child is not None:
            _stop(child[0])
            child[1].close()


@contextmanager
def shared_out(works: Sequence[Callable[[], T]], calls: int | None = None) -> Iterator[Callable[[], list[T]]]:
    """Do several pieces of work during the block, each in the process that is free first, in their order.

    The child begins with the first; who asks for the results takes part in what is left, so that neither process waits
    for long. No piece may need another one. Else as ``beside``.
    """
    turns, found = _Turns(len(works)), dict[int, T]()

    def take_part() -> dict[int, T]:
        return {turn: works[turn]() for turn in turns}

    def results() -> list[T]:
        found.update(take_part())
        found.update(others())
        return [found[turn] for turn in range(len(works))]

    try:
        with beside(take_part, calls) as others:
            yield results
            results()
    finally:
        turns.close()


class _Turns:
    """The numbers from 0, each given out once, to this process or to its children.

    They lie in a pipe, of which whoever reads takes what he gets: there is no lock that a killed process could hold.
    """

    SIZE = 2  # bytes of a number; all have to find room in the pipe

    def __init__(self, count: int) -> None:
        self._left, given = os.pipe()
        with os.fdopen(given, "wb") as pipe:
            pipe.write(b"".join(turn.to_bytes(self.SIZE, "big") for turn in range(count)))

    def __iter__(self) -> Iterator[int]:
        while turn := os.read(self._left, self.SIZE):
            yield int.from_bytes(turn, "big")

    def close(self) -> None:
        """Give out no more."""
        os.close(self._left)


def cores() -> int:
    """On how many cores this process may work."""
    if os.environ.get(CORES) == "1":
        return 1
    return len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count() or 1


def _may_fork() -> bool:
    """Whether a copy of this process is safe, and has a core to run on.

    Other threads would be missing in it, whatever they hold. Elsewhere than on Linux the system's own libraries do not
    bear it.
    """
    if sys.platform != "linux" or cores() < 2:
        return False
    from multiprocessing import parent_process

    alone = len(sys._current_frames()) == 1 and threading.current_thread() is threading.main_thread()
    return alone and parent_process() is None


def _forked(work: Callable[[], T]) -> tuple[BaseProcess, Connection] | None:
    """A child at work and the pipe that its result will come through; None where the system has no room for it."""
    from multiprocessing import get_context

    context = get_context("fork")
    ours, theirs = context.Pipe(duplex=False)
    child = context.Process(target=_at_work, args=(work, theirs), daemon=True)
    gc.freeze()  # what is looked at by the search for cycles is written to, and would be copied
    try:
        with warnings.catch_warnings():  # the threads that Python 3.12 warns of are those of numpy, which are safe
            warnings.simplefilter("ignore", DeprecationWarning)
            child.start()
    except OSError as error:
        LOG.warning("no process beside this one (%s): its work is done in this one", error)
        ours.close()
        return None
    finally:
        gc.unfreeze()
        theirs.close()
    return child, ours


def _at_work(work: Callable[[], T], pipe: Connection) -> None:
    """What the child does."""
    try:
        for number in ENDS:
            if signal.getsignal(number) is not signal.SIG_IGN:
                signal.signal(number, _unwind)
        signal.pthread_sigmask(signal.SIG_BLOCK, ENDS)  # in the thread for good: it would not wake this one
        threading.Thread(target=_outlived, daemon=True).start()
        signal.pthread_sigmask(signal.SIG_UNBLOCK, ENDS)
        try:
            data = pickle.dumps((True, work()), pickle.HIGHEST_PROTOCOL)
        except Exception as error:
            data = _packed(error)
        pipe.send_bytes(data)
    except (_Stopped, KeyboardInterrupt, BrokenPipeError):
        return  # the parent ends too, and says so


def _unwind(*_: object) -> None:
    """End the child's work, once."""
    for number in ENDS:  # Ctrl-C reaches both processes, and the parent stops its child on top of that
        signal.signal(number, lambda *_: None)  # one that waits would be complained of if it were ignored
    raise _Stopped


def _outlived() -> None:
    """Wait for the parent's end, and stop the child then."""
    from multiprocessing import connection, parent_process

    parent = parent_process()
    if parent is not None:
        connection.wait([parent.sentinel])
        os.kill(os.getpid(), signal.SIGTERM)


def _packed(error: Exception) -> bytes:
    """An error with the place where it came about; only what is said of it where it cannot be sent itself."""
    text = "".join(traceback.format_exception(error))
    try:
        data = pickle.dumps((False, (error, text)), pickle.HIGHEST_PROTOCOL)
        pickle.loads(data)  # noqa: S301 - our own
    except Exception:  # whatever its class does
        said = BesideError(f"{type(error).__name__}: {error}")
        return pickle.dumps((False, (said, text)), pickle.HIGHEST_PROTOCOL)
    return data


def _received(child: BaseProcess, pipe: Connection) -> Any:
    """The result of a child, or its error raised."""
    try:
        done, found = pickle.loads(pipe.recv_bytes())  # noqa: S301 - from our own child
    except (EOFError, OSError):
        child.join()
        raise BesideError(_how_it_ended(child.exitcode or 0)) from None
    child.join()
    if done:
        return found
    error, text = found
    raise error from _InTheChildError(text)


def _how_it_ended(code: int) -> str:
    """Why there is no result."""
    if code >= 0:
        return f"the process beside this one ended without a result (exit code {code})"
    how = "; the machine may have run out of memory" if code == -signal.SIGKILL else ""
    return (
        f"the process beside this one was ended by {signal.Signals(-code).name}{how}. "
        f"{CORES}=1 in the environment does all work in one process"
    )


def _stop(child: BaseProcess) -> None:
    """End a child that may still be at work, and wait until it is gone."""
    if child.is_alive():
        child.terminate()
        child.join(GRACE_S)
    if child.is_alive():
        child.kill()
    child.join()
    child.close()

"""The plumbing of ``cli.py``: a command's workspace, mistakes as lines and exit codes, progress bars."""

from __future__ import annotations

import atexit
import errno
import inspect
import io
import logging
import os
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

import click

from engine.problem import Problem

if TYPE_CHECKING:
    from engine.pipeline.workspace import Workspace

T = TypeVar("T")
REFUSED = {
    errno.ENOSPC: "the disk is full",
    errno.EDQUOT: "the quota of this user is used up",
    errno.EFBIG: "a file has reached the largest size that is allowed here (ulimit -f)",
    errno.EROFS: "it lies on a disk that is read-only",
    errno.EACCES: "this user has no right to that",
    errno.EPERM: "this user has no right to that",
    errno.EIO: "the disk does not read or write (dmesg says more)",
}
OF_SQLITE = {13: errno.ENOSPC, 10: errno.EIO, 8: errno.EROFS}  # SQLITE_FULL, SQLITE_IOERR, SQLITE_READONLY
AGAIN = "mend that and try again; what was written before is whole"
Command = Callable[..., Any]
FOLDER = click.Path(path_type=Path, file_okay=False)


class Commands(click.Group):
    """A group that turns what went wrong below it into one clear message and the right exit code."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run a command; a user's mistake becomes lines and exit code 1 or 2, a fault of ours 3 and a log."""
        from engine.pipeline.errors import InputError

        try:
            return super().invoke(ctx)
        except (click.ClickException, click.exceptions.Exit, click.Abort):
            raise
        except InputError as error:
            show_input_error(ctx, error)
            raise click.exceptions.Exit(error.exit_code) from None
        except KeyboardInterrupt:
            click.echo("stopped; what was written before is whole", err=True)
            raise click.exceptions.Exit(130) from None
        except (BrokenPipeError, SystemExit):
            raise
        except BaseException as error:  # a CancelledError that nobody took is a fault like any other
            refused = of_the_machine(error)
            if refused is not None:
                click.echo(f"error: {refused}", err=True)
                raise click.exceptions.Exit(2) from None
            logs = log_fault(ctx)
            click.echo(f"internal fault: {type(error).__name__}: {error}; the details are in {logs}", err=True)
            raise click.exceptions.Exit(3) from None


class Either(click.Group):
    """A group whose first word is one of its commands, or else the first argument of its command ``run``."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Put ``run`` in front where no command is named."""
        words = [word for word, before in zip(args, ["", *args], strict=False) if before != "--workspace"]
        named = next((word for word in words if not word.startswith("-")), "")
        if named in self.commands:
            args = [named, *(args[: args.index(named)]), *args[args.index(named) + 1 :]]
        elif args != ["--help"] and args != ["-h"]:
            args = ["run", *args]
        return super().parse_args(ctx, args)


def of_the_machine(error: BaseException) -> Problem | None:
    """What the machine refused, as a person can mend it: a full disk, a file that may not be read or written, a Python
    without the packages that are needed.
    """
    if isinstance(error, ModuleNotFoundError) and (error.name or "").partition(".")[0] != "engine":
        text = f"the package {error.name} is not installed for {sys.executable}"
        return Problem(
            text, hint="use the Python that SignalProof was installed into: . .venv/bin/activate (README.md)"
        )
    kind = getattr(error, "sqlite_errorcode", None)  # of sqlite3, which few commands load; its lower byte is the kind
    if kind is not None and kind & 0xFF in OF_SQLITE:
        return Problem(REFUSED[OF_SQLITE[kind & 0xFF]], hint=AGAIN)
    if not isinstance(error, OSError) or error.errno not in REFUSED:
        return None
    name = error.filename if isinstance(error.filename, str) else ""
    return Problem(REFUSED[error.errno], name, hint=AGAIN)


class Unbroken(io.TextIOWrapper):
    """A stream whose reader may go (``... | head -1``): what is said after that is said to nobody, and the command goes
    on to its own exit code.
    """

    def write(self, text: str) -> int:
        """Write a text."""
        with self._unheard():
            return super().write(text)
        return len(text)

    def flush(self) -> None:
        """Write what is in the buffers."""
        with self._unheard():
            super().flush()

    @contextmanager
    def _unheard(self) -> Iterator[None]:
        """Once the reader has gone, the stream leads nowhere; what its buffer holds goes there too."""
        try:
            yield
        except BrokenPipeError:
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, self.fileno())
            os.close(nowhere)


def begin() -> None:
    """Make standard output and standard error UTF-8, and indifferent to readers that go."""
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if isinstance(stream, io.TextIOWrapper):
            lines, through = stream.line_buffering, stream.write_through
            made = Unbroken(stream.detach(), "utf-8", "backslashreplace", None, lines, through)
            setattr(sys, name, made)


def leave(ended: SystemExit) -> NoReturn:
    """End the process as ``ended`` says, without taking apart what it holds: after a large run that takes longer than
    to write its report. Exit handlers run and buffers are written; where that fails or threads are still at work,
    Python ends in its own way.
    """
    if isinstance(ended.code, int | None) and len(sys._current_frames()) == 1:
        atexit._run_exitfuncs()
        with suppress(OSError, ValueError):  # the reader of a pipe has gone, or the stream was closed
            for stream in (sys.stdout, sys.stderr):
                stream.flush()
            os._exit(ended.code or 0)
    raise ended


def log_fault(ctx: click.Context) -> Path:
    """Write the traceback of the present exception to the day's log; the path of that log."""
    from engine.pipeline.logs import start_logging

    handler = start_logging(workspace_of(ctx).logs_path)
    logging.getLogger("engine.cli").exception("internal fault in: %s", " ".join(sys.argv[1:]))
    return handler.path_of_today()


def show_input_error(ctx: click.Context, error: Any) -> None:
    """Print problems and findings on standard error."""
    from engine.config.render import render

    for problem in error.problems:
        click.echo(f"error: {problem}", err=True)
    if error.findings:
        click.echo(render(error.findings, workspace_of(ctx).sources, "text"), err=True)


def workspace_of(ctx: click.Context) -> Workspace:
    """The workspace of this call: one object, made on first use."""
    from engine.pipeline.workspace import Workspace

    root = ctx.find_root()
    if "workspace" not in root.meta:
        root.meta["workspace"] = Workspace(root.meta.get("root") or Path())
    return root.meta["workspace"]  # type: ignore[no-any-return]


def set_root(ctx: click.Context, _: click.Parameter, value: Path | None) -> None:
    """Keep the folder named by --workspace, wherever on the line it stands."""
    if value is not None:
        if not value.is_dir():
            raise click.BadParameter(f"{value} is not a folder", ctx)
        ctx.find_root().meta["root"] = value


workspace_option = click.option(
    "--workspace",
    type=FOLDER,
    expose_value=False,
    callback=set_root,
    is_eager=True,
    metavar="DIR",
    help="The folder with channels/, rules/, strategies/ and data/ (default: the current folder).",
)


def command(group: click.Group, name: str, *examples: str, logged: bool = False) -> Callable[[Command], click.Command]:
    """A command that gets the workspace as its first argument, takes --workspace, and shows examples in its help.

    ``logged`` commands change data: what they do goes into the day's log.
    """

    def wrap(function: Command) -> click.Command:
        @click.pass_context
        def call(ctx: click.Context, /, **options: Any) -> Any:
            workspace = workspace_of(ctx)
            if logged:
                from engine.pipeline.logs import start_logging

                start_logging(workspace.logs_path)
            return function(workspace, **options)

        shown = "".join(f"\n  cli.py {example}" for example in examples)
        call.__doc__ = f"{inspect.cleandoc(function.__doc__ or '')}\n\n\b\nExamples:{shown}"
        call.__click_params__ = getattr(function, "__click_params__", [])  # type: ignore[attr-defined]
        return group.command(name)(workspace_option(call))

    return wrap


def track(items: Sequence[T], text: str) -> Iterable[T]:
    """A progress bar on a terminal; nothing in a pipe."""
    if not sys.stderr.isatty():
        return items
    from rich.console import Console
    from rich.progress import track as bar

    return bar(items, text, console=Console(stderr=True), transient=True)

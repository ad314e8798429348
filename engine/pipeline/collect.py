"""``cli.py collect``: from Telegram into the archive, until stopped.

1. one process per session file (lock); 2. sign in where nobody is yet; 3. collect the channels of the profiles;
4. say what arrives, after it is in the archive.
"""

from __future__ import annotations

import asyncio
import logging
import signal
from collections.abc import Callable
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

import click

from engine.collect.account import Account, load_account
from engine.collect.archive import Archive, ArchiveError
from engine.collect.private import NotPrivateError
from engine.notify.notice import Notice as Told
from engine.notify.notice import NoticeKind
from engine.pipeline.alone import alone
from engine.pipeline.errors import InputError
from engine.pipeline.notify import make_sender
from engine.pipeline.sources import ProfileSources
from engine.pipeline.workspace import Workspace
from engine.problem import Problem
from engine.report.tables import clean
from engine.units import show_time

if TYPE_CHECKING:
    from collections.abc import Iterator

    from engine.collect.collector import Collector, Notice
    from engine.collect.watch import Pace
    from engine.config.workspace import Intervals
    from engine.domain import Message

LOG = logging.getLogger(__name__)
WIDTH = 80
OLD_MS = 60_000
Say = Callable[[str], None]


class Terminal:
    """The person at the terminal, for signing in."""

    def say(self, text: str) -> None:
        """Tell something."""
        click.echo(text, err=True)

    def phone(self) -> str:
        """Ask for the phone number."""
        return self._ask("phone number of the account, with country code")

    def code(self) -> str:
        """Ask for the code."""
        return self._ask("code that Telegram has sent to your app")

    def password(self, hint: str) -> str:  # noqa: ARG002 - the hint belongs to the protocol
        """Ask for the two-step password."""
        return self._ask("two-step password", hide_input=True)

    def show_qr(self, url: str) -> None:
        """Draw a QR code; the link stands below it."""
        import qrcode

        code = qrcode.QRCode(border=1)
        code.add_data(url)
        click.echo("in the Telegram app: Settings, Devices, Link a device; then scan this", err=True)
        drawn: list[str] = []
        for upper, lower in _pairs(code.get_matrix()):
            drawn.append("".join(" ▄▀█"[2 * (not a) + (not b)] for a, b in zip(upper, lower, strict=True)))
        click.echo("\n".join([*drawn, url]), err=True)

    def _ask(self, text: str, **more: Any) -> str:
        try:
            return str(click.prompt(text, err=True, **more))
        except click.Abort:
            raise EOFError from None


def collect(workspace: Workspace, once: bool, by_qr: bool, quiet: bool, say: Say) -> bool:
    """Collect until stopped, or bring all channels up to date once; whether every channel could be read.

    Raises InputError when nobody can sign in, the login was revoked, another process collects with this session, or
    the archive cannot be written.
    """
    found = load_account(workspace.root / ".env", workspace.archive_path.parent)
    if isinstance(found, Problem):
        raise InputError(found)
    for note in found.notes:
        say(f"note: {note}")
    sources = ProfileSources(workspace, lambda text: say(f"problem: {text}"))
    if not sources():
        hint = "write such a line into a profile: source: telegram @name"
        raise InputError(Problem("no profile has a Telegram source", "channels/", hint=hint))
    hint = "stop it first; two clients on one login disturb each other"
    try:
        with alone(found.session, "another process collects with this login", hint), sign_in_problems(workspace):
            return asyncio.run(_collect(workspace, found, sources, once, by_qr, quiet, say))
    except (NotPrivateError, ArchiveError) as error:
        raise InputError(error.problem) from None


@contextmanager
def sign_in_problems(workspace: Workspace) -> Iterator[None]:
    """Whoever cannot be signed in within the block, or is no more, is told why. Raises InputError."""
    from engine.collect.feed import LoginRevoked, Unreachable
    from engine.collect.signin import SignInError

    try:
        yield
    except (SignInError, LoginRevoked) as error:
        raise InputError(error.problem) from None
    except Unreachable as error:
        raise InputError(Problem(f"Telegram cannot be reached: {error}", hint="is this computer online?")) from None
    except EOFError:
        hint = f"run this once on a terminal: cli.py collect --once{workspace.option}"
        raise InputError(Problem("nobody is signed in, and nobody is here to answer", hint=hint)) from None


async def _collect(
    workspace: Workspace, account: Account, sources: ProfileSources, once: bool, by_qr: bool, quiet: bool, say: Say
) -> bool:
    """Sign in, then collect."""
    from engine.collect.collector import Collector
    from engine.collect.signin import sign_in
    from engine.collect.telegram import Telegram

    if await sign_in(account, Terminal(), by_qr):
        say(f"signed in; the login is kept in {account.session.as_posix()} (guard it like a password)")
    archive = Archive(workspace.archive_path)
    sender = make_sender(workspace)

    def tell(notice: Notice) -> None:
        _show(notice, say)
        if notice.kind == "problem":
            sender.tell(Told(NoticeKind.ERROR, "collector", str(notice)))

    collector = Collector(archive, lambda: Telegram(account), sources, pace_of(workspace.settings.collect), tell)
    listening = None if quiet or once else asyncio.create_task(_show_records(collector, workspace, say))
    try:
        if once:
            return await collector.once()
        say(f"collecting {len(sources())} channels; Ctrl-C stops")
        await _until_stopped(collector)
        return True
    finally:
        if listening is not None:
            listening.cancel()
        await sender.close()
        for problem in archive.problems:
            say(f"note: {problem}")


def pace_of(intervals: Intervals) -> Pace:
    """The collector's pace by ``workspace.yaml``."""
    from engine.collect.watch import Pace

    return Pace(
        pass_s=intervals.reconcile_ms / 1000,
        retry_s=intervals.retry_ms / 1000,
        pulse_s=intervals.sign_of_life_ms / 1000,
        window_ms=intervals.look_back_ms,
    )


async def _until_stopped(collector: Collector) -> None:
    """Collect until SIGTERM or SIGINT; what waits is written before this returns."""
    task = asyncio.create_task(collector.run())
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        with suppress(NotImplementedError):  # Windows: Ctrl-C raises KeyboardInterrupt instead
            loop.add_signal_handler(number, task.cancel)
    with suppress(asyncio.CancelledError):
        await task


def _show(notice: Notice, say: Say) -> None:
    """A line for a notice."""
    say(clean(f"problem: {notice}" if notice.kind == "problem" else str(notice)))


async def _show_records(collector: Collector, workspace: Workspace, say: Say) -> None:
    """A line for each record that is news; history that is fetched is only counted."""
    async for message in collector.listen():
        if message.received_ms - message.known_ms < OLD_MS:
            say(_record_line(message, workspace.settings.timezone))


def _record_line(message: Message, zone: str) -> str:
    """When, what, which, and how it begins."""
    text = " ".join(clean(message.text).split())
    cut = text if len(text) <= WIDTH else text[: WIDTH - 1] + "…"
    return f"{show_time(message.received_ms, zone)} {message.kind} {message.key} {cut}".rstrip()


def _pairs(rows: list[list[bool]]) -> Iterator[tuple[list[bool], list[bool]]]:
    """Two rows at a time; a missing last one is white."""
    for i in range(0, len(rows), 2):
        yield rows[i], rows[i + 1] if i + 1 < len(rows) else [False] * len(rows[i])

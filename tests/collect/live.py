"""A collector beside a Telegram double, in one event loop: what the tests of the live side share."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from engine.collect.account import Account, TestServer
from engine.collect.archive import Archive
from engine.collect.collector import Collector, Notice
from engine.collect.signin import sign_in
from engine.collect.telegram import Telegram
from engine.collect.watch import Pace
from engine.domain import Message
from tests.doubles.telegram.key import PUBLIC
from tests.doubles.telegram.server import Server
from tests.doubles.telegram.world import CODE, PHONE, Channel, World

HURRY = Pace(
    pass_s=0.4, gap_s=0.02, retry_s=0.3, sources_s=0.05, pulse_s=0.3, spacing_s=0.0, grace_s=2.0, again_s=0.05,
    again_most_s=0.2,
)  # fmt: skip
PATIENCE_S = 60.0  # what is waited for comes in a moment; a busy machine may need longer


class Someone:
    """A person who knows the answers, and gives wrong ones first when told to."""

    def __init__(self, *answers: str, password: str = "") -> None:
        self.answers = list(answers) or [PHONE, CODE]
        self.secret = password
        self.heard: list[str] = []

    def say(self, text: str) -> None:
        self.heard.append(text)

    def phone(self) -> str:
        return self._next()

    def code(self) -> str:
        return self._next()

    def password(self, hint: str) -> str:
        return self._next() if self.answers else self.secret

    def show_qr(self, url: str) -> None:
        self.heard.append(url)

    def _next(self) -> str:
        if not self.answers:
            raise EOFError
        return self.answers.pop(0)


def account(server: Server, folder: Path) -> Account:
    """An account whose Telegram is the double."""
    test = TestServer("127.0.0.1", server.port, PUBLIC.save_pkcs1().decode())
    return Account(1, "0" * 32, folder / "telegram-test.session", test)


@dataclass
class Scene:
    """A world with a server, and a workspace that collects from it."""

    world: World
    server: Server
    folder: Path
    sources: dict[str, str] = field(default_factory=dict)
    notices: list[Notice] = field(default_factory=list)
    sleeps: list[float] = field(default_factory=list)

    @property
    def archive(self) -> Path:
        return self.folder / "signals_raw.jsonl"

    def channel(self, name: str, posts: int = 0, **more: object) -> Channel:
        """A channel with a history, watched."""
        made = self.world.channel(name, **more)  # type: ignore[arg-type]
        for number in range(posts):
            made.post(f"history {number}")
        self.sources[name] = f"@{name}"
        return made

    async def sleep(self, seconds: float) -> None:
        """A sleep that is remembered and short."""
        self.sleeps.append(seconds)
        await asyncio.sleep(min(seconds, 0.05))

    def collector(self, pace: Pace = HURRY) -> Collector:
        """A collector that is not running."""
        mine = account(self.server, self.folder)
        connect: Callable[[], Telegram] = lambda: Telegram(mine, timeout_s=10)  # noqa: E731
        return Collector(
            Archive(self.archive), connect, lambda: dict(self.sources), pace, self.notices.append, self.sleep
        )

    @asynccontextmanager
    async def collecting(self, pace: Pace = HURRY) -> AsyncIterator[Collector]:
        """A collector that runs within the block; what it raises is raised."""
        collector = self.collector(pace)
        task = asyncio.create_task(collector.run())
        try:
            yield collector
        finally:
            if not task.done():
                task.cancel()
            result = (await asyncio.gather(task, return_exceptions=True))[0]
            if not isinstance(result, asyncio.CancelledError):
                raise result

    def records(self) -> list[Message]:
        """What the archive holds now."""
        return list(Archive(self.archive).read())

    async def until(self, holds: Callable[[list[Message]], bool], what: str = "") -> list[Message]:
        """The archive, as soon as something holds of it."""
        end = time.monotonic() + PATIENCE_S
        while not holds(found := self.records()):
            assert time.monotonic() < end, f"never: {what}; {len(found)} records; {[str(n) for n in self.notices]}"
            await asyncio.sleep(0.02)
        return found

    async def until_noticed(self, text: str) -> Notice:
        """The first notice that holds a text."""
        end = time.monotonic() + PATIENCE_S
        while True:
            for notice in self.notices:
                if text in str(notice):
                    return notice
            assert time.monotonic() < end, f"never: {text}; {[str(n) for n in self.notices]}"
            await asyncio.sleep(0.02)

    async def restart(self, pause_s: float = 0.0) -> None:
        """Another server over the same world at the same port."""
        await self.server.stop()
        await asyncio.sleep(pause_s)
        requests = self.server.requests
        self.server = await Server(self.world, self.server.port).start()
        self.server.requests = requests


@asynccontextmanager
async def scene(folder: Path, signed_in: bool = True, password: str | None = None) -> AsyncIterator[Scene]:
    """A world, a server and an account that has signed in."""
    world = World(password)
    server = await Server(world).start()
    made = Scene(world, server, folder)
    try:
        if signed_in:
            assert await sign_in(account(server, folder), Someone(password=password or ""))
        yield made
    finally:
        await made.server.stop()

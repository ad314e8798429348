"""Deliver notices without ever holding up the one who gives them.

1. ``tell`` puts a notice into a queue of bounded length and returns at once; a full queue drops the oldest notice and
   counts it.
2. One worker takes notices in order and tries each address: apprise blocks, so it runs in a thread, with a time limit.
3. An address that fails is tried again after growing pauses; after the last try the notice is given up for that
   address, logged and counted. What one address does is no matter to the others.
4. ``close`` waits for what is queued, for a bounded time.

Addresses hold tokens: they are never logged or shown, only the service's name and the address's number are.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field

from engine.notify.notice import Notice, NoticeKind
from engine.problem import Problem

LOG = logging.getLogger(__name__)
PAUSES_S = (2.0, 10.0, 60.0)  # between the tries of one notice
TRY_S = 30.0  # the longest that one try may take
MOST_QUEUED = 200
CLOSING_S = 10.0


@dataclass(frozen=True, slots=True)
class Address:
    """One place to send to. ``url`` is apprise's, with its secrets; ``name`` is what may be shown of it."""

    url: str = field(repr=False)
    name: str = ""


def read_addresses(urls: Sequence[str]) -> list[Address] | Problem:
    """Addresses from apprise URLs, or what is wrong with one of them (its secret is not repeated)."""
    import apprise

    found = []
    for number, url in enumerate(urls, 1):
        service = apprise.Apprise.instantiate(url, suppress_exceptions=True)
        if service is None:
            hint = "write an apprise address, such as discord://ID/TOKEN, tgram://TOKEN/CHAT or mailto://..."
            return Problem(f"notification address {number} is not understood", hint=hint)
        found.append(Address(url, f"{number} ({service.service_name or 'unknown'})"))
    return found


async def deliver(address: Address, notice: Notice) -> bool:
    """One try to send one notice; whether it arrived. Nothing is raised."""

    def send() -> bool:
        import apprise

        logging.getLogger("apprise").setLevel(logging.CRITICAL)  # its warnings show addresses
        service = apprise.Apprise.instantiate(address.url, suppress_exceptions=True)
        if service is None:
            return False
        return bool(service.notify(body=notice.text, title=notice.title, body_format=apprise.NotifyFormat.TEXT))

    try:
        async with asyncio.timeout(TRY_S):
            return await asyncio.to_thread(send)
    except Exception as error:
        LOG.debug("address %s: %s", address.name, type(error).__name__)
        return False


@dataclass
class Sender:
    """Sends notices of the wanted ``kinds`` to all addresses; see the module's docstring.

    ``dropped`` counts notices that found the queue full, ``failed`` those given up, by address name.
    """

    addresses: Sequence[Address]
    kinds: frozenset[NoticeKind] = frozenset(NoticeKind)
    pauses_s: Sequence[float] = PAUSES_S
    send: Callable[[Address, Notice], Awaitable[bool]] = deliver
    dropped: int = 0
    failed: dict[str, int] = field(default_factory=dict)
    _queue: deque[Notice] = field(default_factory=deque)
    _wake: asyncio.Event = field(default_factory=asyncio.Event)
    _idle: asyncio.Event = field(default_factory=asyncio.Event)
    _worker: asyncio.Task[None] | None = None

    def tell(self, notice: Notice) -> None:
        """Give a notice; returns at once. Call from the event loop's thread."""
        if not self.addresses or notice.kind not in self.kinds:
            return
        if len(self._queue) >= MOST_QUEUED:
            self._queue.popleft()
            self.dropped += 1
            LOG.warning("too many notices at once: one was dropped, %d so far", self.dropped)
        self._queue.append(notice.cut())
        self._idle.clear()
        self._wake.set()
        if self._worker is None:
            self._worker = asyncio.create_task(self._work())

    async def close(self, within_s: float = CLOSING_S) -> int:
        """Wait for what is queued, at most so long; how many notices were left."""
        if self._worker is None:
            return 0
        try:
            async with asyncio.timeout(within_s):
                await self._idle.wait()
        except TimeoutError:
            LOG.warning("%d notices were not sent before the end", len(self._queue))
        self._worker.cancel()
        await asyncio.gather(self._worker, return_exceptions=True)
        return len(self._queue)

    async def _work(self) -> None:
        while True:
            while self._queue:
                notice = self._queue[0]
                await asyncio.gather(*(self._send(address, notice) for address in self.addresses))
                if self._queue and self._queue[0] is notice:  # a full queue may have dropped it meanwhile
                    self._queue.popleft()
            self._idle.set()
            self._wake.clear()
            await self._wake.wait()

    async def _send(self, address: Address, notice: Notice) -> None:
        """Try one address until it takes the notice or the tries are used up."""
        for pause in (*self.pauses_s, None):
            if await self.send(address, notice):
                return
            if pause is not None:
                await asyncio.sleep(pause)
        self.failed[address.name] = self.failed.get(address.name, 0) + 1
        LOG.warning("address %s did not take a notice of kind %s", address.name, notice.kind)

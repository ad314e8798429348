"""What the collector needs of Telegram, in its own words: chats, pages of history, news, and what can go wrong.

``telegram.py`` keeps these promises with the Telethon client; the collector knows only this page.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from engine.domain import Message
from engine.problem import Problem


class Unreachable(Exception):  # noqa: N818 - a state, not a fault
    """The connection is gone, or nobody answers: a new client will be tried."""


class FloodWait(Exception):  # noqa: N818 - an order, not a fault
    """Telegram wants to be left alone for ``seconds``."""

    def __init__(self, seconds: int) -> None:
        super().__init__(f"wait {seconds} s")
        self.seconds = seconds


class LoginRevoked(Exception):  # noqa: N818 - a state, not a fault
    """The login is no longer valid; nobody but the owner can mend that. ``problem`` says what to do."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(str(problem))
        self.problem = problem


class ChatError(Exception):
    """One chat cannot be read; the others can. ``problem`` says why and what to do."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(str(problem))
        self.problem = problem


@dataclass(frozen=True, slots=True)
class Chat:
    """A chat that can be read. ``handle`` is the client's own; ``joined`` says whether Telegram sends its news."""

    channel: str
    chat_id: int
    title: str
    username: str | None
    joined: bool
    handle: Any = field(repr=False, compare=False)


@dataclass(frozen=True, slots=True)
class Page:
    """A piece of history, oldest first. ``last_id`` is that of its last message of any kind; 0 when it is empty."""

    messages: tuple[Message, ...]
    last_id: int


@dataclass(frozen=True, slots=True)
class News:
    """What Telegram sent by itself: a post or an edit, or the ids of posts that are gone (of ``chat_id``).

    ``moved``: the chat itself is another one to this account, which has joined, left or was thrown out.
    """

    chat_id: int
    message: Any = None
    deleted: tuple[int, ...] = ()
    moved: bool = False
    names: Callable[[int], str | None] = field(default=lambda _: None, compare=False, repr=False)


class Feed(Protocol):
    """A connection to Telegram. Each method may raise Unreachable, FloodWait or LoginRevoked."""

    async def open(self, hear: Callable[[News], None]) -> None:
        """Connect; ``hear`` gets the news from then on, also what was missed where Telegram still knows it."""

    async def find(self, channel: str, address: str) -> Chat:
        """The chat that a profile means by ``source: telegram ADDRESS``. Raises ChatError."""

    async def history(self, chat: Chat, after_id: int) -> Page:
        """The next messages behind an id. Raises ChatError."""

    async def by_ids(self, chat: Chat, ids: Sequence[int]) -> dict[int, Message | None]:
        """Posts as they stand now, None for those that are gone; at most 100. Raises ChatError."""

    def convert(self, news: News, chat: Chat) -> Message | None:
        """The message of news; None when it is no post."""

    async def pulse(self) -> None:
        """Ask something small, to know that both ends live and the login is valid."""

    async def catch_up(self) -> None:
        """Ask for the news that may have been missed."""

    async def lost(self) -> None:
        """Return when the connection is gone."""

    async def close(self) -> None:
        """Leave; never raises."""

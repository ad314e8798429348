"""The Telethon client as a ``Feed``: it reads and never sends, joins or marks as read.

Every request goes through the ``ReadOnlyClient`` of ``client.py``. A connection that breaks is not mended by the client
itself: it ends, and the collector makes a new one, so that there is one way to begin and history is always compared
afterwards.
"""

from __future__ import annotations

import asyncio
import logging
import sqlite3
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, TypeVar

from telethon import errors, events, utils
from telethon.errors import RPCError
from telethon.tl import functions as f
from telethon.tl import types as t

from engine.collect.account import Account
from engine.collect.address import parse_address
from engine.collect.client import ForbiddenRequestError, make_client
from engine.collect.feed import Chat, ChatError, FloodWait, LoginRevoked, News, Page, Unreachable
from engine.collect.telegram_message import names_of, peer_id, to_message
from engine.domain import Message
from engine.problem import Problem

T = TypeVar("T")
LOG = logging.getLogger(__name__)
PAGE = 100
RPC_TIMEOUT_S = 60.0
REVOKED = (errors.UnauthorizedError, errors.AuthKeyError)
GONE = (
    errors.ChannelPrivateError,
    errors.ChannelInvalidError,
    errors.ChatForbiddenError,
    errors.UserBannedInChannelError,
)


class Telegram:
    """One connection of an account that has signed in; see ``feed.Feed``."""

    def __init__(self, account: Account, timeout_s: float = RPC_TIMEOUT_S) -> None:
        try:
            self._client = make_client(account)
        except sqlite3.OperationalError as error:  # locked for a moment, by a backup or a virus scanner
            raise Unreachable(f"{account.session.name}: {error}") from None
        self._shown = account.session.name
        self._timeout_s = timeout_s
        self._hear: Callable[[News], None] = lambda _: None
        self._dialogs_read = False

    async def open(self, hear: Callable[[News], None]) -> None:
        """Connect. Raises LoginRevoked when nobody is signed in."""
        self._hear = hear
        self._client.add_event_handler(self._on_update, events.Raw())
        await self._ask(self._client.connect())
        if await self._ask(self._client(f.users.GetUsersRequest([t.InputUserSelf()]))) == []:
            raise self._revoked()

    async def close(self) -> None:
        """Leave. What went wrong before is of no interest any more."""
        try:
            await asyncio.wait_for(self._client.disconnect(), 10)
        except asyncio.CancelledError:
            if _is_cancelled():
                raise
        except Exception:
            LOG.info("the old client did not leave in good order", exc_info=True)

    async def lost(self) -> None:
        """Return when the connection is gone."""
        try:
            await self._client.disconnected
        except asyncio.CancelledError:
            if _is_cancelled():
                raise
        except Exception as error:
            LOG.info("connection lost: %s", error)

    async def pulse(self) -> None:
        """Ask for the state of the account."""
        await self._ask(self._client(f.updates.GetStateRequest()))

    async def catch_up(self) -> None:
        """Let the client ask for what it has missed."""
        await self._client.catch_up()

    # ------------------------------------------------------------------ chats

    async def find(self, channel: str, address: str) -> Chat:
        """The chat of a profile."""
        where = parse_address(address)
        if isinstance(where, Problem):
            raise ChatError(where)
        try:
            if where.invite is not None:
                found = await self._ask(self._client(f.messages.CheckChatInviteRequest(where.invite)))
                entity = getattr(found, "chat", None) if isinstance(found, t.ChatInviteAlready) else None
                handle = utils.get_input_peer(entity) if entity else None
            else:
                handle = await self._handle(where.username if where.username else where.number)
                entity = await self._entity(handle)
        except (ValueError, errors.BadRequestError) as error:
            if isinstance(error, GONE):
                raise _private(address) from None
            raise _unknown(address) from None
        if handle is None:
            raise _private(address)
        if isinstance(entity, t.ChannelForbidden | t.ChatForbidden) or entity is None:
            raise _private(address)
        return Chat(
            channel=channel,
            chat_id=utils.get_peer_id(entity),
            title=entity.title,
            username=getattr(entity, "username", None),
            joined=not getattr(entity, "left", False),
            handle=handle,
        )

    async def _handle(self, wanted: str | int | None) -> Any:
        """What requests name a chat by: from the session file, else by asking. Raises ValueError."""
        try:
            return await self._ask(self._client.get_input_entity(wanted))
        except ValueError:
            if not isinstance(wanted, int) or self._dialogs_read:
                raise
        self._dialogs_read = True  # a private chat is known by its number once the list of chats was seen
        await self._ask(self._client.get_dialogs())
        return await self._ask(self._client.get_input_entity(wanted))

    async def _entity(self, handle: Any) -> Any:
        """The chat as it is now. Raises ValueError for a person."""
        if isinstance(handle, t.InputPeerChannel):
            channel = t.InputChannel(handle.channel_id, handle.access_hash)
            found = await self._ask(self._client(f.channels.GetChannelsRequest([channel])))
        elif isinstance(handle, t.InputPeerChat):
            found = await self._ask(self._client(f.messages.GetChatsRequest([handle.chat_id])))
        else:
            raise ValueError("not a channel or group")
        return found.chats[0] if found.chats else None

    # ------------------------------------------------------------------ messages

    async def history(self, chat: Chat, after_id: int) -> Page:
        """At most 100 messages behind an id, oldest first."""
        request = f.messages.GetHistoryRequest(
            peer=chat.handle, offset_id=after_id + 1, offset_date=None, add_offset=-PAGE, limit=PAGE, max_id=0,
            min_id=0, hash=0,
        )  # fmt: skip
        found = await self._read(chat, request)
        behind = sorted((m for m in found.messages if m.id > after_id), key=lambda m: m.id)
        return Page(self._messages(chat, found, behind), behind[-1].id if behind else 0)

    async def by_ids(self, chat: Chat, ids: Sequence[int]) -> dict[int, Message | None]:
        """Posts as they stand now, None for those that are gone."""
        wanted = [t.InputMessageID(number) for number in ids]
        if isinstance(chat.handle, t.InputPeerChannel):
            channel = t.InputChannel(chat.handle.channel_id, chat.handle.access_hash)
            found = await self._read(chat, f.channels.GetMessagesRequest(channel, wanted))
        else:
            found = await self._read(chat, f.messages.GetMessagesRequest(wanted))
        gone: dict[int, Message | None] = {m.id: None for m in found.messages if isinstance(m, t.MessageEmpty)}
        return gone | {message.message_id: message for message in self._messages(chat, found, found.messages)}

    def convert(self, news: News, chat: Chat) -> Message | None:
        """The message of news."""
        return to_message(news.message, chat.channel, chat.chat_id, news.names, _now_ms())

    def _messages(self, chat: Chat, answer: Any, found: Sequence[Any]) -> tuple[Message, ...]:
        """The posts among what an answer brought."""
        names = names_of(answer.users, answer.chats).get
        converted = (to_message(one, chat.channel, chat.chat_id, names, _now_ms()) for one in found)
        return tuple(message for message in converted if message is not None)

    async def _read(self, chat: Chat, request: Any) -> Any:
        """An answer about a chat. Raises ChatError when the account may not read it any more."""
        try:
            return await self._ask(self._client(request))
        except GONE:
            raise _private(f"@{chat.username}" if chat.username else str(chat.chat_id)) from None

    async def _on_update(self, update: Any) -> None:
        """Hand news on."""
        entities = getattr(update, "_entities", None) or {}
        names = names_of(
            (e for e in entities.values() if isinstance(e, t.User)),
            (e for e in entities.values() if not isinstance(e, t.User)),
        ).get
        match update:
            case (
                t.UpdateNewChannelMessage()
                | t.UpdateEditChannelMessage()
                | t.UpdateNewMessage()
                | t.UpdateEditMessage()
            ):
                chat_id = peer_id(getattr(update.message, "peer_id", None))
                if chat_id is not None:
                    self._hear(News(chat_id, update.message, names=names))
            case t.UpdateDeleteChannelMessages():
                self._hear(News(peer_id(t.PeerChannel(update.channel_id)) or 0, deleted=tuple(update.messages)))
            case t.UpdateChannel():
                self._hear(News(peer_id(t.PeerChannel(update.channel_id)) or 0, moved=True))
            case t.UpdateChannelTooLong():
                self._hear(News(peer_id(t.PeerChannel(update.channel_id)) or 0))

    # ------------------------------------------------------------------ asking

    async def _ask(self, answer: Awaitable[T]) -> T:
        """Wait for an answer; what the client raises becomes one of the collector's own words."""
        try:
            return await asyncio.wait_for(answer, self._timeout_s)
        except asyncio.CancelledError:
            if _is_cancelled():
                raise
            raise Unreachable("the connection was closed") from None
        except (errors.FloodWaitError, errors.FloodPremiumWaitError) as error:
            raise FloodWait(error.seconds) from None
        except (errors.AuthKeyNotFound, *REVOKED) as error:
            LOG.error("login: %s", error)
            raise self._revoked() from None
        except (errors.ServerError, errors.TimedOutError, ConnectionError, TimeoutError, OSError) as error:
            raise Unreachable(f"{type(error).__name__}: {error}") from None
        except (errors.BadRequestError, errors.ForbiddenError):
            raise
        except RPCError as error:
            raise Unreachable(f"Telegram answers {error}") from None
        except (ValueError, ForbiddenRequestError):
            raise
        except Exception as error:  # torn frames, a locked session file: a new client begins anew
            LOG.warning("the client failed", exc_info=True)
            raise Unreachable(f"{type(error).__name__}: {error}") from None

    def _revoked(self) -> LoginRevoked:
        hint = "sign in again: cli.py collect, on a terminal"
        return LoginRevoked(Problem("Telegram does not know this login any more", self._shown, hint=hint))


def _is_cancelled() -> bool:
    """Whether this task itself is being cancelled (Telethon cancels what waits for an answer when it disconnects)."""
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0


def _now_ms() -> int:
    return time.time_ns() // 1_000_000


def _unknown(address: str) -> ChatError:
    hint = "correct the source line of its profile: the name stands in the link t.me/NAME"
    return ChatError(Problem(f"Telegram knows no channel {address}", hint=hint))


def _private(address: str) -> ChatError:
    hint = "join it with this account in a Telegram app; this program never joins"
    return ChatError(Problem(f"{address} is private, and this account is not in it", hint=hint))

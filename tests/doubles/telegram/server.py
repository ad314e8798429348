"""What a client may ask, and the faults that a test orders.

A server can be stopped and another one started over the same world, as Telegram's are; ``requests`` are the names of
all requests that arrived, which is how a test knows that nothing was sent, joined or marked as read.
"""

from __future__ import annotations

import asyncio
import inspect
import os
from collections import Counter, defaultdict
from datetime import timedelta
from typing import Any

from telethon.tl import types as t

from tests.doubles.telegram.password import PasswordCheck
from tests.doubles.telegram.wire import Connection
from tests.doubles.telegram.world import CODE, Channel, World, now

WITHOUT_LOGIN = {"GetConfig", "SendCode", "SignIn", "GetPassword", "CheckPassword", "ExportLoginToken"}
PAGE = 100


class RpcError(Exception):
    """An error that Telegram answers with, such as 420 FLOOD_WAIT_30."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code, self.message = code, message


class Server:
    """A server on 127.0.0.1. ``lost_pushes`` is how many of the next pushes nobody gets."""

    def __init__(self, world: World, port: int = 0) -> None:
        self.world, self.port = world, port
        self.salt = int.from_bytes(os.urandom(7), "big")
        self.connections: set[Connection] = set()
        self.requests: Counter[str] = Counter()
        self.lost_pushes = 0
        self._errors: defaultdict[str, list[RpcError]] = defaultdict(list)
        self._delays: dict[str, float] = {}
        self._check: PasswordCheck | None = None

    async def start(self) -> Server:
        """Listen; the port is known then."""

        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            connection = Connection(self, reader, writer)
            self.connections.add(connection)
            await connection.run()

        self._listening = await asyncio.start_server(serve, "127.0.0.1", self.port)
        self.port = self._listening.sockets[0].getsockname()[1]
        self.world.listeners.append(self._push)
        return self

    async def stop(self) -> None:
        """Stop listening and cut every connection."""
        if self._push in self.world.listeners:
            self.world.listeners.remove(self._push)
        self._listening.close()
        self.drop_connections()
        await asyncio.sleep(0)

    # ------------------------------------------------------------------ faults

    def drop_connections(self) -> None:
        """Cut every connection."""
        for connection in list(self.connections):
            connection.abort()

    def fail(self, request: str, code: int, message: str, times: int = 1) -> None:
        """Answer the next requests of a name with an error."""
        self._errors[request] += [RpcError(code, message)] * times

    def delay(self, request: str, seconds: float) -> None:
        """Let every request of a name wait."""
        self._delays[request] = seconds

    def scan(self, token: bytes) -> None:
        """The owner scans a QR code with his phone."""
        self.world.scanned.add(token)
        for connection in list(self.connections):
            connection.push(t.UpdateShort(t.UpdateLoginToken(), now()))

    # ------------------------------------------------------------------ updates

    def _push(self, channel: Channel, update: Any) -> None:
        if not channel.joined or channel.closed:
            return
        if self.lost_pushes > 0:
            self.lost_pushes -= 1
            return
        updates = t.Updates([update], [], [channel.tl()], now(), 0)
        for connection in list(self.connections):
            if connection.key is not None and connection.key.key_id in self.world.authorized:
                connection.push(updates)

    # ------------------------------------------------------------------ requests

    async def answer(self, connection: Connection, request: Any) -> Any:
        """The result of a request, or the error."""
        name = type(request).__name__.removesuffix("Request")
        self.requests[name] += 1
        if name in self._delays:
            await asyncio.sleep(self._delays[name])
        try:
            if self._errors[name]:
                raise self._errors[name].pop(0)
            handler = getattr(self, f"_do_{name}", None)
            if handler is None:
                raise RpcError(400, "METHOD_NOT_IMPLEMENTED")
            assert connection.key is not None
            if name not in WITHOUT_LOGIN and connection.key.key_id not in self.world.authorized:
                raise RpcError(401, "AUTH_KEY_UNREGISTERED")
            return handler(connection, request)
        except RpcError as error:
            return t.RpcError(error.code, error.message)

    def _do_GetConfig(self, _: Connection, __: Any) -> Any:
        options = [t.DcOption(id=n, ip_address="127.0.0.1", port=self.port) for n in range(1, 6)]
        needed = inspect.signature(t.Config.__init__).parameters.values()
        numbers = {p.name: 1000 for p in needed if p.default is p.empty and p.annotation is int}
        return t.Config(
            **numbers | {"this_dc": 2}, date=now(), expires=now() + timedelta(hours=1), test_mode=False,
            dc_options=options, dc_txt_domain_name="_", me_url_prefix="https://t.me/",
        )  # fmt: skip

    # ------------------------------------------------------------------ signing in

    def _do_SendCode(self, _: Connection, __: Any) -> Any:
        return t.auth.SentCode(t.auth.SentCodeTypeApp(len(CODE)), "hash of the code")

    def _do_SignIn(self, connection: Connection, request: Any) -> Any:
        if request.phone_code != CODE:
            raise RpcError(400, "PHONE_CODE_INVALID")
        if self.world.password is not None:
            raise RpcError(401, "SESSION_PASSWORD_NEEDED")
        return self._authorize(connection)

    def _do_GetPassword(self, _: Connection, __: Any) -> Any:
        self._check = PasswordCheck(self.world.password or "")
        return self._check.question()

    def _do_CheckPassword(self, connection: Connection, request: Any) -> Any:
        if self._check is None or not self._check.accepts(request.password):
            raise RpcError(400, "PASSWORD_HASH_INVALID")
        return self._authorize(connection)

    def _do_ExportLoginToken(self, connection: Connection, _: Any) -> Any:
        assert connection.key is not None
        token = f"token of {connection.key.key_id}".encode()
        if token not in self.world.scanned:
            return t.auth.LoginToken(expires=now() + timedelta(seconds=30), token=token)
        if self.world.password is not None:
            raise RpcError(401, "SESSION_PASSWORD_NEEDED")
        return t.auth.LoginTokenSuccess(self._authorize(connection))

    def _authorize(self, connection: Connection) -> Any:
        assert connection.key is not None
        self.world.authorized.add(connection.key.key_id)
        return t.auth.Authorization(self.world.me())

    # ------------------------------------------------------------------ the account

    def _do_GetUsers(self, _: Connection, __: Any) -> Any:
        return [self.world.me()]

    def _do_GetState(self, _: Connection, __: Any) -> Any:
        return t.updates.State(self.world.pts, 0, now(), 0, 0)

    def _do_GetDifference(self, connection: Connection, request: Any) -> Any:
        since = request.date.timestamp() - 1
        changed = [c for c in self._readable() if c.joined and c.log and c.log[-1].at >= since]
        if not changed:
            return t.updates.DifferenceEmpty(now(), 0)
        updates = [t.UpdateChannelTooLong(channel.number, pts=channel.pts) for channel in changed]
        state = self._do_GetState(connection, request)
        return t.updates.Difference([], [], updates, [c.tl() for c in changed], [self.world.me()], state)

    def _do_GetDialogs(self, _: Connection, __: Any) -> Any:
        channels = [channel for channel in self._readable() if channel.joined]
        last = [channel.posts[max(channel.posts)] for channel in channels if channel.posts]
        return t.messages.Dialogs([_dialog(channel) for channel in channels], last, [c.tl() for c in channels], [])

    # ------------------------------------------------------------------ channels

    def _readable(self) -> list[Channel]:
        return [channel for channel in self.world.channels.values() if not channel.closed]

    def _channel(self, given: Any) -> Channel:
        channel = self.world.channels.get(getattr(given, "channel_id", 0))
        if channel is None or given.access_hash != channel.access_hash:
            raise RpcError(400, "CHANNEL_INVALID")
        if channel.closed:
            raise RpcError(400, "CHANNEL_PRIVATE")
        return channel

    def _do_ResolveUsername(self, _: Connection, request: Any) -> Any:
        for channel in self.world.channels.values():
            if channel.username is not None and channel.username.lower() == request.username.lower():
                return t.contacts.ResolvedPeer(t.PeerChannel(channel.number), [channel.tl()], [])
        raise RpcError(400, "USERNAME_NOT_OCCUPIED")

    def _do_GetChannels(self, _: Connection, request: Any) -> Any:
        found = [self.world.channels.get(given.channel_id) for given in request.id]
        return t.messages.Chats([channel.tl() for channel in found if channel is not None])

    def _do_GetChannelDifference(self, _: Connection, request: Any) -> Any:
        channel = self._channel(request.channel)
        if request.pts >= channel.pts:
            return t.updates.ChannelDifferenceEmpty(channel.pts, final=True, timeout=30)
        if channel.pts > request.pts + min(request.limit, self.world.longest_difference):
            last = [channel.posts[number] for number in sorted(channel.posts)[-1:]]
            return t.updates.ChannelDifferenceTooLong(
                _dialog(channel), last, [channel.tl()], [], final=True, timeout=30
            )
        new, other = {}, []
        for change in channel.log:
            if change.pts <= request.pts:
                continue
            first = change.ids[0]
            if change.kind == "post" and first in channel.posts:
                new[first] = channel.posts[first]
            elif change.kind == "edit" and first in channel.posts and first not in new:
                other.append(t.UpdateEditChannelMessage(channel.posts[first], change.pts, change.count))
            elif change.kind == "deletion":
                other.append(t.UpdateDeleteChannelMessages(channel.number, change.ids, change.pts, change.count))
        chats = [channel.tl()]
        return t.updates.ChannelDifference(channel.pts, list(new.values()), other, chats, [], final=True, timeout=30)

    def _do_GetHistory(self, _: Connection, request: Any) -> Any:
        channel = self._channel(request.peer)
        ids = sorted(channel.posts, reverse=True)
        older = (place for place, number in enumerate(ids) if number < request.offset_id)
        start = (next(older, len(ids)) if request.offset_id else 0) + request.add_offset
        end = start + min(request.limit, PAGE)
        page = [channel.posts[number] for number in ids[max(start, 0) : max(end, 0)]]
        return self._messages(channel, page, len(ids))

    def _do_GetMessages(self, _: Connection, request: Any) -> Any:
        channel = self._channel(request.channel)
        ids = [given.id for given in request.id[:PAGE]]
        found = [channel.posts.get(n) or t.MessageEmpty(n, t.PeerChannel(channel.number)) for n in ids]
        return self._messages(channel, found, len(found))

    def _messages(self, channel: Channel, messages: list[Any], count: int) -> Any:
        return t.messages.ChannelMessages(
            pts=channel.pts, count=count, messages=messages, topics=[], chats=[channel.tl()], users=[]
        )


def _dialog(channel: Channel) -> Any:
    return t.Dialog(
        peer=t.PeerChannel(channel.number), top_message=max(channel.posts, default=0), read_inbox_max_id=0,
        read_outbox_max_id=0, unread_count=0, unread_mentions_count=0, unread_reactions_count=0,
        unread_poll_votes_count=0, notify_settings=t.PeerNotifySettings(), pts=channel.pts,
    )  # fmt: skip

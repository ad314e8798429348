"""A Telethon client that can only read: every request that is not on the list is refused before it leaves.

Its session file is a full login, so only its owner may read it.
"""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

from telethon import TelegramClient
from telethon.crypto import rsa
from telethon.sessions import SQLiteSession
from telethon.tl import functions as f

from engine import __version__
from engine.collect.account import Account
from engine.collect.private import keep_private, make_private

LOG = logging.getLogger(__name__)
ALLOWED = (
    f.help.GetConfigRequest, f.users.GetUsersRequest, f.updates.GetStateRequest, f.updates.GetDifferenceRequest,
    f.updates.GetChannelDifferenceRequest, f.contacts.ResolveUsernameRequest, f.channels.GetChannelsRequest,
    f.messages.GetChatsRequest, f.messages.GetDialogsRequest, f.messages.CheckChatInviteRequest,
    f.messages.GetHistoryRequest, f.messages.GetMessagesRequest, f.channels.GetMessagesRequest,
    f.auth.SendCodeRequest, f.auth.ResendCodeRequest, f.auth.SignInRequest, f.auth.CheckPasswordRequest,
    f.auth.ExportLoginTokenRequest, f.auth.ImportLoginTokenRequest, f.account.GetPasswordRequest,
)  # fmt: skip


class ForbiddenRequestError(Exception):
    """Something tried to send a request that a reader has no use for."""


class ReadOnlyClient(TelegramClient):  # type: ignore[misc]  # Telethon has no types
    """A client whose every request is on the list."""

    async def __call__(self, request: Any, ordered: bool = False, flood_sleep_threshold: int | None = None) -> Any:
        """Send an allowed request. Raises ForbiddenRequestError for another."""
        for one in request if isinstance(request, list | tuple) else (request,):
            if not isinstance(one, ALLOWED):
                raise ForbiddenRequestError(f"{type(one).__name__} is not for a reader")
        return await super().__call__(request, ordered, flood_sleep_threshold)


def make_client(account: Account) -> ReadOnlyClient:
    """A client that is not connected yet, on a session file that only its owner can read. Raises NotPrivateError."""
    for path in _session_files(account.session):
        note = keep_private(path, "the session file, a full login,")
        if note is not None:
            LOG.warning("%s", note)
    make_private(account.session)
    session = SQLiteSession(str(account.session))
    if account.server is not None:
        rsa._server_keys.clear()
        rsa.add_key(account.server.key, old=False)
        if not session.auth_key:
            session.set_dc(2, account.server.host, account.server.port)
        elif (session.server_address, session.port) != (account.server.host, account.server.port):
            session._server_address, session._port = account.server.host, account.server.port
    logger = LOG.getChild("client")
    logger.setLevel(logging.ERROR)  # what it warns of is mended or reported by the collector
    return ReadOnlyClient(
        session,
        account.api_id,
        account.api_hash,
        auto_reconnect=False,
        connection_retries=1,
        request_retries=1,
        retry_delay=0,
        flood_sleep_threshold=0,
        raise_last_call_error=True,
        sequential_updates=True,
        catch_up=True,
        app_version=f"SignalProof {__version__}",
        base_logger=logger,
    )


def _session_files(session: Path) -> list[Path]:
    """The session file and what SQLite may keep beside it."""
    return [session, *(session.with_name(session.name + end) for end in ("-journal", "-wal", "-shm"))]

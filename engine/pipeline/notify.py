"""Notices of a workspace: the addresses of ``.env``, the kinds that ``workspace.yaml`` asks for, and a trial."""

from __future__ import annotations

import asyncio

from engine.collect.envfile import read_env
from engine.notify.notice import Notice, NoticeKind
from engine.notify.sender import Sender, deliver, read_addresses
from engine.pipeline.errors import InputError
from engine.pipeline.workspace import Workspace
from engine.problem import Problem

NAME = "NOTIFY_URLS"


def make_sender(workspace: Workspace) -> Sender:
    """The sender of a workspace; without addresses it sends nothing. Raises InputError for an address that is none."""
    read = read_env(workspace.root / ".env", (NAME,))
    if isinstance(read, Problem):
        raise InputError(read)
    urls = read[0][NAME].split()
    found = read_addresses(urls) if urls else []
    if isinstance(found, Problem):
        raise InputError(Problem(found.text, ".env", hint=found.hint))
    wanted = workspace.settings.notify
    return Sender(found, frozenset(NoticeKind) if wanted is None else frozenset(map(NoticeKind, wanted)))


def try_addresses(workspace: Workspace) -> tuple[list[str], bool]:
    """Send one notice to every address: a line for each, and whether all took it. Raises InputError when there is none.

    No address is tried twice here: a trial should say at once what happened.
    """
    sender = make_sender(workspace)
    if not sender.addresses:
        hint = "write a line into it: NOTIFY_URLS=discord://ID/TOKEN tgram://TOKEN/CHAT (see .env.sample)"
        raise InputError(Problem("no notification address", ".env", hint=hint))
    notice = Notice(NoticeKind.OPEN, "SignalProof", "This is a trial of your notifications. Nothing happened.")

    async def send() -> list[bool]:
        return await asyncio.gather(*(deliver(address, notice) for address in sender.addresses))

    taken = asyncio.run(send())
    lines = [
        f"address {address.name}: {'sent' if ok else 'failed; is the address right, and this computer online?'}"
        for address, ok in zip(sender.addresses, taken, strict=True)
    ]
    return lines, all(taken)

"""The account that reads: API id and hash from ``.env``, and where its login is kept.

``.env`` is read as plain ``NAME=value`` lines; nothing in it is run or expanded. For a trial without Telegram,
``TELEGRAM_TEST_SERVER`` names a server on this machine (``python -m tests.doubles.telegram``) and ``TELEGRAM_TEST_KEY``
its public key: then Telegram's own servers are not spoken to, and the login lies in a file of its own.
"""

from __future__ import annotations

import base64
import binascii
import ipaddress
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from engine.collect.private import NotPrivateError, keep_private
from engine.problem import Problem

WHERE = "get both at https://my.telegram.org, API development tools, and write them into .env (see .env.sample)"
NAMES = ("TELEGRAM_API_ID", "TELEGRAM_API_HASH", "TELEGRAM_TEST_SERVER", "TELEGRAM_TEST_KEY")


@dataclass(frozen=True, slots=True)
class TestServer:
    """A Telegram on this machine. ``key`` is its RSA key as PEM text."""

    __test__ = False  # no test case, whatever pytest thinks of the name

    host: str
    port: int
    key: str


@dataclass(frozen=True, slots=True)
class Account:
    """Who reads, and the session file, which is a full login. ``notes`` are for the user."""

    api_id: int
    api_hash: str = field(repr=False)
    session: Path = Path("data/telegram.session")
    server: TestServer | None = None
    notes: tuple[Problem, ...] = ()


def load_account(env: Path, data: Path, environment: Mapping[str, str] | None = None) -> Account | Problem:
    """The account of a workspace: of ``.env``, and over it the variables of the environment.

    Parameters
    ----------
    env
        The file; it need not exist when the environment has everything.
    data
        The folder of the session file.
    environment
        Default: the process's own.
    """
    from dotenv import dotenv_values

    shown = env.name
    try:
        note = keep_private(env, "the file with your API hash")
        found: dict[str, str | None] = dict(dotenv_values(env, interpolate=False)) if env.is_file() else {}
    except NotPrivateError as error:
        return error.problem
    except (OSError, UnicodeDecodeError) as error:
        return Problem(f"cannot be read: {error}", shown)
    own = os.environ if environment is None else environment
    given = {name: (own.get(name) or found.get(name) or "").strip() for name in NAMES}
    server = _server(given["TELEGRAM_TEST_SERVER"], given["TELEGRAM_TEST_KEY"], shown)
    if isinstance(server, Problem):
        return server
    if not re.fullmatch("[0-9]{1,10}", given["TELEGRAM_API_ID"]):
        what = "is no number" if given["TELEGRAM_API_ID"] else "is missing"
        return Problem(f"TELEGRAM_API_ID {what}", shown, hint=WHERE)
    if not re.fullmatch("[0-9a-fA-F]{32}", given["TELEGRAM_API_HASH"]):
        what = "is not 32 hexadecimal digits" if given["TELEGRAM_API_HASH"] else "is missing"
        return Problem(f"TELEGRAM_API_HASH {what}", shown, hint=WHERE)
    session = data / ("telegram.session" if server is None else "telegram-test.session")
    notes = () if note is None else (note,)
    return Account(int(given["TELEGRAM_API_ID"]), given["TELEGRAM_API_HASH"], session, server, notes)


def _server(address: str, key: str, shown: str) -> TestServer | Problem | None:
    """The test server, when there is one; only one on this machine is taken."""
    if not address:
        return None
    host, _, port = address.rpartition(":")
    host = "127.0.0.1" if host == "localhost" else host.strip("[]")
    try:
        if not ipaddress.ip_address(host).is_loopback or not 0 < int(port) < 65536:
            raise ValueError
    except ValueError:
        hint = "only a server on this machine is taken: 127.0.0.1:PORT"
        return Problem(f'TELEGRAM_TEST_SERVER "{address}" is no such address', shown, hint=hint)
    try:
        body = base64.encodebytes(base64.b64decode(key, validate=True)).decode()
    except binascii.Error:
        body = ""
    if not body:
        return Problem("TELEGRAM_TEST_KEY is not a key", shown, hint="copy the line that the test server prints")
    return TestServer(host, int(port), f"-----BEGIN RSA PUBLIC KEY-----\n{body}-----END RSA PUBLIC KEY-----\n")

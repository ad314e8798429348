"""Signing in, once per session file: by phone number, code and password, or by a QR code that a phone scans.

A wrong number, code or password is asked for again; what only the owner can mend is a SignInError with the way out.
Nothing of what is typed is logged.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any, Protocol, TypeVar

from telethon import errors

from engine.collect.account import WHERE, Account
from engine.collect.client import make_client
from engine.problem import Problem

T = TypeVar("T")
TRIES = 5
QR_CODES = 10  # each lives about half a minute
TIMEOUT_S = 60.0


class SignInError(Exception):
    """Nobody can be signed in now; ``problem`` says why."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(str(problem))
        self.problem = problem


class Person(Protocol):
    """Whoever signs in, at a terminal. Each method may raise EOFError when nobody is there to answer."""

    def say(self, text: str) -> None:
        """Tell something."""

    def phone(self) -> str:
        """Ask for the phone number of the account."""

    def code(self) -> str:
        """Ask for the code that Telegram has sent."""

    def password(self, hint: str) -> str:
        """Ask for the two-step password, without showing it."""

    def show_qr(self, url: str) -> None:
        """Show a link as a QR code."""


async def sign_in(account: Account, person: Person, by_qr: bool = False) -> bool:
    """Sign in where nobody is yet; whether that was needed. Raises SignInError, NotPrivateError and EOFError."""
    client = make_client(account)
    try:
        await _with(client, client.connect)
        if await _with(client, client.is_user_authorized):
            return False
        try:
            await (_scan(client, person) if by_qr else _type(client, person))
        except errors.SessionPasswordNeededError:
            await _password(client, person)
        return True
    except errors.ApiIdInvalidError:
        raise SignInError(Problem("Telegram does not know this API id and hash", ".env", hint=WHERE)) from None
    except errors.FloodWaitError as error:
        raise SignInError(Problem(f"too many attempts; Telegram wants {error.seconds} s of silence")) from None
    except (errors.PhoneNumberBannedError, errors.PhoneNumberUnoccupiedError, errors.UserDeactivatedError):
        hint = "sign up in a Telegram app, or use another number"
        raise SignInError(Problem("there is no account with this number", hint=hint)) from None
    except (ConnectionError, TimeoutError, OSError) as error:
        hint = "is this computer online?"
        raise SignInError(Problem(f"Telegram cannot be reached: {error}", hint=hint)) from None
    except errors.RPCError as error:
        raise SignInError(Problem(f"Telegram refuses: {error}")) from None
    finally:
        await client.disconnect()


async def _type(client: Any, person: Person) -> None:
    """Ask for number and code, again when they are wrong. Raises SessionPasswordNeededError after a right code."""
    for _ in range(TRIES):
        phone = person.phone().strip()
        try:
            await _with(client, partial(client.send_code_request, phone))
            break
        except (errors.PhoneNumberInvalidError, ValueError, TypeError):
            person.say("that is no phone number; write it with the country code, such as +359 88 123 4567")
    else:
        raise SignInError(Problem(f"{TRIES} times no phone number"))
    for _ in range(TRIES):
        code = person.code().strip()
        try:
            await _with(client, partial(client.sign_in, phone, code or "0"))
        except (errors.PhoneCodeInvalidError, errors.PhoneCodeEmptyError):
            person.say("that code is wrong")
        except errors.PhoneCodeExpiredError:
            person.say("that code is too old; a new one is on its way")
            await _with(client, partial(client.send_code_request, phone))
        else:
            return
    raise SignInError(Problem(f"{TRIES} wrong codes", hint="begin again"))


async def _scan(client: Any, person: Person) -> None:
    """Show QR codes until one is scanned. Raises SessionPasswordNeededError after that."""
    login = await _with(client, client.qr_login)
    for _ in range(QR_CODES):
        person.show_qr(login.url)
        try:
            await login.wait()
        except TimeoutError:
            await _with(client, login.recreate)
        else:
            return
    raise SignInError(Problem("nobody scanned the code", hint="in the Telegram app: Settings, Devices, Link a device"))


async def _password(client: Any, person: Person) -> None:
    """Ask for the two-step password, again when it is wrong."""
    for _ in range(TRIES):
        given = person.password("")
        try:
            await _with(client, partial(client.sign_in, password=given or " "))
        except errors.PasswordHashInvalidError:
            person.say("that password is wrong")
        else:
            return
    raise SignInError(Problem(f"{TRIES} wrong passwords", hint="it can be reset in a Telegram app"))


async def _with(client: Any, request: Callable[[], Awaitable[T]]) -> T:
    """An answer; asked again over a new connection when the old one fell asleep while somebody was typing."""
    try:
        return await asyncio.wait_for(request(), TIMEOUT_S)
    except ConnectionError:
        await client.disconnect()
        await asyncio.wait_for(client.connect(), TIMEOUT_S)
        return await asyncio.wait_for(request(), TIMEOUT_S)

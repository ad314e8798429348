"""The address in ``source: telegram ADDRESS``: a public name, a link, or the number of a private chat."""

from __future__ import annotations

import re
from dataclasses import dataclass

from engine.problem import Problem

NAME = re.compile(r"@?([A-Za-z][A-Za-z0-9_]{3,31})")
LINK = re.compile(r"(?:https?://)?(?:www\.)?(?:t\.me|telegram\.me|telegram\.dog)/(.+)")
FORMS = "@name, https://t.me/name, an invite link, or the number of a private chat such as -1001234567890"
MARKED_CHANNEL = -1_000_000_000_000


@dataclass(frozen=True, slots=True)
class Address:
    """Exactly one of the three is set. ``number`` is marked as the API has it."""

    username: str | None = None
    number: int | None = None
    invite: str | None = None


def parse_address(text: str) -> Address | Problem:
    """What an address means."""
    given = text.strip().rstrip("/")
    link = LINK.fullmatch(given)
    if link:
        path = link[1].split("?")[0]
        if match := re.fullmatch(r"(?:\+|joinchat/)([A-Za-z0-9_-]{8,64})", path):
            return Address(invite=match[1])
        if match := re.fullmatch(r"c/([0-9]{1,15})(?:/[0-9]+)*", path):
            return Address(number=MARKED_CHANNEL - int(match[1]))
        given = path.removeprefix("s/").split("/")[0]
    elif re.fullmatch(r"-[0-9]{1,16}", given):
        return Address(number=int(given))
    name = NAME.fullmatch(given)
    if name:
        return Address(username=name[1])
    return Problem(f'"{text}" is no address of a channel', hint=f"write {FORMS}")

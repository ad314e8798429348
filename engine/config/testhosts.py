"""The exchanges at which a strategy may practise with real orders: test hosts, and nothing else.

The list is closed on purpose. A host that looks like one of them (another name below the same domain, a trailing dot, a
user in front, a number for an address) is none, and what cannot be said in the plain form below is refused before
anybody could read it in two ways.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import urlsplit

LOOPBACK = ("127.0.0.1", "::1", "localhost")
REMOTE = ("futures.testnet.mexc.com",)
"""MEXC's demo for contracts. Its page was seen; whether its API takes orders is not known here."""

TEST_HOSTS = (*LOOPBACK, *REMOTE)
ADDRESS = re.compile(r"(https?)://(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9.-]+)(?::([1-9][0-9]{0,4}))?/?", re.ASCII)
EXAMPLE = "http://127.0.0.1:18080"


@dataclass(frozen=True, slots=True)
class PracticeAddress:
    """A checked address of a test host: scheme, host in lower case, and port."""

    scheme: str
    host: str
    port: int

    @property
    def url(self) -> str:
        """The address as it is called, without a path."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.scheme}://{host}:{self.port}"

    @property
    def local(self) -> bool:
        """Whether it is this machine."""
        return self.host in LOOPBACK


@dataclass(frozen=True, slots=True)
class Refused:
    """Why an address is none of a test host, and what to write instead."""

    why: str
    hint: str


def practice_address_of(text: str) -> PracticeAddress | Refused:
    """The address of a test host, or why the text is not one."""
    match = ADDRESS.fullmatch(text)
    host = match[2].strip("[]").lower() if match else _seen(text)
    if host and host not in TEST_HOSTS:
        hosts = ", ".join(TEST_HOSTS)
        return Refused(f'"{host}" is not a declared test host', f"orders are sent to these alone: {hosts}")
    if not match:
        return Refused(f'"{text}" is not the plain address of a host', f"write {EXAMPLE}: no user, path or query")
    scheme = match[1]
    port = int(match[3] or (443 if scheme == "https" else 80))
    if port > 65_535:
        return Refused(f"there is no port {port}", f"write {EXAMPLE}")
    if scheme == "http" and host not in LOOPBACK:
        return Refused("keys are not sent to another machine without encryption", f"write https://{host}")
    return PracticeAddress(scheme, host, port)


def _seen(text: str) -> str:
    """The host that somebody might see in an address which is none, for the message alone."""
    try:
        return (urlsplit(text).hostname or "").strip()
    except ValueError:
        return ""

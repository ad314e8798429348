"""What a running double is asked from another process: a price, and to move one."""

from __future__ import annotations

import json
import os
from urllib.error import HTTPError, URLError
from urllib.parse import quote, urlsplit
from urllib.request import ProxyHandler, build_opener

VARIABLE = "SIGNALPROOF_EXCHANGE_URL"
USUAL = "http://127.0.0.1:18080"
LOOPBACK = ("127.0.0.1", "localhost", "::1")


class AskedInVainError(Exception):
    """The double is not there, or does not do what was asked; the text says why."""


def address(given: str | None = None) -> str:
    """Where the double listens: as given, by the variable, or the usual place."""
    return (given or os.environ.get(VARIABLE) or USUAL).rstrip("/")


def price_of(symbol: str, at: str, set_to: float | None = None) -> tuple[float, int]:
    """The last price of a symbol and its decimals, after it was moved to ``set_to``. Raises AskedInVainError."""
    base = symbol.upper().replace("/", "").removesuffix("USDT")
    what = "price?" if set_to is None else f"move?price={set_to!r}&"
    found = json.loads(ask(f"{at}/__double/{what}base={quote(base)}"))
    return float(found["price"]), int(found["decimals"])


def ask(url: str, data: bytes | None = None) -> str:
    """What a server on this machine answers. Raises AskedInVainError."""
    if urlsplit(url).hostname not in LOOPBACK:
        raise AskedInVainError(f"{url} is not on this machine")
    try:
        with build_opener(ProxyHandler({})).open(url, data, timeout=10) as answer:
            return str(answer.read().decode())
    except HTTPError as error:
        raise AskedInVainError(error.read().decode(errors="replace")[:300]) from None
    except (URLError, OSError) as error:
        where = urlsplit(url).netloc
        raise AskedInVainError(
            f"nothing answers at {where} ({getattr(error, 'reason', error)}); is it running?"
        ) from None

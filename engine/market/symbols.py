"""One spelling for a symbol: BTC/USDT:USDT, BTC-USDT, btc_usdt and MEXC:BTCUSDT.P are all BTCUSDT."""

from __future__ import annotations

import re
import unicodedata

# What follows the pair: the settlement coin of a perpetual (BTC/USDT:USDT, ccxt), ".P" (TradingView), a word. A date
# behind the settlement coin is a delivery contract with prices of its own, and stays a part of the name (unreadable).
_SUFFIX = re.compile(r"(?:(?<=[A-Z]):[A-Z]{3,6}|\.P|[-_. ](?:PERP|PERPETUAL|SWAP|SPOT|FUTURES?))$")
_VENUE = re.compile(r"^[A-Z0-9]+:(?=[^/_-]{5,})")
_SEPARATORS = re.compile(r"[/_\- ]")
_NAME = re.compile(r"[^\W_]{2,40}")


def normal_symbol(text: str) -> str | None:
    """The store's name of a symbol: base and quote in capitals without anything between.

    Parameters
    ----------
    text
        Any common spelling, with or without a leading # or $, an exchange in front (``MEXC:``) or a suffix for
        perpetuals.

    Returns
    -------
        Such as ``BTCUSDT``: letters and digits only, so that it can name a folder. None when this is no symbol.
    """
    name = unicodedata.normalize("NFKC", text).strip().lstrip("#$").upper()
    if "/" not in name:
        name = _VENUE.sub("", name)
    name = _SEPARATORS.sub("", _SUFFIX.sub("", name))
    return name if _NAME.fullmatch(name) else None

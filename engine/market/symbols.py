"""One spelling for a symbol: BTCUSDT, whatever a file, a channel or an exchange calls it."""

from __future__ import annotations

import re

QUOTES = ("USDT", "USDC", "USD", "BTC", "ETH", "EUR")


def plain_symbol(text: str) -> str | None:
    """``BTC/USDT:USDT``, ``BTC-USDT``, ``btc_usdt``, ``BTCUSDT.P``, ``#BTCUSDTPERP`` as ``BTCUSDT``, else None."""
    text = text.strip().upper().lstrip("#$")
    text = text.split(":")[0]
    text = re.sub(r"(?:\.P|[-_]?PERP)$", "", text)
    match = re.fullmatch(r"([A-Z0-9]{1,20}?)[/_-]?(" + "|".join(QUOTES) + ")", text)
    return match[1] + match[2] if match else None

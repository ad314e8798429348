"""From a symbol as people write it to the market that an exchange lists, or to a line that says why there is none."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from engine.config.diagnostics import did_you_mean
from engine.config.text import SourceText
from engine.config.yamlfile import load_yaml
from engine.market.symbols import normal_symbol
from engine.problem import Problem

RENAMES = Path(__file__).with_name("data") / "renames.yaml"
QUOTE = "USDT"
_MULTIPLE = re.compile(r"^(1000000|100000|10000|1000|1M)(?=[A-Z])")


@dataclass(frozen=True, slots=True)
class NotListed(Problem):
    """The exchange has no such market, so that asking again will not help."""


Market = Mapping[str, Any]
"""A market of ccxt: id, symbol, base, quote, settle, contractSize, precision, limits, info ..."""


def find_market(markets: Mapping[str, Market], text: str, kind: str, exchange: str) -> Market | Problem:
    """The market that a symbol means.

    Parameters
    ----------
    markets
        All that the exchange lists, as ccxt gives them.
    text
        BTCUSDT, BTC/USDT, BTC-USDT, BTC_USDT, #BTC, BTC (then against USDT), BTCUSDT.P, MEXC:BTCUSDT.P ...
    kind
        ``swap`` or ``spot``.
    exchange
        Its name, for the message.

    Returns
    -------
        The market, also one that is listed but not open for trading; a problem when there is none. A contract on
        1000 coins is never taken for one on a single coin, because its prices are a thousand times as high.
    """
    name = normal_symbol(text)
    if name is None:
        return NotListed(f'"{text}" is no symbol', hint="such as BTCUSDT or BTC/USDT")
    listed: dict[str, Market] = {}
    for market in markets.values():
        key = normal_symbol(market["symbol"]) if market.get(kind) and not market.get("expiry") else None
        if key is not None and (key not in listed or market.get("active")):
            listed[key] = market
    for candidate in (name, name + QUOTE):
        if candidate in listed:
            return listed[candidate]
    return NotListed(f"{exchange} lists no {kind} market {_pair(name)}", hint=_hint(_pair(name), listed))


def store_symbol(market: Market) -> str:
    """The store's name of a market. Raises ValueError for one that has none."""
    name = normal_symbol(market["symbol"])
    if name is None:
        raise ValueError(f"{market['symbol']} cannot name a folder")
    return name


def _pair(name: str) -> str:
    """A symbol with its quote: BTC is BTCUSDT."""
    return name if any(name.endswith(q) and name != q for q in ("USDT", "USDC", "USD", "BTC", "ETH")) else name + QUOTE


def _hint(name: str, listed: Mapping[str, Market]) -> str:
    """What may have been meant."""
    single = _MULTIPLE.sub("", name)
    for other in listed:
        if other != name and _MULTIPLE.sub("", other) == single:
            many = _MULTIPLE.match(other) or _MULTIPLE.match(name)
            of = many[1] if many else "many"
            return f"it lists {other}; one counts {of} coins, so the prices differ by that factor and are not mixed"
    for entry in _renames():
        if name == entry["old"] + QUOTE:
            new = entry["new"] + QUOTE
            also = "which it lists" if new in listed else "which it does not list either"
            return f"{entry['old']} became {entry['new']} in {entry['when']}: see {new}, {also}"
    # The quote is no part of the comparison: it would make any two short names look alike.
    bases = {str(market["base"]): other for other, market in listed.items()}
    near = did_you_mean(name.removesuffix(QUOTE) if name.endswith(QUOTE) else name, [*bases, *listed])
    return near or "it was never listed there, or is delisted: import its candles from elsewhere (cli.py market import)"


@cache
def _renames() -> Any:
    """The table of new tickers."""
    return load_yaml(SourceText(RENAMES.name, RENAMES.read_text(encoding="utf-8")))[0].data

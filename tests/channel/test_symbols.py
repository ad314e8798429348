"""Symbols come out as the exchange writes them, however the channel does."""

from __future__ import annotations

import pytest

from tests.channel.helpers import profile, reads

LAYOUT = """
words
symbol BTC = bitcoin, 大餅
symbol 1000PEPE = pepe

signal "a"
<<<
{side: Long} {symbol: BTC} @ {entry: 10} sl {stop: 9.5}
>>>
"""


@pytest.mark.parametrize(
    ("written", "symbol"),
    [
        ("BTC", "BTCUSDT"), ("#BTC", "BTCUSDT"), ("$btc", "BTCUSDT"), ("BTCUSDT", "BTCUSDT"),
        ("BTC/USDT", "BTCUSDT"), ("BTC / USDT", "BTCUSDT"), ("BTC-USDT", "BTCUSDT"), ("BTC_USDT", "BTCUSDT"),
        ("BTC|USDT", "BTCUSDT"), ("BTC USDT", "BTCUSDT"), ("BTC:USDT", "BTCUSDT"), ("# BTC/USDT", "BTCUSDT"),
        ("BTCUSDT.P", "BTCUSDT"), ("BTCUSDTPERP", "BTCUSDT"), ("BTC-PERP", "BTCUSDT"), ("BTC PERP", "BTCUSDT"),
        ("**BTC**", "BTCUSDT"), ("`BTC/USDT`", "BTCUSDT"), ("Bitcoin", "BTCUSDT"), ("大餅", "BTCUSDT"),
        ("pepe", "1000PEPEUSDT"), ("1INCH", "1INCHUSDT"), ("1000SATS", "1000SATSUSDT"), ("SPX6900", "SPX6900USDT"),
        ("F", "FUSDT"), ("$4", "4USDT"), ("4/USDT", "4USDT"), ("$TAKE", "TAKEUSDT"), ("PERP", "PERPUSDT"),
        ("ETH/BTC", "ETHBTC"), ("SOLUSDC", "SOLUSDC"), ("ETHUSD", "ETHUSD"), ("$BTСUSDT", "BTCUSDT"), ("СF", "CFUSDT"),
        ("$STOP", "STOPUSDT"), ("STOP/USDT", "STOPUSDT"), ("Entry", None), ("long", None),
        ("#LONG", None), ("$LONG", "LONGUSDT"), ("64800", None), ("ÄÖ", None),
    ],
)  # fmt: skip
def test_a_symbol_in_every_spelling(written: str, symbol: str | None) -> None:
    expected = f"symbol {symbol}, side long, entry 10, stop 9.5" if symbol else "refused: no-layout"
    assert reads(profile(LAYOUT), f"Long {written} @ 10 sl 9.5") == expected

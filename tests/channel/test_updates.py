"""Updates: closing, taking back, moving a stop."""

from __future__ import annotations

import pytest

from engine.channel import read
from tests.channel.helpers import profile, reads

PROFILE = """
words
breakeven = BE, entry price
close = close, exit

signal "call"
<<<
{side: LONG} {symbol: BTC} {entry: 64800} SL {stop: 64000}
>>>

update close "part"
<<<
close {share: 50%} of {symbol: BTC}
>>>

update close
<<<
close {symbol: BTC/USDT} now
>>>

update cancel, many
<<<
cancel {? the} {symbol: BTC} order
>>>

update move-stop
<<<
{symbol: ETH} move SL to {stop: breakeven} {...}
>>>

update move-stop "without a symbol"
<<<
stop to {stop: BE}
>>>
"""


@pytest.fixture(scope="module")
def loaded():
    return profile(PROFILE)


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        ("🔒 Close BTC/USDT now!", "update close, symbol BTCUSDT, share 100%"),
        ("exit $ETH now", "update close, symbol ETHUSDT, share 100%"),
        ("close 50% of SOL", "update close, symbol SOLUSDT, share 50%"),
        ("close 1/3 of SOL", "update close, symbol SOLUSDT, share 33.333333333333%"),
        ("cancel BTC order", "update cancel, symbol BTCUSDT"),
        ("cancel the BTC order\ncancel ETH order", "update cancel, symbol BTCUSDT; update cancel, symbol ETHUSDT"),
        ("ETH move SL to breakeven", "update move-stop, symbol ETHUSDT, stop breakeven"),
        ("ETH move SL to entry price guys, well done", "update move-stop, symbol ETHUSDT, stop breakeven"),
        ("ETH move SL to 3,450.5", "update move-stop, symbol ETHUSDT, stop 3450.5"),
        ("stop to BE", "update move-stop, stop breakeven"),
        ("ETH move SL to 5%", "refused: stop"),
        ("close 150% of SOL", "refused: share"),
        ("close BTC now or never", "refused: unread"),
        ("do not close BTC now", "refused: no-layout"),
        ("close BTC now?\nwhat do you think", "refused: unread"),
    ],
)
def test_an_update_is_the_whole_message_or_none(loaded, message: str, expected: str) -> None:
    assert reads(loaded, message) == expected


def test_an_update_keeps_the_characters_it_was_read_from(loaded) -> None:
    message = "🔒 **close** 50% of SOL"
    (action,) = read(loaded, message).actions
    assert [(v.field, message[v.start : v.end]) for v in action.values] == [("share", "50%"), ("symbol", "SOL")]


def test_a_call_that_is_posted_again_is_a_change_of_the_whole_call() -> None:
    """So that what it says as before is told from what it says otherwise (``simulate/amending.py``)."""
    body = "{side: BUY} {symbol: BTC} {entry: 64800} TP {target: 65000} SL {stop: 64500}"
    again = profile(f'signal "call"\n<<<\n{body}\n>>>\n\nsignal "again", changes levels\n<<<\nCHANGED {body}\n>>>\n')
    (action,) = read(again, "CHANGED BUY ETH 3490 TP 3600 SL 3400").actions
    assert (action.kind, action.whole, action.entries, action.stop) == ("change", True, (3490.0,), 3400.0)

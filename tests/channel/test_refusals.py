"""Why a message gives nothing: every refusal has a name, a sentence and, where there is one, a place."""

from __future__ import annotations

import pytest

from engine.channel import read
from tests.channel.helpers import HEAD, profile, reads, signal

PROFILE = """
words
long = BUY
short = SELL
open target = moon

never
- closed at
- {target} ✅
- hit {...} again

ignore
- Risk {any: 1}%
- join our VIP {...}

signal "block", blocks in any order
<<<
{side: BUY} {symbol: BTCUSDT} {? at {entry: 64800} }
TP1: {target: 65000} {? - {share: 50%} }
TP2: {target: 66000} {? - {share: 50%} }
SL: {stop: 64500}
{? lev {leverage: 5x} }
>>>
"""
GOOD = "BUY BTC at 64800\nTP1: 65000\nTP2: 66000\nSL: 64500"


@pytest.fixture(scope="module")
def loaded():
    return profile(PROFILE)


@pytest.mark.parametrize(
    ("message", "code", "at"),
    [
        (GOOD + "\nRisk 2% join our VIP at 50% off", None, None),
        (GOOD.replace("BTC", "BTC" + " " * 4600), "too-long", None),
        (GOOD + "\nclosed at break even", "never", "closed at"),
        (GOOD + "\nCLOSED  AT 65000", "never", "CLOSED  AT"),
        (GOOD + "\nenclosed at the end", None, None),
        (GOOD.replace("65000", "65000 ✅"), "never", "65000 ✅"),
        (GOOD + "\nhit me once again", "never", "hit me"),
        (GOOD + "\nRisk 2%, risk 3 percent", "unread", "3 percent"),
        (GOOD + "\nrisk 1% then close half", "unread", "close half"),
        (GOOD + "\nBTC100000 soon", "unread", "100000 soon"),
        (GOOD + "\nweb3 is the future", None, None),
        ("gm everyone", "no-layout", None),
        ("", "no-layout", None),
        (GOOD.replace("SL: 64500", "SL soon"), "no-layout", "soon"),
        (GOOD.replace("at 64800", ""), "no-entry", None),
        (GOOD.replace("64500", "64,50"), "number", "64,50"),
        (GOOD.replace("64500", "0.064500.1"), "number", "0.064500.1"),
        (GOOD.replace("SL: 64500", "SL: 64500\nBUY ETH at 65000"), "unread", "BUY ETH"),
        (GOOD.replace("SL: 64500", "SL: 65100"), "levels", None),
        (GOOD.replace("65000", "64700"), "levels", None),
        (GOOD.replace("66000", "65000"), "duplicate-level", None),
        (GOOD.replace("66000", "65000 - 50%"), "duplicate-level", None),
        (GOOD.replace("65000", "66000 - 25%").replace("TP2: 66000", "TP2: 66000 - 75%"), None, None),
        (GOOD.replace("64500", "34500"), "distance", None),
        (GOOD.replace("66000", "660000"), "distance", None),
        (GOOD.replace("64800", "64800 - 96000"), "levels", None),
        (GOOD.replace("66000", "moon"), None, None),
        (GOOD + "\nlev 600x", "leverage", "600x"),
        (GOOD.replace("TP2: 66000", "TP2: 66000 - 150%"), "share", "150%"),
        (GOOD.replace("TP1: 65000", "TP1: 65000 - 60%").replace("TP2: 66000", "TP2: 66000 - 60%"), "share", None),
    ],
)
def test_a_refusal_names_its_reason_and_its_place(loaded, message: str, code: str | None, at: str | None) -> None:
    refusal = read(loaded, message).refusal
    assert (refusal.code if refusal else None) == code
    if refusal and at:
        assert refusal.position is not None
        assert message[refusal.position :].startswith(at)


def test_the_farthest_layout_says_what_it_wanted(loaded) -> None:
    message = "BUY BTC at 64800\nTP1: 65000\nSL: none"
    refusal = read(loaded, message).refusal
    assert refusal is not None
    assert refusal.text == 'layout "block" expected a stop here'
    assert message[refusal.position :] == "none"
    message = "BUY BTC at 64800\n"
    refusal = read(loaded, message).refusal
    assert refusal is not None
    assert refusal.text == 'layout "block" expected a target here'


def test_shares_may_not_make_more_than_everything() -> None:
    loaded = profile(
        'signal "a"\n<<<\n{side: Long} {symbol: BTC} {entry: 64800} sl {stop: 64000}\n'
        "1) {target: 65000} ({share: 50%})\n2) {target: 66000} ({share: 1/2})\n>>>\n"
    )
    call = "Long BTC 64800 sl 64000\n1) 65000 (60%)\n2) 66000 "
    assert reads(loaded, call + "(40%)").endswith("targets 65000 (60%), 66000 (40%), stop 64000")
    assert reads(loaded, call + "(1/2)") == "refused: share"
    assert reads(loaded, call + "(1/0)") == "refused: share"


def test_numbers_are_never_guessed() -> None:
    layout = signal("{side: Long} {symbol: BTC} {entry: 64800} sl {stop: 64000}")
    undeclared = profile(layout, HEAD.replace("numbers: 1,234.56\n", ""))
    assert reads(undeclared, "Long BTC 64800 sl 64000").startswith("symbol BTCUSDT")
    assert reads(undeclared, "Long ETH 3.450 sl 3.400") == "refused: number"
    comma = profile(layout, HEAD.replace("1,234.56", "1.234,56"))
    assert reads(comma, "Long ETH 3.450 sl 3.400,5") == "symbol ETHUSDT, side long, entry 3450, stop 3400.5"
    assert reads(comma, "Long ETH 3,450.5 sl 3,400.5") == "refused: number"
    assert reads(comma, "Long XRP 0,583 sl 0,55") == "symbol XRPUSDT, side long, entry 0.583, stop 0.55"


def test_a_quote_currency_is_not_invented() -> None:
    layout = signal("{side: Long} {symbol: BTCUSDT} {entry: 64800} sl {stop: 64000}")
    loaded = profile(layout, HEAD.replace("quote: USDT", "range: zone"))
    assert reads(loaded, "Long ETHUSDC 3500 sl 3400").startswith("symbol ETHUSDC")
    assert reads(loaded, "Long ETH 3500 sl 3400") == "refused: no-quote"


def test_only_authors_count() -> None:
    layout = signal("{side: Long} {symbol: BTC} {entry: 64800} sl {stop: 64000}")
    loaded = profile(layout, HEAD.replace("\ndefaults", "authors: @Alice, Bob\n\ndefaults"))
    call = "Long BTC 64800 sl 64000"
    codes = [reading.refusal.code if reading.refusal else "read" for reading in
             (read(loaded, call, sender=sender) for sender in ("alice", "@Alice", "bob", "Carol", None))]  # fmt: skip
    assert codes == ["read", "read", "read", "author", "read"]


def test_the_footer_is_cut() -> None:
    layout = 'never\n- results\n\nsignal "a"\n<<<\n{side: Long} {symbol: BTC} {entry: 64800} sl {stop: 64000}\n>>>\n'
    loaded = profile(layout, HEAD.replace("\ndefaults", "footer from: — Fast Scalps —\n\ndefaults"))
    call = "Long BTC 64800 sl 64000\n"
    assert reads(loaded, call + "— FAST  Scalps — since 2019, results 98%").startswith("symbol BTCUSDT")
    assert reads(loaded, call + "Fast Scalps since 2019") == "refused: unread"


def test_unread_numbers_may_be_allowed() -> None:
    layout = signal("{side: Long} {symbol: BTC} {entry: 64800} sl {stop: 64000}")
    loaded = profile(layout, HEAD.replace("\ndefaults", "unread numbers: allow\n\ndefaults"))
    assert reads(loaded, "Long BTC 64800 sl 64000\nrisk 2 percent, close soon").startswith("symbol BTCUSDT")


@pytest.mark.parametrize(
    ("message", "code"),
    [
        ("Long BTC now 64800 sl 64000", "mixed-entry"),
        ("Long BTC 64000 - 64500 64800 sl 63000", "mixed-entry"),
        ("Long BTC 64800 sl breakeven", "stop"),
        ("Long BTC 0 sl 0.5", "number"),
        ("Long BTC " + " ".join(str(64800 + i) for i in range(30)) + " sl 64000", "too-many-levels"),
        ("Long BTC 64000 - 96000 sl 63000", "distance"),
        ("Long BTC 64800 sl 45%", "distance"),
        ("Long BTC 64800 sl 40000 points", "distance"),
    ],
)
def test_calls_that_make_no_sense(message: str, code: str) -> None:
    loaded = profile(signal("{side: Long} {symbol: BTC} {+ {entry: 64800} } sl {stop: 64000}"))
    assert reads(loaded, message) == f"refused: {code}"


def test_two_values_for_one_field() -> None:
    loaded = profile(
        signal("{symbol: BTC} {entry: 64800} {side: Long}\n{symbol: BTC} sl {stop: 64000} {? {side: Long} }")
    )
    assert reads(loaded, "BTC 64800 long\nBTC sl 64000 long").startswith("symbol BTCUSDT")
    assert reads(loaded, "BTC 64800 long\nETH sl 64000") == "refused: symbol"
    assert reads(loaded, "BTC 64800 long\nBTC sl 64000 short") == "refused: side"


def test_a_symbol_that_may_be_missing_is_missed() -> None:
    loaded = profile(signal("{side: Long} {? on {symbol: BTC} } {entry: 64800} sl {stop: 64000}"))
    assert reads(loaded, "Long on BTC 64800 sl 64000").startswith("symbol BTCUSDT")
    assert reads(loaded, "Long 64800 sl 64000") == "refused: no-symbol"

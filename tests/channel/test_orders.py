"""Orders of several kinds: breakouts, market and limits with shares, distances, stops that wait for a close, ids."""

from __future__ import annotations

import pytest

from engine.channel import read
from engine.domain import CloseStop, Distance, EntryKind, Target
from engine.pipeline.channels import _case
from engine.units import DAY_MS, HOUR_MS
from tests.channel.helpers import HEAD, profile, reads, signal

BREAKOUT = (
    signal("{symbol: BTC} {side: LONG} above {entry above: 64800} TP {target: 66000} SL {stop: 64000}", "up")
    + signal("{symbol: BTC} {side: SHORT} below {entry below: 64800} TP {target: 63000} SL {stop: 65500}", "down")
    + signal("{symbol: BTC} breaks {entry above: 64800} then SL {stop: 63000}", "no side")
)


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        ("ETH long above 3480 TP 3600 SL 3400", "side long, entry above 3480, targets 3600, stop 3400"),
        ("ETH short below 3480 TP 3400 SL 3520", "side short, entry below 3480, targets 3400, stop 3520"),
        ("ETH breaks 3480 then SL 3400", "side long, entry above 3480, stop 3400"),  # the breakout says the side
        ("ETH short above 3480 TP 3400 SL 3520", "refused: side"),
        ("ETH long above 3480 TP 3400 SL 3520", "refused: levels"),
    ],
)
def test_breakouts(message: str, expected: str) -> None:
    assert reads(profile(BREAKOUT), message).removeprefix("symbol ETHUSDT, ") == expected


MARKET = signal(
    "{side: LONG} {symbol: BTC} {entry: now} {? ref {entry market: 64800} } {? ({share: 40%}) }\n"
    "{? limit {entry: 64000} {? ({share: 40%}) } }\n{? DCA {entry: 63500} {? ({share: 20%}) } }\nSL {stop: 63000}"
)


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        ("long ETH now\nSL 3400", "entry market, stop 3400"),
        ("long ETH now ref 3480\nlimit 3450\nSL 3400", "entry market 3480, 3450, stop 3400"),
        ("long ETH now\nlimit 3450\nDCA 3430\nSL 3400", "entry market, 3450, 3430, stop 3400"),
        ("long ETH now (60%)\nlimit 3450 (40%)\nSL 3400",
         "entry market, 3450, entry shares 60%, 40%, stop 3400"),
        ("long ETH now (60%)\nlimit 3450\nSL 3400", "refused: share"),
        ("long ETH now (60%)\nlimit 3450 (50%)\nSL 3400", "refused: share"),
        ("long ETH now ref 3480\nlimit 3450 - 3440\nSL 3400", "refused: mixed-entry"),
        ("long ETH 3480\nlimit 3450\nSL 3400", "entry 3480, 3450, stop 3400"),
    ],
)  # fmt: skip
def test_market_and_limits(message: str, expected: str) -> None:
    assert reads(profile(MARKET), message).removeprefix("symbol ETHUSDT, side long, ") == expected


def test_a_price_read_by_the_same_mark_as_now_is_no_order() -> None:
    loaded = profile(signal("{side: Long} {symbol: BTC} {+ {entry: 64800} } sl {stop: 64000}"))
    assert reads(loaded, "Long BTC now 64800 sl 64000") == "refused: mixed-entry"


@pytest.mark.parametrize(
    ("sample", "targets", "expected"),
    [
        ("5%", "5%", (Distance(5.0, "percent"),)),
        ("%5-%10", "%3-%6-%9", (Distance(3.0, "percent"), Distance(6.0, "percent"), Distance(9.0, "percent"))),
        ("60 points", "120 pts", (Distance(120.0, "points"),)),
        ("1R", "2.5r", (Distance(2.5, "R"),)),
    ],
)
def test_targets_at_a_distance(sample: str, targets: str, expected: tuple[Distance, ...]) -> None:
    loaded = profile(
        signal(f"{{side: LONG}} {{symbol: BTC}} {{entry: 64800}} TP {{target: {sample}}} SL {{stop: 64000}}")
    )
    (setup,) = read(loaded, f"long ETH 3480 TP {targets} SL 3400").setups
    assert setup.targets == tuple(Target(None, distance=distance) for distance in expected)
    assert reads(loaded, "long ETH 3480 TP 3600 SL 3400").startswith("refused: ")  # a price is none


def test_targets_in_r_need_a_stop() -> None:
    loaded = profile(signal("{side: LONG} {symbol: BTC} {entry: 64800} TP {target: 1R} {? SL {stop: 64000} }"))
    assert reads(loaded, "long ETH 3480 TP 2R SL 3400").endswith("targets 2R, stop 3400")
    assert reads(loaded, "long ETH 3480 TP 2R") == "refused: stop"


CLOSE = signal(
    "{side: LONG} {symbol: BTC} {entry: 64800} stop {? ({stop when: 4h close}) } {? {stop: 63000} }"
    " {? hard {stop hard: 62000} }"
)


@pytest.mark.parametrize(
    ("stop", "expected"),
    [
        ("(4h close) 3400", (3400.0, CloseStop(4 * HOUR_MS))),
        ("(H4 candle close) 3400 hard 3350", (3400.0, CloseStop(4 * HOUR_MS, 3350.0))),
        ("(close 4hr) 3400", (3400.0, CloseStop(4 * HOUR_MS))),
        ("(daily) 3400", (3400.0, CloseStop(DAY_MS))),
        ("(Weekly candle closes) 3400", (3400.0, CloseStop(7 * DAY_MS))),
        ("(15 min close) 3400", (3400.0, CloseStop(HOUR_MS // 4))),
        ("(1D) 3400", (3400.0, CloseStop(DAY_MS))),
        ("3400", (3400.0, None)),
    ],
)
def test_a_stop_that_waits_for_a_close(stop: str, expected: tuple[float, CloseStop | None]) -> None:
    (setup,) = read(profile(CLOSE), f"long ETH 3480 stop {stop}").setups
    assert (setup.stop, setup.close_stop) == expected


@pytest.mark.parametrize(
    ("stop", "code"),
    [("(4h close)", "stop"), ("3400 hard 3300", "stop"), ("(4h) 3400 hard 3450", "levels"), ("(0h) 3400", "stop")],
)
def test_stops_that_wait_for_nothing(stop: str, code: str) -> None:
    assert reads(profile(CLOSE), f"long ETH 3480 stop {stop}") == f"refused: {code}"


@pytest.mark.parametrize(
    ("written", "ref"),
    [("#437", "437"), ("437", "437"), ("#a12", "A12"), ("AB-9", "AB-9"), ("4.37", None), ("abc", None)],
)
def test_the_channels_own_id(written: str, ref: str | None) -> None:
    loaded = profile(signal("ID {id: 437} {side: LONG} {symbol: BTC} {entry: 64800} SL {stop: 64000}"))
    setups = read(loaded, f"ID {written} long ETH 3480 SL 3400").setups
    assert [setup.ref for setup in setups] == ([ref] if ref else [])


def test_thousands_by_a_word() -> None:
    loaded = profile(
        signal("{side: LONG} {symbol: BTC} {entry: 64800 - 64900} SL {stop: 64000}"),
        HEAD.replace("\ndefaults", "\nwords\nten thousand = 万\n\ndefaults"),
    )
    assert reads(loaded, "long BTC 112 bin - 113 bin SL 11万").endswith("entry 112000 - 113000, stop 110000")
    assert reads(loaded, "long BTC 112 binance SL 110").startswith("refused")


def test_a_message_from_right_to_left() -> None:
    loaded = profile(
        "words\nlong = خرید\nshort = فروش\n\n"
        + signal("{side: خرید} {symbol: BTC} ورود {entry: 64800} حد ضرر {stop: 64000}")
    )
    text = "\u202bخرید ETH ورود ۳۴۸۰ حد ضرر ۳۴۰۰\u202c"
    assert reads(loaded, text) == "symbol ETHUSDT, side long, entry 3480, stop 3400"


def test_the_cases_output_has_the_market_price_first_and_distances_as_text() -> None:
    case = _case("x", read(profile(MARKET), "long ETH now ref 3480\nlimit 3450\nSL 3400"))
    assert (case["read"][0]["entries"], case["read"][0]["entry_kind"]) == ([3480.0, 3450.0], EntryKind.LADDER.value)
    loaded = profile(signal("{side: LONG} {symbol: BTC} {entry: 64800} TP {target: 5%} SL {stop: 600 points}"))
    case = _case("x", read(loaded, "long ETH 3480 TP 3% SL 80 points"))
    assert (case["read"][0]["targets"], case["read"][0]["stop"]) == (["3%"], "80pt")

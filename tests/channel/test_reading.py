"""What the writer's rules promise: one marked sample, and the messages it reads or does not."""

from __future__ import annotations

import pytest

from engine.channel import read
from engine.domain import Distance, EntryKind, Side
from tests.channel.helpers import HEAD, profile, reads, signal

ONE_LINE = """
words
long = BUY, AL, 📈
short = SELL, SAT, 📉
stop = SL, Stoploss, Stop loss

signal "one line"
<<<
{side: BUY} {symbol: BTCUSDT} @ {entry: 64800}, TP {target: 65000}, SL {stop: 64500}
>>>
"""
CALL = "symbol BTCUSDT, side long, entry 64800, targets 65000, stop 64500"


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        ("BUY BTCUSDT @ 64800, TP 65000, SL 64500", CALL),
        ("buy btcusdt @ 64800, tp 65000, sl 64500", CALL),
        ("🔥🔥 BUY  #BTCUSDT  @64800 🎯 TP: 65000 🛑 SL: 64500 🚀🚀", CALL),
        ("\n\n  BUY BTCUSDT 64800 - TP 65000 | SL 64500\n\n", CALL),
        ("**BUY** `BTCUSDT` @ __64800__, TP **65000**, SL ~~64500~~", CALL),
        ("BUY\u00a0BTCUSDT @ 64\u200b800, TP 65000\ufe0f, SL 64500", CALL),
        ("ＢＵＹ ＢＴＣＵＳＤＴ ＠ ６４８００, TP ٦٥٠٠٠, SL 64500", CALL),
        ("𝗕𝗨𝗬 𝗕𝗧𝗖 @ 𝟲𝟰𝟴𝟬𝟬, TP 65000, SL 64500", CALL),
        ("AL BTC @ 64,800, TP 65,000, Stop loss 64,500.00", CALL),
        ("al btc @ 64800 USDT, TP $65000, STOPLOSS: 64500$", CALL),
        ("📈 BTC/USDT @ 64800, TP 65000, stop-loss 64500", CALL),
        ("📈 BUY BTC @ 64800, TP 65000, SL 64500", CALL),
        (
            "BUY BTC @ 96k1-96k5, TP 98k, SL 95k",
            "symbol BTCUSDT, side long, entry 96100 - 96500, targets 98000, stop 95000",
        ),
        ("SAT ETH @ 3480, TP 3400, SL 3512", "symbol ETHUSDT, side short, entry 3480, targets 3400, stop 3512"),
        ("gm\nBUY BTCUSDT @ 64800, TP 65000, SL 64500\ngood luck", CALL),
        ("BUY BTCUSDT @ 64800, TP 65000, SL 64500 https://t.me/vip/2024 @vip_2024", CALL),
        ("📉 BUY BTC @ 64800, TP 65000, SL 64500", "refused: side"),
        ("yesterday: BUY BTCUSDT @ 64800, TP 65000, SL 64500", "refused: no-layout"),
        ("BUYING BTCUSDT @ 64800, TP 65000, SL 64500", "refused: no-layout"),
        ("BUY BTCUSDT @ 64800, TP 65000, SL 64500 (cancelled)", "refused: unread"),
        ("BUY BTCUSDT @ 64800, TP 65000, SL 64500, TP 66000", "refused: unread"),
        ("BUY BTCUSDT @ 64800, TP 65000, SL 64500\nrisk 2 percent", "refused: unread"),
        ("BUY BTCUSDT @ 64800, TP 65000, TP 66000, SL 64500", "refused: no-layout"),
        ("BUY BTCUSDT @ 64800, TP 65000", "refused: no-layout"),
        (
            "BUY BTCUSDT @ 64.8k, TP 65000, SL 64500",
            "symbol BTCUSDT, side long, entry 64800, targets 65000, stop 64500",
        ),
        ("BUY BTCUSDT @ 64800, TP 5%, SL 64500", "refused: no-layout"),
        ("BUY BTCUSDT @ 64800, TP %5, SL 64500", "refused: no-layout"),
        ("BUY BTCUSDT @ 64800, TP 65000, SL 64500%", "refused: distance"),
    ],
)
def test_case_emoji_and_punctuation_do_not_matter_but_every_number_does(message: str, expected: str) -> None:
    assert reads(profile(ONE_LINE), message) == expected


BLOCK = """
words
long = Long
short = Short

signal "block"
<<<
⚡ #{symbol: BTC/USDT} {side: Long}
{? Leverage: {any: Cross} ({leverage: 10.0X}) }
Entry Targets:
{entry: 64500}
{entry: 64000}
Take-Profit Targets:
1) {target: 65000} - {share: 50%}
2) {target: 66000} - {share: 50%}
Stop Targets:
1) {stop: 63000}
>>>
"""


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        (
            "#ETH/USDT Short\nEntry Targets:\n3480\nTake-Profit Targets:\n1) 3400\nStop Targets:\n1) 3550",
            "symbol ETHUSDT, side short, entry 3480, targets 3400, stop 3550",
        ),
        (
            "🔥 $SOL long 🔥\nLeverage: isolated (5x - 10x)\n\nEntry Targets:\n1) 140\n2) 138\n3) 136\n\n"
            "Take-Profit Targets:\n1️⃣ 145 - 30%\n2️⃣ 150 - 30%\n3️⃣ 160 - 40%\nStop Targets:\n130",
            "symbol SOLUSDT, side long, entry 140, 138, 136, targets 145 (30%), 150 (30%), 160 (40%), stop 130, "
            "leverage 5 - 10",
        ),
        (
            "#ETH/USDT Short\nwe like this one\nEntry Targets:\n3480\nTake-Profit Targets:\n3400\nStop Targets:\n3550",
            "refused: no-layout",  # the shares are part of each target's line
        ),
        (
            "#ETH/USDT Short\nTake-Profit Targets:\n1) 3400 - 100%\nEntry Targets:\n3480\nStop Targets:\n1) 3550",
            "refused: no-layout",  # this layout has its blocks in one order
        ),
    ],
)
def test_a_block_reads_its_parts_in_order(message: str, expected: str) -> None:
    message = message.replace("1) 3400\n", "1) 3400 - 100%\n")
    assert reads(profile(BLOCK), message).replace(" (100%)", "") == expected


def test_blocks_in_any_order_move_with_their_values() -> None:
    loaded = profile(BLOCK.replace('"block"', '"block", blocks in any order'))
    message = (
        "Stop Targets:\n1) 3550\nTake-Profit Targets:\n1) 3400 - 50%\n2) 3300 - 50%\n#ETH/USDT Short\n"
        "Entry Targets:\n3480\nLeverage: Cross (20x)"
    )
    assert reads(loaded, message) == (
        "symbol ETHUSDT, side short, entry 3480, targets 3400 (50%), 3300 (50%), stop 3550, leverage 20"
    )
    assert reads(loaded, message.replace("Stop Targets:\n1) 3550\n", "")) == "refused: no-layout"
    assert reads(loaded, message.replace("Targets:\n3480", "Targets:\n%3480")) == "refused: no-layout"
    assert reads(loaded, message + "\nStop Targets:\n1) 3560") == "refused: unread"  # a block comes once


RUN = """
words
long = Long
short = Short
open target = moon, 🌙

signal "run"
<<<
{side: Long} {symbol: BTC} from {entry: 64,500 - 64,800}
TP1: {target: 65000} TP2: {target: 66000} TP3: {target: moon}
SL {stop: 63000}
>>>
"""


@pytest.mark.parametrize(
    ("targets", "expected"),
    [
        ("TP1: 65000", "65000"),
        ("TP1: 65000, TP2: 66000, TP3: 67000, TP4: 68000", "65000, 66000, 67000, 68000"),
        ("TP1: 65000\nTP2: 66000\n", "65000, 66000"),  # a line that is all run may go on below
        ("TP1️⃣ 65000 TP2️⃣ 66000 TP¹ 67000", "65000, 66000, 67000"),
        ("TP1 65000 TP1 66000 TP7 moon", "65000, 66000, open"),
        ("TP1 65000 TP2 🌙", "65000, open"),
        ("TP1.65000", "refused"),
        ("TP41.3100", "refused"),
        ("TP 65000", "refused"),
        ("TP1 67000 TP2 66000 TP3 65000", "65000, 66000, 67000"),  # nearest first
    ],
)
def test_a_run_of_the_same_shape_is_one_or_more_and_its_numbers_count(targets: str, expected: str) -> None:
    got = reads(profile(RUN), f"LONG BTC from 64500 – 64800\n{targets}\nSL 63000")
    if expected == "refused":
        assert got.startswith("refused: ")
    else:
        assert got == f"symbol BTCUSDT, side long, entry 64500 - 64800, targets {expected}, stop 63000"


@pytest.mark.parametrize(
    ("entry", "kind", "prices", "reference"),
    [
        ("64500", EntryKind.LIMIT, (64500.0,), None),
        ("64,500 - 64,800", EntryKind.ZONE, (64500.0, 64800.0), None),
        ("64,800 — 64,500", EntryKind.ZONE, (64500.0, 64800.0), None),
        ("64500~64800", EntryKind.ZONE, (64500.0, 64800.0), None),
        ("64500/64800", EntryKind.ZONE, (64500.0, 64800.0), None),
        ("$64500 to $64800", EntryKind.ZONE, (64500.0, 64800.0), None),
        ("64500 USDT - 64800 USDT", EntryKind.ZONE, (64500.0, 64800.0), None),
        ("64500 _ 64800", EntryKind.ZONE, (64500.0, 64800.0), None),
        ("64500 bis 64800", EntryKind.ZONE, (64500.0, 64800.0), None),
        ("around 64500 - 64800 approx", EntryKind.ZONE, (64500.0, 64800.0), None),
        ("now", EntryKind.MARKET, (), None),
        ("CMP", EntryKind.MARKET, (), None),
        ("market - 64800", EntryKind.MARKET, (), 64800.0),
    ],
)
def test_an_entry_is_a_price_a_range_or_the_market(
    entry: str, kind: EntryKind, prices: tuple[float, ...], reference: float | None
) -> None:
    loaded = profile(RUN.replace("open target = moon, 🌙", "open target = moon\nrange = bis\nabout = around, approx"))
    reading = read(loaded, f"LONG BTC from {entry}\nTP1 65000\nSL 63000")
    assert reading.refusal is None
    (setup,) = reading.setups
    assert (setup.entry_kind, setup.entries, setup.reference, setup.side) == (kind, prices, reference, Side.LONG)


def test_a_range_is_a_ladder_where_the_profile_says_so() -> None:
    loaded = profile(RUN, HEAD + "range: ladder\n")
    (setup,) = read(loaded, "LONG BTC from 64800 - 64500\nTP1 65000\nSL 63000").setups
    assert (setup.entry_kind, setup.entries) == (EntryKind.LADDER, (64800.0, 64500.0))


def test_a_range_that_is_two_orders_may_stand_beside_others() -> None:
    text = "LONG BTC\nEntry limit 64800 - 64500\nEntry limit 2: 64000\nSL 63000"
    layout = signal("{side: LONG} {symbol: ADA}\nEntry limit {entry: 10}\n{? Entry limit 2: {entry: 9} }\nSL {stop: 8}")
    (setup,) = read(profile(layout, HEAD + "range: ladder\n"), text).setups
    assert (setup.entry_kind, setup.entries) == (EntryKind.LADDER, (64800.0, 64500.0, 64000.0))
    assert reads(profile(layout), text) == "refused: mixed-entry"


def test_a_price_that_hangs_at_its_coin_is_no_part_of_it() -> None:
    loaded = profile(signal("{symbol: BTC} {entry: 64800 - 64500} {side: long} SL {stop: 63000}"))
    assert reads(loaded, "ETH2410-2385 long SL 2300") == "symbol ETHUSDT, side long, entry 2385 - 2410, stop 2300"
    assert reads(loaded, "BTC64800 long SL 63000") == "symbol BTCUSDT, side long, entry 64800, stop 63000"
    assert reads(loaded, "SPX6900 0.55 long SL 0.5") == "symbol SPX6900USDT, side long, entry 0.55, stop 0.5"


def test_no_entry_means_market_only_where_the_profile_says_so() -> None:
    layout = signal("{side: Long} {symbol: BTC} {? at {entry: 64800} } SL {stop: 63000}")
    silent = profile("words\nlong = Long\n\n" + layout)
    speaking = profile("words\nlong = Long\n\n" + layout, HEAD + "entry: market\n")
    assert reads(silent, "Long BTC SL 63000") == "refused: no-entry"
    assert reads(speaking, "Long BTC SL 63000") == "symbol BTCUSDT, side long, entry market, stop 63000"
    assert reads(speaking, "Long BTC at 64000 SL 63000") == "symbol BTCUSDT, side long, entry 64000, stop 63000"


@pytest.mark.parametrize(
    ("stop", "expected"),
    [
        ("63000", 63000.0),
        ("2.5%", Distance(2.5, "percent")),
        ("%5", Distance(5.0, "percent")),
        ("600 points", Distance(600.0, "points")),
        ("600pt", Distance(600.0, "points")),
        ("600 Pkt", Distance(600.0, "points")),
        ("600", Distance(600.0, "points")),
        ("-2%", Distance(2.0, "percent")),
    ],
)
def test_a_stop_is_a_price_a_percentage_or_points(stop: str, expected: float | Distance) -> None:
    loaded = profile(
        RUN.replace("open target = moon, 🌙", "open target = moon\npoints = Pkt"), HEAD + "stop: price or points\n"
    )
    reading = read(loaded, f"LONG BTC from 64500\nTP1 65000\nSL {stop}")
    assert [setup.stop for setup in reading.setups] == [expected]


def test_a_bare_number_is_no_distance_unless_the_profile_says_so() -> None:
    assert reads(profile(RUN), "LONG BTC from 64500\nTP1 65000\nSL 600") == "refused: distance"


LEVELS = """
signal "levels"
<<<
{symbol: BTC} {entry: 64800} tp {target: 65000} sl {stop: 64000}
>>>
"""


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        ("BTC 64800 tp 65000 sl 64000", "symbol BTCUSDT, side long, entry 64800, targets 65000, stop 64000"),
        ("BTC 64800 tp 64000 sl 65000", "symbol BTCUSDT, side short, entry 64800, targets 64000, stop 65000"),
        ("BTC 64800 tp 65000 sl 65500", "refused: no-side"),
        ("BTC now tp 65000 sl 64000", "symbol BTCUSDT, side long, entry market, targets 65000, stop 64000"),
    ],
)
def test_the_side_follows_from_the_levels_only_where_the_profile_says_so(message: str, expected: str) -> None:
    assert reads(profile(LEVELS, HEAD + "side: from levels\n"), message) == expected


def test_a_channel_may_know_one_side_only() -> None:
    loaded = profile(LEVELS, HEAD + "side: long\n")
    assert reads(loaded, "BTC 64800 tp 65000 sl 64000").startswith("symbol BTCUSDT, side long")
    assert reads(loaded, "BTC 64800 tp 64000 sl 65000") == "refused: levels"


SEVERAL = """
signal "several", many
<<<
{symbol: BTC} {entry: 97000-96500} {side: LONG}
sl {stop: 95900}
{? tp {target: 98200} }
>>>
"""


def test_several_setups_in_one_message() -> None:
    loaded = profile(SEVERAL)
    two = "BTC 97000-96500 LONG\nsl 95900\ntp 98200\n\nETH 3500 short\nsl 3600"
    assert reads(loaded, two) == (
        "symbol BTCUSDT, side long, entry 96500 - 97000, targets 98200, stop 95900; "
        "symbol ETHUSDT, side short, entry 3500, stop 3600"
    )
    assert reads(loaded, two.replace("sl 3600", "good luck")) == "refused: no-layout"
    assert reads(loaded, two.replace("sl 95900\n", "")).startswith("refused: ")
    assert reads(loaded, two.replace("sl 3600", "sl 3400")) == "refused: levels"  # one fault refuses the message


def test_a_group_of_lines_may_come_several_times() -> None:
    loaded = profile(
        signal("{symbol: BTC} {side: LONG} sl {stop: 95000}\n{+\nbuy at {entry: 97000}\n{? note {...} }\n}", "legs")
    )
    message = "BTC LONG sl 95000\nbuy at 97000\nnote whatever 12\nbuy at 96500\nbuy at 96000"
    assert reads(loaded, message) == "symbol BTCUSDT, side long, entry 97000, 96500, 96000, stop 95000"
    assert reads(loaded, "BTC LONG sl 95000") == "refused: no-layout"


def test_several_calls_under_a_shared_header() -> None:
    loaded = profile(
        signal(
            "{side: LONG} calls, lev {leverage: 5x}\n{+\n{symbol: BTC} at {entry: 97000}\nsl {stop: 95000}\n}", "list"
        ).replace('"list"', '"list", many')
    )
    message = "LONG calls, lev 3x\nBTC at 97000\nsl 95000\nETH at 3500\nsl 3400\n"
    two = (
        "symbol BTCUSDT, side long, entry 97000, stop 95000, leverage 3; "
        "symbol ETHUSDT, side long, entry 3500, stop 3400, leverage 3"
    )
    assert reads(loaded, message) == two
    assert reads(loaded, message + "SHORT calls, lev 2x\nSOL at 140\nsl 150") == (
        two + "; symbol SOLUSDT, side short, entry 140, stop 150, leverage 2"
    )
    assert reads(loaded, message.replace("sl 95000\n", "")) == "refused: unread"
    assert reads(loaded, message + "XRP at 2") == "refused: no-layout"


def test_lines_with_a_stop_of_their_own_are_a_call_each_time() -> None:
    loaded = profile(signal("{symbol: ADA} {side: LONG}\n{+\n{? careful }entry {entry: 10}\nstop {stop: 9}\n}"))
    said = reads(loaded, "SOL short\nentry 140\nstop 145\ncareful entry 150\nstop 156")
    assert said == ("symbol SOLUSDT, side short, entry 140, stop 145; symbol SOLUSDT, side short, entry 150, stop 156")


def test_a_repeated_part_within_a_line() -> None:
    loaded = profile(signal("{side: Long} {symbol: BTC} {+ buy {entry: 64800} } sl {stop: 63000}"))
    assert reads(loaded, "Long BTC buy 64800 buy 64700 buy 64600 sl 63000") == (
        "symbol BTCUSDT, side long, entry 64800, 64700, 64600, stop 63000"
    )
    assert reads(loaded, "Long BTC sl 63000") == "refused: no-layout"


@pytest.mark.parametrize(
    ("message", "read_it"),
    [
        ("Long BTC (swing trade) at 64800 vol x risk 2 sl 63000", True),
        ("Long BTC at 64800 vol x risk 2 sl 63000", True),
        ("Long BTC (swing 4h) at 64800 vol medium large risk 2 sl 63000", False),  # {any: ...} is one word
        ("Long BTC (swing)\nat 64800 vol x risk 2 sl 63000", False),  # {...} stays on its line
    ],
)
def test_words_that_vary_and_words_to_skip(message: str, read_it: bool) -> None:
    loaded = profile(
        signal("{side: Long} {symbol: BTC} {...} at {entry: 64800} vol {any: low} risk {any: 2} sl {stop: 63000}")
    )
    assert (read(loaded, message).refusal is None) is read_it


def test_several_prices_in_one_target_mark() -> None:
    loaded = profile(signal("{side: Long} {symbol: BTC} {entry: 64800} tp {target: 65000-66000} sl {stop: 63000}"))
    assert reads(loaded, "Long BTC 64800 tp 65000-66000-67000 sl 63000") == (
        "symbol BTCUSDT, side long, entry 64800, targets 65000, 66000, 67000, stop 63000"
    )


def test_a_market_call_with_the_price_of_the_moment() -> None:
    loaded = profile(signal("{symbol: SOL} {side: SHORT} now ({entry market: 143.20}) sl {stop: 145}"))
    assert reads(loaded, "SOL SHORT now (140) sl 150") == "symbol SOLUSDT, side short, entry market 140, stop 150"
    assert reads(loaded, "SOL SHORT now (140) sl 135") == "refused: levels"


def test_doubled_braces_are_braces() -> None:
    loaded = profile(signal("{{call}} {side: Long} {symbol: BTC} {entry: 64800} sl {stop: 63000}"))
    assert reads(loaded, "{call} long ETH 3500 sl 3400") == "symbol ETHUSDT, side long, entry 3500, stop 3400"


def test_literal_numbers_match_exactly() -> None:
    loaded = profile(signal("VIP 7 {side: Long} {symbol: BTC} {entry: 64800} sl {stop: 63000}"))
    assert reads(loaded, "vip 7: long ETH 3500 sl 3400").startswith("symbol ETHUSDT")
    assert reads(loaded, "vip 77: long ETH 3500 sl 3400") == "refused: no-layout"
    assert reads(loaded, "vip 7.5: long ETH 3500 sl 3400") == "refused: no-layout"


def test_layouts_have_their_time() -> None:
    loaded = profile(
        'signal "old", until 2025-02-28\n<<<\n{side: Long} {symbol: BTC} {entry: 64800} sl {stop: 63000}\n>>>\n'
        'signal "new", since 2025-03-01\n<<<\n{side: Long} {symbol: BTC} {stop: 63000} en {entry: 64800}\n>>>\n'
    )
    old, new = "Long BTC 64800 sl 63000", "Long BTC 63000 en 64800"
    february, march = 1_740_787_199_000, 1_740_787_200_000
    assert [read(loaded, old, when).refusal is None for when in (february, march, None)] == [True, False, True]
    assert [read(loaded, new, when).refusal is None for when in (february, march, None)] == [False, True, True]


@pytest.mark.parametrize(
    ("leverage", "expected"),
    [("10x", (10, None)), ("x10", (10, None)), ("5-10x", (5, 10)), ("5X - 10X - 25X", (5, 25)), ("20х", (20, None)),
     ("×10", (10, None)), ("10x to 50x", (10, 50)), ("12.5x", (12.5, None)), ("10", (10, None))],
)  # fmt: skip
def test_leverage(leverage: str, expected: tuple[float, float | None]) -> None:
    loaded = profile(signal("{side: Long} {symbol: BTC} {entry: 64800} sl {stop: 63000} lev {leverage: 5x}"))
    (setup,) = read(loaded, f"Long BTC 64800 sl 63000 lev {leverage}").setups
    assert (setup.leverage, setup.leverage_high) == expected


CHINESE = """
words
symbol BTC = BTC, 大餅, 大饼
symbol ETH = 以太
long = 多, 哆
short = 空, 🈳
goal = 目標, 目标
stop = 止損, 止损
about = 附近, 左右

signal "zone"
<<<
{symbol: BTC}：{entry: 71200-71700}附近{side: 空}
目標：{target: 70400}-{target: 69600}
止損：{stop: 72300}附近
>>>
"""


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        ("大饼60000-60500附近多\n目标；61500—62500附近\n止损；59000",
         "symbol BTCUSDT, side long, entry 60000 - 60500, targets 61500, 62500, stop 59000"),
        ("BTC108000-108500   空\n目標 107000\n止損:109000 左右",
         "symbol BTCUSDT, side short, entry 108000 - 108500, targets 107000, stop 109000"),
        ("以太 3470-3500 附近 🈳 ️\n目標:①3400 ②3350\n止損:3540",
         "symbol ETHUSDT, side short, entry 3470 - 3500, targets 3400, 3350, stop 3540"),
        ("BTC：60000-60500附近空多\n目標：59000\n止損：61000", "refused: unread"),
        ("BTC：6万-60500附近空\n目標：59000\n止損：61000", "refused: no-layout"),
    ],
)  # fmt: skip
def test_a_script_without_spaces(message: str, expected: str) -> None:
    assert reads(profile(CHINESE), message) == expected


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        (
            "ALIŞ ETHUSDT 3500 HEDEF 3600 ZARAR KES 3400",
            "symbol ETHUSDT, side long, entry 3500, targets 3600, stop 3400",
        ),
        (
            "alış ethusdt 3500 hedef 3600 zarar kes 3400",
            "symbol ETHUSDT, side long, entry 3500, targets 3600, stop 3400",
        ),
        (
            "SATIS ETHUSDT 3500 HEDEF 3400 ZARAR KES 3600",
            "symbol ETHUSDT, side short, entry 3500, targets 3400, stop 3600",
        ),
        ("satış lınkusdt 15 hedef 14 zarar kes 16", "symbol LINKUSDT, side short, entry 15, targets 14, stop 16"),
    ],
)
def test_turkish_letters(message: str, expected: str) -> None:
    loaded = profile(
        "words\nlong = Alış\nshort = Satış, Satis\n\n"
        + signal("{side: Alış} {symbol: BTCUSDT} {entry: 64800} Hedef {target: 65000} Zarar kes {stop: 63000}")
    )
    assert reads(loaded, message) == expected


@pytest.mark.parametrize(
    ("message", "leverage"),
    [("Isolated 3.0X", 3.0), ("3.0X", 3.0), ("25.5x", 25.5), ("Cross 10x", 10.0), ("(x20)", 20.0)],
)
def test_a_word_that_varies_never_takes_a_piece_of_a_number(message: str, leverage: float) -> None:
    loaded = profile(
        'signal "a"\n<<<\n{side: BUY} {symbol: BTC} {entry: 64800} SL {stop: 64000} '
        "Leverage {? {any: Isolated} } {leverage: 3.0X}\n>>>\n"
    )
    (setup,) = read(loaded, f"BUY BTC 64800 SL 64000 Leverage {message}").setups
    assert setup.leverage == leverage

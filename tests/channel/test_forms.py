"""Calls read by their labels: what a form takes, whatever the order, and what it refuses rather than guesses."""

from __future__ import annotations

import pytest

from engine.channel import Profile, load_profile, read
from engine.config.text import SourceText
from tests.channel.helpers import load, reads, shipped


@pytest.fixture(scope="module")
def common() -> Profile:
    return load("library/common")


READ = {
    "labels in any order": (
        "SL: 15.31\nTP: 14.40 - 14.10\nEntry: 14.75 - 14.90\n#LINK/USDT SHORT",
        "symbol LINKUSDT, side short, entry 14.75 - 14.9, targets 14.4, 14.1, stop 15.31",
    ),
    "a tag below the levels is no coin": ("Long now\nSL: 15.31\nTP: 16.40\n#LINK", "refused: no-symbol"),
    "stop first": (
        "#LINK/USDT SHORT\nSL: 15.31\nTP: 14.40 - 14.10\nEntry: 14.75 - 14.90",
        "symbol LINKUSDT, side short, entry 14.75 - 14.9, targets 14.4, 14.1, stop 15.31",
    ),
    "values on the next line": (
        "COIN: SUI\nLONG\nEntry:\n3.20\nTargets:\n3.45\n3.60\nStop:\n3.05",
        "symbol SUIUSDT, side long, entry 3.2, targets 3.45, 3.6, stop 3.05",
    ),
    "targets numbered in five ways": (
        "$SUI LONG\nEntry 3.20\nTP1 3.30\nTP 2: 3.40\nTP#3: 3.50\n4) 3.60\nTarget 5 - 3.70\nSL 3.05",
        "symbol SUIUSDT, side long, entry 3.2, targets 3.3, 3.4, 3.5, 3.6, 3.7, stop 3.05",
    ),
    "a list that goes on below": (
        "SUI/USDT long 3.20\nTP 3.30 - 3.40\n3.50 - 3.60\nSL 3.05",
        "symbol SUIUSDT, side long, entry 3.2, targets 3.3, 3.4, 3.5, 3.6, stop 3.05",
    ),
    "two orders, not a zone": (
        "SUI/USDT long\nEntry: 3.20 / 3.10\nTP 3.40\nSL 2.95",
        "symbol SUIUSDT, side long, entry 3.2, 3.1, targets 3.4, stop 2.95",
    ),
    "numbers that say nothing": (
        "Signal #1325 | 12:30 | 2025-03-01\nSUI/USDT LONG 15m, R:R 1:2, x10\nEntry 3.20\nTP 3.40 (6.25%)\nSL 3.05",
        "symbol SUIUSDT, side long, entry 3.2, targets 3.4, stop 3.05, leverage 10",
    ),
    "the label on a short says buy": (
        "📍 SHORT #SUI/USDT\nBuy: 3.20\nSell targets: 3.10 - 3.00\nSL: 3.35",
        "symbol SUIUSDT, side short, entry 3.2, targets 3.1, 3, stop 3.35",
    ),
    "the levels say the side": (
        "SUI/USDT 10x\nEntry: 3.20\nTarget: 3.40\nStop: 3.05",
        "symbol SUIUSDT, side long, entry 3.2, targets 3.4, stop 3.05, leverage 10",
    ),
    "comma decimals, where only they make sense": (
        "DOGE long giriş 0,125 hedef 0,130 - 0,1355 stop 0,120",
        "symbol DOGEUSDT, side long, entry 0.125, targets 0.13, 0.1355, stop 0.12",
    ),
    "a comma that the coin decides": (
        "BTC/USDT SHORT\nEntry: 64,800\nTP: 63,900\nSL: 65,400",
        "symbol BTCUSDT, side short, entry 64800, targets 63900, stop 65400",
    ),
    "a comma that nothing decides": (
        "SUI/USDT LONG\nEntry: 3,200\nTP: 3,400\nSL: 3,050",
        "refused: ambiguous-number",
    ),
    "a price that cannot be meant": ("BTC/USDT long\nEntry 64.8\nTP 66.1\nSL 63.9", "refused: scale"),
    "a zone without a width": (
        "Moeda: SUI\nTipo: LONG\nEntrada: 3.20 - 3.20\nAlvo: 3.40\nStop: 3.05",
        "symbol SUIUSDT, side long, entry 3.2, targets 3.4, stop 3.05",
    ),
    "the label behind its numbers": (
        "SUI/USDT long\n3.20 to 3.26 entry\n3.45, 3.60 targets\n3.05 stop",
        "symbol SUIUSDT, side long, entry 3.2 - 3.26, targets 3.45, 3.6, stop 3.05",
    ),
    "signs for labels": (
        "#SUI LONG\n📍 3.20\n🎯 3.45\n🎯 3.60\n⛔ 3.05",
        "symbol SUIUSDT, side long, entry 3.2, targets 3.45, 3.6, stop 3.05",
    ),
    "a suffix behind a number": (
        "SUI 3.20'den long açıyoruz, hedef 3.45, stop 3.05",
        "symbol SUIUSDT, side long, entry 3.2, targets 3.45, stop 3.05",
    ),
    "a list without blanks": (
        "SUI/USDT:SHORT:10x;Entry:3.20;TP:3.1,3.05,2.9;SL:3.35",
        "symbol SUIUSDT, side short, entry 3.2, targets 3.1, 3.05, 2.9, stop 3.35, leverage 10",
    ),
    "several calls, each below its coin": (
        "Two calls for today\nSUI LONG\nEntry 3.20\nTP 3.45\nSL 3.05\n\nLINK SHORT\nEntry 14.82\nTP 14.40\nSL 15.31",
        "symbol SUIUSDT, side long, entry 3.2, targets 3.45, stop 3.05; "
        "symbol LINKUSDT, side short, entry 14.82, targets 14.4, stop 15.31",
    ),
    "several calls, one without levels": (
        "SUI LONG\nEntry 3.20\nTP 3.45\nSL 3.05\n\nLINK SHORT\nsoon",
        "refused: side",
    ),
    "several calls, one faulty": (
        "SUI LONG\nEntry 3.20\nTP 3.45\nSL 3.05\n\nLINK LONG\nEntry 14.82\nTP 14.40\nSL 15.31",
        "refused: levels",
    ),
    "a market order and a limit": (
        "SUI/USDT LONG\nEntry market: 3.20\nEntry limit: 3.10\nTP 3.45\nSL 3.00",
        "symbol SUIUSDT, side long, entry market 3.2, 3.1, targets 3.45, stop 3",
    ),
    "a breakout": (
        "SUI/USDT Long above 3.20\nTargets 3.45\nStop 3.05",
        "symbol SUIUSDT, side long, entry above 3.2, targets 3.45, stop 3.05",
    ),
    "a limit below": (
        "SUI/USDT Long below 3.20\nTargets 3.45\nStop 3.05",
        "symbol SUIUSDT, side long, entry 3.2, targets 3.45, stop 3.05",
    ),
    "a stop that waits for a close, with a hard one": (
        "SUI/USDT LONG\nEntry 3.20\nTP 3.45\nSL: 4h close below 3.05 or 2.90 at once",
        "symbol SUIUSDT, side long, entry 3.2, targets 3.45, stop 3.05, close stop 4h, hard 2.9",
    ),
    "a close of no candle": ("SUI/USDT LONG\nEntry 3.20\nTP 3.45\nSL: close below 3.05", "refused: stop"),
    "targets in percent": (
        "SUI/USDT LONG\nEntry 3.20\nTP: %5-%10\nSL 3.05",
        "symbol SUIUSDT, side long, entry 3.2, targets 5%, 10%, stop 3.05",
    ),
    "shares that make the whole": (
        "SUI/USDT LONG\nEntry 3.20 (30%)\nEntry 3.10 (70%)\nTP1 3.45 - 50%\nTP2 3.60 - 50%\nSL 3.00",
        "symbol SUIUSDT, side long, entry 3.2, 3.1, entry shares 30%, 70%, targets 3.45 (50%), 3.6 (50%), stop 3",
    ),
    "talk with numbers above a call": (
        "SUI has been ranging for nine days now between 2.8 and 3.1, and funding is flat.\n\n"
        "Long SUI 3.20\nTargets 3.45\nStop 3.05",
        "symbol SUIUSDT, side long, entry 3.2, targets 3.45, stop 3.05",
    ),
    "a numbered list below the entry": (
        "SUI/USDT short\nEntry 3.20\n1) 3.10\n2) 3.00\nStop 3.35",
        "symbol SUIUSDT, side short, entry 3.2, targets 3.1, 3, stop 3.35",
    ),
    "numbers below the entry without a label": (
        "SUI/USDT short\nEntry 3.20\n3.10\n3.00\nStop 3.35",
        "refused: unread",
    ),
    "a tick that heads the list of targets": (
        "SUI/USDT LONG\nEntry 3.20\n✅ Targets:\n3.30\n3.40\nSL 3.05",
        "symbol SUIUSDT, side long, entry 3.2, targets 3.3, 3.4, stop 3.05",
    ),
    "a stop and no target in one line": ("SUI short entry 3.20, stop 3.35", "refused: no-target"),
    "a condition that is not the stop's": (
        "ETH: a 4h close over 3,450 would be a long, target 3,580, stop 3,390",
        "refused: doubt",
    ),
    "dots for thousands, where nothing else makes sense": (
        "ETH/USDT long\nEinstieg: 3.120 - 3.150\nZiel: 3.220\nStop: 3.045",
        "symbol ETHUSDT, side long, entry 3120 - 3150, targets 3220, stop 3045",
    ),
    "a call in quotation marks": ('"SUI long 3.20, tp 3.45, sl 3.05"', "refused: doubt"),
    "a quoted call": ('look at this:\n"SUI long 3.20, tp 3.45, sl 3.05"', "refused: doubt"),
    "a result in percent": ("SUI LONG 3.20, tp 3.45, sl 3.05\n+111% in 3 hours", "refused: done"),
    "an arrow from the entry to what came": ("SUI LONG 3.20 → 3.45 (stop 3.05)", "refused: unread"),
    "a label without a price": ("SUI/USDT LONG\nEntry 3.20\nTP 3.40\nSL soon", "refused: unread"),
    "a stop that could be two": ("SUI/USDT LONG\nEntry 3.20\nTP 3.40\nSL 5-10%", "refused: unread"),
    "a number too many": ("SUI/USDT LONG\nEntry 3.20\nTP 3.40\nSL 3.05\nwe saw 3.33 before", "refused: unread"),
    "long and short": ("SUI/USDT LONG SHORT\nEntry 3.20\nTP 3.40\nSL 3.05", "refused: side"),
    "the side against the levels": ("SUI/USDT SHORT\nEntry 3.20\nTP 3.40\nSL 3.05", "refused: levels"),
    "only a stop": ("SUI/USDT LONG\nSL: 3.05\n4.5% loss", "refused: no-entry"),
    "a tick behind a target": ("SUI/USDT LONG\nEntry 3.20\nTP1 3.30 ✅\nTP2 3.40\nSL 3.05", "refused: done"),
    "a tick before a target": ("SUI/USDT LONG\nEntry 3.20\n✅ TP1 3.30\nTP2 3.40\nSL 3.05", "refused: done"),
    "a condition": ("If SUI/USDT breaks 3.20 go long\nEntry 3.20\nTP 3.40\nSL 3.05", "refused: doubt"),
    "a condition beside the entry": ("SUI/USDT LONG\nEntry 3.20 if it holds\nTP 3.40\nSL 3.05", "refused: doubt"),
    "an update in the layout of a call": ("SUI/USDT long update\nEntry 3.20\nTP 3.40\nSL 3.05", "refused: doubt"),
    "the number of a list item hangs at a price": (
        "SUI/USDT LONGEntry 3.20Targets: 1) 3.402) 3.60SL 3.05",
        "refused: unread",
    ),
    "a price in brackets": (
        "SUI/USDT LONG\nEntry (3.20)\nTargets: 1) 3.40\n2) 3.60\nSL (3.05)",
        "symbol SUIUSDT, side long, entry 3.2, targets 3.4, 3.6, stop 3.05",
    ),
    "a stop behind its price, in words": (
        "SUI/USDT LONG\nEntry 3.20\nTarget 3.40\n3.05 can be stop",
        "symbol SUIUSDT, side long, entry 3.2, targets 3.4, stop 3.05",
    ),
    "close for the targets": (
        "#SUI\nLONG 3.20\nClose 3.40 3.60\nStop 3.05",
        "symbol SUIUSDT, side long, entry 3.2, targets 3.4, 3.6, stop 3.05",
    ),
    "close beside targets is none": ("#SUI\nLONG 3.20\nTP 3.40\nClose 3.60\nStop 3.05", "refused: unread"),
    "the lengths of an average are no prices": (
        "SUI/USDT LONG\nEntry 3.20\nTP 3.40\nSL 3.05\nEMA50/200 holds",
        "symbol SUIUSDT, side long, entry 3.2, targets 3.4, stop 3.05",
    ),
    "the end of a zone cut off": (
        "SUI/USDT LONG\nEntry 3.20-26\nTP 3.40\nSL 3.05",
        "symbol SUIUSDT, side long, entry 3.2 - 3.26, targets 3.4, stop 3.05",
    ),
    "a target that comes twice, with its shares": (
        "SUI/USDT LONG\nEntry 3.20\nTP1: 3.40 - 50%\nTP2: 3.60 - 25%\nTP3: 3.60 - 25%\nSL 3.05",
        "symbol SUIUSDT, side long, entry 3.2, targets 3.4 (50%), 3.6 (25%), 3.6 (25%), stop 3.05",
    ),
    "a target that comes twice": (
        "SUI/USDT LONG\nEntry 3.20\nTP1: 3.40\nTP2: 3.60\nTP3: 3.60\nSL 3.05",
        "refused: duplicate-level",
    ),
    "targets in percent, from one to another": (
        "$SUI long\nEntry now\nTP: 30-40%\nSL 3.05",
        "symbol SUIUSDT, side long, entry market, targets 30%, 40%, stop 3.05",
    ),
    "now and a price are two orders where each has its label": (
        "$SUI short\nEntry now 1/2 vol\nEntry $3.20 1/2 vol\nTP 2.90",
        "symbol SUIUSDT, side short, entry market, 3.2, targets 2.9",
    ),
    "now at the head of a list": (
        "$SUI short\nEntry: now - 3.20 - 3.30\nTP 2.90",
        "symbol SUIUSDT, side short, entry market, 3.2, 3.3, targets 2.9",
    ),
    "an order that is moved": ("Move limit SUI to 3.10\nSL 3.05\nTP 3.40", "refused: never"),
    "still in a trade": ("Still long SUI/USDT here 3.20\nTP 3.40\nSL 3.05", "refused: doubt"),
    "a word in capitals is no coin": ("VIP LONG\nEntry 3.20\nTP 3.40\nSL 3.05", "refused: no-symbol"),
}


@pytest.mark.parametrize(("message", "expected"), READ.values(), ids=READ.keys())
def test_a_form_reads_or_refuses(common: Profile, message: str, expected: str) -> None:
    assert reads(common, message) == expected


def test_every_value_knows_its_characters(common: Profile) -> None:
    message = "🔥 ＬＯＮＧ  $SUI\nEntry: **3.20**\nTP\u200b1: 3.40\nSL 3.05"
    (setup,) = read(common, message).setups
    assert {(value.field, message[value.start : value.end]) for value in setup.values} == {
        ("symbol", "SUI"), ("side", "ＬＯＮＧ"), ("entry", "3.20"), ("target", "3.40"), ("stop", "3.05"),
    }  # fmt: skip


def test_a_refusal_points_at_what_it_means(common: Profile) -> None:
    message = "SUI/USDT LONG\nEntry 3.20\nTP 3.40\nSL 3.05\nwe saw 3.33 before"
    refusal = read(common, message).refusal
    assert refusal is not None
    assert refusal.position is not None
    assert message[refusal.position :].startswith("3.33")


def test_a_profile_adds_its_words_to_a_form_that_it_takes_over() -> None:
    text = (
        'channel "Own"\nnumbers: 1,234.56\n\nlike "library/labels"\n\ndefaults\nquote: USDT\n\n'
        'form "labels"\nstop = bail out\n\ntest "chat"\n<<<\ngm\n>>>\nexpect nothing\n'
    )
    loaded, found = load_profile(SourceText("own.channel", text), "own", shipped)
    assert loaded is not None, found
    assert len(loaded.forms) == 1
    said = reads(loaded, "SUI/USDT LONG\nEntry 3.20\nTP 3.40\nBail out 3.05")
    assert said == "symbol SUIUSDT, side long, entry 3.2, targets 3.4, stop 3.05"


def test_a_label_that_a_form_does_not_know_refuses_the_call() -> None:
    text = (
        'channel "Own"\nnumbers: 1,234.56\n\ndefaults\nquote: USDT\n\nform "own"\nentry = entry\nstop = sl\n\n'
        'test "chat"\n<<<\ngm\n>>>\nexpect nothing\n'
    )
    loaded, found = load_profile(SourceText("own.channel", text), "own")
    assert loaded is not None, found
    assert reads(loaded, "SUI/USDT LONG\nEntry 3.20\nSL 3.05").endswith("entry 3.2, stop 3.05")
    assert reads(loaded, "SUI/USDT LONG\nEntry 3.20\nTP 5%\nSL 3.05") == "refused: unread"


NOW_601 = "symbol BNBUSDT, side long, entry market 601, targets 612, stop 592"
AT_ONCE = {
    "a price here": ("Longing $BNB here (601)\nTP 612\nSL 592", NOW_601),
    "at the market behind its price": ("BNBUSDT long\nEntry: 601 (market)\nTP 612\nSL 592", NOW_601),
    "now, the price on its own line": ("BNBUSDT long now\nEntry: 601\nTP 612\nSL 592", NOW_601),
    "now in talk is no entry": (
        "The market is calm now\nBNBUSDT long\nEntry: 601\nTP 612\nSL 592",
        NOW_601.replace("market ", ""),
    ),
    "spanish": ("COMPRA ya en BNBUSDT ➡️ 601\nTP1 612\nSL=592 (cierre 4h)", NOW_601 + ", close stop 4h"),
    "portuguese": ("BNBUSDT COMPRA agora 601\nAlvo 612\nStop 592 (fechamento diário)", NOW_601 + ", close stop 1d"),
    "turkish": ("BNBUSDT şimdi LONG 601\nHedef 612\nStop 592 4s kapanış altı", NOW_601 + ", close stop 4h"),
    "russian": ("BNBUSDT лонг сейчас 601\nЦель 612\nСтоп 592 (закрытие 4ч)", NOW_601 + ", close stop 4h"),
    "german": ("BNBUSDT Long jetzt 601\nZiel 612\nStop 592 (4h Schlusskurs)", NOW_601 + ", close stop 4h"),
    "indonesian": ("BNBUSDT beli sekarang 601\nTarget 612\nStop 592 (penutupan 4h)", NOW_601 + ", close stop 4h"),
    "chinese": ("BNBUSDT 多 现价 601\n目标 612\n止损 592 (4小时收盘)", NOW_601 + ", close stop 4h"),
    "persian": ("BNBUSDT خرید همین الان 601\nهدف 612\nحد ضرر 592 (کلوز ۴ ساعته)", NOW_601 + ", close stop 4h"),
    "arabic": ("BNBUSDT شراء الآن 601\nالهدف 612\nوقف الخسارة 592 (اغلاق 4 ساعات)", NOW_601 + ", close stop 4h"),
    "a candle with its letter first": ("BNBUSDT long now 601\nTP 612\nSL 592 H4 closing", NOW_601 + ", close stop 4h"),
    "a close of no candle": ("BNBUSDT Long jetzt 601\nZiel 612\nStop 592 Tagesschluss", "refused: stop"),
    "a time that says nothing of a close": ("BNBUSDT long now 601\nTP 612\nSL 592 4h", "refused: stop"),
}


@pytest.mark.parametrize(("message", "expected"), AT_ONCE.values(), ids=AT_ONCE.keys())
def test_a_form_drops_no_word_of_the_market_and_no_close(common: Profile, message: str, expected: str) -> None:
    assert reads(common, message) == expected


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        ("BTC stopu 61.500'e çekin", "update move-stop, symbol BTCUSDT, stop 61500"),  # 61.5 is no price of it
        ("LINK stopu 14.500'e çekin", "refused: ambiguous-number"),
        ("LINK stopu 14.50'ye çekin", "update move-stop, symbol LINKUSDT, stop 14.5"),
    ],
)
def test_a_price_that_may_be_two_different_ones_moves_no_stop(common: Profile, message: str, expected: str) -> None:
    assert reads(common, message) == expected

"""library/updates: what admins write about their calls, and what only looks like it."""

from __future__ import annotations

import pytest

from engine.channel import Profile, load_profile, read
from engine.config.text import SourceText
from engine.domain import REPORTS
from tests.channel.helpers import CHAT, HEAD, reads, shipped

TEXT = HEAD.replace("\ndefaults", '\nlike "library/updates"\n\ndefaults') + "part: 50%\n" + CHAT


@pytest.fixture(scope="module")
def loaded() -> Profile:
    made, found = load_profile(SourceText("spoken.channel", TEXT), "spoken", shipped)
    assert made is not None, found
    return made


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        ("BTC: TP1 hit ✅ Move SL to breakeven",
         "update target-hit, symbol BTCUSDT, number 1; update move-stop, symbol BTCUSDT, stop breakeven"),
        ("#ETHUSDT TP2 reached, +35% profit with 10x leverage", "update target-hit, symbol ETHUSDT, number 2"),
        ("Close SOL now at market", "update close, symbol SOLUSDT, share 100%"),
        ("Close half of AVAX position here, SL to entry",
         "update close, symbol AVAXUSDT, share 50%; update move-stop, symbol AVAXUSDT, stop breakeven"),
        ("Set SL to BE on LINK", "update move-stop, symbol LINKUSDT, stop breakeven"),
        ("Move stop loss to entry price", "update move-stop, stop breakeven"),
        ("Secure partial profits and move SL to breakeven",
         "update close, share 50%; update move-stop, stop breakeven"),
        ("SL moved to 64,500", "update move-stop, stop 64500"),
        ("$DOT stopped out", "update stop-hit, symbol DOTUSDT"),
        ("INJ stop loss hit ❌", "update stop-hit, symbol INJUSDT"),
        ("Stopped at BE on #SUI", "update stop-hit, symbol SUIUSDT"),
        ("Cancel this trade", "update cancel"),
        ("Cancel pending ETH order", "update cancel, symbol ETHUSDT"),
        ("Cancel limit order on #ADA", "update cancel, symbol ADAUSDT"),
        ("BNB trade closed at breakeven", "update close, symbol BNBUSDT, share 100%"),
        ("#XRP closed in profit +12%", "update close, symbol XRPUSDT, share 100%"),
        ("TP1 ✅ TP2 ✅", "update target-hit, number 1; update target-hit, number 2"),
        ("First target achieved 🎯", "update target-hit, number 1"),
        ("All targets achieved! 🚀", "update target-hit"),
        ("Take 50% profit here", "update close, share 50%"),
        ("Take some profit on BTC", "update close, symbol BTCUSDT, share 50%"),
        ("I'm closing my ETH long here", "update close, symbol ETHUSDT, side long, share 100%"),
        ("Close all positions", "update close, every trade yes, share 100%"),
        ("Exit BTC long", "update close, symbol BTCUSDT, side long, share 100%"),
        ("Raise SL to 102,300", "update move-stop, stop 102300"),
        ("Trail SL to TP1", "update move-stop, number 1"),
        ("Adjust stop loss to 0.345", "update move-stop, stop 0.345"),
        ("Change TP to 66000", "update change, targets 66000"),
        ("New target 68000", "update change, targets 68000"),
        ("Add TP4: 70000", "update add-targets, targets 70000"),
        ("Entry filled", "update entry-filled"),
        ("Limit filled", "update entry-filled"),
        ("Entry 1 filled ✅", "update entry-filled, number 1"),
        ("#APE/USDT Take-Profit target 3 ✅ Profit: 45.2% 📈 Period: 3 Hours 12 Minutes ⏰",
         "update target-hit, symbol APEUSDT, number 3"),
        ("#LTC/USDT Stop Target Hit ⛔ Loss: 20.1% 📉", "update stop-hit, symbol LTCUSDT"),
        ("#OP/USDT All targets achieved 😎 Profit: 120%", "update target-hit, symbol OPUSDT"),
        ("BTC SL to entry please", "update move-stop, symbol BTCUSDT, stop breakeven"),
        ("Put your stops at entry guys", "update move-stop, stop breakeven"),
        ("Book 30% here and trail the rest", "update close, share 30%"),
        ("SOL: close 30% here, momentum is fading", "update close, symbol SOLUSDT, share 30%"),
        ("Close everything, they said. Never again", "refused: unread"),
        ("Close call, guys 😅", "refused: unread"),
        ("Close half, but only if TP1 hits", "refused: unread"),
        ("Sold half, moving stop to 142.5", "refused: unread"),
        ("SL hit on ADA, TP2 hit on SOL",
         "update stop-hit, symbol ADAUSDT; update target-hit, symbol SOLUSDT, number 2"),
        ("Close half on ADA, SL to entry on SOL",
         "update close, symbol ADAUSDT, share 50%; update move-stop, symbol SOLUSDT, stop breakeven"),
        ("Take 50% off VIP, today only", "refused: unread"),
        ("Take half off ETH, funding is crazy", "update close, symbol ETHUSDT, share 50%"),
        ("Cancel the ADA limit, it moved without us", "update cancel, symbol ADAUSDT"),
        ("Entry for LINK changed to 14.2", "update change, symbol LINKUSDT, entry 14.2"),
        ("Re-enter SOL with same stop and targets", "update re-enter, symbol SOLUSDT"),
        ("Tüm işlemleri kapatın, volatilite yüksek", "update close, every trade yes, share 100%"),
        ("AVAX işleminden çıkıyoruz, piyasa bozuldu", "update close, symbol AVAXUSDT, share 100%"),
        ("#SOL stop girişe alındı, risk yok", "update move-stop, symbol SOLUSDT, stop breakeven"),
        ("Hedef 2 geldi, %25 kar alın", "update target-hit, number 2; update close, share 25%"),
        ("Mover stop a la entrada en SOL", "update move-stop, symbol SOLUSDT, stop breakeven"),
        ("Fechem metade de SOL, stop na entrada",
         "update close, symbol SOLUSDT, share 50%; update move-stop, symbol SOLUSDT, stop breakeven"),
        ("Tutup setengah SOL, SL ke entry",
         "update close, symbol SOLUSDT, share 50%; update move-stop, symbol SOLUSDT, stop breakeven"),
        ("Cerramos la semana en positivo", "refused: unread"),
        ("Закрываем неделю в плюс", "refused: unread"),
        ("Booked 50% profits at TP1", "update close, share 50%; update target-hit, number 1"),
        ("Stop to break even ✅", "update move-stop, stop breakeven"),
        ("Please move your SL to entry, risk free trade now", "update move-stop, stop breakeven"),
        ("Close the trade manually", "update close, share 100%"),
        ("SOL close now", "update close, symbol SOLUSDT, share 100%"),
        ("Closed SOL in small loss", "update close, symbol SOLUSDT, share 100%"),
        ("Trade cancelled", "update cancel"),
        ("Signal cancelled ❌", "update cancel"),
        ("Setup invalidated, cancel", "update cancel"),
        ("Re-enter ETH at 3450", "update re-enter, symbol ETHUSDT, entry 3450"),
        ("ETH re-entry at same entry", "update re-enter, symbol ETHUSDT"),
        ("Stop hit on BTC, re-enter", "update stop-hit, symbol BTCUSDT; update re-enter, symbol BTCUSDT"),
        ("Close 75% and hold the rest with SL at entry", "update close, share 75%; update move-stop, stop breakeven"),
        ("Half closed, stop at breakeven", "update close, share 50%; update move-stop, stop breakeven"),
        ("HBAR TP1 smashed 🔥 close 40%",
         "update target-hit, symbol HBARUSDT, number 1; update close, symbol HBARUSDT, share 40%"),
        ("Reduce 50% and set stop at entry", "update close, share 50%; update move-stop, stop breakeven"),
        ("SL now at breakeven", "update move-stop, stop breakeven"),
        ("SL = BE", "update move-stop, stop breakeven"),
        ("Закрываем позицию по рынку", "update close, share 100%"),
        ("Закрываю половину, стоп в безубыток", "update close, share 50%; update move-stop, stop breakeven"),
        ("Тейк 2 взят 🔥", "update target-hit, number 2"),
        ("ТП1 ✅ стоп в бу", "update target-hit, number 1; update move-stop, stop breakeven"),
        ("Стоп перенёс в БУ", "update move-stop, stop breakeven"),
        ("Стоп сработал", "update stop-hit"),
        ("Выбило по стопу", "update stop-hit"),
        ("Отмена сетапа", "update cancel"),
        ("Отменяем лимитку", "update cancel"),
        ("BTC закрыл в плюс", "update close, symbol BTCUSDT, share 100%"),
        ("Фиксируем 30%, остальное держим", "update close, share 30%"),
        ("Фиксирую прибыль 50%", "update close, share 50%"),
        ("Двигаем стоп на 64200", "update move-stop, stop 64200"),
        ("Закрыто в б/у", "update close, share 100%"),
        ("Закрываем все позиции", "update close, every trade yes, share 100%"),
        ("Перенести стоп на точку входа", "update move-stop, stop breakeven"),
        ("Лимитка исполнена", "update entry-filled"),
        ("Первая цель достигнута", "update target-hit, number 1"),
        ("Вторая цель взята ✅", "update target-hit, number 2"),
        ("Переставьте стоп в безубыток", "update move-stop, stop breakeven"),
        ("Сделка отменена", "update cancel"),
        ("第一目標到達 ✅", "update target-hit, number 1"),
        ("平倉", "update close, share 100%"),
        ("全部平倉", "update close, share 100%"),
        ("減倉一半，止損設成本", "update close, share 50%; update move-stop, stop breakeven"),
        ("多單平倉", "update close, side long, share 100%"),
        ("取消掛單", "update cancel"),
        ("止損上移到 64500", "update move-stop, stop 64500"),
        ("止損改到 3350", "update move-stop, stop 3350"),
        ("已止損", "update stop-hit"),
        ("先平一半", "update close, share 50%"),
        ("到達第一止盈，減倉50%", "update target-hit, number 1; update close, share 50%"),
        ("TP1 geldi ✅ stop girişe", "update target-hit, number 1; update move-stop, stop breakeven"),
        ("Stopu girişe çekelim", "update move-stop, stop breakeven"),
        ("Pozisyonu kapatın", "update close, share 100%"),
        ("İşlemi kapatıyoruz", "update close, share 100%"),
        ("Yarısını kapatın, stop girişe", "update close, share 50%; update move-stop, stop breakeven"),
        ("Hedef 1 alındı ✅", "update target-hit, number 1"),
        ("İptal", "update cancel"),
        ("Emir iptal", "update cancel"),
        ("Stop oldu", "update stop-hit"),
        ("BTC stop seviyesini 64200'e çekin", "update move-stop, symbol BTCUSDT, stop 64200"),
        ("1. hedef geldi", "update target-hit, number 1"),
        ("BTC alvo 1 atingido ✅", "update target-hit, symbol BTCUSDT, number 1"),
        ("Mova o stop para entrada", "update move-stop, stop breakeven"),
        ("Stop no zero a zero", "update move-stop, stop breakeven"),
        ("Fechar metade agora", "update close, share 50%"),
        ("Realizar 50% e stop na entrada", "update close, share 50%; update move-stop, stop breakeven"),
        ("Cancelar ordem", "update cancel"),
        ("Stop atingido", "update stop-hit"),
        ("هدف اول تاچ شد", "update target-hit, number 1"),
        ("استاپ به نقطه ورود", "update move-stop, stop breakeven"),
        ("نصف پوزیشن را ببندید", "update close, share 50%"),
        ("معامله را ببندید", "update close, share 100%"),
        ("استاپ خورد", "update stop-hit"),
    ],
)  # fmt: skip
def test_what_admins_write(loaded: Profile, message: str, expected: str) -> None:
    assert reads(loaded, message) == expected


@pytest.mark.parametrize(
    "message",
    [
        "Should we close BTC?",
        "Do not move your SL",
        "Don't close yet",
        "Close BTC if it loses 64000",
        "I will close half at TP1",
        "When TP1 hits move SL to entry",
        "After TP2 move stop to breakeven",
        "If you are in profit, close half",
        "Always move SL to entry after TP1",
        "Never move your stop loss",
        "TP1 - close 30%, TP2 - close 30%",
        "You may close some here",
        "close to breakout",
        "BTC is close to resistance",
        "BTC stop hunting again",
        "Most traders move SL too early",
        "I was stopped out yesterday, what about you",
        "Thinking of closing ETH",
        "Maybe close half",
        "Wait for TP1 then SL to entry",
        "Не закрывайте позицию",
        "Если пробьет 64000 закрываю",
        "Думаю закрыть половину",
        "При достижении ТП1 стоп в бу",
        "После первого тейка стоп в бу",
        "А стоп в бу ставить?",
        "Кто закрыл в плюс?",
        "不要平倉",
        "如果跌破就平倉",
        "要不要減倉",
        "可以平倉嗎",
        "到目標再平倉",
        "TP1 gelirse stop girişe",
        "Kapatmayın",
        "BTC kapanışı 64000 altında olursa",
        "Não fechar ainda",
        "Se bater o alvo 1, stop na entrada",
        "Close above 64000 needed",
        "Daily close above 64k and we long",
        "4h close below 3400 invalidates",
        "BTC weekly close was strong",
        "Market closed",
        "Exit liquidity",
        "We closed the week with +120%",
        "All signals closed in profit this week",
        "Last week: 12 TP hit, 3 SL hit",
        "VIP members closed 85% profit",
        "Take profit 65000",
        "SL 64000",
        "Entry 64800 SL 64000",
        "Long BTC entry 64800 tp 66000 sl 64000",
        "SL to entry is the most important rule",
        "To be safe, move SL",
        "Set your alarms, big move coming",
        "Target 66000",
        "Stop loss 3298",
        "stop at 64000",
        "BTC breakeven",
        "We take 50% at TP1, 50% at TP2",
        "Leave 50% for TP2",
        "cancel your plans today",
        "Close friends only",
        "Nice close",
        "Move to Binance",
        "Set TP at 66000 and SL at 64000",
        "order filled with joy",
        "Reached 1000 members ✅",
        "50% off VIP, close your deal today",
        "Add to your position",
        "Close your eyes",
        "Close BTC or ETH",
    ],
)
def test_what_only_looks_like_an_order(loaded: Profile, message: str) -> None:
    reading = read(loaded, message)
    assert [action for action in reading.actions if action.kind not in REPORTS] == []
    assert reading.refusal is not None


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        (
            "BTCUSDT SL to BE\n\nETHUSDT close half",
            "update move-stop, symbol BTCUSDT, stop breakeven; update close, symbol ETHUSDT, share 50%",
        ),
        (
            "Close half, SL to BE $SOL",
            "update close, symbol SOLUSDT, share 50%; update move-stop, symbol SOLUSDT, stop breakeven",
        ),
        ("SIGNAL ID: #512\nClose half", "update close, id 512, share 50%"),
        ("BTC ETH close half", "refused: symbol"),
        ("Close half\nhave a nice evening", "update close, share 50%"),
        ("Close half\nor maybe later", "refused: unread"),
        ("Close half\nwhat do you think?", "refused: unread"),
        ("Close half\n64000 is close", "refused: unread"),
        ("> BTC long 64800\nclose half", "update close, share 50%"),
        ("[In reply to Alice]\nclose half", "update close, share 50%"),
        ("close half @bob https://t.me/x/12", "update close, share 50%"),
        ("TP1 3 hit", "update target-hit, number 1; update target-hit, number 3"),
        ("TP3", "update target-hit, number 3"),  # a number behind TP is no price
        ("set TP3", "refused: unread"),
        ("close half " * 31, "refused: too-long"),
    ],
)
def test_how_phrases_stand_together(loaded: Profile, message: str, expected: str) -> None:
    assert reads(loaded, message) == expected


@pytest.mark.parametrize(
    "message",
    [
        "close 30",
        "close 2",
        "close 0.5",
        "exit 50",
        "close 10k",
        "closed 30",
        "close 50 USDT",
        "close here 30",
        "please close 30 of the position",
        "close XYZ 30",
        "close 30-40% profit",
    ],
)
def test_a_number_without_a_sign_is_no_share_and_closes_nothing(loaded: Profile, message: str) -> None:
    assert reads(loaded, message) == "refused: unread"


@pytest.mark.parametrize(
    "message",
    [
        "remove TP3",
        "cancel TP3",
        "TP3 cancelled",
        "delete the 3rd target",
        "cancel TP 2 please",
        "remove SL",
        "SKR cancel sl",
        "close TP1",
        "снимаем ордер TP1",
        "TP2 iptal",
    ],
)
def test_what_is_done_to_a_target_or_a_stop_is_not_done_to_the_call(loaded: Profile, message: str) -> None:
    assert reads(loaded, message) == "refused: unread"


@pytest.mark.parametrize(
    "message",
    [
        "close 30% at TP2",
        "take 50% profit at TP1",
        "close half at TP1",
        "Taking half at TP1",
        "book profits 30% at target 1",
        "scale out 30% at TP1",
        "close at TP2",
        "фиксируем 50% на TP1",
        "close 30% at TP2, SL to BE",
    ],
)
def test_what_is_to_be_done_at_a_target_is_a_condition(loaded: Profile, message: str) -> None:
    assert reads(loaded, message) == "refused: unread"


@pytest.mark.parametrize(
    "message", ["Closed half at TP1", "Booked 50% profits at TP1", "We took 50% at TP1", "Secured half at target 1"]
)
def test_what_was_done_at_a_target_is_done(loaded: Profile, message: str) -> None:
    assert reads(loaded, message) == "update close, share 50%; update target-hit, number 1"


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        ("TP1, close half", "update target-hit, number 1; update close, share 50%"),
        ("TP1! Close half", "update target-hit, number 1; update close, share 50%"),
        ("TP1\nclose half", "update target-hit, number 1; update close, share 50%"),
        ("1 тейк, стоп в б/у", "update target-hit, number 1; update move-stop, stop breakeven"),
        ("TP1 close half", "refused: unread"),
        ("TP1 - close half", "refused: unread"),
        ("TP2: close 30%", "refused: unread"),
        ("close half, TP1", "refused: unread"),
        ("close 30% TP2", "refused: unread"),
        ("TP1 SL to BE", "refused: unread"),
        ("TP1 50 profit", "update target-hit, number 1"),
    ],
)
def test_a_target_without_a_word_for_it_stands_by_itself(loaded: Profile, message: str, expected: str) -> None:
    assert reads(loaded, message) == expected


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        ("new target 114 (40%)", "update add-targets, targets 114 (40%)"),
        ("New target: 149.50 [12.5 percent]", "update add-targets, targets 149.5 (12.5%)"),
        ("added target 114 (40%)", "update add-targets, targets 114 (40%)"),
        ("add TP4: 116 (25%)", "update add-targets, targets 116 (25%)"),
        ("new target 114", "update change, targets 114"),
        ("move TP2 to 110 (40%)", "refused: unread"),
        ("close half (30%)", "refused: unread"),
        ("close (30%)", "refused: unread"),
        ("closed BTC (30%)", "refused: unread"),  # a share or a result
        ("close BTC (12.5%)", "refused: unread"),
        ("close 30% (of the position)", "update close, share 30%"),
        ("close half (30% profit)", "update close, share 50%"),
        ("close half (+30%)", "update close, share 50%"),
        ("TP1 hit (35%), move SL to BE", "update target-hit, number 1; update move-stop, stop breakeven"),
        ("TP1 hit (30% booked)", "update target-hit, number 1"),
        ("SL to 64500 (2%)", "update move-stop, stop 64500"),
        ("take profit (20%) BTC", "refused: no-layout"),
    ],
)
def test_a_percentage_in_brackets(loaded: Profile, message: str, expected: str) -> None:
    assert reads(loaded, message) == expected


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        ("TP2 now 110", "update change, number 2, targets 110"),
        ("TP2: 110", "update change, number 2, targets 110"),
        ("TP2 -> 110", "update change, number 2, targets 110"),
        ("TP2 108 → 110", "update change, number 2, targets 110"),
        ("new TP2 68000", "update change, number 2, targets 68000"),
        ("TP1 104\nTP2 110", "update change, number 1, targets 104; update change, number 2, targets 110"),
        ("new targets 105 110 115", "update change, targets 105, 110, 115"),
        ("new targets: 105, 110", "update change, targets 105, 110"),
        ("SL -> 97", "update move-stop, stop 97"),
        ("SL 95 -> 97", "update move-stop, stop 97"),
        ("move SL 95 to 97", "update move-stop, stop 97"),
        ("SL 95 -> BE", "update move-stop, stop breakeven"),
        ("SL to TP1 (104)", "update move-stop, number 1"),
        ("TP1 104 ✅", "update target-hit, number 1"),
        ("TP2 45 pips", "update target-hit, number 2"),
        ("TP1 45%", "refused: unread"),
        ("TP2 110?", "refused: unread"),
        ("if TP2 110", "refused: unread"),
        ("TP2 110 close half", "refused: unread"),
        ("BTC LONG\nTP1: 66000\nTP2: 67000", "refused: unread"),  # a call without a stop
        ("SL 95 97", "refused: unread"),
        ("cancel 3", "refused: unread"),  # an order, a call?
    ],
)
def test_new_levels_in_an_answer(loaded: Profile, message: str, expected: str) -> None:
    assert reads(loaded, message) == expected


@pytest.mark.parametrize("share", ["30%", "% 30", "30 %", "30 percent", "30 per cent", "30 pct", "30 процентов"])
def test_a_share_is_a_percentage_in_sign_or_word(loaded: Profile, share: str) -> None:
    assert reads(loaded, f"close {share} of it") == "update close, share 30%"


@pytest.mark.parametrize("message", ["PEPE close -0.3R", "PEPE closed at market 31.57", "PEPE closed at 31.57"])
def test_results_and_the_price_of_a_close_are_no_share(loaded: Profile, message: str) -> None:
    assert reads(loaded, message) == "update close, symbol PEPEUSDT, share 100%"


def test_links_belong_to_the_phrase_behind_them(loaded: Profile) -> None:
    text = "https://t.me/c/100/21\nSL to BE\nhttps://t.me/c/100/22 t.me/test/23 t.me/others/24\nclose half"
    assert [action.links for action in read(loaded, text).actions] == [((100, 21),), ((0, 23), (100, 22))]


def test_a_part_needs_a_size() -> None:
    made, _ = load_profile(SourceText("x.channel", TEXT.replace("part: 50%\n", "")), "x", shipped)
    assert made is not None
    assert reads(made, "close some") == "refused: share"
    assert reads(made, "close half") == "update close, share 50%"


def test_words_of_updates_do_not_matter_in_calls() -> None:
    call = 'signal "call"\n<<<\n{side: LONG} {symbol: BTC} {entry: 64800} SL {stop: 64000}\n>>>\n'
    made, _ = load_profile(SourceText("x.channel", TEXT + call), "x", shipped)
    assert made is not None
    assert reads(made, "LONG ETH 3480 SL 3400\nhold it, we move on").startswith("symbol ETHUSDT, side long")
    assert reads(made, "LONG ETH 3480 SL 3400\nclosed") == "refused: unread"

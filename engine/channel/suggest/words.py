"""Words by which a call can be guessed in a message that no profile knows yet. They suggest marks; they read nothing.

A person looks over what is suggested, so this list may be generous where the language itself may not.
"""

from __future__ import annotations

import re

from engine.channel.text.names import TRADE_WORDS
from engine.channel.text.vocabulary import ADDRESS, DENSE, NO_LETTER_AHEAD, NO_LETTER_BEHIND, alternatives, clean


def _phrases(*lines: str) -> tuple[str, ...]:
    """Folded phrases from lines with commas between them."""
    return tuple(clean(phrase) for line in lines for phrase in line.split(", "))


LABELS = {
    "stop": _phrases(
        "stop loss, stoploss, stop-loss, stop targets, stop target, stop price, stop, stops, sl, s/l, exit",
        "invalidation, стоп лосс, стоп-лосс, стоплосс, стоп, сл, 止损, 止損, 防守, zarar kes, zarar durdur",
        "stop seviyesi, حد ضرر, استاپ, استاپ لاس, perda, stop-perda, parada",
    ),
    "target": _phrases(
        "take-profit targets, take profit targets, take profits, take profit, take-profit, tp targets, targets",
        "target, tps, tp, tg, t/p, goals, goal, цели, цель, тейк профит, тейк-профит, тейки, тейк, тп, 止盈",
        "目标位置, 目標位置, 目标, 目標, hedefler, hedef, kar al, اهداف, تارگت ها, تارگت, حد سود, هدف, alvos, alvo",
        "objetivos, objetivo",
    ),
    "entry": _phrases(
        "entry targets, entry target, entry zone, entry price, entry point, entry range, entry market, entries, entry",
        "enter, buy zone, sell zone, buy price, sell price, buy range, buy between, dca, limit, точка входа",
        "точки входа, зона входа, вход, лимит, лимитка, 进场位置, 進場位置, 点位, 點位, 进场, 進場",
        "入场, 入場, giriş bölgesi",
        "giriş seviyesi, giriş, نقطه ورود, ورود, محدوده ورود, zona de entrada, entradas, entrada",
    ),
    "leverage": _phrases("leverage, levarage, lev, плечо, 杠杆, 槓桿, kaldıraç, اهرم, لوریج, لورج, alavancagem"),
}
MARKET = _phrases(
    "market price, market, now, cmp, current price, at current, по рынку, по текущим, с текущих, рыночный, 市价, 市價",
    "现价, 現價, piyasa, anlık, قیمت لحظه ای, مارکت, a mercado, ao mercado, à mercado",
)
LONG = _phrases("long, buy, лонг, покупка, купить, 做多, 多, al, alış, لانگ, خرید, لونگ, compra, comprar")
SHORT = _phrases("short, sell, шорт, продажа, продать, 做空, 空, sat, satış, شورت, فروش, venda, vender")
SIGNS = {"long": ("📈", "🟢", "🔼", "⬆"), "short": ("📉", "🔴", "🔽", "⬇")}
NEVER_COINS = frozenset(TRADE_WORDS) | frozenset(
    _phrases(
        "usdt, usd, usdc, busd, new, signal, signals, alert, order, orders, market, limit, zone, now, spot, future",
        "futures, trade, setup, id, vip, free, risk, small, vol, volume, scalp, swing, position, the, and, for, with",
        "all, update, cross, isolated, binance, bybit, bingx, mexc, okx, kucoin, bitget, gate, pionex, exchange",
        "exchanges, pair, coin, direction",
    )
)

# How a post shows that it tells of the past or changes a call: (what ``never`` would say, pattern in a folded text).
RESULTS: tuple[tuple[str, re.Pattern[str]], ...] = tuple(
    (phrase, re.compile(pattern))
    for phrase, pattern in (
        ("{target} ✅", r"\d[ \t]*[^\w\n]{0,3}✅"),
        ("{target} ✔", r"\d[ \t]*[^\w\n]{0,3}[✔☑]"),
        *(
            (word, rf"{NO_LETTER_BEHIND}{re.escape(word)}{NO_LETTER_AHEAD}")
            for word in (
                "hit", "reached", "achieved", "closed", "close", "stopped", "booked", "cancelled", "canceled", "cancel",
                "filled", "in profit", "roi", "pnl", "move sl", "move stop", "update", "edit", "result", "results",
                "закрыт", "закрыта", "закрываем", "взят", "взяли", "перенос", "отмена", "geldi", "gerçekleşti", "kapat",
                "kapandı", "iptal", "atingido", "cancelado", "fechado",
            )
        ),
        *((word, re.escape(word)) for word in _phrases("% profit, 已到, 到达, 到達, 减仓, 減倉, 平仓, 平倉")),
        ("profit: {any}%", r"profit\W{0,3}\d+(?:[.,]\d+)?[ \t]*%|\+[ \t]*\d+(?:[.,]\d+)?[ \t]*(?:%|r\b)"),
    )
)  # fmt: skip

_BLANK = r"[ \t]*+"
_X = "[x×х]"
_LEVERAGE = rf"(?:{_X}{_BLANK}\d{{1,3}}+(?:[.,]\d++)?|\d{{1,3}}+(?:[.,]\d++)?{_BLANK}{_X}){NO_LETTER_AHEAD}(?![\d%])"
NUMBER = r"(?:\d++(?:[.,'’]\d++)*+(?:k\d{0,3}+(?![a-z0-9]))?+|[.]\d++)"
_COUNT = (
    r"(?:[ \t#]{0,2}\d{1,2}+(?=[ \t]*[:=)])|#?\d{1,2}+(?=\W{1,4}\d)"
    r"|[ \t]\d{1,2}+(?=[ \t]+[-–][ \t]*[$]?\d*[.,]?\d{3}))?+"
)


def _word(field: str, words: tuple[str, ...], more: str = "") -> str:
    return rf"(?P<{field}>{NO_LETTER_BEHIND}{alternatives(words)}{more})"


# Count: tp1 has no boundary behind its letters, so that labels before digits are tried first.
_TIGHT = {field: "|".join(re.escape(word) for word in words if word.isalpha()) for field, words in LABELS.items()}
SCAN = re.compile(
    "|".join(
        (
            rf"(?P<leverage>(?<![\w.,]){_LEVERAGE}(?:{_BLANK}(?:[-–~/]|to){_BLANK}{_LEVERAGE})?)",
            rf"(?P<level>(?<![\w.,])\d{{1,3}}{_BLANK}[-–]{_BLANK}{_LEVERAGE})",
            r"(?P<percent>(?<![\w.,])\d++(?:[.,]\d++)?[ \t]*+%|%[ \t]*+\d++(?:[.,]\d++)?)",
            r"(?P<part>(?<![\w.,/])[1-9]/[2-9](?![\w.,/]))",
            rf"(?P<target_n>{NO_LETTER_BEHIND}(?:{_TIGHT['target']}|t){_COUNT.removesuffix('?+')})",
            rf"(?P<stop_n>{NO_LETTER_BEHIND}(?:{_TIGHT['stop']}){_COUNT.removesuffix('?+')})",
            rf"(?P<entry_n>{NO_LETTER_BEHIND}{alternatives(LABELS['entry'])}{_COUNT.removesuffix('?+')})",
            *(_word(field, words) for field, words in LABELS.items() if field != "leverage"),
            rf"(?P<gear>{NO_LETTER_BEHIND}{alternatives(LABELS['leverage'])})",
            _word("market", MARKET),
            _word("long", LONG),
            _word("short", SHORT),
            rf"(?P<number>(?<![\w.,]){NUMBER}|(?<=[{DENSE}]){NUMBER})",
        )
    )
)
JOINT = re.compile(rf"{_BLANK}(?:[-~/&\u2010-\u2015\u2212\u301c]+|to|and|till){_BLANK}[$€]?")
_QUOTE = "(?:usdt|usdc|fdusd|busd|usd|btc|eth)"
NAMES_QUOTE = re.compile(rf"usd|\w[ \t]?[/|:-][ \t]?{_QUOTE}(?!\w)")  # in a folded symbol: btcusdt, eth/btc
COINS = (
    re.compile(rf"[$#][ \t]?(?=[a-z0-9]*[a-z])[a-z0-9]{{1,15}}(?:[ \t]?[/|:-]?[ \t]?{_QUOTE})?(?:\.p|perp)?(?![\w])"),
    re.compile(rf"(?<![\w$#])(?=\d*[a-z])[a-z0-9]{{1,15}}[ \t]?[/|-][ \t]?{_QUOTE}(?:\.p|[ -]?perp)?(?!\w)"),
    re.compile(r"(?<![\w$#])(?=\d*[a-z])[a-z0-9]{1,15}(?:usdt|usdc|busd)(?:\.p|[ -]?perp)?(?!\w)"),
)
BARE_COIN = re.compile(r"(?<![\w$#])(?=\d*[a-z])[a-z0-9]{1,10}(?!\w)")
HARMLESS = re.compile(ADDRESS)

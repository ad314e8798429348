"""What a piece of a later version tells, where no profile reads it: a result, or what may have to be done.

Of a result nobody has to do anything. What names an order, a level or a number, and is not read, is worth a word.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache

from engine.channel.text.fold import fold
from engine.channel.text.names import TRADE_WORDS
from engine.channel.text.vocabulary import NO_LETTER_BEHIND, alternatives

Span = tuple[int, int]  # half-open

# What tells that the market did something: nothing is to be done. Folded, as in all patterns here.
_DONE = (
    *("hit", "hits", "reached", "achieved", "done", "filled", "smashed", "in profit", "roi", "pnl", "stopped out"),
    *("взят", "взята", "взяли", "достигнут", "достигнута", "сработал", "сработала", "geldi", "alındı", "ulaşıldı"),
    *("gerçekleşti", "atingido", "atingida", "alcançado", "alcanzado", "erreicht", "tercapai"),
    *("已到", "到达", "到達", "达到", "達到"),
)
# Beginnings of words by which a channel does something, or says that it did, and whole words.
_ORDER = (
    *(
        "clos",
        "exit",
        "get out",
        "cancel",
        "mov",
        "trail",
        "secur",
        "book",
        "reduc",
        "cut",
        "half",
        "break",
        "risk free",
    ),
    *("chang", "new", "add", "re-ent", "reent", "shift", "set", "taking", "took", "trim", "remov"),
    *("закр", "перен", "перев", "перест", "двига", "отмен", "безубыт", "фикс", "снял", "снима", "доб", "долив"),
    *("kapat", "kapan", "çek", "taşı", "iptal", "fech", "encerr", "cerr", "cierr", "muev", "schlie", "setz"),
    *("tutup", "pindah", "geser", "batal", "ببند", "بیا", "اغلا", "نقل"),
    *("平", "减", "減", "取消", "移", "保本", "成本", "出", "撤", "可以走", "走了"),
)
_ORDER_PHRASES = r"(?:sl|stop|stops|stop ?loss)\W{1,3}(?:to|at|in|into|on|goes|now)\b|take[ \t]{1,3}\d"
_ORDER_WORDS = ("be", "b/e", "бу", "б/у")


def tells(text: str, pieces: Sequence[Span]) -> bool:
    """Whether pieces of a text say what may have to be done: an order, a level, a number.

    One that tells a result (``TP1 hit +50%``) does not, and neither do the figures beside one (``Period: 3 days``).
    """
    order, done, trade = _patterns()
    lines = [fold(text[start:end]).text for start, end in pieces]
    results = [done.search(line) is not None for line in lines]
    has_result = any(results)
    for line, is_result in zip(lines, results, strict=True):
        if order.search(line) or (not is_result and trade.search(line)):
            return True
        if not has_result and any(map(str.isdigit, line)):
            return True
    return False


def orders(text: str, pieces: Sequence[Span]) -> bool:
    """Whether pieces of a text tell an order, whatever else they tell."""
    order, _, _ = _patterns()
    return any(order.search(fold(text[start:end]).text) for start, end in pieces)


def acts(text: str, pieces: Sequence[Span]) -> bool:
    """Whether pieces of a text tell an order or a result, so that their figures are no levels of a call."""
    order, done, _ = _patterns()
    return any(order.search(line) or done.search(line) for line in (fold(text[a:b]).text for a, b in pieces))


@cache
def _patterns() -> tuple[re.Pattern[str], re.Pattern[str], re.Pattern[str]]:
    """Words of orders, signs of results, words of trades; only later versions of calls need them."""
    begins = "|".join(re.escape(fold(word).text) for word in dict.fromkeys(_ORDER))
    order = rf"{NO_LETTER_BEHIND}(?:{begins}|{_ORDER_PHRASES})|{NO_LETTER_BEHIND}{alternatives(_ORDER_WORDS)}"
    words = alternatives(fold(word).text for word in _DONE)
    gain = r"\+[ \t]*\d[\d.,]*+[ \t]*(?:%|r\b|pips)|profit\W{0,3}\d|\d[ \t]*%[ \t]*(?:profit|loss)"
    done = rf"[✅✔☑]|{gain}|{NO_LETTER_BEHIND}{words}"
    return re.compile(order), re.compile(done), re.compile(NO_LETTER_BEHIND + alternatives(TRADE_WORDS))

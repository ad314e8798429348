"""The pattern that cuts a message into the tokens of a form.

It goes over the folded text once, from left to right, its alternatives possessive and bounded: linear, whatever a
stranger posts. The order of the alternatives is the order of trust: a date is a date before it is a price.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from engine.channel.text.fields import Fields
from engine.channel.text.fold import INDEX
from engine.channel.text.names import FORM_LABELS, QUOTES
from engine.channel.text.timeframes import UNITS
from engine.channel.text.trie import trie_pattern
from engine.channel.text.vocabulary import ADDRESS, DENSE, TOKEN, alternatives, tokens_of

_BLANK = r"[ \t]*+"
_LETTER = rf"[^\W\d{DENSE}]"
_LOOK_ALIKE = "авекмнорстухѕіј"
_DASH = r"[-~\u2010-\u2015\u2212\u301c]"
GLUED = 4
_X = "[x×х]"
_NUMBER = r"\d++(?:[.,]\d++)*+"
_DURATION = (
    r"m|min|mins|minutes?|h|hr|hrs|hours?|d|days?|w|weeks?|months?|м|мин|ч|час|часа|часов|д|дн|дня|дней|saat[a-z]{0,9}|dk|gün|"
    r"小時|小时|分鐘|分钟|分|天|日線|日线|周"
)


def form_pattern(meaning: Mapping[tuple[str, ...], str], fields: Fields) -> re.Pattern[str]:
    """The one pattern of a form, from its phrases (as tokens) with their meaning; its group names are kinds."""
    phrases = sorted(meaning)
    gap = rf"[^\w\n{INDEX}]{{0,3}}+"
    labels = [tokens for tokens in phrases if meaning[tokens] in FORM_LABELS and not re.match(f"[{DENSE}]", tokens[0])]
    behind_digits = trie_pattern(labels, gap)
    # words run together (LONGEntry) are told apart before a label that is long enough to be no accident
    glued = trie_pattern((tokens for tokens in labels if sum(map(len, tokens)) >= GLUED), gap)
    ends = rf"(?:(?!{_LETTER})|(?={glued}(?!{_LETTER})))"
    dense = [tokens for tokens in phrases if re.match(f"[{DENSE}]", tokens[-1][-1])]
    about = trie_pattern((tokens for tokens in phrases if meaning[tokens] == "about" and tokens[0].isalpha()), gap)
    numbered = [tokens for tokens in phrases if tokens[-1].isdecimal()]
    others = {*dense, *numbered}
    spaced = [tokens for tokens in phrases if tokens not in others and TOKEN.search(tokens[-1])]
    counted = rf"{trie_pattern(numbered, '[ #]?')}(?![.,]?\d)"
    phrase = rf"{trie_pattern(dense, gap)}|{counted}|{trie_pattern(spaced, gap)}{ends}"
    signs = [tokens[0] for tokens in phrases if not TOKEN.search(tokens[0])]
    for group in ("long", "short"):
        signs += fields.words.signs(group)
    sign = "|".join(map(re.escape, sorted(set(signs), key=lambda s: (-len(s), s)))) or r"(?!)"
    quote = "|".join(QUOTES).lower()
    dollars = "usdt|usdc|busd|fdusd|usd"
    ticker = rf"(?=\d*+[a-z{_LOOK_ALIKE}])[a-z0-9{_LOOK_ALIKE}]"
    tail = rf"(?:\.p(?!\w)|{_BLANK}-?perp(?!\w))?+"
    thousand = trie_pattern((tokens_of(w) for g in ("thousand", "ten thousand") for w in fields.words.words(g)), gap)
    number = rf"{fields.notation.token}(?:{_BLANK}{thousand}(?!{_LETTER}))?+"
    units = alternatives(word for unit in UNITS for word in fields.words.words(unit))
    edge = rf"(?:(?![a-z0-9])|(?={glued}))"
    times_edge = rf"(?:(?![a-z0-9])|(?={behind_digits}))"
    kinds = {
        "link": ADDRESS,
        "nothing": (
            rf"(?<![^\W_])(?:[esw]?ma|rsi|cci|adx){_BLANK}\d{{1,3}}+(?:[/,]\d{{1,3}}+)*+(?![.,]?\d|\w)|"
            rf"#{_BLANK}\d++x?(?!\w)|#?[a-z]{{0,6}}\d{{7,}}+(?![\w.,])"
            r"|\d{1,2}[-. ](?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]{0,6}[-., ]{1,2}(?:20)?\d\d(?!\d)"
            r"|20\d\d[-./]\d{1,2}[-./]\d{1,2}(?!\d)"
            r"|(?:[0-2]?\d|3[01])(?:\.(?:0?[1-9]|1[0-2])\.|/(?:0?[1-9]|1[0-2])/)(?:20)?\d\d(?![\d.,])"
            rf"|(?:r{_BLANK}[:/]?{_BLANK}rr?|risk[:/ ]*reward)(?![a-z])[^\w\n]*+{_NUMBER}"
            rf"(?:{_BLANK}[-:/]{_BLANK}{_NUMBER})?"
            rf"|{_NUMBER}{_BLANK}r{_BLANK}[:/]?{_BLANK}r?(?![a-z0-9])"
        ),
        "pair": (
            rf"{ticker}{{1,15}}+{_BLANK}/{_BLANK}(?:{quote}){edge}{tail}"
            rf"|{ticker}{{1,15}}+[|-](?:{dollars}){edge}{tail}"
            rf"|(?<=[$#]){ticker}{{1,15}}+[ \t]++(?:{dollars})(?![a-z0-9]){tail}"
            rf"|(?={ticker}{{1,19}}?usd){ticker}{{1,20}}?(?:{dollars})(?:perp)?{edge}{tail}"
            rf"|\d{{1,5}}+{_BLANK}/{_BLANK}(?:{dollars})(?![a-z0-9])"
        ),
        "tag": rf"(?<=[$#])(?<!\w[$#])(?=[{_LOOK_ALIKE}0-9]*+[a-z]){ticker}{{1,15}}+(?!{_LETTER})",
        "phrase": rf"(?:{phrase})",
        "sign": sign,
        "leverage": (
            rf"\d{{1,3}}+(?:[.,]\d++)?{_BLANK}(?:{_X}{_BLANK}(?:{_DASH}|to|/)?|{_DASH}|to){_BLANK}"
            rf"\d{{1,3}}+(?:[.,]\d++)?{_BLANK}{_X}{times_edge}"
            r"|\d{1,3}+倍"
            rf"|(?!0x)(?:\d{{1,3}}+(?:[.,]\d++)?{_BLANK}{_X}|{_X}{_BLANK}\d{{1,3}}+(?!\d|[.,]\d)){times_edge}"
            rf"(?:{_BLANK}(?:{_DASH}|to|and|-?{_BLANK}max){_BLANK}(?:{_X}{_BLANK}\d{{1,3}}+|\d{{1,3}}+{_BLANK}{_X}))*+"
        ),
        "percent": (
            rf"(?:[+-]?\d{{1,3}}+(?:[.,]\d{{1,2}})?(?:{_BLANK}%{_BLANK}{_DASH}{_BLANK}|{_DASH}|[ \t]to[ \t]))?"
            rf"[+-]?{_NUMBER}{_BLANK}%|%{_BLANK}{_NUMBER}"
        ),
        "time": (
            rf"\d{{1,3}}+{_BLANK}-?(?:{_DURATION}|{units})(?!{_LETTER}|\d)|[mhdм]\d{{1,2}}+(?!\w)"
            r"|\d{1,2}:\d\d(?::\d\d)?(?![\d.,])(?:[ap]m)?(?=[^\w\n]|$)"
        ),
        "index": (
            rf"{INDEX}++|(?<![\w.,(-])\d{{1,2}}+[)\]](?!\d*%)|\(\d{{1,2}}\)|\d{{1,2}}+(?:st|nd|rd|th)(?!\w)"
            rf"|(?<=\n)\d{{1,2}}+[.:](?![\d])|(?<=\n)\d{{1,2}}+\.(?=\d+[.,]\d)"
        ),
        "suffix": rf"(?<=\d)['’]{_LETTER}{{1,4}}+(?!{_LETTER})",  # 148'den
        "share": r"(?<![\w.,/-])[1-5]/[2-9](?![\w.,/]|-\d)",
        "junk": rf"{number}(?=[a-z])(?!(?:{dollars}|sats?|{about})(?!{_LETTER})|{behind_digits})\w*+",
        "number": number,
        "word": rf"{_LETTER}++\d*+|[{DENSE}]",
    }
    return re.compile(r"(?=\S)(?:" + "|".join(f"(?P<{kind}>{body})" for kind, body in kinds.items()) + ")")

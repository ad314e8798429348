"""The candle whose close a stop waits for: ``4h close``, ``H4 candle``, ``daily``, in the words of the profile."""

from __future__ import annotations

import re

from engine.channel.text.vocabulary import Vocabulary, alternatives
from engine.units import DAY_MS, HOUR_MS, MINUTE_MS

WEEK_MS = 7 * DAY_MS
_GAP = r"[ \t-]{0,3}"
UNITS = {"minute": MINUTE_MS, "hour": HOUR_MS, "day": DAY_MS, "week": WEEK_MS}
ADJECTIVES = {"hourly": HOUR_MS, "daily": DAY_MS, "weekly": WEEK_MS}
_LETTERS = {"m": MINUTE_MS, "h": HOUR_MS, "d": DAY_MS, "w": WEEK_MS}


def timeframe_pattern(words: Vocabulary) -> str:
    """The pattern (no groups, linear) of a time frame with the words for a candle and its close around it."""
    units = alternatives(phrase for unit in UNITS for phrase in words.words(unit))
    adjectives = alternatives(phrase for adjective in ADJECTIVES for phrase in words.words(adjective))
    candle = alternatives(words.words("candle"))
    frame = rf"(?:(?<![\d.,])\d{{1,3}}+{_GAP}{units}(?!\d)|[{''.join(_LETTERS)}]\d{{1,3}}+(?!\w)|{adjectives})"
    return rf"(?:{candle}\W{{0,3}}){{0,3}}{frame}(?:\W{{0,3}}{candle}){{0,3}}"


def timeframe_ms(text: str, words: Vocabulary) -> int | None:
    """What such a text means, None when it is no length of time."""
    number = re.search(r"\d+", text)
    for adjective, length in ADJECTIVES.items():
        if number is None and re.search(alternatives(words.words(adjective)), text):
            return length
    if number is None or not int(number[0]):
        return None
    if letter := re.search(r"(?<!\w)([mhdw])(?=\d)", text):
        return int(number[0]) * _LETTERS[letter[1]]
    for unit, length in UNITS.items():
        if re.compile(_GAP + alternatives(words.words(unit))).match(text, number.end()):
            return int(number[0]) * length
    return None


def show_frame(length_ms: int) -> str:
    """A time frame the way an ``expect`` writes it: 15m, 4h, 1d, 1w."""
    for letter, size in (("w", WEEK_MS), ("d", DAY_MS), ("h", HOUR_MS)):
        if length_ms % size == 0:
            return f"{length_ms // size}{letter}"
    return f"{length_ms // MINUTE_MS}m"

"""Why a message was refused, in words for a reader who does not write profiles: one phrase for each code."""

from __future__ import annotations

REASONS = {
    "no-layout": "no layout of the profile fits",
    "unread": "a number or trade word was left over",
    "never": "chat, by a phrase that the profile names",
    "author": "somebody else wrote it",
    "too-long": "longer than a message can be",
    "number": "a number that cannot be told",
    "no-symbol": "no coin",
    "no-side": "neither long nor short",
    "no-entry": "no entry",
    "no-target": "no target",
    "no-stop": "no stop",
    "no-quote": "no quote currency",
    "symbol": "two different coins",
    "side": "both long and short",
    "stop": "two stops, or one that cannot be",
    "doubt": "a thought, not a call",
    "done": "about a trade that is over",
    "scale": "a price that cannot be meant for the coin",
    "ambiguous-number": "numbers that can be read in two ways",
    "mixed-entry": "several kinds of entry at once",
    "levels": "stop, entry and targets not in order",
    "duplicate-level": "one price twice",
    "distance": "a level too far away to be meant",
    "too-many-levels": "more than twenty prices",
    "share": "shares that do not add up",
    "id": "two different ids",
    "leverage": "no leverage that exists",
}


def reason(code: str) -> str:
    """The phrase for a code; the code itself, as words, where there is none."""
    return REASONS.get(code, code.replace("-", " "))

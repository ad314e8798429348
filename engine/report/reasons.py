"""Why a message was refused and what became of a call, in words for a reader who does not write profiles."""

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
    "other-side": "another side than the call",
    "other-symbol": "another coin than the call",
    "other-calls": "another number of calls",
    "which-call": "for one of several calls, without its coin",
    "again": "the call once more, in its own post",
    "no-time": "edited at an unknown time",
}

FATES = {
    "waiting": "the first candle is not over yet",
    "repeat": "a call of this channel on this symbol and side is still alive",
    "opposite": "a call of this channel on this symbol, on the other side, is still alive",
    "too late": "the market was already beyond the stop or the first target",
    "no data": "there were no candles of the symbol at that time",
    "stop too near": "the stop is nearer than twice the costs of a round trip",
    "stop beyond liquidation": "the liquidation price comes before the stop",
    "resting": "its orders wait for their price",
    "open": "it is in the market",
    "closed": "it was filled, and is over",
    "expired": "its orders were not filled within the time that they were valid",
    "target first": "the first target came before the entry",
    "stop first": "the stop came before the entry",
    "cancelled": "its orders were taken away before anything was filled",
}


def fate_reason(fate: str) -> str:
    """What the fate of a call means, as a half-sentence; "" where the word says it all."""
    return FATES.get(fate, "")


def reason(code: str) -> str:
    """The phrase for a code; the code itself, as words, where there is none."""
    return REASONS.get(code, code.replace("-", " "))

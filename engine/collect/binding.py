"""Which calls the words in a post are about: by the chain of replies, a link, the channel's own id, or the symbol."""

from __future__ import annotations

from dataclasses import dataclass

from engine.collect.added import Lines
from engine.domain import Action, Distance, Message, Refusal, Signal, Target
from engine.units import DAY_MS

Post = tuple[str, int, int]  # channel, chat_id, message_id
Levels = tuple[tuple[float, ...], tuple[Target, ...], float | Distance | None]

SAME_SYMBOL_MS = 30 * DAY_MS
LONGEST_CHAIN = 100
UNREAD = Refusal("no-layout", "the message has no text")


@dataclass(frozen=True, slots=True)
class Unfollowed:
    """A later version of a call that is not followed, and why."""

    message: Message
    refusal: Refusal


@dataclass(slots=True)
class Fate:
    """What is known of one post so far; ``levels`` are those of its calls by their latest version that changed them.

    ``called``: it is a call, not one that only enters an earlier call again. ``unfollowed`` are the later versions of
    its calls that changed nothing, each text once. ``lines`` are those of its versions, once there are several.
    """

    has_original: bool = False
    reply_to: int | None = None
    signals: tuple[Signal, ...] = ()
    called: bool = False
    levels: tuple[Levels, ...] | None = None
    actions: tuple[Action, ...] = ()
    refusal: Refusal = UNREAD
    edited: bool = False
    unfollowed: tuple[Unfollowed, ...] = ()
    lines: Lines | None = None


@dataclass(frozen=True, slots=True)
class Found:
    """An action with what may bind it: the latest call of its id and of its symbol, or the call itself."""

    message: Message
    action: Action
    by_ref: Signal | None
    by_symbol: Signal | None
    signal: Signal | None = None


def calls_meant(one: Found, fates: dict[Post, Fate], signals: list[Signal]) -> list[Signal | None]:
    """The signals that an update is about, each once; [None] when nothing tells.

    A later version of a call is about the calls of its post, all of them where it names no symbol. Else first what the
    post answers, and what that answers, up to a post that called the symbol (any symbol,
    when the update names none and the post made one call); then the posts that it links to; then the call with the id
    that it names; then the channel's latest earlier call on the symbol, when it is not older than 30 days.
    """
    message, action = one.message, one.action
    if one.signal is not None:
        return [one.signal]
    if action.every:
        young = message.known_ms - SAME_SYMBOL_MS
        meant = [
            signal
            for signal in signals
            if signal.message.channel == message.channel
            and young <= signal.message.known_ms < message.known_ms
            and action.side in (None, signal.setup.side)
            and action.symbol in (None, signal.setup.symbol)
        ]
        return [*meant] or [None]
    own = fates.get((message.channel, message.chat_id, message.message_id))
    called = [] if own is None else [one for one in calls_about(own, action) if _earlier(one.message, message)]
    if called:
        return [*called]
    answered = _along_replies(message.message_id, one, fates)
    if answered is not None:
        return [answered]
    linked = {
        signal.id: signal
        for chat, number in action.links
        if not chat or message.chat_id in (chat, -chat, int(f"-100{chat}"))
        if (signal := _along_replies(number, one, fates)) is not None
    }
    if linked:
        return [*linked.values()]
    for near in (one.by_ref, one.by_symbol):
        if near is not None and message.known_ms - near.message.known_ms <= SAME_SYMBOL_MS:
            same = action.symbol in (None, near.setup.symbol) and action.side in (None, near.setup.side)
            return [near if same else None]
    return [None]


def _earlier(one: Message, other: Message) -> bool:
    """Whether a version of a post was there before another: Telegram's times are whole seconds."""
    return (one.known_ms, one.version) < (other.known_ms, other.version)


def _along_replies(number: int | None, one: Found, fates: dict[Post, Fate]) -> Signal | None:
    """The call that a post made, or the one it answers, and so on; None where there is not exactly one."""
    message, action = one.message, one.action
    for _ in range(LONGEST_CHAIN):
        fate = fates.get((message.channel, message.chat_id, number)) if number is not None else None
        if fate is None:
            return None
        about = calls_about(fate, action) if number != message.message_id else []
        if len(about) == 1:
            return about[0]
        number = fate.reply_to
    return None


def calls_about(fate: Fate, action: Action) -> list[Signal]:
    """The calls of a post that an action may be about: those of its symbol and side, where it names them."""
    return [
        signal
        for signal in fate.signals
        if action.symbol in (None, signal.setup.symbol) and action.side in (None, signal.setup.side)
    ]

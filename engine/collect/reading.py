"""Versions of messages become signals and updates.

1. All versions are put in the order in which they became known: a post when it was posted, an edit when it was edited.
2. The first version of a post that reads as a call makes its signals, at the time of that version. Later versions make
   no second signal; a change after the call is counted. A deletion is counted and takes nothing away.
3. A call from an edited text whose original nobody saw is marked ``hindsight``, unless the edit came within a minute of
   the post: what it says may have been written after the market had moved.
4. Each post ends as exactly one of called, updated, refused or unread.
5. Updates are bound to signals (``_bind``): by the chain of replies, else by the symbol.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from engine.domain import Action, Message, Reading, Refusal, Signal, Update
from engine.units import DAY_MS, MINUTE_MS

Reader = Callable[[Message], Reading]
Post = tuple[str, int, int]  # channel, chat_id, message_id

QUICK_EDIT_MS = MINUTE_MS
SAME_SYMBOL_MS = 30 * DAY_MS
NEVER_MS = 1 << 60
LONGEST_CHAIN = 100
UNREAD = Refusal("no-layout", "the message has no text")


@dataclass(frozen=True, slots=True)
class ReadResult:
    """What the messages gave. ``posted`` = ``called`` + ``updated`` + the sum of ``refused`` + ``unread``.

    All are counts of posts: ``called`` gave signals, ``updated`` only updates, ``refused`` were refused (by code;
    ``refusals`` has the message keys), ``unread`` have no text or none that a layout knows. ``edited`` counts posts
    whose text changed after they had called, ``deleted`` those that were deleted, whatever else became of them.
    """

    signals: list[Signal]
    updates: list[Update]
    posted: int
    called: int
    updated: int
    refused: Counter[str]
    refusals: list[tuple[str, Refusal]]
    unread: int
    edited: int
    deleted: int


@dataclass(slots=True)
class _Fate:
    """What is known of one post so far."""

    key: str
    has_original: bool = False
    reply_to: int | None = None
    signals: list[Signal] = field(default_factory=list)
    actions: list[Action] = field(default_factory=list)
    refusal: Refusal = UNREAD
    edited: bool = False


def read_archive(messages: Iterable[Message], read: Reader) -> ReadResult:
    """Read message versions of any number of channels, in any order.

    Parameters
    ----------
    messages
        Posts, edits and deletions; several versions of a post are told apart by when they became known.
    read
        Reads one version. It is not asked about deletions and messages without text.

    Returns
    -------
        Signals and updates in the order in which they became known, and what became of every post. An update that
        answers a post which was edited into a call later may lie before its signal's time.
    """
    fates: dict[Post, _Fate] = {}
    deleted: set[Post] = set()
    signals: list[Signal] = []
    found: list[tuple[Message, Action, Signal | None]] = []
    latest: dict[tuple[str, str], Signal] = {}
    for message in sorted(messages, key=_when_known):
        post = (message.channel, message.chat_id, message.message_id)
        if message.kind == "deletion":
            deleted.add(post)
            continue
        fate = fates.setdefault(post, _Fate(message.key))
        fate.reply_to = fate.reply_to or message.reply_to
        fate.has_original |= not _is_edited(message)
        fate.edited |= bool(fate.signals) and fate.signals[0].message.text != message.text
        reading = read(message) if message.text.strip() else Reading(refusal=UNREAD)
        if reading.setups and not fate.signals:
            late = _is_hindsight(message, fate)
            fate.signals = [Signal(message, setup, i, late) for i, setup in enumerate(reading.setups)]
            signals += fate.signals
            latest.update({(message.channel, signal.setup.symbol): signal for signal in fate.signals})
        for action in reading.actions:
            if not any(_is_same(action, known) for known in fate.actions):
                fate.actions.append(action)
                found.append((message, action, latest.get((message.channel, action.symbol or ""))))
        if reading.refusal and reading.refusal.code != UNREAD.code:
            fate.refusal = reading.refusal
    updates = [Update(message, action, _bind(message, action, near, fates)) for message, action, near in found]
    return _result(fates, signals, updates, len(deleted))


def _when_known(message: Message) -> tuple[int, int, bool, int]:
    """The order of versions, those of unknown time last; of versions known at one time the original comes first."""
    return message.known_ms or NEVER_MS, message.message_id, _is_edited(message), message.version


def _is_edited(message: Message) -> bool:
    """Whether this is not the text that was posted first."""
    return message.kind == "edit" or message.edited_ms is not None


def _is_hindsight(message: Message, fate: _Fate) -> bool:
    """Whether a call may have been written after the fact."""
    if not _is_edited(message):
        return False
    if message.edited_ms is None:
        return True
    return not fate.has_original and message.edited_ms - message.posted_ms > QUICK_EDIT_MS


def _is_same(action: Action, other: Action) -> bool:
    """Whether two versions of a post say the same action, wherever in the text it stands."""
    return (action.kind, action.symbol, action.level, action.share) == (
        other.kind,
        other.symbol,
        other.level,
        other.share,
    )


def _bind(message: Message, action: Action, near: Signal | None, fates: dict[Post, _Fate]) -> str | None:
    """The id of the signal that an update is about, or None when nothing tells.

    First the post itself and what it answers, and what that answers, up to a post that called the symbol (any symbol,
    when the update names none and the post made one call). Else ``near``, the channel's latest earlier call on the
    symbol, when it is not older than 30 days.
    """
    number: int | None = message.message_id
    for _ in range(LONGEST_CHAIN):
        fate = fates.get((message.channel, message.chat_id, number)) if number is not None else None
        if fate is None:
            break
        about = [s for s in fate.signals if action.symbol in (None, s.setup.symbol)]
        if number == message.message_id:  # a call that was edited into an update, not an update edited into a call
            about = [s for s in about if s.message.known_ms < message.known_ms]
        if len(about) == 1:
            return about[0].id
        number = fate.reply_to
    if near is not None and message.known_ms - near.message.known_ms <= SAME_SYMBOL_MS:
        return near.id
    return None


def _result(fates: dict[Post, _Fate], signals: list[Signal], updates: list[Update], deleted: int) -> ReadResult:
    """Count what became of the posts."""
    called = sum(bool(fate.signals) for fate in fates.values())
    updated = sum(bool(fate.actions) and not fate.signals for fate in fates.values())
    silent = [fate for fate in fates.values() if not fate.signals and not fate.actions]
    refusals = [(fate.key, fate.refusal) for fate in silent if fate.refusal.code != UNREAD.code]
    return ReadResult(
        signals=signals,
        updates=updates,
        posted=len(fates),
        called=called,
        updated=updated,
        refused=Counter(refusal.code for _, refusal in refusals),
        refusals=refusals,
        unread=len(silent) - len(refusals),
        edited=sum(fate.edited for fate in fates.values()),
        deleted=deleted,
    )

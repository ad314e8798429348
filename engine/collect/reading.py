"""Versions of messages become signals and updates.

1. All versions are put in the order in which they became known: a post when it was posted, an edit when it was edited.
2. The first version of a post that reads as a call makes its signals, at the time of that version. Later versions make
   no second signal: one with other levels is a change of the first, of what it says otherwise, at the time of the edit;
   one that reads as an update, or adds one to the call, acts as an answer would; what else it says is not followed, and
   counted (``later.py``).
   A deletion is counted and takes nothing away; for strategies that close the trade then it is an update of its own
   (``withdrawn``).
3. A call from an edited text whose original nobody saw is marked ``hindsight``, unless the edit came within a minute of
   the post: what it says may have been written after the market had moved.
4. A channel that says ``re-enter`` of a call makes it anew, as a signal of the message that says so (``again_of``).
5. Each post ends as exactly one of called, updated, refused or unread.
6. Updates are bound to signals (``binding.py``): by the chain of replies, else by a link, the channel's own id of a
   call, or the symbol; one that is meant for every trade belongs to all of them. What nothing binds is counted.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from engine.channel.meaning.actions import again_of
from engine.collect.binding import UNREAD, Fate, Found, Post, Unfollowed, calls_meant
from engine.collect.later import Reader, later, news
from engine.domain import Action, Message, Reading, Refusal, Signal, Update
from engine.units import MINUTE_MS

_Text = tuple[int, int, int, str]  # chat_id, message_id, version, and what was added; "" for the whole

QUICK_EDIT_MS = MINUTE_MS
NEVER_MS = 1 << 60
FORBIDDEN = ("never", "author")  # codes of what a profile does not want to be read


@dataclass(frozen=True, slots=True)
class ReadResult:
    """What the messages gave. ``posted`` = ``called`` + ``updated`` + the sum of ``refused`` + ``unread``.

    All are counts of posts: ``called`` gave signals, ``updated`` only updates, ``refused`` were refused (by code;
    ``refusals`` has the message keys), ``unread`` have no text or none that a layout knows. ``edited`` counts posts
    whose text changed after they had called, ``deleted`` those that were deleted, whatever else became of them.
    ``withdrawn`` has an update for each call whose post was deleted after it had called; none is in ``updates``.
    ``unfollowed`` are later versions of calls that changed nothing, since they do not read as the same call any more,
    ``unheard`` those of ``refusals`` that answer a call, but for what the profile forbids.
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
    withdrawn: Sequence[Update] = ()
    unfollowed: Sequence[Unfollowed] = ()
    unheard: Sequence[tuple[str, Refusal]] = ()

    @property
    def why_unfollowed(self) -> Counter[str]:
        """How many later versions of calls were not followed, by code."""
        return Counter(one.refusal.code for one in self.unfollowed)

    @property
    def unbound(self) -> int:
        """How many updates no signal was found for; they change nothing."""
        return sum(update.signal_id is None for update in self.updates)


class MessageReader:
    """Reads message versions one after another, as they become known.

    ``signals`` are all so far, in that order; ``refusal`` is why the last version gave nothing, and ``unfollowed``
    whether that was a later version of a call. ``read`` reads one version; it is not asked about deletions and messages
    without text. ``read_part`` (None: ``read``) reads what a later version adds to a call, as a message of its own.
    """

    def __init__(
        self, read: Reader, known: dict[_Text, Reading] | None = None, read_part: Reader | None = None
    ) -> None:
        self._read, self._read_part, self._known = read, read_part or read, known
        self._fates: dict[Post, Fate] = {}
        self._deleted: set[Post] = set()
        self._latest: dict[tuple[str, str], Signal] = {}
        self.signals: list[Signal] = []
        self.refusal: Refusal | None = None
        self.unfollowed = False

    def keep_readings(self) -> None:
        """Remember from now on what each text said, for ``anew``."""
        self._known = {} if self._known is None else self._known

    def anew(self) -> MessageReader:
        """A reader of the same channel that has heard nothing yet; what was read stays as it was read."""
        return MessageReader(self._read, self._known, self._read_part)

    def read_with(self, read: Reader) -> None:
        """Read what comes from now on in another way; what was read stays read."""
        self._read = self._read_part = read

    def take(self, message: Message) -> tuple[list[Signal], list[Update]]:
        """What a version says that is new: signals, and updates bound by what is known now."""
        before = len(self.signals)
        found = self.look(message)
        return self.signals[before:], [update for one in found for update in self.bind(one)]

    def withdrawn(self, message: Message) -> list[Update]:
        """A deletion as a close of each call of its post; nothing for other versions, and for a post without calls."""
        fate = self._fates.get((message.channel, message.chat_id, message.message_id))
        if fate is None or message.kind != "deletion":
            return []
        return [Update(message, Action("close", one.setup.symbol, "deletion"), one.id) for one in fate.signals]

    def look(self, message: Message) -> list[Found]:
        """Read a version: its signals are added to ``signals``; the actions in it, not bound yet."""
        post = (message.channel, message.chat_id, message.message_id)
        self.refusal, self.unfollowed = None, False
        if message.kind == "deletion":
            self._deleted.add(post)
            return []
        found: list[Found] = []
        edited = _is_edited(message)
        fate = self._fates.get(post)
        if fate is None:
            fate = self._fates[post] = Fate(has_original=not edited, reply_to=message.reply_to)
        else:
            fate.reply_to = fate.reply_to or message.reply_to
            fate.has_original |= not edited
            fate.edited |= bool(fate.signals) and fate.signals[0].message.text != message.text
        reading = self._reading(message) if _has_text(message) else Reading(refusal=UNREAD)
        self.refusal = reading.refusal
        called = bool(fate.signals)
        if called and edited:
            said = later(message, reading, fate, self._reading_part)
            self.refusal = None
            if said.refusal is not None:
                self._leave(message, said.refusal, fate)
            found += said.changes
            actions = said.actions
        else:
            actions = news(reading.actions, fate) if reading.actions else ()
        if reading.setups and not called:
            late = edited and _is_hindsight(message, fate)
            fate.signals = tuple([Signal(message, setup, i, late) for i, setup in enumerate(reading.setups)])
            fate.called = True
            self.signals += fate.signals
            for signal in fate.signals:
                self._latest[message.channel, signal.setup.symbol] = signal
                if signal.setup.ref:
                    self._latest[message.channel, f"#{signal.setup.ref}"] = signal
        for action in actions:
            fate.actions += (action,)
            by_ref = self._latest.get((message.channel, f"#{action.signal_ref}")) if action.signal_ref else None
            by_symbol = self._latest.get((message.channel, action.symbol or ""))
            found.append(Found(message, action, by_ref, by_symbol))
            if action.kind == "re-enter" and not fate.signals:
                self._enter_again(found[-1], fate)
        if reading.refusal and reading.refusal.code != UNREAD.code:
            fate.refusal = reading.refusal
        return found

    def _leave(self, message: Message, why: Refusal, fate: Fate) -> None:
        """Note a later version of a call that is not followed, once for each text."""
        self.unfollowed = all(one.message.text != message.text for one in fate.unfollowed)
        self.refusal = why if self.unfollowed else None
        if self.unfollowed:
            fate.unfollowed += (Unfollowed(message, why),)

    def _enter_again(self, found: Found, fate: Fate) -> None:
        """Make the calls anew that an action is about, as far as they are known now."""
        bound = [signal for signal in calls_meant(found, self._fates, self.signals) if signal is not None]
        late = _is_hindsight(found.message, fate)
        for i, signal in enumerate(bound):
            setup = again_of(signal.setup, found.action)
            fate.signals += (Signal(found.message, setup, i, late, again=signal.id),)
            self._latest[found.message.channel, setup.symbol] = fate.signals[-1]
        self.signals += fate.signals

    def _reading(self, message: Message) -> Reading:
        """What a text says."""
        return self._recalled(message, "", self._read)

    def _reading_part(self, message: Message) -> Reading:
        """What a text says that is a part of a version, the rest of which is blank."""
        return self._recalled(message, message.text, self._read_part)

    def _recalled(self, message: Message, part: str, read: Reader) -> Reading:
        """What was read before, or is read now."""
        if self._known is None:
            return read(message)
        name = message.chat_id, message.message_id, message.version, part
        found = self._known.get(name)
        if found is None:
            found = self._known[name] = read(message)
        return found

    def bind(self, found: Found) -> list[Update]:
        """The updates that an action makes: one for each signal that it is about, or one that nothing binds."""
        meant = calls_meant(found, self._fates, self.signals)
        return [Update(found.message, found.action, None if signal is None else signal.id) for signal in meant]

    def result(self, updates: list[Update], withdrawn: Sequence[Update] = ()) -> ReadResult:
        """What became of all posts so far."""
        return replace(_result(self._fates, self.signals, updates, len(self._deleted)), withdrawn=withdrawn)


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
    known = in_order(messages)
    reader = ArchiveReader(read)
    reader.hear(known, map(read, filter(speaks, known)))
    return reader.result()


class ArchiveReader:
    """What ``read_archive`` does, part by part: no version in a part became known before those of the parts before.

    ``read`` reads what later versions add to their calls.
    """

    def __init__(self, read: Reader) -> None:
        self._answers: Iterator[Reading] = iter(())
        self._reader = MessageReader(lambda _: next(self._answers), read_part=read)
        self._found: list[Found] = []
        self._withdrawn: list[Update] = []

    def hear(self, messages: Iterable[Message], answers: Iterable[Reading]) -> None:
        """Hear the next part, which is in order. ``answers``: what those of its versions say that speak."""
        self._answers = iter(answers)
        for message in messages:
            self._found += self._reader.look(message)
            if message.kind == "deletion":
                self._withdrawn += self._reader.withdrawn(message)

    def result(self) -> ReadResult:
        """What the parts gave together."""
        updates = [update for found in self._found for update in self._reader.bind(found)]
        return self._reader.result(updates, self._withdrawn)


def in_order(messages: Iterable[Message]) -> list[Message]:
    """Message versions as they became known."""
    return sorted(messages, key=when_known)


def speaks(message: Message) -> bool:
    """Whether a version has words to read."""
    return message.kind != "deletion" and _has_text(message)


def _has_text(message: Message) -> bool:
    """Whether there is something to read."""
    return bool(message.text.strip())


def when_known(message: Message) -> tuple[int, int, bool, int]:
    """The order of versions, those of unknown time last; of versions known at one time the original comes first."""
    return message.known_ms or NEVER_MS, message.message_id, _is_edited(message), message.version


def _is_edited(message: Message) -> bool:
    """Whether this is not the text that was posted first."""
    return message.kind == "edit" or message.edited_ms is not None


def _is_hindsight(message: Message, fate: Fate) -> bool:
    """Whether a call may have been written after the fact."""
    if not _is_edited(message):
        return False
    if message.edited_ms is None:
        return True
    return not fate.has_original and message.edited_ms - message.posted_ms > QUICK_EDIT_MS


def _result(fates: dict[Post, Fate], signals: list[Signal], updates: list[Update], deleted: int) -> ReadResult:
    """Count what became of the posts."""
    silent = [(post, fate.refusal) for post, fate in fates.items() if not fate.signals and not fate.actions]
    refusals = [(f"{post[0]}/{post[2]}", refusal) for post, refusal in silent if refusal.code != UNREAD.code]
    called = sum([fate.called for fate in fates.values()])
    unheard = [
        (f"{post[0]}/{post[2]}", refusal)
        for post, refusal in silent
        if refusal.code not in (UNREAD.code, *FORBIDDEN)
        and (answered := fates.get((post[0], post[1], fates[post].reply_to or 0))) is not None
        and answered.called
    ]
    return ReadResult(
        signals=signals,
        updates=updates,
        posted=len(fates),
        called=called,
        updated=sum([bool(fate.actions) and not fate.called for fate in fates.values()]),
        refused=Counter(refusal.code for _, refusal in refusals),
        refusals=refusals,
        unread=len(silent) - len(refusals),
        edited=sum([fate.edited for fate in fates.values()]),
        deleted=deleted,
        unfollowed=[one for fate in fates.values() for one in fate.unfollowed],
        unheard=unheard,
    )

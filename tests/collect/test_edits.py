"""A later version of a call that does not read as a new call: what it does to the trade, or why it is not followed."""

from __future__ import annotations

from collections import Counter

import pytest

from engine.channel import read
from engine.collect.edits import counted, hints
from engine.collect.reading import MessageReader, ReadResult, read_archive
from engine.domain import Message
from tests.channel.helpers import profile
from tests.collect.posts import at, deletion, edit, post

PROFILE = """
words
long = LONG
short = SHORT

never
- {target} ✅

signal "zone"
<<<
{side: LONG} #{symbol: SOL/USDT}
{? Entry: {entry: 140.00 - 142.00} }
TP1: {target: 145.00} {? ({share: 50%}) }
{? TP2: {target: 148.00} {? ({share: 50%}) } }
SL: {stop: 136.00}
>>>

signal "risks"
<<<
{side: LONG} #{symbol: SOL/USDT} {entry: 140.00} aiming {target: 2R} SL {stop: 136.00}
>>>

signal "two", many
<<<
{+ {symbol: SOL} {side: LONG} {entry: 140} sl {stop: 136} tp {target: 145}
}
>>>

update cancel
<<<
CANCELLED {? {symbol: SOL} }
>>>

update close
<<<
closed {? {symbol: SOL} }
>>>
"""
LONG = "LONG #SOL/USDT\nEntry: 140.90 - 142.50\nTP1: 145.00 (50%)\nTP2: 147.00 (50%)\nSL: 139.00"
SHORT = "SHORT #SOL/USDT\nEntry: 146.00 - 148.00\nTP1: 135.00 (50%)\nTP2: 133.00 (50%)\nSL: 149.90"
TWO = "SOL LONG 140 sl 136 tp 145\nETH LONG 2100 sl 2000 tp 2200"


@pytest.fixture(scope="module")
def story():
    """Reads messages with the profile above."""
    loaded = profile(PROFILE)

    def told(*messages: Message) -> ReadResult:
        return read_archive(messages, lambda message: read(loaded, message.text, message.known_ms))

    return told


def edited(first: str, *later: str | None) -> list[Message]:
    """A call of 09:00 and its versions of 10:00, 11:00 ..."""
    return [post(1, "09:00", first)] + [
        edit(1, "09:00", f"{10 + n}:00", text, version=2 + n) for n, text in enumerate(later) if text is not None
    ]


def said(result: ReadResult) -> list[str]:
    """Each update in a few words."""
    found = []
    for update in result.updates:
        action = update.action
        words = [f"{(update.message.known_ms - at('00:00')) // 3_600_000}h", action.kind, update.signal_id or "nobody"]
        words += [f"{action.level:g}"] if isinstance(action.level, float) else []
        words += [f"stop {action.stop:g}"] if isinstance(action.stop, float) else []
        words += ["/".join(f"{target.price:g}" for target in action.targets)] if action.targets else []
        found.append(" ".join(words))
    return found


# --------------------------------------------------------------------------- a stop in profit


@pytest.mark.parametrize(
    ("stop", "level"),
    [
        ("142.50", "142.5"),  # at the near entry: a level that stands twice
        ("141.00", "141"),  # between the entries
        ("144.00", "144"),
        ("145.00", "145"),  # at the first target
        ("146.60", "146.6"),  # beyond it, the second is left
    ],
)
def test_a_stop_moved_into_profit_by_an_edit_moves_the_stop(story, stop: str, level: str) -> None:
    result = story(*edited(LONG, LONG.replace("139.00", stop)))
    assert said(result) == [f"10h move-stop fast_scalps/1 {level}"]
    assert not result.unfollowed


def test_a_stop_at_the_entry_said_in_words_is_breakeven(story) -> None:
    (update,) = story(*edited(LONG, LONG.replace("139.00", "entry"))).updates
    assert (update.action.kind, update.action.level) == ("move-stop", "breakeven")
    back = story(*edited(LONG, LONG.replace("139.00", "entry"), LONG.replace("139.00", "be"), LONG))
    assert said(back) == ["10h move-stop fast_scalps/1", "12h change fast_scalps/1 stop 139"]


def test_of_a_short_too(story) -> None:
    assert said(story(*edited(SHORT, SHORT.replace("149.90", "136.10")))) == ["10h move-stop fast_scalps/1 136.1"]


def test_targets_that_it_names_otherwise_change_as_well(story) -> None:
    locked = LONG.replace("139.00", "144.00")
    result = story(*edited(LONG, locked.replace("147.00", "155.00"), locked, LONG))
    assert said(result) == [
        "10h move-stop fast_scalps/1 144",
        "10h change fast_scalps/1 145/155",
        "11h change fast_scalps/1 145/147",
        "12h change fast_scalps/1 stop 139",
    ]


def test_a_target_in_r_counts_from_the_risk_that_was_taken(story) -> None:
    """Moving the stop into profit says nothing of the target: no risk is left to count it in."""
    first = "LONG #SOL/USDT 140.00 aiming 2R SL 136.00"
    assert said(story(*edited(first, first.replace("136.00", "141.00")))) == ["10h move-stop fast_scalps/1 141"]


@pytest.mark.parametrize(
    "text",
    [
        LONG.replace("139.00", "147.00"),  # no target is left behind it
        LONG.replace("139.00", "144.00").replace("142.50", "143.50"),  # entries are another call's business
        LONG.replace("145.00", "140.00"),  # a target before the entries
        LONG.replace("139.00", "0"),
    ],
)
def test_other_levels_that_cannot_be_are_not_followed(story, text: str) -> None:
    result = story(*edited(LONG, text))
    assert said(result) == []
    assert len(result.unfollowed) == 1


def test_no_call_begins_with_its_stop_in_profit(story) -> None:
    result = story(post(1, "09:00", LONG.replace("139.00", "144.00")))
    assert (result.signals, result.refused, result.unfollowed) == ([], Counter(levels=1), [])


# --------------------------------------------------------------------------- an update of its own


@pytest.mark.parametrize(("text", "kind"), [("CANCELLED", "cancel"), ("closed", "close"), ("closed SOL", "close")])
def test_a_call_edited_into_an_update_acts_as_an_answer_would(story, text: str, kind: str) -> None:
    assert said(story(*edited(LONG, text))) == [f"10h {kind} fast_scalps/1"]
    assert said(story(post(1, "09:00", LONG), post(2, "10:00", text, reply_to=1))) == [f"10h {kind} fast_scalps/1"]


def test_a_post_of_two_calls_edited_into_cancelled_cancels_both(story) -> None:
    assert said(story(*edited(TWO, "CANCELLED"))) == ["10h cancel fast_scalps/1", "10h cancel fast_scalps/1#2"]
    assert said(story(*edited(TWO, "CANCELLED ETH"))) == ["10h cancel fast_scalps/1#2"]


def test_an_update_of_unknown_time_changes_nothing(story) -> None:
    """It would act when the call was posted: nobody could have known it then."""
    for text in ("closed SOL", LONG.replace("139.00", "138.00"), LONG.replace("139.00", "144.00")):
        result = story(post(1, "09:00", LONG), edit(1, "09:00", None, text))
        assert (said(result), result.why_unfollowed) == ([], Counter({"no-time": 1}))


# --------------------------------------------------------------------------- not followed


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (SHORT, "other-side"),
        ("LONG #ETH/USDT\nEntry: 2,100 - 2,140\nTP1: 2,200 (50%)\nSL: 1,900", "other-symbol"),
        (TWO, "other-calls"),
        ("sorry, wrong chart", "no-layout"),
        ("", "no-layout"),
        (f"{LONG}\ncontact 99", "unread"),
        (f"{LONG.replace('TP2: 147.00 (50%)', '')}\n145.00 ✅", "never"),
    ],
)
def test_a_version_that_is_not_the_same_call_is_counted_with_its_kind(story, text: str, code: str) -> None:
    result = story(*edited(LONG, text))
    assert (said(result), result.why_unfollowed) == ([], Counter({code: 1}))
    assert (result.called, result.refused.total(), result.unread) == (1, 0, 0), "the post itself is a call"
    assert [one.message.text for one in result.unfollowed] == [text]
    assert bool(hints(result.why_unfollowed)) == (code != "never")


def test_what_follows_is_compared_with_what_was_followed(story) -> None:
    result = story(*edited(LONG, SHORT, SHORT, LONG, LONG.replace("139.00", "138.00")))
    assert said(result) == ["13h change fast_scalps/1 stop 138"]
    assert counted(result.why_unfollowed) == "1 later version of calls not followed: 1 another side"


def test_chat_and_answers_edited_later_are_no_versions_of_a_call(story) -> None:
    result = story(
        post(1, "09:00", "gm"), edit(1, "09:00", "09:10", "gm all"),
        post(2, "09:20", LONG), post(3, "09:30", "closed", reply_to=2), edit(3, "09:30", "09:40", "so it goes"),
        deletion(2, "09:20", "10:00"),
    )  # fmt: skip
    assert (said(result), result.unfollowed) == (["9h close fast_scalps/2"], [])


def test_a_live_reader_says_so_at_once_and_once(story) -> None:
    loaded = profile(PROFILE)
    reader = MessageReader(lambda message: read(loaded, message.text, message.known_ms))
    heard = []
    for message in edited(LONG, LONG.replace("139.00", "144.00"), SHORT, SHORT):
        _, updates = reader.take(message)
        heard.append(([u.action.kind for u in updates], reader.unfollowed, reader.refusal and reader.refusal.code))
    assert heard == [([], False, None), (["move-stop"], False, None), ([], True, "other-side"), ([], False, None)]

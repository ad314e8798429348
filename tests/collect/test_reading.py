"""What a channel's posts, edits and deletions give: each story read from top to bottom."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.collect.reading import ReadResult, read_archive
from engine.domain import Distance, EntryKind, Message, Reading, Refusal, Setup, Side, Target
from engine.units import DAY_MS
from tests.collect.posts import CALL, WORSE, at, deletion, edit, post, read_toy

ETH = "SELL ETHUSDT @ 3000, TP 2900, SL 3050"
NO_STOP = "BUY BTCUSDT @ 64800, TP 65000"


def story(*messages: Message) -> ReadResult:
    """What the toy reader makes of messages."""
    return read_archive(messages, read_toy)


def calls(result: ReadResult) -> list[tuple[str, float, str, bool]]:
    """Id, entry, time it acts, hindsight."""
    return [
        (s.id, s.setup.entries[0], f"{(s.message.known_ms - at('00:00')) // 3_600_000:02}", s.hindsight)
        for s in result.signals
    ]


# --------------------------------------------------------------------------- signals


def test_a_post_that_reads_as_a_call_acts_when_it_was_posted() -> None:
    result = story(post(1, "09:00", CALL))
    assert calls(result) == [("fast_scalps/1", 64800.0, "09", False)]


def test_an_answer_to_a_call_that_is_refused_is_told_apart_from_other_posts() -> None:
    half = "BUY BTCUSDT @ 64800"  # refused, with no word on the stop
    result = story(
        post(1, "09:00", CALL),
        post(2, "10:00", half, reply_to=1),
        post(3, "10:00", "gm", reply_to=1),  # says nothing
        post(4, "10:00", half, reply_to=3),  # answers no call
        post(5, "10:00", half),
    )
    assert [key for key, _ in result.refusals] == [f"fast_scalps/{n}" for n in (2, 4, 5)]
    assert [(key, refusal.code) for key, refusal in result.unheard] == [("fast_scalps/2", "no-stop")]


def test_several_setups_of_one_post_are_several_signals() -> None:
    assert [s.id for s in story(post(1, "09:00", f"{CALL}\n{ETH}")).signals] == ["fast_scalps/1", "fast_scalps/1#2"]


def test_an_edit_after_the_call_makes_no_second_signal() -> None:
    result = story(post(1, "09:00", CALL), edit(1, "09:00", "10:00", WORSE), edit(1, "09:00", "12:00", "gone 🚀"))
    assert [s.setup.targets[0].price for s in result.signals] == [65000.0]
    assert (result.posted, result.called, result.edited) == (1, 1, 1)


@pytest.mark.parametrize(
    ("text", "entries", "targets", "stop"),
    [
        ("BUY BTCUSDT @ 64800, TP 65400, SL 64500", (), (65400.0,), None),
        ("BUY BTCUSDT @ 64800, TP 65000, SL 64600", (), (), 64600.0),
        ("BUY BTCUSDT @ 64700, TP 65000, SL 64500", (64700.0,), (), None),
        ("BUY BTCUSDT @ 64700, TP 65400, SL 64600", (64700.0,), (65400.0,), 64600.0),
    ],
)
def test_an_edit_changes_what_it_says_otherwise(
    text: str, entries: tuple[float, ...], targets: tuple[float, ...], stop: float | None
) -> None:
    (update,) = story(post(1, "09:00", CALL), edit(1, "09:00", "10:00", text)).updates
    said = update.action
    assert (said.kind, said.entries, tuple(t.price for t in said.targets), said.stop) == (
        "change", entries, targets, stop,
    )  # fmt: skip


ONE = Distance(1, "percent")
TWO_R = Distance(2, "R")


@pytest.mark.parametrize(
    ("now", "entries", "targets", "stop"),
    [
        ({"targets": (Target(None, distance=ONE),)}, (), (ONE,), None),
        ({"stop": Distance(2, "percent")}, (), (), Distance(2, "percent")),
        ({"entries": (64700.0,)}, (64700.0,), (), None),
    ],
)
def test_an_edit_says_nothing_of_distances_whose_text_stays(
    now: dict, entries: tuple[float, ...], targets: tuple[Distance, ...], stop: Distance | None
) -> None:
    """Where they count from may change all the same; what that means stands in ``simulate/amending.py``."""
    first = Setup("BTCUSDT", Side.LONG, EntryKind.LIMIT, (64800.0,), (Target(None, distance=TWO_R),), ONE, "one line")
    read = {"before": Reading(setups=(first,)), "after": Reading(setups=(replace(first, **now),))}
    told = [post(1, "09:00", "before"), edit(1, "09:00", "10:00", "after")]
    (update,) = read_archive(told, lambda message: read[message.text]).updates
    said = update.action
    assert (said.entries, tuple(t.distance for t in said.targets), said.stop) == (entries, targets, stop)


def test_an_edit_that_completes_a_call_acts_at_its_own_time() -> None:
    result = story(post(1, "09:00", NO_STOP), edit(1, "09:00", "11:00", CALL))
    assert calls(result) == [("fast_scalps/1", 64800.0, "11", False)]
    assert result.refused == Counter()


@pytest.mark.parametrize(
    ("edited", "acts", "hindsight"),
    [
        ("09:00:40", "09", False),
        ("09:01", "09", False),
        ("09:01:01", "09", True),
        ("13:00", "13", True),
        (None, "09", True),
    ],
)
def test_an_exported_edit_whose_original_is_lost(edited: str | None, acts: str, hindsight: bool) -> None:
    result = story(edit(1, "09:00", edited, CALL, origin="export", version=1))
    assert calls(result) == [("fast_scalps/1", 64800.0, acts, hindsight)]


def test_an_older_export_with_the_original_takes_the_doubt_away() -> None:
    result = story(
        edit(1, "09:00", "13:00", CALL, origin="export", version=1), post(1, "09:00", CALL, origin="export", version=2)
    )
    assert calls(result) == [("fast_scalps/1", 64800.0, "09", False)]
    assert result.edited == 0, "the text is the same"


def test_an_edit_of_unknown_time_never_passes_for_the_original() -> None:
    result = story(edit(1, "09:00", None, CALL, version=1), post(1, "09:00", "big call soon", version=2))
    assert calls(result) == [("fast_scalps/1", 64800.0, "09", True)]


def test_a_deleted_call_stays() -> None:
    result = story(post(1, "09:00", CALL), deletion(1, "09:00", "12:00"), deletion(7, "08:00", "12:00"))
    assert len(result.signals) == 1
    assert (result.posted, result.deleted) == (1, 2)
    assert result.updates == []
    (gone,) = result.withdrawn
    assert (gone.signal_id, gone.action.kind, gone.message.known_ms) == ("fast_scalps/1", "close", at("12:00"))


def test_a_post_deleted_before_it_called_withdraws_nothing() -> None:
    assert list(story(deletion(1, "09:00", "10:00"), edit(1, "09:00", "11:00", CALL, version=2)).withdrawn) == []


# --------------------------------------------------------------------------- entered again


def test_a_re_entry_is_the_same_call_made_anew() -> None:
    result = story(
        post(1, "09:00", CALL), post(2, "11:00", "re-enter BTCUSDT"), post(3, "12:00", "re-enter", reply_to=1)
    )
    assert calls(result) == [
        ("fast_scalps/1", 64800.0, "09", False),
        ("fast_scalps/2", 64800.0, "11", False),
        ("fast_scalps/3", 64800.0, "12", False),
    ]
    first, *others = result.signals
    assert [one.again for one in result.signals] == [None, "fast_scalps/1", "fast_scalps/1"]
    assert {(one.setup.targets, one.setup.stop, one.setup.side) for one in others} == {
        (first.setup.targets, first.setup.stop, first.setup.side)
    }
    assert (result.posted, result.called, result.updated) == (3, 1, 2)


def test_a_re_entry_may_name_what_is_new() -> None:
    result = story(post(1, "09:00", CALL), post(2, "11:00", "re-enter BTCUSDT @ 64700 SL 64400"))
    again = result.signals[1].setup
    assert (again.entries, again.stop, again.targets) == ((64700.0,), 64400.0, result.signals[0].setup.targets)


def test_a_re_entry_into_nothing_is_counted_and_does_nothing() -> None:
    result = story(post(1, "09:00", CALL), post(2, "11:00", "re-enter ETHUSDT"))
    assert len(result.signals) == 1
    assert [update.signal_id for update in result.updates] == [None]


def test_what_follows_a_re_entry_is_about_the_re_entry() -> None:
    messages = [post(1, "09:00", CALL), post(2, "11:00", "re-enter BTCUSDT"), post(3, "12:00", "close BTCUSDT"),
                post(4, "12:30", "close", reply_to=2), post(5, "13:00", "close", reply_to=1)]  # fmt: skip
    assert bindings(*messages)[1:] == ["fast_scalps/2", "fast_scalps/2", "fast_scalps/1"]


def test_a_post_enters_again_once_however_often_it_is_edited() -> None:
    result = story(
        post(1, "09:00", CALL),
        post(2, "11:00", "re-enter BTCUSDT"),
        edit(2, "11:00", "11:30", "re-enter BTCUSDT @ 64700"),
        edit(2, "11:00", "11:40", "re-enter BTCUSDT please"),
    )
    assert [(one.id, one.setup.entries) for one in result.signals[1:]] == [("fast_scalps/2", (64800.0,))]


def test_signals_come_in_the_order_in_which_they_became_known() -> None:
    late = edit(1, "09:00", "12:00", CALL, version=1)
    assert [s.message.message_id for s in story(late, post(3, "13:00", ETH), post(2, "10:00", ETH)).signals] == [
        2,
        1,
        3,
    ]


# --------------------------------------------------------------------------- counts


def test_every_post_is_counted_once() -> None:
    result = story(
        post(1, "09:00", CALL),
        post(2, "09:10", " \n", media="photo"),
        post(3, "09:20", "gm ☀️"),
        post(4, "09:30", NO_STOP),
        post(5, "09:40", "close BTCUSDT", reply_to=1),
        edit(3, "09:20", "09:50", "gm all ☀️"),
    )
    assert (result.posted, result.called, result.updated, result.unread) == (5, 1, 1, 2)
    assert result.refused == Counter({"no-stop": 1})
    assert [(key, refusal.text) for key, refusal in result.refusals] == [("fast_scalps/4", "the call has no stop")]


def test_a_message_without_text_is_not_read() -> None:
    def fail(message: Message) -> Reading:
        raise AssertionError(f"asked about {message.key}")

    assert read_archive([post(1, "09:00", "", media="photo"), deletion(1, "09:00", "10:00")], fail).unread == 1


def test_a_refusal_without_code_of_its_own_does_not_hide_one_that_has() -> None:
    result = story(post(1, "09:00", NO_STOP), edit(1, "09:00", "10:00", "nothing to see"))
    assert (result.refused, result.unread) == (Counter({"no-stop": 1}), 0)


# --------------------------------------------------------------------------- updates


def bindings(*messages: Message) -> list[str | None]:
    return [update.signal_id for update in story(*messages).updates]


def test_an_answer_to_a_call_is_about_that_call() -> None:
    old, new = post(1, "09:00", CALL), post(2, "10:00", CALL)
    assert bindings(old, new, post(3, "11:00", "close", reply_to=1)) == ["fast_scalps/1"]


def test_an_answer_to_an_answer_is_too() -> None:
    chat = [post(2, "10:00", "TP1 hit ✅", reply_to=1), post(3, "10:30", "🔥🔥", reply_to=2)]
    assert bindings(post(1, "09:00", CALL), *chat, post(4, "11:00", "close", reply_to=3)) == ["fast_scalps/1"]


def test_without_an_answer_the_symbol_tells() -> None:
    earlier, later = post(1, "09:00", CALL), post(4, "12:00", CALL)
    other = post(2, "09:30", ETH)
    assert bindings(earlier, other, post(3, "10:00", "close BTCUSDT"), later) == ["fast_scalps/1"]


def test_an_answer_to_a_call_on_another_symbol_goes_by_the_symbol() -> None:
    result = bindings(post(1, "09:00", CALL), post(2, "09:30", ETH), post(3, "10:00", "close BTCUSDT", reply_to=2))
    assert result == ["fast_scalps/1"]


def test_an_answer_to_a_post_of_two_calls_needs_the_symbol() -> None:
    both = post(1, "09:00", f"{CALL}\n{ETH}")
    assert bindings(both, post(2, "10:00", "close ETHUSDT", reply_to=1)) == ["fast_scalps/1#2"]
    assert bindings(both, post(2, "10:00", "close", reply_to=1)) == [None]


@pytest.mark.parametrize(("days", "bound"), [(30, "fast_scalps/1"), (31, None)])
def test_a_symbol_binds_for_thirty_days(days: int, bound: str | None) -> None:
    update = post(2, "09:00", "close BTCUSDT")
    assert bindings(post(1, "09:00", CALL), replace(update, posted_ms=update.posted_ms + days * DAY_MS)) == [bound]


def test_what_nothing_tells_stays_unbound() -> None:
    assert bindings(post(1, "09:00", CALL), post(2, "10:00", "close")) == [None]
    assert bindings(post(1, "10:00", CALL), post(2, "09:00", "close BTCUSDT")) == [None], "the call came later"
    assert bindings(post(1, "09:00", CALL), post(2, "10:00", "close BTCUSDT", channel="btc_alerts")) == [None]
    assert bindings(post(1, "09:00", "a", reply_to=2), post(2, "10:00", "close", reply_to=1)) == [None], "a circle"
    assert bindings(post(2, "10:00", "close", reply_to=1)) == [None], "the answered post is not here"


def test_a_call_edited_into_an_update_is_about_itself() -> None:
    result = story(post(1, "09:00", CALL), edit(1, "09:00", "11:00", "close"), edit(1, "09:00", "12:00", "close!"))
    assert [(u.signal_id, u.message.known_ms) for u in result.updates] == [("fast_scalps/1", at("11:00"))]
    assert (result.called, result.updated) == (1, 0)


def test_an_update_edited_into_a_call_is_not() -> None:
    result = story(post(1, "09:00", "close BTCUSDT"), edit(1, "09:00", "11:00", CALL))
    assert [u.signal_id for u in result.updates] == [None]
    assert len(result.signals) == 1


# --------------------------------------------------------------------------- properties

TEXTS = st.sampled_from([CALL, WORSE, ETH, NO_STOP, "gm", "", "close", "close ETHUSDT", f"{CALL}\n{ETH}"])
VERSIONS = st.lists(
    st.tuples(st.integers(1, 5), TEXTS, st.none() | st.integers(10, 20), st.none() | st.integers(1, 5)), max_size=15
)


@given(VERSIONS, st.randoms())
def test_counts_add_up_and_the_order_of_arrival_is_no_matter(versions: list[tuple], shuffle: random.Random) -> None:
    messages = [
        post(n, f"09:0{n}", text, reply_to=reply, version=v)
        if hour is None
        else edit(n, f"09:0{n}", f"{hour}:00", text, reply_to=reply, version=v)
        for v, (n, text, hour, reply) in enumerate(versions, 1)
    ]
    result = story(*messages)
    assert result.posted == len({m.message_id for m in messages})
    assert result.posted == result.called + result.updated + result.refused.total() + result.unread
    assert len({s.id for s in result.signals}) == len(result.signals)
    assert {u.signal_id for u in result.updates} <= {s.id for s in result.signals} | {None}
    assert all(not (s.hindsight and s.message.edited_ms is None) for s in result.signals)
    shuffled = messages.copy()
    shuffle.shuffle(shuffled)
    assert story(*shuffled).signals == result.signals


def test_the_code_of_a_refusal_is_counted_as_the_reader_gives_it() -> None:
    def refuse(message: Message) -> Reading:
        return Reading(refusal=Refusal(message.text, "because", 3))

    result = read_archive([post(1, "09:00", "stray-number"), post(2, "09:01", "no-layout")], refuse)
    assert (dict(result.refused), result.unread) == ({"stray-number": 1}, 1)

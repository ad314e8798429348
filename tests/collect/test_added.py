"""What a channel writes into a call that stands as it stood: below it, above it, behind one of its lines."""

from __future__ import annotations

import time
from collections import Counter
from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.channel import Profile, load_profile, read
from engine.collect.added import Lines, added, keep, set_aside
from engine.collect.reading import MessageReader, ReadResult, read_archive
from engine.collect.telling import acts as acts_in
from engine.collect.telling import tells
from engine.config.text import SourceText
from engine.domain import Message
from tests.channel.helpers import CHAT, HEAD, shipped
from tests.collect.posts import edit, post
from tests.collect.test_edits import SHORT, edited, said
from tests.conftest import EXAMPLES

LIKE = HEAD.replace("\ndefaults", '\nlike "library/updates"\n\ndefaults') + "part: 50%\n"
PROFILE = """
signal "zone"
<<<
{side: LONG} #{symbol: SOL/USDT}
Entry: {entry: 140.00 - 142.00}
TP1: {target: 145.00} {? ({share: 50%}) }
{? TP2: {target: 148.00} {? ({share: 50%}) } }
SL: {stop: 136.00}
>>>

signal "two", many
<<<
{+ {symbol: SOL} {side: LONG} {entry: 140} sl {stop: 136} tp {target: 145}
}
>>>
"""
FOOTER = "footer from: join our VIP\n"
LONG = "🔥 NEW CALL\nLONG #SOL/USDT\nEntry: 140.90 - 142.50\nTP1: 145.00 (50%)\nTP2: 147.00 (50%)\nSL: 139.00"
TWO = "SOL LONG 140 sl 136 tp 145\nETH LONG 2100 sl 2000 tp 2200"


@cache
def loaded(head: str = LIKE) -> Profile:
    """The profile, with the phrases of the library."""
    made, found = load_profile(SourceText("added.channel", head + PROFILE + CHAT), "added", shipped)
    assert made is not None, found
    return made


@pytest.fixture(scope="module")
def story():
    """Reads messages with the profile above."""
    known = loaded()
    return lambda *messages: read_archive(messages, lambda message: read(known, message.text, message.known_ms))


def acts(result: ReadResult) -> list[str]:
    """What is done, without reports: these never trade."""
    return [line for line in said(result) if "-hit" not in line and "filled" not in line]


def with_line(line: str) -> list[str]:
    """The call with a line below it, below a blank line, and above it."""
    return [f"{LONG}\n{line}", f"{LONG}\n\n{line}", f"{line}\n\n{LONG}"]


# --------------------------------------------------------------------------- an answer in the call itself


@pytest.mark.parametrize(
    "line",
    [
        "Closed at 144.20, +120 pips",
        "SL moved to entry",
        "Update: close half",
        "Update:\nclose half\nSL to entry",
        "Move SL to 143",
        "CANCELLED",
        "closed SOL",
        "TP1 hit, SL to BE",
        "тп1 ✅ фикс 50% стоп в бу",
    ],
)
def test_a_line_that_is_added_acts_as_an_answer_would(story, line: str) -> None:
    answer = story(post(1, "09:00", LONG), post(2, "10:00", line, reply_to=1))
    assert acts(answer)
    for text in with_line(line):
        result = story(*edited(LONG, text))
        assert said(result) == said(answer)
        assert not result.unfollowed
        assert [u.message.text for u in result.updates] == [text] * len(result.updates), "it is the edit that acts"


@pytest.mark.parametrize(
    "line",
    ["✅ TP1 hit", "TP1 hit +50%", "145.00 ✅", "All targets smashed 🔥 +12%", "Profit: 62.5% 📈\nPeriod: 2 Days"],
)
@pytest.mark.parametrize("phrases", [True, False])
def test_a_result_does_nothing_and_is_not_counted(line: str, phrases: bool) -> None:
    known = loaded(LIKE if phrases else HEAD)
    for text in with_line(line):
        result = read_archive(edited(LONG, text), lambda message: read(known, message.text, message.known_ms))
        assert (acts(result), result.unfollowed) == ([], [])


@pytest.mark.parametrize("line", ["Closed at 65,200, +120 pips", "TP1 hit, SL to BE", "SL moved to entry", "减仓提损"])
def test_what_a_profile_without_such_a_layout_does_not_read_is_counted(line: str) -> None:
    known = loaded(HEAD)
    for text in with_line(line):
        result = read_archive(edited(LONG, text), lambda message: read(known, message.text, message.known_ms))
        assert (said(result), result.why_unfollowed.total()) == ([], 1)


@pytest.mark.parametrize(
    "line",
    [
        "contact 99",
        "close it at 144 if it breaks",
        "closing at 150?",
        "Move SL to BE after TP1",
        "SL to entry when TP1 is hit",
        "Take 50% profit at first target",
    ],
)
def test_what_an_answer_would_not_do_an_edit_does_not(story, line: str) -> None:
    result = story(*edited(LONG, f"{LONG}\n{line}"))
    assert (said(result), result.why_unfollowed.total()) == ([], 1)


def test_chat_beside_a_call_is_nothing(story) -> None:
    result = story(*edited(LONG, f"{LONG}\ngood luck everyone"))
    assert (said(result), result.unfollowed) == ([], [])


# --------------------------------------------------------------------------- again and again


def test_each_edit_acts_on_what_is_new(story) -> None:
    one = f"{LONG}\n\n✅ TP1 hit, close half"
    two = f"{one}\nSL moved to entry"
    three = f"{two}\nclosed the rest at 146"
    assert acts(story(*edited(LONG, one, two, two, three))) == [
        "10h close fast_scalps/1", "11h move-stop fast_scalps/1", "13h close fast_scalps/1",
    ]  # fmt: skip


def test_a_line_that_is_mended_says_nothing_new(story) -> None:
    one, mended, longer = (f"{LONG}\n{line}" for line in ("clse half", "close half", "close half now guys"))
    assert acts(story(*edited(LONG, one, mended, longer, mended))) == ["11h close fast_scalps/1"]
    other = story(*edited(LONG, f"{LONG}\nMove SL to 143", f"{LONG}\nMove SL to 144"))
    assert acts(other) == ["10h move-stop fast_scalps/1 143", "11h move-stop fast_scalps/1 144"]


def test_a_second_line_that_says_the_same_acts_again(story) -> None:
    """As two answers would: half, and half of the rest."""
    one = f"{LONG}\nTP1 hit, close half"
    assert len(acts(story(*edited(LONG, one, f"{one}\nTP2 hit, close half")))) == 2


def test_a_line_that_goes_and_comes_back_is_not_new(story) -> None:
    closed = f"{LONG}\nclose half"
    for between in (LONG, "sorry, wrong chart"):
        assert acts(story(*edited(LONG, closed, between, closed))) == ["10h close fast_scalps/1"]


def test_what_is_added_after_something_that_was_not_followed(story) -> None:
    odd = f"{LONG}\ncontact 99"
    result = story(*edited(LONG, odd, f"{odd}\nclose half"))
    assert (acts(result), result.why_unfollowed) == (["11h close fast_scalps/1"], Counter(unread=1))


def test_a_version_that_changes_levels_and_says_more_does_both(story) -> None:
    moved = LONG.replace("139.00", "138.00")
    result = story(*edited(LONG, f"{moved}\nclose half", f"{moved}\nclose half\nSL to entry"))
    assert acts(result) == [
        "10h change fast_scalps/1 stop 138", "10h close fast_scalps/1", "11h move-stop fast_scalps/1",
    ]  # fmt: skip


def test_what_belongs_to_the_call_is_no_update(story) -> None:
    """A target that is added is a change of the call, not a line beside it."""
    short = LONG.replace("TP2: 147.00 (50%)\n", "")
    result = story(*edited(short, LONG, f"{LONG}\nclosed"))
    assert acts(result) == ["10h change fast_scalps/1 145/147", "11h close fast_scalps/1"]


def test_a_target_and_an_order_are_added_by_one_edit(story) -> None:
    short = LONG.replace("TP2: 147.00 (50%)\n", "")
    both = f"{LONG}\nSL to entry"
    result = story(*edited(short, both, both.replace("145.00", "146.00")))
    assert acts(result) == [
        "10h change fast_scalps/1 145/147", "10h move-stop fast_scalps/1", "11h change fast_scalps/1 146/147",
    ]  # fmt: skip
    assert not result.unfollowed


def test_a_level_that_an_order_takes_the_place_of_is_not_taken_away(story) -> None:
    result = story(*edited(LONG, LONG.replace("SL: 139.00", "SL moved to 143\nTP3: 150.00")))
    assert (said(result), result.why_unfollowed.total()) == ([], 1)


def test_a_deal_that_was_cancelled_by_its_whole_text_is_not_cancelled_again(story) -> None:
    assert acts(story(*edited(LONG, "CANCELLED", f"{LONG}\nCANCELLED"))) == ["10h cancel fast_scalps/1"]


# --------------------------------------------------------------------------- behind a line, and around it


@pytest.mark.parametrize(
    "text",
    [
        LONG.replace("145.00 (50%)", "145.00 (50%) ✅ closed half"),
        LONG.replace("139.00", "139.00 - close half"),
        f"{LONG.replace('🔥 NEW CALL', '')}\nclose half",
        f"{LONG.replace('🔥 NEW CALL', '🔥 Running')}\nclose half",
        f"{LONG.replace('145.00 (50%)', '145.00 (50%) ✅')}\nclose half",
        f"{LONG.replace('145.00 (50%)', '145.00  (50%) ✅ ')}\r\nclose half",
    ],
)
def test_ticks_tails_and_other_headings_leave_the_call_as_it_is(story, text: str) -> None:
    result = story(*edited(LONG, text))
    assert (acts(result), result.unfollowed) == (["10h close fast_scalps/1"], [])


def test_a_tick_alone_is_no_edit_that_is_not_followed() -> None:
    known = loaded(HEAD + "\nnever\n- {target} ✅\n")
    ticked = LONG.replace("(50%)", "(50%) ✅")
    result = read_archive(edited(LONG, ticked), lambda message: read(known, message.text, message.known_ms))
    assert (said(result), result.unfollowed) == ([], [])


def test_a_line_that_grows(story) -> None:
    one = f"{LONG}\nUpdate: TP1 hit"
    assert acts(story(*edited(LONG, one, f"{one}, SL to entry"))) == ["11h move-stop fast_scalps/1"]


def test_a_number_that_grows_is_another_number(story) -> None:
    """14 behind 139.00 is no line of its own."""
    result = story(*edited(LONG, LONG.replace("139.00", "139.0014")))
    assert acts(result) == ["10h change fast_scalps/1 stop 139.001"]


def test_below_the_footer() -> None:
    known = loaded(LIKE.replace("\nlike", f"\n{FOOTER}like"))
    call = f"{LONG}\n\njoin our VIP for 99 USDT"
    result = read_archive(edited(call, f"{call}\nclosed"), lambda message: read(known, message.text, message.known_ms))
    assert acts(result) == ["10h close fast_scalps/1"]


# --------------------------------------------------------------------------- not followed


@pytest.mark.parametrize(
    ("first", "text", "code"),
    [
        (TWO, f"{TWO}\nclosed", "which-call"),
        (TWO, TWO.replace("145", "145 closed"), "which-call"),
        (LONG, f"{LONG}\nre-enter", "again"),
        (LONG, f"{LONG.replace('Entry: 140.90 - 142.50', '')}\nclosed", "unread"),
        (LONG, f"{LONG.replace('TP2: 147.00 (50%)', 'second one 147')}\nclosed", "unread"),
        (LONG, f"{LONG.replace('LONG #SOL', 'LONG #ETH')}\nclosed", "unread"),
        (LONG, f"{LONG}\n\n{LONG.replace('SOL', 'ETH')}", "other-calls"),
    ],
)
def test_what_is_not_followed(story, first: str, text: str, code: str) -> None:
    result = story(*edited(first, text))
    assert (said(result), set(result.why_unfollowed)) == ([], {code})


def test_of_several_calls_the_one_that_is_named(story) -> None:
    assert acts(story(*edited(TWO, f"{TWO}\nclosed ETH"))) == ["10h close fast_scalps/1#2"]
    assert acts(story(*edited(TWO, f"closed SOL\n{TWO}"))) == ["10h close fast_scalps/1"]


def test_hindsight_stays_out(story) -> None:
    """Nobody knows when it was written, or what stood there before."""
    result = story(post(1, "09:00", LONG), edit(1, "09:00", None, f"{LONG}\nclosed"))
    assert (said(result), result.why_unfollowed) == ([], Counter({"no-time": 1}))
    assert said(story(edit(1, "09:00", "10:00", f"{LONG}\nclose half"))) == []


# --------------------------------------------------------------------------- the call itself, once more

BESIDE = [
    "SL to BE",
    "✅ TP1 hit",
    "Closed half",
    "Move SL to 143",
    "closed 25% at 146",
    "good luck everyone",
    "contact 99",
]


@pytest.mark.parametrize(
    ("old", "new", "change"),
    [
        ("147.00", "155.00", "change fast_scalps/1 145/155"),
        ("139.00", "138.00", "change fast_scalps/1 stop 138"),
        ("SL: 139.00", "SL: 144.00", "move-stop fast_scalps/1 144"),
        ("\nTP2: 147.00 (50%)", "", "change fast_scalps/1 145"),
        ("140.90 - 142.50", "141 - 142", "change fast_scalps/1"),
    ],
)
@pytest.mark.parametrize("line", BESIDE)
def test_a_level_is_followed_whatever_was_added_before(story, line: str, old: str, new: str, change: str) -> None:
    moved = LONG.replace(old, new)
    for one, two in zip(with_line(line), (f"{moved}\n{line}", f"{moved}\n\n{line}", f"{line}\n\n{moved}"), strict=True):
        before, result = story(*edited(LONG, one)), story(*edited(LONG, one, two, two))
        assert said(result) == [*said(before), f"11h {change}"]
        assert result.unfollowed == before.unfollowed, "what was told once is not told again"
        assert said(story(*edited(LONG, moved, two)))[0] == f"10h {change}"


def test_line_and_level_in_turn(story) -> None:
    one = f"{LONG}\nTP1 hit, close half"
    two = one.replace("139.00", "141.00")
    three = f"{two}\nclosed 25%"
    four = three.replace("147.00", "150.00")
    five = four.replace("150.00", "152.00") + "\nSL to entry"
    assert acts(story(*edited(LONG, one, two, three, four, five))) == [
        "10h close fast_scalps/1", "11h move-stop fast_scalps/1 141", "12h close fast_scalps/1",
        "13h change fast_scalps/1 145/150", "14h change fast_scalps/1 145/152", "14h move-stop fast_scalps/1",
    ]  # fmt: skip


@pytest.mark.parametrize(
    "tail",
    [("145.00 (50%)", "145.00 (50%) ✅ closed half"), ("139.00", "139.00, closed half"), ("LONG", "closed half")],
)
def test_what_stands_behind_a_line_of_the_call_is_set_aside_too(story, tail: tuple[str, str]) -> None:
    one = LONG.replace(*tail) if tail[0] != "LONG" else LONG.replace("CALL", "CALL - closed half")
    for old, new, change in (
        ("147.00", "155.00", "change fast_scalps/1 145/155"),
        ("139", "138", "change fast_scalps/1 stop 138"),
    ):
        result = story(*edited(LONG, one, one.replace(old, new)))
        assert (acts(result), result.unfollowed) == (["10h close fast_scalps/1", f"11h {change}"], [])


def test_what_was_added_is_no_level_of_the_call(story) -> None:
    """Not even where the whole version reads as a call: a channel whose calls are read by their labels."""
    known = loaded(LIKE.replace("\ndefaults", '\nlike "library/labels"\n\ndefaults'))
    for line in ("Closed half", "SL moved to 143", "TP1 hit at 145.10"):
        one = f"{LONG}\n\n{line}"
        result = read_archive(
            edited(LONG, one, one.replace("147.00", "155.00")),
            lambda message: read(known, message.text, message.known_ms),
        )
        assert acts(result)[-1] == "11h change fast_scalps/1 145/155"
        assert not result.unfollowed


def test_a_result_that_repeats_a_line_of_the_call_stays_beside_it() -> None:
    """Targets without a label, and each of them once more when it is hit."""
    known = loaded(
        HEAD
        + """
signal "bare"
<<<
{side: LONG} #{symbol: SOL/USDT} {entry: 140.00}
{+ {target: 145.00}
}
SL: {stop: 136.00}
>>>
"""
    )
    call = "LONG #SOL/USDT 140.90\n145.00\n147.00\nSL: 139.00"
    one, two = f"{call}\n145.00 ✅", f"{call}\n145.00 ✅".replace("147.00", "155.00")
    three = two.replace("155.00", "157.00").replace("SL: 139.00", "SL: 141.00")
    result = read_archive(edited(call, one, two, three), lambda message: read(known, message.text, message.known_ms))
    assert said(result) == [
        "11h change fast_scalps/1 145/155", "12h move-stop fast_scalps/1 141", "12h change fast_scalps/1 145/157",
    ]  # fmt: skip
    assert not result.unfollowed


def test_an_update_in_the_place_of_a_call_and_then_below_it(story) -> None:
    again = f"{LONG}\nclose half"
    result = story(*edited(LONG, "close half", again, again.replace("147.00", "155.00")))
    assert acts(result) == ["10h close fast_scalps/1", "12h change fast_scalps/1 145/155"]


def test_a_phrase_that_is_never_in_a_call() -> None:
    """As ``library/labels`` has it: "closed" in a message tells that it is no new call."""
    known = loaded(LIKE.replace("\npart: 50%\n", "\npart: 50%\n\nnever signal\n- closed\n"))
    one = f"{LONG}\n\nClosed half"
    result = read_archive(
        edited(LONG, one, one.replace("147.00", "155.00")), lambda message: read(known, message.text, message.known_ms)
    )
    assert acts(result) == ["10h close fast_scalps/1", "11h change fast_scalps/1 145/155"]
    assert not result.unfollowed


def test_an_order_that_nothing_reads_is_told_also_where_never_names_its_words() -> None:
    """A result that ``never`` names is not."""
    known = loaded(HEAD + "\nnever signal\n- closed\n- profit\n")
    for line, code in (("sold and closed some", "never"), ("Profit: 12%", None)):
        result = read_archive(
            edited(LONG, f"{LONG}\n\n{line}"), lambda message: read(known, message.text, message.known_ms)
        )
        assert (said(result), list(result.why_unfollowed)) == ([], [code] if code else [])


@pytest.mark.parametrize(
    ("line", "change", "code"),
    [
        ("Closed half", (LONG, SHORT), "other-side"),
        ("Closed half", ("#SOL", "#ETH"), "other-symbol"),
        ("Closed half", ("139.00", "150.00"), "levels"),
        (LONG.replace("SOL", "ETH"), ("139.00", "138.00"), "unread"),
    ],
)
def test_what_is_no_level_of_the_same_call_is_not_followed(
    story, line: str, change: tuple[str, str], code: str
) -> None:
    one = f"{LONG}\n\n{line}"
    result = story(*edited(LONG, one, f"{LONG.replace(*change)}\n\n{line}"))
    assert said(result) == said(story(*edited(LONG, one)))
    assert result.unfollowed[-1].refusal.code == code


# --------------------------------------------------------------------------- the twin: answers

SAYINGS = (
    "TP1 hit ✅", "close half", "SL moved to entry", "Move SL to 143", "closed 25%", "good luck everyone",
    "TP2 reached, +8%", "closed at 146", "new SL 144", "cancel the remaining limit orders", "🔥🔥🔥",
    "contact 99", "стоп в бу",
)  # fmt: skip


@settings(max_examples=EXAMPLES // 10, deadline=None)
@given(
    st.lists(st.sampled_from(SAYINGS), unique=True, max_size=6),
    st.lists(st.tuples(st.booleans(), st.integers(0, 3)), min_size=6, max_size=6),
    st.booleans(),
)
def test_what_is_added_edit_by_edit_does_what_answers_do(
    sayings: list[str], where: list[tuple[bool, int]], ticks: bool
) -> None:
    """Line by line, below or above the call and between what was added before, some of it two lines at once."""
    known = loaded()
    above, below, versions, answers = [], [], [], [post(1, "09:00", LONG)]
    for number, (saying, (is_above, place)) in enumerate(zip(sayings, where, strict=False)):
        (above if is_above else below).insert(place, saying)
        call = LONG.replace("(50%)", "(50%) ✅") if ticks and number > 2 else LONG
        versions.append("\n".join([*above, "", call, "", *below]))
        answers.append(post(2 + number, f"{10 + number}:00", saying, reply_to=1))
    results = [
        read_archive(messages, lambda message: read(known, message.text, message.known_ms))
        for messages in (edited(LONG, *versions), answers)
    ]
    assert said(results[0]) == said(results[1])


LEVELS = (("139.00", "138.50"), ("147.00", "155.00"), ("\nTP2: 147.00 (50%)", ""), ("140.90", "140.50"))


@settings(max_examples=EXAMPLES // 10, deadline=None)
@given(
    st.lists(st.one_of(st.sampled_from(SAYINGS), st.sampled_from(LEVELS)), unique=True, max_size=7),
    st.lists(st.integers(0, 3), min_size=7, max_size=7),
)
def test_lines_and_levels_in_any_order_do_what_each_does_by_itself(
    steps: list[str | tuple[str, str]], where: list[int]
) -> None:
    """Each edit adds a line or changes a level: lines do what answers do, levels what edits without lines do."""
    known = loaded()
    call, below, versions, alone, answers = LONG, list[str](), [], [], []
    for number, (step, place) in enumerate(zip(steps, where, strict=False)):
        if isinstance(step, str):
            below.insert(place, step)
            answers.append(post(2 + number, f"{10 + number}:00", step, reply_to=1))
        else:
            call = call.replace(*step)
            alone.append(edit(1, "09:00", f"{10 + number}:00", call, version=2 + number))
        versions.append("\n".join([call, "", *below]))
    both, each = (
        read_archive(messages, lambda message: read(known, message.text, message.known_ms))
        for messages in (edited(LONG, *versions), [post(1, "09:00", LONG), *alone, *answers])
    )
    assert said(both) == said(each)


# --------------------------------------------------------------------------- live, and hostile


def test_a_reader_that_reads_all_again_does_nothing_more(story) -> None:
    """Live messages come in any order, and are read anew; what was read stays as it was read."""
    known = loaded()
    asked: list[str] = []

    def reads(message: Message):
        asked.append(message.text)
        return read(known, message.text, message.known_ms)

    reader = MessageReader(reads)
    reader.keep_readings()
    moved = f"{LONG}\nclose half\nSL to entry".replace("147.00", "155.00")
    versions = edited(LONG, f"{LONG}\nclose half", f"{LONG}\nclose half\nSL to entry", moved)
    first = [reader.take(message) for message in versions]
    count = len(asked)
    again = reader.anew()
    assert [again.take(message) for message in versions] == first
    assert len(asked) == count == 7, "each version, what two of them add, and one without that"


def test_offsets_are_those_of_the_message(story) -> None:
    text = f"{LONG}\n\nUpdate: move SL to 143"
    (update,) = story(*edited(LONG, text)).updates
    (value,) = [one for one in update.action.values if one.field == "stop"]
    assert text[value.start : value.end] == "143"


@given(st.lists(st.sampled_from(["TP1: 145", "TP1: 145 ✅", "closed", "", "  ", "✅", "a b", "ab", "TP1: 145.5", "x"])))
def test_a_version_is_its_new_pieces_and_its_rest(lines: list[str]) -> None:
    text = "\n".join(lines)
    known = Lines.of("TP1: 145\nclosed")
    told = added(known, text)
    both = [(a, b) for a, b in zip(told.alone or " " * len(text), told.rest, strict=True) if a != b]
    assert len(told.rest) == len(text)
    assert all(" " in pair for pair in both), "each character is new or not"
    keep(known, told, reads=False)
    assert added(known, text).pieces == [], "what was heard is not new"


@pytest.mark.parametrize(
    "line",
    ["TP1: 145\n", "a", "a ", "✅", "✅\n", " \n", "TP1: 145 ✅ ", "1.", "close half\n", "+ 1", "in ", "5 % ", "get "],
)
def test_a_long_text_takes_time_in_proportion(line: str) -> None:
    """Whatever a stranger posts: ten times the text takes no more than some thirty times as long."""

    found: list[bool] = []

    def seconds(size: int) -> float:
        text = line * (size // len(line))
        best = 9.0
        for _ in range(3):
            known = Lines.of("x\n" + text)
            began = time.process_time()
            told = added(known, f"{text}\nclosed {text}")
            found.append(tells(told.text, told.pieces) or acts_in(told.text, told.pieces))
            set_aside(known, told)
            keep(known, told, reads=False)
            assert len(added(known, f"{text}\nclosed {text} again").bare) == len(text) * 2 + 14
            best = min(best, time.process_time() - began)
        return best

    assert seconds(100_000) < 30 * seconds(10_000) + 0.02
    assert all(found), "the order is seen"


def test_many_lines_of_chat_take_time_in_proportion() -> None:
    """Whatever a stranger posts: none of them tells anything, so that all of them are looked at."""

    def seconds(count: int) -> float:
        told = added(Lines.of("x"), "x\n" + "hi\n" * count)
        assert len(told.pieces) == count
        best = 9.0
        for _ in range(3):
            began = time.process_time()
            assert not tells(told.text, told.pieces)
            best = min(best, time.process_time() - began)
        return best

    assert seconds(20_000) < 30 * seconds(2_000) + 0.02

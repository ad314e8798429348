"""Telegram Desktop exports, old and new, whole and broken."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.collect.archive import Archive
from engine.collect.export import read_export
from engine.collect.reading import read_archive
from engine.domain import Entity, Message
from engine.problem import Problem
from tests.collect.posts import CALL, WORSE, at, read_toy

NEW = {
    "name": "Fast Scalps 🚀",
    "type": "private_channel",
    "id": 1234567890,
    "messages": [
        {"id": 1, "type": "service", "date": "2025-05-04T11:59:00", "date_unixtime": "1746349140", "text": ""},
        {
            "id": 2,
            "type": "message",
            "date": "2025-05-04T12:05:00",
            "date_unixtime": "1746349500",
            "edited": "2025-05-04T14:00:00",
            "edited_unixtime": "1746356400",
            "from": "Fast Scalps 🚀",
            "from_id": "channel1234567890",
            "author": "Maria",
            "photo": "(File not included. Change data exporting settings to download.)",
            "text": [
                {"type": "bold", "text": "BUY BTCUSDT"},
                " @ 64800, TP 65000, ",
                {"type": "text_link", "text": "SL 64500", "href": "https://t.me/c/1/2"},
            ],
            "text_entities": [],
        },
        {
            "id": 3,
            "type": "message",
            "date": "2025-05-04T12:40:00",
            "date_unixtime": "1746351600",
            "from": "Fast Scalps 🚀",
            "from_id": "channel1234567890",
            "forwarded_from": None,
            "reply_to_message_id": 2,
            "text": "TP1 hit ✅\nclose",
            "text_entities": [{"type": "plain", "text": "TP1 hit ✅\nclose"}],
        },
        {"id": 4, "type": "unsupported"},
    ],
}
OLD = {
    "name": "Fast Scalps",
    "type": "public_supergroup",
    "id": 1234567890,
    "messages": [
        {
            "id": 2,
            "type": "message",
            "date": "2019-07-01T12:05:00",
            "edited": "1970-01-01T02:00:00",
            "from": "Fast Scalps",
            "from_id": 9876543210,
            "text": CALL,
        },
        {
            "id": 3,
            "type": "message",
            "date": "2019-10-27T03:30:00",
            "edited": "2019-10-27T09:00:00",
            "from": None,
            "from_id": 9876543210,
            "forwarded_from": "Whale Room",
            "media_type": "voice_message",
            "file": "voice_1.ogg",
            "text": ["all in on ", {"type": "cashtag", "text": "$BTC"}],
        },
    ],
}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "result.json"


def save(path: Path, export: Any) -> Path:
    """Write an export as Telegram Desktop does: one space of indent, no ASCII escapes."""
    path.write_text(export if isinstance(export, str) else json.dumps(export, indent=1, ensure_ascii=False), "utf-8")
    return path


def with_messages(*messages: dict[str, Any], **chat: Any) -> dict[str, Any]:
    """An export with these messages, each completed with what every message has."""
    whole = [{"id": n, "type": "message", "date_unixtime": "1746349500"} | m for n, m in enumerate(messages, 1)]
    return NEW | {"messages": whole} | chat


def messages_of(path: Path, export: Any, timezone: str = "Europe/Sofia") -> list[Message]:
    result = read_export(save(path, export), "fast_scalps", timezone)
    assert not isinstance(result, Problem), str(result)
    return result[0]


def problem_of(path: Path, chat: str | None = None) -> Problem:
    result = read_export(path, "fast_scalps", "Europe/Sofia", chat)
    assert isinstance(result, Problem)
    return result


def fault_of(path: Path) -> Problem:
    """What is wrong with a damaged export, whether something of it could be read or not."""
    result = read_export(path, "fast_scalps", "Europe/Sofia")
    found = result if isinstance(result, Problem) else result[1].broken
    assert found is not None
    return found


# --------------------------------------------------------------------------- whole exports


def test_a_new_export(path: Path) -> None:
    save(path, NEW)
    os.utime(path, (1746400000, 1746400000))
    result = read_export(path, "fast_scalps", "America/New_York")
    assert not isinstance(result, Problem)
    messages, summary = result
    first = Message(
        channel="fast_scalps",
        chat_id=-1001234567890,
        message_id=2,
        version=1,
        kind="edit",
        posted_ms=at("09:05"),
        edited_ms=at("11:00"),
        received_ms=1746400000000,
        text=CALL,
        sender="Maria",
        media="photo",
        origin="export",
        entities=(Entity("bold", 0, 11), Entity("text_link", 31, 39, "https://t.me/c/1/2")),
    )
    assert messages[0] == first
    assert first.text[31:39] == "SL 64500"
    assert (messages[1].message_id, messages[1].kind, messages[1].reply_to) == (3, "post", 2)
    assert messages[1].sender == "Fast Scalps 🚀"
    assert str(summary) == (
        'chat "Fast Scalps 🚀"; 2025-05-04 to 2025-05-04; 1 edited after posting, only the last text known; '
        "skipped: 1 service, 1 unsupported"
    )


def test_an_old_export_is_in_the_local_time_of_the_workspace(path: Path) -> None:
    result = read_export(save(path, OLD), "fast_scalps", "Europe/Sofia")
    assert not isinstance(result, Problem)
    (call, voice), summary = result
    assert call.posted_ms == 1561971900_000, "12:05 in summer is 09:05 UTC"
    assert (call.kind, call.edited_ms) == ("post", None), "an edit in 1970 is none"
    assert (call.sender, voice.sender, voice.forwarded_from) == ("Fast Scalps", "9876543210", "Whale Room")
    assert voice.posted_ms == 1572139800_000, "03:30 came twice that night; a call must not act before it was posted"
    assert (voice.kind, voice.edited_ms) == ("edit", 1572159600_000)
    assert (voice.text, voice.media, voice.chat_id) == ("all in on $BTC", "voice_message", -1001234567890)
    assert str(summary).endswith("; 2 times without a zone taken as Europe/Sofia")


@pytest.mark.parametrize(
    ("kind", "bare", "marked"),
    [
        ("public_channel", 1234567890, -1001234567890),
        ("private_channel", 12, -1000000000012),
        ("private_supergroup", 1234567890, -1001234567890),
        ("private_group", 4455, -4455),
        ("personal_chat", 4455, 4455),
        ("public_channel", -1001234567890, -1001234567890),
    ],
)
def test_the_chat_id_is_marked_as_the_api_has_it(path: Path, kind: str, bare: int, marked: int) -> None:
    (message,) = messages_of(path, with_messages({"text": CALL}, type=kind, id=bare))
    assert message.chat_id == marked


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        (r"\x1F", ""),
        ("\x1f", ""),
        (r"\\x1F", r"\x1F"),
        (r"\u001f", ""),
        (r"\u20ac", "€"),
        (r"\q", "q"),
        (r"\ud83d", ""),
        (r"\ud83d\ude80", "🚀"),
        ('\\x1F \\n \\" \\\\ \\u20ac', ' \n " \\ €'),
        ("\t\u2028\u200f", "\t\u2028\u200f"),
    ],
)
def test_control_characters_and_broken_escapes_are_cleaned(path: Path, raw: str, text: str) -> None:
    whole = json.dumps(with_messages({"text": "BUYHERE"}), ensure_ascii=False)
    (message,) = messages_of(path, whole.replace("BUYHERE", f"BUY{raw}HERE"))
    assert message.text == f"BUY{text}HERE"


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"edited_unixtime": "0"}, ("post", None)),
        ({"edited_unixtime": 1746353100}, ("edit", at("10:05"))),
        ({"edited_unixtime": "1746349000"}, ("edit", at("09:05"))),  # before the post: clocks disagree
        ({"edited": "yesterday"}, ("edit", None)),
        ({"edited_unixtime": "99999999999"}, ("edit", None)),
        ({"edited": None}, ("post", None)),
    ],
)
def test_edits(path: Path, fields: dict[str, Any], expected: tuple[str, int | None]) -> None:
    (message,) = messages_of(path, with_messages({"text": CALL} | fields))
    assert (message.kind, message.edited_ms) == expected


@pytest.mark.parametrize(
    ("fields", "media"),
    [
        ({}, None),
        ({"photo": "photos/1.jpg"}, "photo"),
        ({"file": "chart.png"}, "file"),
        ({"media_type": "sticker", "file": "s.webp"}, "sticker"),
        ({"poll": {"question": "long?"}}, "poll"),
    ],
)
def test_media(path: Path, fields: dict[str, Any], media: str | None) -> None:
    (message,) = messages_of(path, with_messages({"text": ""} | fields))
    assert message.media == media


def test_an_answer_to_another_chat_is_no_answer_here(path: Path) -> None:
    (message,) = messages_of(
        path, with_messages({"text": "x", "reply_to_message_id": 7, "reply_to_peer_id": "channel5"})
    )
    assert message.reply_to is None


def test_what_cannot_be_used_is_skipped_and_counted(path: Path) -> None:
    export = with_messages(
        {"text": "good"},
        {"id": 1, "text": "again"},
        {"id": "2", "text": "x"},
        {"id": True, "text": "x"},
        {"text": "x", "date_unixtime": "soon"},
        {"text": "x", "date_unixtime": "12"},
        {"text": "x", "date_unixtime": None, "date": "9999-12-31T23:59:59"},
        {"text": "x" * 40_000},
        {"type": ["message"], "text": "x"},
    )
    export["messages"].append("no message")
    result = read_export(save(path, export), "fast_scalps", "UTC")
    assert not isinstance(result, Problem)
    assert [m.text for m in result[0]] == ["good"]
    assert dict(result[1].skipped) == {
        "repeated": 1,
        "malformed": 3,
        "without a readable date": 3,
        "longer than any Telegram message": 1,
        "unsupported": 1,
    }


def test_text_stands_in_the_entities_when_nowhere_else(path: Path) -> None:
    pieces = [{"type": "plain", "text": "BUY "}, {"type": "hashtag", "text": "#BTC"}, {"type": "bold"}, 7]
    (message,) = messages_of(path, with_messages({"text_entities": pieces}))
    assert (message.text, message.entities) == ("BUY #BTC", (Entity("hashtag", 4, 8),))


def test_an_import_again_changes_nothing_and_a_later_export_adds_the_edit(path: Path, tmp_path: Path) -> None:
    archive = Archive(tmp_path / "signals_raw.jsonl")
    export = with_messages({"text": CALL}, {"text": "gm"})
    assert [archive.append(messages_of(path, export)), archive.append(messages_of(path, export))] == [2, 0]
    changed = {"text": WORSE, "edited_unixtime": "1746356400"}
    assert archive.append(messages_of(path, with_messages(changed, {"text": "gm"}, {"text": "new"}))) == 2
    assert [(m.message_id, m.version, m.kind, m.known_ms) for m in archive.read()] == [
        (1, 1, "post", at("09:05")),
        (2, 1, "post", at("09:05")),
        (1, 2, "edit", at("11:00")),
        (3, 1, "post", at("09:05")),
    ]


# --------------------------------------------------------------------------- several chats

ACCOUNT = {
    "about": "Here is the data you requested.",
    "chats": {
        "about": "",
        "list": [
            NEW,
            with_messages({"text": "other"}, name="BTC Alerts", id=77),
            with_messages({"text": "twin"}, name="BTC Alerts", id=78, type="personal_chat"),
        ],
    },
    "left_chats": {"list": [with_messages({"text": "left"}, name=None, id=79)]},
}


@pytest.mark.parametrize(
    ("chat", "text"),
    [
        ("fast scalps 🚀", CALL),
        ("1234567890", CALL),
        ("-1001234567890", CALL),
        ("77", "other"),
        ("78", "twin"),
        ("79", "left"),
    ],
)
def test_a_chat_is_chosen_by_name_or_id(path: Path, chat: str, text: str) -> None:
    result = read_export(save(path, ACCOUNT), "fast_scalps", "UTC", chat)
    assert not isinstance(result, Problem)
    assert result[0][0].text == text


LISTED = '"Fast Scalps 🚀" (1234567890), "BTC Alerts" (77), "BTC Alerts" (78), "" (79)'


@pytest.mark.parametrize(
    ("chat", "said"),
    [
        (None, f"the export holds 4 chats; choose one with --chat NAME or ID: {LISTED}"),
        ("BTC Alerts", '2 chats are called "BTC Alerts"; choose by id: "BTC Alerts" (77), "BTC Alerts" (78)'),
        ("BTC Alert", f'the export holds no chat "BTC Alert"; did you mean "BTC Alerts"? the export holds {LISTED}'),
        ("zzz", f'the export holds no chat "zzz"; the export holds {LISTED}'),
    ],
)
def test_a_chat_that_is_not_clear_is_asked_for(path: Path, chat: str | None, said: str) -> None:
    save(path, ACCOUNT)
    assert str(problem_of(path, chat)) == f"{path}: {said}"


def test_a_long_list_of_chats_is_cut(path: Path) -> None:
    save(path, {"chats": {"list": [with_messages({}, id=n, name=f"chat\n{n}") for n in range(1, 31)]}})
    assert str(problem_of(path)).endswith('"chat 10" (10) and 20 more')


def test_the_only_chat_must_be_the_one_asked_for(path: Path) -> None:
    save(path, NEW)
    assert 'the export holds no chat "BTC Alerts"' in str(problem_of(path, "BTC Alerts"))


# --------------------------------------------------------------------------- files that are none


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", ": the file is empty; export again"),
        ("\0\0 \n", ": the file is empty; export again"),
        ("<html>", ": is an export in HTML; export again, with the format Machine-readable JSON"),
        (
            "gm",
            ":1:1: not valid JSON (Expecting value); nothing was imported; choose the file result.json of an export",
        ),
        ("[]", ': not an export of Telegram Desktop: it has no "messages"; choose the file result.json'),
        ('{"messages": {}}', ': not an export of Telegram Desktop: it has no "messages"; choose the file result.json'),
        (
            '{"messages": [], "id": "5"}',
            ': not an export of Telegram Desktop: it has no "messages"; choose the file res',
        ),
        ("[" * 100_000, ": not an export of Telegram Desktop; choose the file result.json"),
        ("9" * 5000, ": not an export of Telegram Desktop; choose the file result.json"),
    ],
)
def test_a_file_that_is_no_export_is_one_problem(path: Path, content: str, said: str) -> None:
    save(path, content)
    assert str(problem_of(path)).startswith(f"{path}{said}")


def test_a_file_that_is_not_there(path: Path) -> None:
    assert str(problem_of(path)) == f"{path}: there is no such file"


def test_a_folder(path: Path) -> None:
    path.mkdir()
    assert str(problem_of(path)) == f"{path}: is a folder; name the file in it: result.json/result.json"


def test_a_file_that_cannot_be_opened(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(self: Path, mode: str) -> bytes:
        raise PermissionError(13, "Permission denied")

    save(path, NEW)
    monkeypatch.setattr(Path, "open", refuse)
    assert str(problem_of(path)) == f"{path}: cannot be read: Permission denied"


def test_an_unknown_time_zone(path: Path) -> None:
    result = read_export(save(path, NEW), "fast_scalps", "Europe/Sofya")
    assert str(result) == 'there is no time zone "Europe/Sofya"; write one such as Europe/Sofia or UTC'


def test_an_export_that_is_cut_off_anywhere_is_said_to_be(path: Path) -> None:
    whole = json.dumps(NEW, indent=1, ensure_ascii=False).encode()
    third = whole.index(b'"id": 3')
    fourth = whole.index(b'"id": 4')
    for size in range(1, len(whole)):
        path.write_bytes(whole[:size])
        problem = fault_of(path)
        assert problem.text.startswith("the export is cut off")
        assert problem.hint == "nothing was imported; export the chat again"
        assert problem.line is not None
        assert problem.line <= whole[:size].count(b"\n") + 1
        found = read_export(path, "fast_scalps", "Europe/Sofia")
        if not isinstance(found, Problem):
            ends = [whole.index(b"\n  }", whole.index(b'"id": %d' % number)) + 4 for number in (2, 3)]
            assert [m.message_id for m in found[0]] == [n for n, end in zip((2, 3), ends, strict=True) if size >= end]
            assert found[1].broken is not None
        if third <= size < third + 100:
            assert problem.text == "the export is cut off after message 2"
        if fourth <= size < fourth + 10:
            assert problem.text == "the export is cut off after message 3"


def test_an_export_that_is_cut_off_in_an_escape_is_said_to_be(path: Path) -> None:
    whole = json.dumps(with_messages({"text": "€ESC"})).replace("ESC", r"\x1F\ud83d\ude80\n")
    for size in range(whole.index(r"\u20ac"), whole.index(r"\n") + 2):
        save(path, whole[:size])
        assert fault_of(path).text == "the export is cut off"


def test_an_export_that_is_broken_inside_says_where(path: Path) -> None:
    lines = json.dumps(NEW, indent=1, ensure_ascii=False).replace('"id": 3,', '"id": 3').splitlines()
    save(path, "\n".join(lines))
    problem = fault_of(path)
    after = lines.index('   "id": 3') + 2  # the comma is missed where the next line begins
    assert str(problem) == (
        f"{path}:{after}:4: not valid JSON (Expecting ',' delimiter) after message 2; nothing was imported; "
        "export the chat again"
    )


def test_an_export_in_another_encoding_says_where(path: Path) -> None:
    whole = json.dumps(NEW, indent=1, ensure_ascii=False).encode("utf-8-sig").replace(b"TP1 hit", b"TP1 \xff")
    path.write_bytes(whole)
    line = whole[: whole.index(b"\xff")].count(b"\n") + 1
    problem = fault_of(path)
    assert (problem.text, problem.line, problem.column) == ("not UTF-8 text after message 2", line, 17)


# --------------------------------------------------------------------------- what is left of a damaged export


def lines_of(export: Any) -> list[str]:
    return json.dumps(export, indent=1, ensure_ascii=False).splitlines()


def kept(path: Path, chat: str | None = None) -> tuple[list[int], list[str]]:
    """The numbers of the messages that could be read, and the places that could not."""
    found = read_export(path, "fast_scalps", "UTC", chat)
    assert not isinstance(found, Problem), str(found)
    assert found[1].broken is not None
    return [message.message_id for message in found[0]], [str(place) for place in found[1].damage]


MANY = with_messages(*({"text": f"{CALL} {n}", "from": "Fast Scalps"} for n in range(1, 9)))


@pytest.mark.parametrize(
    ("old", "new", "lost", "after"),
    [
        (' SL 64500 4",', " SL 6", 4, [3]),
        ('"id": 4,', '"id": 4', 4, [3]),
        ('"id": 8,', '"id": eight,', 8, [7]),
        (' 2",', ' 2", "text": "again",', 2, [1]),
        ('"from": "Fast Scalps"\n  },\n  {\n   "id": 6', '"from": "Fast Scalps"\n  }\n  {\n   "id": 6', 0, []),
    ],
    ids=["no end of a text", "no comma inside", "no number", "a key twice", "no comma between"],
)
def test_every_whole_message_of_a_damaged_export_is_kept(
    path: Path, old: str, new: str, lost: int, after: list[int]
) -> None:
    """One place is damaged, and the last bracket is cut off, so that the file is none of JSON in any case."""
    text = "\n".join(lines_of(MANY))
    assert text.count(old) == 1
    save(path, text.replace(old, new)[:-1])
    numbers, places = kept(path)
    assert numbers == [number for number in range(1, 9) if number != lost]
    assert [place.partition(" after message ")[2] for place in places] == [str(number) for number in after]


def test_a_message_cannot_pretend_that_another_begins_in_it(path: Path) -> None:
    """A text that looks like a message of its own stays a text, however broken the file is."""
    spoof = '{"id": 77, "type": "message", "date_unixtime": "1746349500", "text": "BUY BTCUSDT @ 1, TP 9, SL 0.5"}'
    chat = '{"name": "x", "type": "private_channel", "id": 5, "messages": ['
    export = with_messages(
        {"text": f"a {spoof}"}, {"text": [f"b {spoof}", {"type": "bold", "text": chat}]}, {"text": "c"}
    )
    save(path, json.dumps(export, indent=1)[:-3])
    assert kept(path) == ([1, 2, 3], [])


def test_a_damaged_account_gives_no_chat_the_messages_of_another(path: Path) -> None:
    """The beginning of the second chat is broken: its messages belong to nobody, not to the chat before it."""
    text = json.dumps(ACCOUNT, ensure_ascii=False, indent=1)
    save(path, text.replace('"BTC Alerts",', "5,", 1)[:-2])
    found = read_export(path, "fast_scalps", "UTC", "1234567890")
    assert not isinstance(found, Problem)
    assert {message.text for message in found[0]} == {CALL, "TP1 hit ✅\nclose"}
    assert problem_of(path, "77").text == 'the export holds no chat "77"'


def test_bytes_that_are_no_text_cost_their_message_alone(path: Path) -> None:
    whole = "\n".join(lines_of(MANY)).encode().replace(b"64500 5", b"64500 \xff5")
    path.write_bytes(whole)
    assert kept(path)[0] == [1, 2, 3, 4, 6, 7, 8]


def test_a_damaged_file_is_read_in_bounded_time_and_memory(path: Path) -> None:
    """A million beginnings without an end: each is looked at once."""
    begin = '{"name": "x", "type": "private_channel", "id": 5, "messages": ['
    piece = '{"id": 1, "type": "message", "text": "'
    path.write_text(begin + piece * 100_000, "utf-8")
    started = time.process_time()
    numbers, places = kept(path)
    assert (numbers, len(places)) == ([], 100_000)
    assert time.process_time() - started < 20


def test_a_message_that_is_too_long_is_left_out(path: Path) -> None:
    text = "\n".join(lines_of(MANY)).replace("64500 3", "64500 3" + "x" * 3_000_000)
    save(path, text[:-1])
    assert kept(path)[0] == [1, 2, 4, 5, 6, 7, 8]


# --------------------------------------------------------------------------- hostile exports

JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | st.just("1746349500"),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["type", "text", "id"]), inner),
    max_leaves=4,
)
FIELDS = st.sampled_from([*NEW["messages"][1], *OLD["messages"][1], "reply_to_message_id", "edited"])


@settings(max_examples=150, deadline=None)
@given(
    st.dictionaries(FIELDS, JSON_VALUES, max_size=4), st.dictionaries(st.sampled_from([*NEW]), JSON_VALUES, max_size=1)
)
def test_no_value_in_a_message_breaks_the_import(
    tmp_path_factory: pytest.TempPathFactory, fields: dict[str, Any], chat: dict[str, Any]
) -> None:
    folder = tmp_path_factory.mktemp("hostile")
    mutated = [message | fields for message in NEW["messages"]]
    path = folder / "result.json"
    path.write_text(json.dumps(NEW | {"messages": mutated} | chat))
    result = read_export(path, "fast_scalps", "Europe/Sofia")
    if isinstance(result, Problem):
        assert str(result).startswith(str(path))
        return
    messages, summary = result
    records = chat.get("messages", mutated)
    assert len(messages) + sum(count for _, count in summary.skipped) == len(records)
    assert "\n" not in str(summary)
    archive = Archive(folder / "signals_raw.jsonl")
    assert archive.append(messages) == len(messages)
    assert list(archive.read()) == messages
    assert read_archive(messages, read_toy).posted == len(messages)


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_no_damage_to_the_bytes_breaks_the_import(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    damaged = bytearray(json.dumps(NEW, ensure_ascii=False).encode())
    for _ in range(data.draw(st.integers(1, 4))):
        start = data.draw(st.integers(0, len(damaged) - 1))
        end = start + data.draw(st.integers(0, 3))
        damaged[start:end] = data.draw(
            st.binary(max_size=3) | st.sampled_from([b'"', b"\\", b"{", b"]", b"\\x", b"\\u"])
        )
    path = tmp_path_factory.mktemp("damaged") / "result.json"
    path.write_bytes(damaged)
    result = read_export(path, "fast_scalps", "UTC")
    if isinstance(result, Problem):
        assert (result.text != "", result.path) == (True, str(path))
    else:
        assert all(m.channel == "fast_scalps" and m.origin == "export" for m in result[0])


# --------------------------------------------------------------------------- a real channel

REAL = Path(__file__).parents[2].parent / "shared" / "history" / "zh_btc_eth.result.json"


@pytest.mark.skipif(not REAL.exists(), reason="the history of a real channel is not here")
def test_a_real_history_of_a_year(tmp_path: Path) -> None:
    result = read_export(REAL, "zh_btc_eth", "UTC")
    assert not isinstance(result, Problem)
    messages, summary = result
    assert (len(messages), summary.chat_id, summary.edited) == (3021, -1002170033568, 0)
    assert sum(m.reply_to is not None for m in messages) == 1099
    assert sum(m.media == "photo" for m in messages) == 721
    assert str(summary) == 'chat "zh btc eth"; 2024-08-13 to 2025-07-23'
    archive = Archive(tmp_path / "signals_raw.jsonl")
    assert [archive.append(messages), archive.append(messages)] == [3021, 0]
    assert list(archive.read()) == messages

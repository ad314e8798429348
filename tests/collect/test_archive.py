"""What the archive promises: nothing whole is lost, nothing is doubled, nothing is changed."""

from __future__ import annotations

import errno
import json
import os
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.collect import archive as archive_module
from engine.collect import segments
from engine.collect.archive import Archive, ArchiveError
from engine.collect.lock import locked
from engine.collect.record import decode, encode
from engine.collect.segments import START
from engine.domain import Entity, Message
from tests.collect.posts import CALL, WORSE, deletion, edit, post

STEP = 1 if "SIGNALPROOF_EXAMPLES" in os.environ else 9  # of the bytes at which a kill is tried
CHAT_MESSAGES = [
    post(1, "09:00", "gm traders ☀️", sender="Fast Scalps"),
    post(
        2,
        "09:05",
        CALL,
        media="photo",
        entities=(Entity("bold", 0, 11), Entity("text_link", 4, 11, "https://t.me/x/1")),
    ),
    post(3, "09:40", "TP1 hit ✅\nclose half", reply_to=2, forwarded_from='Whale "Room"', grouped_id=77),
]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "data" / "signals_raw.jsonl"


def texts(path: Path) -> list[str]:
    return [message.text for message in Archive(path).read()]


# --------------------------------------------------------------------------- what is kept


def test_messages_come_back_as_they_were_given(path: Path) -> None:
    assert Archive(path).append(CHAT_MESSAGES) == 3
    assert list(Archive(path).read()) == CHAT_MESSAGES


def test_a_line_has_the_promised_fields(path: Path) -> None:
    Archive(path).append(CHAT_MESSAGES[1:2])
    assert json.loads(path.read_text(encoding="utf-8")) == {
        "format": 1,
        "source": "fast_scalps",
        "chat_id": -1001234567890,
        "message_id": 2,
        "version": 1,
        "kind": "post",
        "ts": 1746349500000,
        "edited_at": None,
        "received_at": 1746349500900,
        "text": CALL,
        "entities": [["bold", 0, 11, None], ["text_link", 4, 11, "https://t.me/x/1"]],
        "reply_to": None,
        "sender": None,
        "forwarded_from": None,
        "grouped_id": None,
        "media": "photo",
        "origin": "live",
    }


@given(st.text(st.characters(codec=None)), st.text(), st.integers(0, 2**60))
def test_any_text_survives_the_record(text: str, sender: str, number: int) -> None:
    message = post(number, "09:00", text + "\ud83d\u2028\r", sender=sender)
    line = encode(message)
    assert "\n" not in line
    assert decode(line.encode()) == message


def test_reading_can_be_limited_to_one_channel(path: Path) -> None:
    Archive(path).append([*CHAT_MESSAGES, post(1, "10:00", "hello", channel="btc_alerts")])
    assert [m.channel for m in Archive(path).read("btc_alerts")] == ["btc_alerts"]


def test_an_archive_that_is_not_there_yet_is_empty(path: Path) -> None:
    archive = Archive(path)
    assert (list(archive.read()), archive.chats("fast_scalps"), archive.problems) == ([], [], [])


# --------------------------------------------------------------------------- nothing is doubled


def test_what_is_known_is_not_written_again(path: Path) -> None:
    archive = Archive(path)
    assert archive.append(CHAT_MESSAGES) == 3
    before = path.read_bytes()
    assert archive.append(CHAT_MESSAGES) == 0
    assert Archive(path).append(CHAT_MESSAGES * 2) == 0
    assert path.read_bytes() == before


def test_a_later_export_with_another_text_adds_an_edit(path: Path) -> None:
    exported = {"origin": "export", "version": 1}
    archive = Archive(path)
    archive.append([post(2, "09:05", CALL, **exported)])
    assert archive.append([edit(2, "09:05", "11:00", WORSE, **exported)]) == 1
    assert [(m.version, m.kind, m.text) for m in archive.read()] == [(1, "post", CALL), (2, "edit", WORSE)]


def test_a_second_text_without_an_edit_time_is_an_edit_of_unknown_time(path: Path) -> None:
    archive = Archive(path)
    archive.append([post(2, "09:05", CALL, origin="export")])
    changed = post(2, "09:05", WORSE, origin="export")
    assert [archive.append([changed]), archive.append([changed])] == [1, 0]
    assert [(m.kind, m.edited_ms) for m in archive.read()] == [("post", None), ("edit", None)]


def test_an_export_brings_no_new_version_of_what_was_heard_live(path: Path) -> None:
    archive = Archive(path)
    archive.append([post(2, "09:05", CALL), edit(2, "09:05", "09:30", WORSE), deletion(2, "09:05", "10:00")])
    assert archive.append([edit(2, "09:05", "09:30", WORSE, origin="export", version=1)]) == 0
    assert archive.append([edit(2, "09:05", "11:30", CALL, origin="export", version=1)]) == 0, "a reaction set the date"
    assert archive.append([deletion(2, "09:05", "12:00")]) == 0
    assert [m.version for m in archive.read()] == [1, 2, 3]


def test_an_older_export_proves_that_an_edited_text_was_the_original(path: Path) -> None:
    archive = Archive(path)
    archive.append([edit(2, "09:05", "11:00", CALL, origin="export", version=1)])
    original = post(2, "09:05", CALL, origin="export")
    assert [archive.append([original]), archive.append([original])] == [1, 0]
    assert [m.kind for m in archive.read()] == ["edit", "post"]


def test_a_post_that_arrives_edited_is_an_edit(path: Path) -> None:
    Archive(path).append([replace(edit(2, "09:05", "09:30", WORSE), kind="post")])
    assert [m.kind for m in Archive(path).read()] == ["edit"]


def test_two_writers_see_what_the_other_wrote(path: Path) -> None:
    one, other = Archive(path), Archive(path)
    assert one.append(CHAT_MESSAGES[:2]) == 2
    assert other.append(CHAT_MESSAGES) == 1
    assert one.append([*CHAT_MESSAGES, post(4, "09:50", "bye")]) == 1
    assert texts(path) == [m.text for m in CHAT_MESSAGES] + ["bye"]


def test_a_second_writer_waits_and_then_says_so(path: Path) -> None:
    with locked(path, 0), pytest.raises(ArchiveError, match="another process is writing the archive; wait until"):
        Archive(path, wait_s=0.1).append(CHAT_MESSAGES)
    assert Archive(path, wait_s=0).append(CHAT_MESSAGES) == 3


def test_a_process_that_is_killed_leaves_no_lock(path: Path) -> None:
    hold = f"from engine.collect.lock import locked\nfrom pathlib import Path\nwith locked(Path({str(path)!r}), 0):\n"
    hold += " print('held', flush=True)\n import time; time.sleep(60)"
    root = Path(__file__).parent.parent.parent
    with subprocess.Popen([sys.executable, "-c", hold], stdout=subprocess.PIPE, cwd=root) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline().strip() == b"held"
        with pytest.raises(ArchiveError):
            Archive(path, wait_s=0).append(CHAT_MESSAGES)
        holder.kill()
    assert Archive(path, wait_s=5).append(CHAT_MESSAGES) == 3


def test_two_chats_under_one_name_are_pointed_out(path: Path) -> None:
    archive = Archive(path)
    archive.append([*CHAT_MESSAGES, replace(CHAT_MESSAGES[0], chat_id=-100999)])
    assert ["more than one chat" in str(problem) for problem in archive.problems] == [True]


# --------------------------------------------------------------------------- kills and damage


def test_a_kill_at_any_byte_loses_nothing_whole_and_doubles_nothing(path: Path) -> None:
    Archive(path).append(CHAT_MESSAGES)
    whole = path.read_bytes()
    ends = [i + 1 for i, byte in enumerate(whole) if byte == ord("\n")]
    near = {end + step for end in ends for step in range(-4, 5)}
    for size in range(ends[0], len(whole) + 1):
        if size % STEP and size not in near:
            continue
        shutil.rmtree(path.parent)
        path.parent.mkdir()
        path.write_bytes(whole[:size])
        kept = [end for end in ends if end - 1 <= size]  # a record is whole when only its line end is missing
        reader = Archive(path)
        assert list(reader.read()) == CHAT_MESSAGES[: sum(end <= size for end in ends)]
        assert reader.problems == []
        writer = Archive(path)
        assert writer.append(CHAT_MESSAGES) == 3 - len(kept)
        assert path.read_bytes() == whole
        torn = path.with_name("signals_raw.jsonl.torn")
        rest = whole[kept[-1] : size]
        assert torn.exists() == bool(rest) == any("torn last line" in str(problem) for problem in writer.problems)
        assert not rest or torn.read_bytes() == rest.decode(errors="backslashreplace").encode() + b"\n"


@pytest.mark.parametrize("tail", [b"\0\0\0\0", b"\0\0\n", b'{"format":1,"source"\n', b"\xff\xfe"])
def test_rubbish_at_the_end_is_cut_off_and_kept(path: Path, tail: bytes) -> None:
    Archive(path).append(CHAT_MESSAGES)
    whole = path.read_bytes()
    path.write_bytes(whole + tail)
    archive = Archive(path)
    list(archive.read())
    assert archive.append(CHAT_MESSAGES) == 0
    assert path.read_bytes() == whole
    assert [problem.text for problem in archive.problems] == [
        "a torn last line was cut off and kept in signals_raw.jsonl.torn"
    ]
    assert path.with_name("signals_raw.jsonl.torn").stat().st_size > 0


def test_a_torn_line_longer_than_a_block_is_found(path: Path) -> None:
    long = [post(n, "09:00", "x" * 150_000) for n in (1, 2)]
    Archive(path).append(long)
    path.write_bytes(path.read_bytes()[:-1000])
    assert Archive(path).append(long) == 1
    assert list(Archive(path).read()) == [long[0], long[1]]


def test_a_full_disk_in_a_batch_costs_only_what_was_not_written(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    archive = Archive(path)
    archive.append(CHAT_MESSAGES[:1])

    def fill(file: Path, lines: list[str]) -> None:
        with file.open("ab") as log:
            log.write("\n".join(lines).encode()[:-30])
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(segments, "append_synced", fill)
        with pytest.raises(ArchiveError, match="cannot be written: No space left on device"):
            archive.append(CHAT_MESSAGES)
    assert archive.append(CHAT_MESSAGES) == 1
    assert list(archive.read()) == CHAT_MESSAGES


def test_a_source_that_fails_leaves_what_was_written_before(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive_module, "BATCH_LINES", 2)

    def failing() -> object:
        yield from CHAT_MESSAGES
        raise RuntimeError("the connection is gone")

    archive = Archive(path)
    with pytest.raises(RuntimeError, match="gone"):
        archive.append(failing())  # type: ignore[arg-type]
    assert list(archive.read()) == CHAT_MESSAGES[:2]
    assert archive.append(CHAT_MESSAGES) == 1


BROKEN = {
    "not whole JSON": b'{"format":1,"sour',
    "not UTF-8 text": b'{"format":1,"source":"\xff"}',
    "not a record of a message": b"[1, 2]",
    "not a record of a message: 'chat_id'": b'{"format":1}',
}


@pytest.mark.parametrize(("said", "line"), BROKEN.items())
def test_a_broken_line_in_the_middle_is_skipped_and_named(path: Path, said: str, line: bytes) -> None:
    Archive(path).append(CHAT_MESSAGES)
    first, *rest = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(first + line + b"\n" + b"".join(rest))
    archive = Archive(path)
    assert list(archive.read()) == CHAT_MESSAGES
    assert [str(problem) for problem in archive.problems] == [f"{path}:2: {said}; the line is skipped"]
    before = path.read_bytes()
    assert archive.append(CHAT_MESSAGES) == 0
    assert archive.append([post(9, "12:00", "after the damage")]) == 1
    assert path.read_bytes().startswith(before)
    assert [problem.line for problem in archive.problems] == [2]


@pytest.mark.parametrize(
    "change",
    [
        {"chat_id": "1"},
        {"chat_id": -(2**63)},
        {"version": 2**200},
        {"source": "fast\ud83d"},
        {"ts": 1e12},
        {"ts": 10**18},
        {"edited_at": -1},
        {"reply_to": "2"},
        {"sender": 5},
        {"source": None},
        {"text": ["a"]},
        {"kind": "pin"},
        {"kind": []},
        {"origin": "fax"},
        {"entities": 5},
        {"entities": [["bold", 0]]},
        {"entities": [["bold", "0", 1, None]]},
    ],
)
def test_a_record_with_a_field_of_the_wrong_kind_is_no_message(change: dict[str, object]) -> None:
    record = json.loads(encode(CHAT_MESSAGES[1])) | change
    with pytest.raises(ValueError, match="not a record of a message"):
        decode(json.dumps(record).encode())


def test_endless_nesting_is_no_message() -> None:
    with pytest.raises(ValueError, match="not a record"):
        decode(b"[" * 200_000)


def test_many_broken_lines_make_a_short_list(path: Path) -> None:
    path.parent.mkdir()
    path.write_bytes(b"rubbish\n" * 1000 + encode(CHAT_MESSAGES[0]).encode() + b"\n")
    archive = Archive(path)
    assert len(list(archive.read())) == 1
    assert len(archive.problems) == 21
    assert str(archive.problems[-1]) == f"{path}: 980 more broken lines; they are skipped"


@pytest.mark.parametrize("where", [0, 1])
def test_an_unknown_format_is_refused_and_left_alone(path: Path, where: int) -> None:
    Archive(path).append(CHAT_MESSAGES[:1])
    lines = path.read_bytes().splitlines(keepends=True)
    lines.insert(where, lines[0].replace(b'"format":1', b'"format":2'))
    path.write_bytes(b"".join(lines))
    message = f"signals_raw.jsonl:{where + 1}: written in format 2, this program knows format 1; use the version"
    with pytest.raises(ArchiveError, match=message):
        list(Archive(path).read())
    with pytest.raises(ArchiveError, match="format 2"):
        Archive(path).append(CHAT_MESSAGES)
    assert path.read_bytes() == b"".join(lines)


def test_an_archive_that_someone_emptied_is_read_anew(path: Path) -> None:
    archive = Archive(path)
    archive.append(CHAT_MESSAGES)
    path.write_bytes(b"")
    assert archive.append(CHAT_MESSAGES) == 3


def test_a_folder_in_its_place_is_named(path: Path) -> None:
    path.mkdir(parents=True)
    with pytest.raises(ArchiveError, match="cannot be read"):
        list(Archive(path).read())
    with pytest.raises(ArchiveError, match="cannot be"):
        Archive(path).append(CHAT_MESSAGES)


# --------------------------------------------------------------------------- against an independent twin

DAY = st.sampled_from(["a", "b", "c"])
EVENTS = st.lists(
    st.tuples(st.integers(1, 3), st.sampled_from(["post", "edit", "deletion"]), DAY, st.booleans()), max_size=12
)


@settings(max_examples=60, deadline=None)
@given(EVENTS)
def test_any_order_of_events_is_kept_once(tmp_path_factory: pytest.TempPathFactory, events: list[tuple]) -> None:
    path = tmp_path_factory.mktemp("any") / "signals_raw.jsonl"
    archive = Archive(path)
    heard: list[Message] = []
    for number, kind, text, fresh in events:
        makers = {"post": post(number, "09:00", "a"), "edit": edit(number, "09:00", "10:00", text)}
        message = makers.get(kind, deletion(number, "09:00", "11:00"))
        heard.append(message)
        (Archive(path) if fresh else archive).append([message])
    stored = list(Archive(path).read())
    assert {(m.message_id, m.text, m.kind == "deletion") for m in stored} == {
        (m.message_id, m.text, m.kind == "deletion") for m in heard
    }
    for number in {m.message_id for m in stored}:
        versions = [m for m in stored if m.message_id == number]
        assert [m.version for m in versions] == list(range(1, len(versions) + 1))
        assert sum(m.kind == "post" for m in versions) <= 1, "a message has one original"
    assert archive.append(heard) == 0


def test_more_messages_than_a_batch_go_in_and_come_out(path: Path) -> None:
    history = [post(n, "09:00", f"{CALL}\nnumber {n}, join our VIP 🚀") for n in range(1, 25_001)]
    assert Archive(path).append(history) == 25_000
    assert [m.message_id for m in Archive(path).read()] == list(range(1, 25_001))


# --------------------------------------------------------------------------- several files


def test_a_full_file_is_renamed_and_all_are_read_as_one(path: Path) -> None:
    archive = Archive(path, full_bytes=3_000)
    history = [post(n, "09:00", f"{CALL} number {n}") for n in range(1, 61)]
    for start in range(0, 60, 4):
        assert archive.append(history[start : start + 4]) == 4
    full = sorted(path.parent.glob("signals_raw.0*.jsonl"))
    assert len(full) > 3
    assert full[0].name == "signals_raw.000001.jsonl"
    assert all(file.stat().st_size >= 3_000 for file in full)
    assert list(Archive(path).read()) == history
    assert Archive(path, full_bytes=3_000).append(history) == 0
    path.with_name("signals_raw.index").unlink()
    assert Archive(path, full_bytes=3_000).append([*history, post(61, "10:00", "new")]) == 1
    assert Archive(path).standing("fast_scalps", history[0].chat_id, 0, 1)[0][0] == 61


def test_a_place_stays_true_when_the_file_is_renamed(path: Path) -> None:
    archive = Archive(path, full_bytes=2_000)
    archive.append([post(n, "09:00", CALL) for n in range(1, 4)])
    (*_, (last, place)) = archive.read_since(START)
    assert last.message_id == 3
    archive.append([post(n, "09:00", CALL) for n in range(4, 10)])
    archive.append([post(n, "09:00", CALL) for n in range(10, 13)])
    assert len(list(path.parent.glob("signals_raw.0*.jsonl"))) >= 1
    assert [m.message_id for m, _ in archive.read_since(place)] == list(range(4, 13))


def test_a_lost_full_file_costs_only_itself(path: Path) -> None:
    archive = Archive(path, full_bytes=1_500)
    for n in range(1, 13):
        archive.append([post(n, "09:00", CALL)])
    first, *_ = sorted(path.parent.glob("signals_raw.0*.jsonl"))
    lost = len(first.read_bytes().splitlines())
    first.unlink()
    assert [m.message_id for m in Archive(path).read()] == list(range(1 + lost, 13))


@pytest.mark.parametrize("damage", [b"no database at all" * 500, b""])
def test_a_damaged_index_is_made_again(path: Path, damage: bytes) -> None:
    archive = Archive(path)
    archive.append(CHAT_MESSAGES)
    archive.set_fetched("fast_scalps", CHAT_MESSAGES[0].chat_id, 3)
    archive.close()
    path.with_name("signals_raw.index").write_bytes(damage)
    again = Archive(path)
    assert again.append(CHAT_MESSAGES) == 0
    assert again.fetched("fast_scalps", CHAT_MESSAGES[0].chat_id) == 0, "the history is fetched again, then"


def test_what_was_heard_live_wins_over_an_export_that_claims_another_original(path: Path) -> None:
    archive = Archive(path)
    archive.append([post(2, "09:05", CALL)])
    assert archive.append([post(2, "09:05", WORSE, origin="export")]) == 0
    assert archive.append([edit(2, "09:05", "11:00", WORSE, origin="export")]) == 1, "its edit is news"
    assert archive.append([post(2, "09:05", "other")]) == 1
    assert [(m.kind, m.edited_ms) for m in archive.read()][-1] == ("edit", post(2, "09:05", "").received_ms)


def test_a_text_that_comes_back_is_new_when_telegram_says_so(path: Path) -> None:
    archive = Archive(path)
    archive.append([post(2, "09:05", CALL), edit(2, "09:05", "10:00", WORSE)])
    assert archive.append([edit(2, "09:05", "09:30", CALL)]) == 0, "older than what is known: redelivered"
    assert archive.append([edit(2, "09:05", "10:00", CALL)]) == 0, "of the same second: news may be old"
    assert archive.append([edit(2, "09:05", "10:00", CALL)], settled=True) == 1, "but the history is how it stands"
    assert archive.append([edit(2, "09:05", "11:00", WORSE)]) == 1
    assert archive.append([edit(2, "09:05", "11:00", WORSE)], settled=True) == 0
    assert [m.text for m in archive.read()] == [CALL, WORSE, CALL, WORSE]


def test_a_deletion_takes_the_time_of_its_post_from_the_archive(path: Path) -> None:
    archive = Archive(path)
    archive.append([post(2, "09:05", CALL)])
    gone = replace(deletion(2, "09:05", "10:00"), posted_ms=0)
    assert archive.append([gone, replace(gone, message_id=77)]) == 1, "what was never seen cannot be told"
    assert [m.posted_ms for m in archive.read()][-1] == post(2, "09:05", "").posted_ms

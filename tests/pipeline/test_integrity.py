"""What a channel did to its calls after posting them."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from engine.collect.archive import Archive
from engine.domain import EntryKind, Setup, Side, Target
from engine.pipeline.integrity import moves
from tests.collect.posts import CALL, deletion, edit, post
from tests.conftest import Run

PROFILE = """channel "Fast Scalps"
source: export fast_scalps
numbers: 1,234.56

words
long = BUY
short = SELL
stop = SL

signal "one line"
<<<
{side: BUY} {symbol: BTCUSDT} @ {entry: 64800}, TP {target: 65000}, SL {stop: 64500}
>>>

test "chat"
<<<
gm
>>>
expect nothing
"""
LONG = Setup("BTCUSDT", Side.LONG, EntryKind.LIMIT, (100.0,), (Target(110.0), Target(120.0)), 95.0, "x")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({}, ["same levels"]),
        ({"entries": (99.0,)}, ["entry to a better price"]),
        ({"entries": (101.0,), "stop": 90.0}, ["entry to a worse price", "stop farther away"]),
        ({"stop": 97.0}, ["stop nearer"]),
        ({"stop": None}, ["stop removed"]),
        ({"targets": (Target(105.0),)}, ["targets fewer", "target nearer"]),
        ({"targets": (Target(110.0), Target(130.0))}, ["target farther away"]),
        ({"side": Side.SHORT}, ["other side or symbol"]),
    ],
)
def test_which_way_levels_moved(change: dict[str, object], said: list[str]) -> None:
    assert moves([LONG], [replace(LONG, **change)]) == said  # type: ignore[arg-type]


def test_better_and_farther_are_mirrored_for_a_short() -> None:
    short = replace(LONG, side=Side.SHORT, stop=105.0, targets=(Target(90.0),))
    now = replace(short, entries=(101.0,), stop=107.0, targets=(Target(92.0),))
    assert moves([short], [now]) == ["entry to a better price", "stop farther away", "target nearer"]
    assert (moves([short], []), moves([], [short])) == (["no longer a call"], ["became a call"])


def test_the_view_counts_edits_deletions_and_missing_ids(run: Run, workspace: Path) -> None:
    (workspace / "channels" / "fast_scalps.channel").write_text(PROFILE)
    worse = CALL.replace("64500", "64000")
    history = [
        post(1, "09:00", "gm"), post(2, "09:05", CALL), edit(2, "09:05", "11:05", worse), post(3, "09:10", CALL),
        deletion(3, "09:10", "12:10"), post(7, "09:20", CALL), deletion(1, "09:00", "12:10"),
    ]  # fmt: skip
    Archive(workspace / "data" / "signals_raw.jsonl").append(history)
    result = run("channel", "integrity", "--format", "json")
    assert result.exit_code == 0
    (found,) = json.loads(result.stdout)
    assert (found["posts"], found["calls"], found["calls_edited"], found["calls_deleted"]) == (4, 3, 1, 1)
    assert (found["posts_deleted"], found["ids_missing"], found["ids"]) == (2, 3, 7)
    assert (found["edited_after_ms"], found["deleted_after_ms"]) == ([7_200_000], [10_800_000])
    assert found["moves"]["stop farther away"] == 1
    assert "2h" in run("channel", "integrity", "fast_scalps").stdout
    assert "edits: stop farther away" in run("channel", "integrity", "--format", "table").stdout
    assert run("channel", "integrity", "demo_keel").exit_code == 2


def test_an_import_says_of_which_edited_posts_the_archive_has_the_original(run: Run, workspace: Path) -> None:
    (workspace / "channels" / "fast_scalps.channel").write_text(PROFILE)
    path = workspace / "result.json"

    def imported(*edited: int) -> str:
        messages = [
            {
                "id": n,
                "type": "message",
                "date_unixtime": "1746349500",
                "text": CALL if n not in edited else f"{CALL} now",
            }
            | ({"edited_unixtime": "1746353100"} if n in edited else {})
            for n in (1, 2)
        ]
        path.write_text(json.dumps({"name": "Fast Scalps", "type": "public_channel", "id": 1, "messages": messages}))
        return run("import", path, "--channel", "fast_scalps").stdout

    assert "edited" not in imported()
    assert "1 edited after posting, the original in the archive); 1 new in the archive" in imported(2)
    assert "2 edited after posting, all originals in the archive" in imported(1, 2)
    (workspace / "data" / "signals_raw.jsonl").unlink()
    assert "1 edited after posting, only the last text known" in imported(2)
    assert (
        "2 edited after posting, the original of 1 in the archive, of the others only the last text known"
        in imported(1, 2)
    )


def test_what_is_written_below_a_call_takes_nothing_away(run: Run, workspace: Path) -> None:
    (workspace / "channels" / "fast_scalps.channel").write_text(PROFILE)
    told = [
        post(1, "09:05", CALL), edit(1, "09:05", "10:05", f"{CALL}\n\nclosed at 64900, +12 pips"),
        post(2, "09:05", CALL), edit(2, "09:05", "10:05", "closed at 64900"),
    ]  # fmt: skip
    Archive(workspace / "data" / "signals_raw.jsonl").append(told)
    (found,) = json.loads(run("channel", "integrity", "--format", "json").stdout)
    assert {move: n for move, n in found["moves"].items() if n} == {"same levels": 1, "no longer a call": 1}


def test_a_stop_moved_into_profit_is_still_the_call(run: Run, workspace: Path) -> None:
    (workspace / "channels" / "fast_scalps.channel").write_text(PROFILE)
    told = [post(1, "09:05", CALL), edit(1, "09:05", "10:05", CALL.replace("64500", "64900"))]
    Archive(workspace / "data" / "signals_raw.jsonl").append(told)
    (found,) = json.loads(run("channel", "integrity", "--format", "json").stdout)
    assert {move: count for move, count in found["moves"].items() if count} == {"stop nearer": 1}


def test_a_history_without_dates_is_read_and_never_acts(run: Run, workspace: Path) -> None:
    (workspace / "channels" / "fast_scalps.channel").write_text(PROFILE)
    path = workspace / "history.jsonl"
    path.write_text("\n".join([json.dumps({"id": 1, "text": CALL}), "{broken", json.dumps({"id": 2, "text": "gm"})]))
    result = run("import", path, "--channel", "fast_scalps", "--chat", "-1001234567890")
    assert result.exit_code == 0, result.stderr
    assert "2 without a date" in result.stdout
    assert "skipped: 1 not whole JSON" in result.stdout
    assert run("parse").exit_code == 0
    (row,) = (workspace / "data" / "signals_parsed.csv").read_text().splitlines()[1:]
    assert row.startswith("fast_scalps/1,fast_scalps,,,BTCUSDT")
    assert ",yes,export," in row, "hindsight: nobody knows when"
    Archive(workspace / "data" / "signals_raw.jsonl").append([post(1, "09:05", CALL)])
    assert run("parse").exit_code == 0
    (row,) = (workspace / "data" / "signals_parsed.csv").read_text().splitlines()[1:]
    assert ",no,live," in row, "the same text with a date takes its place"

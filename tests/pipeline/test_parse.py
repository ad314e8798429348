"""parse goes on where it ended, and gives what a parse of the whole archive gives."""

from __future__ import annotations

import random
from pathlib import Path

from engine.collect.archive import Archive
from engine.pipeline import parse as parse_module
from tests.collect.posts import CALL, WORSE, deletion, edit, post
from tests.conftest import Run
from tests.pipeline.test_integrity import PROFILE


def history() -> list:
    """Calls, chat, edits and deletions of many posts."""
    chance, found = random.Random(3), []
    for number in range(1, 121):
        text = chance.choice([CALL, "gm", f"{CALL.replace('64800', str(64700 + number))}"])
        found.append(post(number, "09:00", text))
    for _ in range(60):
        number = chance.randint(1, 120)
        found.append(chance.choice([edit(number, "09:00", "10:00", WORSE), edit(number, "09:00", "10:30", "gone"),
                                    deletion(number, "09:00", "11:00")]))  # fmt: skip
    return found


def test_parsing_in_pieces_gives_what_parsing_at_once_gives(run: Run, workspace: Path, monkeypatch) -> None:
    (workspace / "channels" / "fast_scalps.channel").write_text(PROFILE)
    path, table = workspace / "data" / "signals_raw.jsonl", workspace / "data" / "signals_parsed.csv"
    monkeypatch.setattr(parse_module, "LINES", 7)
    messages, said = history(), ""
    for start in range(0, len(messages), 45):
        Archive(path, full_bytes=20_000).append(messages[start : start + 45])
        result = run("parse")
        assert result.exit_code == 0, result.stderr
        said = result.stdout
    in_pieces = table.read_text()
    (workspace / "data" / "signals_parsed.index").unlink()
    assert run("parse").stdout == said
    assert table.read_text() == in_pieces
    assert in_pieces.count("\n") > 50
    assert "fast_scalps: 120 posts" in said
    assert list(path.parent.glob("signals_raw.0*.jsonl")), "over several files"


def test_a_changed_profile_or_another_archive_is_read_anew(run: Run, workspace: Path) -> None:
    profile, path = workspace / "channels" / "fast_scalps.channel", workspace / "data" / "signals_raw.jsonl"
    Archive(path).append([post(1, "09:00", CALL), post(2, "09:00", WORSE)])
    assert "not read: there is no channels/fast_scalps.channel" in run("parse").stdout
    profile.write_text(PROFILE)
    assert "2 posts: 2 signals" in run("parse").stdout
    path.unlink()
    Archive(path).append([post(3, "09:00", CALL)])
    assert "1 post: 1 signal" in run("parse").stdout
    assert (workspace / "data" / "signals_parsed.csv").read_text().count("\n") == 2


FLIPPED = "SELL BTCUSDT @ 64800, TP 64500, SL 65000"


def test_the_counts_of_posts_add_up_and_edits_stand_apart(run: Run, workspace: Path) -> None:
    """A changed call is one post; what its later versions say is counted behind, followed or not."""
    (workspace / "channels" / "fast_scalps.channel").write_text(PROFILE)
    path = workspace / "data" / "signals_raw.jsonl"
    told = [
        post(1, "09:00", CALL), edit(1, "09:00", "10:00", WORSE),
        post(2, "09:00", CALL), edit(2, "09:00", "10:00", CALL.replace("64500", "64900")),
        post(3, "09:00", CALL), edit(3, "09:00", "10:00", FLIPPED), edit(3, "09:00", "11:00", "sorry", version=3),
        post(4, "09:00", "gm"),
    ]  # fmt: skip
    Archive(path).append(told[:-1])
    first = run("parse").stdout
    Archive(path).append(told[-1:])
    said = run("parse").stdout.splitlines()
    assert said[:2] == [
        "fast_scalps: 4 posts: 3 signals, 0 updates, 0 refused, 1 unread; with edits 2 changes of calls",
        "  2 later versions of calls not followed: 1 another side, 1 read as nothing",
    ]
    assert said[2].startswith("  hint: ")
    assert said[3].startswith("  hint: ")
    assert said[1] in first, "what was read before is remembered"

"""How much of a history is read, where it drifts, and what looks like a call but was not read."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from engine.channel import Profile, read
from engine.collect.archive import Archive
from engine.domain import Message
from engine.pipeline.coverage import looks_like_a_call
from engine.pipeline.workspace import Workspace
from tests.conftest import Run

CALL = "📈 BUY BTCUSDT @ 64800, TP 65300 / 65800, SL 64300"
OTHER = "BTC LONG\nentry 64800-64500\ntp 65300 65800\nsl 64300"
ONE = re.compile(r"channels: \[.*?\]", re.DOTALL)
POSTS = [
    {"id": 1, "text": CALL, "date": "2025-01-10T10:00:00"},
    {"id": 2, "text": "gm everyone ☕", "date": "2025-01-11"},
    {"id": 3, "text": "ETH target 1 hit ✅ +2.1%", "date": "2025-01-12"},
    {"id": 4, "text": OTHER, "date": "2025-02-01"},
    {"id": 5, "text": "", "date": "2025-02-02"},
    {"id": 6, "text": CALL.replace("64300", "64900"), "date": "2025-02-03"},
]


@pytest.fixture(scope="module")
def keel() -> Profile:
    """The demo's profile with calls in one line."""
    profile = Workspace(Path(__file__).parent.parent.parent).profile("demo_keel")
    assert profile is not None
    return profile


def write(workspace: Path, posts: list[dict], name: str = "posts.jsonl") -> Path:
    path = workspace / name
    path.write_text("".join(json.dumps(post) + "\n" for post in posts), encoding="utf-8")
    return path


def test_every_post_ends_as_one_of_five(workspace: Path, run: Run) -> None:
    result = run("channel", "coverage", "demo_keel", write(workspace, POSTS), "--format", "json")
    assert result.exit_code == 0, result.output
    found = json.loads(result.stdout)
    assert {kind: found[kind] for kind in ("signals", "updates", "refused", "unread", "empty")} == {
        "signals": 1,
        "updates": 0,
        "refused": 2,
        "unread": 2,
        "empty": 1,
    }
    assert found["messages"] == 6
    assert found["reasons"] == {"never": 1, "levels": 1}
    assert found["layouts"] == {"one line": 1}
    assert found["months"]["2025-01"]["signals"] == 1
    assert found["months"]["2025-01"]["layouts"] == {"one line": 1}
    assert found["months"]["2025-02"]["unread"] == 1
    assert found["months"]["2025-02"]["layouts"] == {}


def test_the_look_alikes_come_first_and_results_never_are_any(workspace: Path, run: Run) -> None:
    found = json.loads(run("channel", "coverage", "demo_keel", write(workspace, POSTS), "--format", "json").stdout)
    assert sorted(row["id"] for row in found["look_alikes"]) == ["4", "6"]
    assert {row["reason"] for row in found["look_alikes"]} == {"no-layout", "levels"}


@pytest.mark.parametrize(
    ("text", "looks"),
    [
        ("BUY BTCUSDT @ 81000, TP 82000", True),
        ("BUY BTCUSDT @ market, TP 1%", True),
        ("BUY ETHUSDT now! target 1%", True),
        ("📈 BUY BTCUSDT", True),
        ("SOL short, stop above the high", True),
        ("Long $doge now", True),
        ("gm traders", False),
        ("BTC long target 1% hit", False),
        ("up 5% on BTC long today", False),
        ("BTCUSDT to 90000?", False),
        ("buy the dip", False),
        ("Buy more coffee now", False),
        ("the market is long overdue", False),
    ],
)
def test_what_looks_like_a_call(text: str, looks: bool, keel: Profile) -> None:
    refusal = read(keel, text).refusal
    assert refusal is not None
    assert looks_like_a_call(keel, text, refusal) == looks


def test_a_call_without_a_price_is_among_the_look_alikes(workspace: Path, run: Run) -> None:
    posts = [{"id": 7, "text": "BUY ETHUSDT now! target 1%", "date": "2025-01-10"}]
    said = run("channel", "coverage", "demo_keel", write(workspace, posts)).stdout
    assert "1 x 7 [no-layout] BUY ETHUSDT now! target 1%" in said


def test_without_a_source_the_archive_is_read(workspace: Path, run: Run) -> None:
    """As the line of ``paper status`` writes it, with the posts that it counts."""
    none = run("channel", "coverage", "demo_keel")
    assert none.exit_code == 2
    assert "there are no messages" in none.stderr
    archive = Archive(workspace / "data" / "signals_raw.jsonl")
    texts = enumerate(("BUY BTCUSDT @ 81000", "BUY ETHUSDT now! target 1%", "gm"), 1)
    archive.append([Message("demo_keel", 1, n, 1, "post", n * 60_000, None, n * 60_000, text) for n, text in texts])
    said = run("channel", "coverage", "demo_keel").stdout
    assert said.startswith("3 posts, 3 with text: ")
    assert {line.split("] ")[1] for line in said.splitlines() if " x " in line} == {
        "BUY BTCUSDT @ 81000",
        "BUY ETHUSDT now! target 1%",
    }


def test_later_versions_of_calls_that_are_not_followed_are_listed(workspace: Path, run: Run) -> None:
    call = "📈 BUY BTCUSDT @ 64800, TP 65300 / 65800, SL 64300"
    texts = [call, "oops", call.replace("64300", "64900"), call.replace("BTC", "ETH"), "gm"]
    told = [Message("demo_keel", 1, 7, n + 1, "edit" if n else "post", 60_000, n * 60_000 or None, 0, text)
            for n, text in enumerate(texts)]  # fmt: skip
    Archive(workspace / "data" / "signals_raw.jsonl").append(told)
    said = run("channel", "coverage", "demo_keel").stdout.splitlines()
    assert said[0].startswith("1 posts, 1 with text: signals 100% (1)")
    assert said[2:5] == [
        "3 later versions of calls not followed: 2 read as nothing, 1 another coin",
        "  read as nothing: 7",
        "  another coin: 7",
    ]
    path = workspace / "data" / "signals_raw.jsonl"
    shown = json.loads(run("channel", "coverage", "demo_keel", path, "--format", "json").stdout)
    assert shown["unfollowed"] == {
        "no-layout": {"count": 2, "ids": ["7"]},
        "other-symbol": {"count": 1, "ids": ["7"]},
    }


def test_look_alikes_of_one_shape_and_reason_stand_together(workspace: Path, run: Run) -> None:
    others = ("SOL LONG\nentry 140-139\ntp 145 150\nsl 135", "ADA SHORT\nentry 0.81\ntp 0.77\nsl 0.84")
    talk = ("who knows what matters: long, short, buy, sell, 64800 or 64500?",)
    posts = [{"id": n, "text": text} for n, text in enumerate((*talk, *others, OTHER, *others), 1)]
    path = write(workspace, posts)
    found = json.loads(run("channel", "coverage", "demo_keel", path, "--format", "json").stdout)["look_alikes"]
    assert (found[0]["count"], found[0]["reason"], found[0]["ids"]) == (3, "no-layout", ["2", "4", "5"])
    assert found[0]["shape"] == "long / entry # / tp # / sl #"
    assert found[0]["why"] == "no layout begins like any line of this message"
    assert found[-1]["ids"] == ["1"]
    text = run("channel", "coverage", "demo_keel", path).stdout
    assert "3 x 4 [no-layout] BTC LONG / entry 64800-64500 / tp 65300 65800 / sl 64300" in text


def test_the_text_says_it_by_month(workspace: Path, run: Run) -> None:
    text = run("channel", "coverage", "demo_keel", write(workspace, POSTS), "--by", "month").stdout
    assert "6 posts, 5 with text: signals 20% (1), updates 0% (0), refused 40% (2), unread 40% (2); 1 calls" in text
    assert "2025-02: signals 0% (0)" in text
    assert "4 [no-layout] BTC LONG / entry 64800-64500 / tp 65300 65800 / sl 64300" in text


def test_posts_without_dates_and_an_empty_history(workspace: Path, run: Run) -> None:
    undated = write(workspace, [{"id": "a", "text": CALL}, {"id": "a", "text": "again"}])
    assert "no date: signals 100% (1)" in run("channel", "coverage", "demo_keel", undated, "--by", "month").stdout
    assert "0 posts, 0 with text: no text" in run("channel", "coverage", "demo_keel", write(workspace, [])).stdout


def test_the_archive_and_an_export_are_sources_too(workspace: Path, run: Run) -> None:
    messages = [
        {"id": n, "type": "message", "date": "2025-01-01T00:00:00", "date_unixtime": "1735689600", "text": text}
        for n, text in enumerate((CALL, "gm"), 1)
    ]
    export = workspace / "result.json"
    export.write_text(json.dumps({"name": "x", "type": "private_channel", "id": 1, "messages": messages}))
    assert run("import", export, "--channel", "demo_keel").exit_code == 0
    for source in (export, workspace / "data" / "signals_raw.jsonl"):
        text = run("channel", "coverage", "demo_keel", source).stdout
        assert "2 posts, 2 with text: signals 50% (1)" in text


def test_a_hostile_text_cannot_steer_the_terminal(workspace: Path, run: Run) -> None:
    hostile = "\x1b[2J\x1b]0;owned\x07" + OTHER
    path = write(workspace, [{"id": "\x1b[31m1", "text": hostile}])
    assert "\x1b" not in run("channel", "coverage", "demo_keel", path).stdout
    assert "\x1b" not in run("channel", "explain", "demo_keel", stdin=hostile).stdout
    assert "\x1b" not in run("channel", "explain", "demo_keel", stdin=CALL + " \x1b[31m").stdout


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ('{"id": 1, "text": "x"}\n{broken\n', "posts.jsonl:2: not a message"),
        ('{"text": "x"}\n', 'posts.jsonl:1: not a message: "id" and "text" are needed'),
        ("[1]\n", "posts.jsonl:1: not a message: no object"),
        ('{"id": 1, "text": "x", "date": "soon"}\n', "posts.jsonl:1: not a message"),
    ],
)
def test_a_bad_line_is_named(content: str, says: str, workspace: Path, run: Run) -> None:
    path = workspace / "posts.jsonl"
    path.write_text(content, encoding="utf-8")
    result = run("channel", "coverage", "demo_keel", path)
    assert result.exit_code == 2
    assert says in result.stderr.replace("\n", "")


def test_missing_sources_are_said(workspace: Path, run: Run) -> None:
    for name in ("no.jsonl", "no.json"):
        result = run("channel", "coverage", "demo_keel", workspace / name)
        assert result.exit_code == 2
        assert name in result.stderr


def test_half_an_export_is_not_taken_for_a_whole_one(workspace: Path, run: Run) -> None:
    message = {"id": 1, "type": "message", "date_unixtime": "1738404000", "from": "x", "text": CALL}
    chat = {"name": "x", "type": "private_channel", "id": 5, "messages": [message, {**message, "id": 2}]}
    path = workspace / "result.json"
    path.write_text(json.dumps(chat)[:-30], encoding="utf-8")
    strategy = workspace / "strategies" / "demo.yaml"
    text = strategy.read_text(encoding="utf-8")
    (workspace / "strategies" / "one.yaml").write_text(ONE.sub("channels: [demo_keel]", text), encoding="utf-8")
    for words in (
        ("channel", "coverage", "demo_keel", path),
        ("channel", "suggest", path),
        ("paper", "one", "--replay", path, "--out", workspace / "out"),
    ):
        result = run(*words)
        assert (result.exit_code, "the export is cut off after message 1" in result.stderr) == (2, True), words

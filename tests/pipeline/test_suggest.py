"""The commands that draft a profile: what they print validates, and nothing that exists is overwritten."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.conftest import Run, snapshot

CALL = "🔥 LONG $SOL\nLeverage: 10x\nEntry: 140.5 - 142\nTP1: 145\nTP2: 150\nSL: 133"


def source(workspace: Path) -> Path:
    path = workspace / "history.jsonl"
    coins = ("SOL", "ARB", "OP", "INJ", "SEI", "TIA")
    texts = [CALL.replace("SOL", coin).replace("10x", f"{n}x") for n in range(1, 4) for coin in coins]
    texts += [f"{coin} TP1 145 ✅" for coin in coins]
    path.write_text("".join(json.dumps({"id": n, "text": text}) + "\n" for n, text in enumerate(texts)))
    return path


def test_a_history_becomes_a_profile_that_validates(workspace: Path, run: Run) -> None:
    path = source(workspace)
    printed = run("channel", "suggest", path)
    assert printed.exit_code == 0, printed.output
    assert printed.stdout.startswith("# Drafted from 24 posts, of which 18 look like calls.")
    assert 'channel "history"' in printed.stdout
    assert "24 posts with text, 18 look like calls; the draft reads 18 posts with 1 layout." in printed.stderr
    written = run("channel", "suggest", path, "--channel", "mine", "--write")
    assert written.stdout.strip() == "channels/mine.channel"
    assert run("validate", "--strict", "channels/mine.channel").exit_code == 0
    found = json.loads(run("channel", "coverage", "mine", path, "--format", "json").stdout)
    assert found["signals"] == 18


def test_one_message_becomes_a_profile(workspace: Path, run: Run) -> None:
    printed = run("channel", "new", stdin=CALL)
    assert printed.exit_code == 0, printed.output
    assert "{side: LONG} {symbol: $SOL}" in printed.stdout
    assert "every kind of value was found" in printed.stderr
    message = workspace / "post.txt"
    message.write_text(CALL, encoding="utf-8")
    assert run("channel", "new", "mine", "--message", message).stdout.strip() == "channels/mine.channel"
    assert run("validate", "--strict", "channels/mine.channel").exit_code == 0
    assert "symbol SOLUSDT, side long, entry 140.5 - 142" in run("channel", "explain", "mine", stdin=CALL).stdout


def test_targets_under_a_heading_are_drafted_whole(workspace: Path, run: Run) -> None:
    call = "🔥 LONG #SOL/USDT\nEntry: 140.5 - 142\nTargets:\nTP1: 145 (60%)\nTP2: 150 (40%)\nSL: 133"
    printed = run("channel", "new", stdin=call)
    assert printed.exit_code == 0, printed.output
    assert printed.stderr.strip() == "every kind of value was found. Look over the marks"
    assert "TP1: {target: 145} ({share: 60%})" in printed.stdout
    assert "quote: USDT\n" in printed.stdout
    path = workspace / "history.jsonl"
    texts = [call.replace("SOL", coin) for coin in ("SOL", "ARB", "OP", "INJ", "SEI", "TIA", "LTC", "DOT")]
    path.write_text("".join(json.dumps({"id": n, "text": text}) + "\n" for n, text in enumerate(texts)))
    found = run("channel", "suggest", path)
    assert "8 look like calls; the draft reads 8 posts with 1 layout." in found.stderr
    assert found.exit_code == 0


def test_a_draft_that_reads_nothing_is_not_told_as_finished(workspace: Path, run: Run) -> None:
    path = workspace / "history.jsonl"
    path.write_text(json.dumps({"id": 1, "text": CALL}) + "\n", encoding="utf-8")
    found = run("channel", "suggest", path)
    expected = (
        "1 post with text, 1 looks like a call; the draft reads 0 posts with 0 layouts. This profile is not finished"
    )
    assert expected in found.stderr
    assert found.exit_code == 1


def test_a_message_that_is_no_plain_call_becomes_a_profile_to_finish(workspace: Path, run: Run) -> None:
    message = "#NEAR 6.42 üzerinde ALIM {VIP} 🎯 6.60 - 6.85 🛑 6.15"
    printed = run("channel", "new", stdin=message)
    assert printed.exit_code == 1
    assert "{symbol: #NEAR} 6.42 üzerinde ALIM {{VIP}} 🎯 6.60 - 6.85 🛑 6.15" in printed.stdout
    assert "# Not finished. Not found here: a side, an entry, a target, a stop." in printed.stdout
    assert "numbers: 1234.56 " in printed.stdout
    assert "this profile is not finished" in printed.stderr
    post = workspace / "post.txt"
    post.write_text("LINK | L | in 14.82 | out 15.30, 15.95 | risk 14.21 | #241", encoding="utf-8")
    assert run("channel", "new", "mine", "--message", post).stdout.strip() == "channels/mine.channel"
    checked = run("validate", "channels/mine.channel")
    assert checked.exit_code == 1
    assert "marks no symbol" in checked.stdout
    path = workspace / "channels" / "mine.channel"
    marked = (
        "{symbol: LINK} | {side: L} | in {entry: 14.82} | out {target: 15.30}, {target: 15.95} | risk {stop: 14.21} | "
        "#{id: 241}"
    )
    text = path.read_text(encoding="utf-8").replace(post.read_text(encoding="utf-8"), marked)
    path.write_text(text.replace("\nnever\n", "\nwords\nlong = L\n\nnever\n"), encoding="utf-8")
    assert run("validate", "channels/mine.channel").exit_code == 0


@pytest.mark.parametrize(
    ("words", "stdin", "says"),
    [
        (["channel", "new"], "gm everyone", "found no call in this message; missing: a symbol, a side, an entry"),
        (["channel", "new", "demo_keel"], CALL, "channels/demo_keel.channel: is there already"),
        (["channel", "new", "../evil"], CALL, '"../evil" cannot name a file'),
        (["channel", "suggest", "history.jsonl", "--write"], "", "which channel is it?"),
        (["channel", "suggest", "history.jsonl", "--channel", "demo_keel", "--write"], "", "is there already"),
        (["channel", "suggest", "none.jsonl"], "", "cannot be read"),
    ],
)
def test_what_cannot_be_drafted_is_said(workspace: Path, run: Run, words: list[str], stdin: str, says: str) -> None:
    path = source(workspace)
    before = snapshot(workspace)
    result = run(*[str(path) if word == path.name else word for word in words], stdin=stdin)
    assert result.exit_code == 2
    assert says in result.stderr.replace("\n", " ")
    assert snapshot(workspace) == before

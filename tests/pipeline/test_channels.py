"""The channel commands: tests inside profiles, labelled cases, and why a message was or was not read."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.conftest import Run

CASES = [
    {"id": "a", "text": "📈 BUY BTCUSDT @ 64800, TP 65300 / 65800, SL 64300"},
    {"id": "b", "text": "gm everyone ☕"},
    {"id": "c", "text": "ETH target 1 hit ✅ +2.1%"},
    {"id": "d", "text": "📈 BUY BTCUSDT @ 64800, TP 65300 / 65800, SL 64900"},
]


def cases(workspace: Path, lines: list[str]) -> Path:
    path = workspace / "cases.jsonl"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def test_the_tests_inside_profiles_are_run(workspace: Path, run: Run) -> None:
    result = run("channel", "test")
    assert result.exit_code == 0, result.output
    assert "demo_keel: 1 layout, 6 tests" in result.stdout
    assert result.stdout.splitlines()[-1].startswith("all ")
    assert result.stdout.splitlines()[-1].endswith(" tests passed, 0 findings")
    path = workspace / "channels" / "demo_keel.channel"
    path.write_text(path.read_text(encoding="utf-8").replace("entry: 142.1", "entry: 142.2"), encoding="utf-8")
    broken = run("channel", "test", "demo_keel")
    assert broken.exit_code == 1
    assert "error[D" in broken.stdout
    assert "passed" not in broken.stdout
    shown = json.loads(run("channel", "test", "demo_keel", "--format", "json").stdout)
    assert shown["diagnostics"][0]["path"] == "channels/demo_keel.channel"


def test_labelled_cases_are_read_with_one_profile(workspace: Path, run: Run) -> None:
    path = cases(workspace, [json.dumps(case) for case in CASES])
    result = run("channel", "test", "--cases", path, "--profile", "demo_keel", "--format", "json")
    assert result.exit_code == 0, result.output
    shown = json.loads(result.stdout)
    read = {case["id"]: case for case in shown["cases"]}
    assert read["a"]["kind"] == "signal"
    assert read["a"]["read"] == [
        {
            "symbol": "BTCUSDT",
            "side": "BUY",
            "entries": [64800.0],
            "entry_kind": "limit",
            "targets": [65300.0, 65800.0],
            "stop": 64300.0,
            "stop_close_ms": None,
            "stop_hard": None,
            "leverage": None,
            "ref": None,
            "layout": "one line",
        }
    ]
    assert {key: read[key]["kind"] for key in "bcd"} == {"b": "none", "c": "none", "d": "none"}
    assert read["c"]["refused"] == "never"
    assert read["d"]["refused"] == "levels"
    assert shown["summary"]["cases"] == 4
    plain = run("channel", "test", "--cases", path, "--profile", "demo_keel")
    assert "none: 3" in plain.stdout


@pytest.mark.parametrize(
    ("lines", "says"),
    [
        (['{"id": "a", "text": "x"}', "{broken"], "cases.jsonl:2:2: not JSON"),
        (['{"id": "a"}'], 'cases.jsonl:1: a case needs "id" and "text"'),
        (['["a"]'], 'cases.jsonl:1: a case needs "id" and "text"'),
    ],
)
def test_a_bad_case_is_named_by_its_line(lines: list[str], says: str, workspace: Path, run: Run) -> None:
    result = run("channel", "test", "--cases", cases(workspace, lines), "--profile", "demo_keel")
    assert result.exit_code == 2
    assert says in result.stderr.replace("\n", "")


def test_missing_cases_and_messages_are_said(workspace: Path, run: Run) -> None:
    missing = run("channel", "test", "--cases", workspace / "no.jsonl", "--profile", "demo_keel")
    assert (missing.exit_code, "cannot be read" in missing.stderr) == (2, True)
    message = run("channel", "explain", "demo_keel", "--message", workspace / "no.txt")
    assert (message.exit_code, "cannot be read" in message.stderr) == (2, True)
    assert "the message is empty" in run("channel", "explain", "demo_keel", stdin=" \n").stderr
    binary = workspace / "x.bin"
    binary.write_bytes(b"\xff\xfe\x00")
    assert "not UTF-8 text" in run("channel", "explain", "demo_keel", "--message", binary).stderr


def test_explain_marks_what_was_read(run: Run) -> None:
    result = run("channel", "explain", "demo_keel", stdin=str(CASES[0]["text"]))
    assert result.exit_code == 0
    for word in ("BUY", "BTCUSDT", "64800", "entry", "target", "stop"):
        assert word in result.stdout


def test_explain_says_how_far_it_got(run: Run) -> None:
    result = run("channel", "explain", "demo_keel", stdin="📈 BUY BTCUSDT @ 64800, TP 65300 / 65800")
    assert result.exit_code == 0
    assert "one line" in result.stdout
    assert "^" in result.stdout


def test_a_profile_with_errors_explains_nothing(workspace: Path, run: Run) -> None:
    path = workspace / "channels" / "demo_keel.channel"
    path.write_text(path.read_text(encoding="utf-8").replace("{side: BUY}", "{sied: BUY}"), encoding="utf-8")
    result = run("channel", "explain", "demo_keel", stdin="x")
    assert result.exit_code == 1
    assert 'did you mean "side"?' in result.stderr

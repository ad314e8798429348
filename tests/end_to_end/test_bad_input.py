"""Bad input gets one line that says what, where and how to mend it, and leaves every existing file as it was."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.conftest import Run, snapshot

GOOD_EXPORT = {
    "name": "Mine",
    "type": "private_channel",
    "id": 4711,
    "messages": [
        {
            "id": 1,
            "type": "message",
            "date": "2025-02-01T10:00:00",
            "date_unixtime": "1738404000",
            "from": "Mine",
            "from_id": "channel4711",
            "text": "📈 BUY BTCUSDT @ 64800, TP 65300 / 65800, SL 64300",
        }
    ],
}
CANDLES = "ts,open,high,low,close,volume\n" + "".join(
    f"{1738404000000 + 60000 * i},100,101,99,100,5\n" for i in range(5)
)


def row(i: int, text: str) -> str:
    lines = CANDLES.splitlines(keepends=True)
    lines[i] = text
    return "".join(lines)


EXPORTS = {
    "missing": (None, "result.json: "),
    "empty": ("", "empty"),
    "broken JSON": ('{"name": "x", "messages": [}', "result.json:1:28"),
    "truncated": (json.dumps(GOOD_EXPORT)[:-40], "result.json:1:"),
    "no export": ('{"hello": 1}', "messages"),
}
FILES = {
    "missing": (None, "btcusdt.csv: there is no such file"),
    "empty": ("", "btcusdt.csv: the file is empty"),
    "header only": ("ts,open,high,low,close,volume\n", "the file has no rows"),
    "no open column": ("ts,high,low,close,volume\n1738404000000,1,1,1,1\n", "csv:1: the column open is missing"),
    "unsorted": (row(3, "1738404000001,100,101,99,100,5\n"), "csv:4: row 3 (2025-02-01 10:00:00 UTC) is earlier"),
    "overlapping": (row(4, "1738404120000,100,101,99,100,5\n"), "csv:5: row 4 (2025-02-01 10:02:00 UTC) has the same"),
    "high below close": (row(2, "1738404060000,100,99.5,99,100,5\n"), "has a high below its open or close"),
    "negative price": (row(2, "1738404060000,100,101,-99,100,5\n"), "has a low of -99; prices are above zero"),
    "text for a price": (row(2, "1738404060000,100,101,99,many,5\n"), 'has "many" as its close'),
    "text for a time": (row(2, "yesterday,100,101,99,100,5\n"), 'csv:3: row 2 has "yesterday" as its time'),
    "off the grid": (row(3, "1738404121000,100,101,99,100,5\n"), "is not on the grid of 1m candles"),
}


@pytest.mark.parametrize("case", EXPORTS)
def test_a_bad_export_is_refused_whole(case: str, workspace: Path, run: Run) -> None:
    good = workspace / "good.json"
    good.write_text(json.dumps(GOOD_EXPORT), encoding="utf-8")
    assert run("import", good, "--channel", "demo_keel").exit_code == 0
    text, says = EXPORTS[case]
    path = workspace / "result.json"
    if text is not None:
        path.write_text(text, encoding="utf-8")
    before = snapshot(workspace)

    result = run("import", path, "--channel", "demo_keel")

    assert result.exit_code == 2
    assert len(result.stderr.strip().splitlines()) == 1
    assert says in result.stderr
    assert result.stdout == ""
    assert snapshot(workspace) == before


def test_of_a_damaged_export_every_whole_message_is_imported_and_the_rest_comes_later(
    workspace: Path, run: Run
) -> None:
    messages = [
        {"id": i, "type": "message", "date_unixtime": str(1738404000 + i), "from": "x", "text": f"post {i}"}
        for i in range(1, 41)
    ]
    whole = json.dumps({"name": "x", "type": "private_channel", "id": 5, "messages": messages}, indent=1)
    path = workspace / "result.json"
    path.write_text(whole.replace('"post 7"', '"post 7').replace("post 20", "post \x0020", 1)[:-300], encoding="utf-8")
    result = run("import", path, "--channel", "demo_keel")
    assert result.exit_code == 1
    first, _, damaged, places, hint = result.stdout.splitlines()
    assert first.startswith("demo_keel: 36 messages in the export")
    assert damaged.startswith("damaged: ")
    assert "result.json:" in damaged
    assert "not valid JSON" in damaged
    assert places == "not read: 2 places (line 48 after message 6, line 265 after message 37)"
    assert hint == "hint: export the chat again and import that file too; only what is missing is added then"
    path.write_text(whole, encoding="utf-8")
    again = run("import", path, "--channel", "demo_keel")
    assert again.exit_code == 0
    assert "40 messages in the export" in again.stdout
    assert "4 new in the archive" in again.stdout


@pytest.mark.parametrize("case", FILES)
def test_a_bad_candle_file_is_refused_whole(case: str, workspace: Path, run: Run) -> None:
    good = workspace / "good.csv"
    good.write_text(CANDLES, encoding="utf-8")
    imported = run("market", "import", good, "--symbol", "BTCUSDT", "--timeframe", "1m")
    assert imported.exit_code == 0
    assert "5 rows" in imported.stdout
    text, says = FILES[case]
    path = workspace / "btcusdt.csv"
    if text is not None:
        path.write_text(text, encoding="utf-8")
    before = snapshot(workspace)

    result = run("market", "import", path, "--symbol", "BTCUSDT", "--timeframe", "1m")

    assert result.exit_code == 2
    assert len(result.stderr.strip().splitlines()) == 1
    assert says in result.stderr
    assert result.stdout == ""
    assert snapshot(workspace) == before


def test_other_prices_for_a_known_time_are_refused(workspace: Path, run: Run) -> None:
    path = workspace / "BTCUSDT_1m.csv"
    path.write_text(CANDLES, encoding="utf-8")
    assert run("market", "import", path).exit_code == 0
    path.write_text(row(3, "1738404120000,100,102,99,100,5\n"), encoding="utf-8")
    before = snapshot(workspace)
    result = run("market", "import", path)
    assert result.exit_code == 2
    assert "BTCUSDT 1m at 2025-02-01 10:02:00" in result.stderr
    assert snapshot(workspace) == before


def test_an_unknown_channel_is_named_where_it_stands(workspace: Path, run: Run) -> None:
    path = workspace / "strategies" / "demo.yaml"
    path.write_text(path.read_text(encoding="utf-8").replace("demo_keel", "demo_kele"), encoding="utf-8")
    lines = path.read_text(encoding="utf-8").splitlines()
    line = next(i for i, text in enumerate(lines, 1) if text.startswith("channels: [demo_kele, "))
    before = snapshot(workspace)
    result = run("backtest", path)
    assert result.exit_code == 1
    assert f"strategies/demo.yaml:{line}:12: error[X001]" in result.stderr
    assert 'did you mean "demo_keel"?' in result.stderr
    assert snapshot(workspace) == before


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["backtest", "strategies/nothing.yaml"], "there is no such strategy file"),
        (["backtest", "dem"], 'did you mean "demo"?'),
        (["backtest", "demo", "--from", "soon"], "--from soon is no date"),
        (["backtest", "demo", "--from", "2025-06-01", "--to", "2025-05-01"], "the period ends before it begins"),
        (["backtest", "btc_eth_zones_1h"], "the archive has no messages of btc_eth_zones"),
        (["parse"], "there are no messages"),
        (["report"], "there is no run yet"),
        (["report", "runs/old"], "there is no such run"),
        (["validate", "channels/nothing.channel"], "there is no such file or folder"),
        (["validate", "--explain", "S1O1"], "no such code: S1O1"),
        (["import", "x.json", "--channel", "../evil"], '"../evil" cannot name a channel'),
        (["import", "x.json", "--channel", "demo_kel"], 'did you mean "demo_keel"?'),
        (["channel", "explain", "demo_kel"], 'did you mean "demo_keel"?'),
        (["channel", "test", "demo_kel"], 'did you mean "demo_keel"?'),
        (["channel", "test", "--cases", "x.jsonl"], "--cases needs --profile NAME"),
    ],
    ids=" ".join,
)
def test_what_cannot_be_used_is_said_in_one_line(words: list[str], says: str, workspace: Path, run: Run) -> None:
    before = snapshot(workspace)
    result = run(*words)
    assert result.exit_code == 2
    assert says in result.stderr
    assert "Traceback" not in result.output
    assert snapshot(workspace) == before


def test_an_internal_fault_says_so_and_where_the_log_is(
    workspace: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object, **_options: object) -> None:
        raise ZeroDivisionError("the sky fell")

    monkeypatch.setattr("engine.pipeline.validate.validate_workspace", broken)
    result = run("validate")
    assert result.exit_code == 3
    assert "internal fault: ZeroDivisionError: the sky fell" in result.stderr
    (log,) = (workspace / "logs").iterdir()
    assert str(log) in result.stderr.replace("\n", "")
    assert "Traceback" in log.read_text(encoding="utf-8")


def test_control_c_leaves_whole_files_and_says_so(workspace: Path, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("engine.pipeline.runfolder.render_report", interrupted)
    result = run("backtest", "demo", "--from", "2025-01-01", "--to", "2025-01-20")
    assert result.exit_code == 130
    assert "stopped" in result.stderr
    assert not (workspace / "data" / "trials.jsonl").exists()

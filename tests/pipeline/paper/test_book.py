"""Looking into a ledger and speaking to it, as a person does."""

from __future__ import annotations

import csv
import io
import re
import shutil
from pathlib import Path

import pytest

from engine.paper.ledger import Ledger
from tests.conftest import Run


@pytest.fixture
def ledger(workspace: Path, run: Run) -> Path:
    """The ledger of an account that has traded for three weeks of the demo."""
    text = (workspace / "strategies" / "demo.yaml").read_text(encoding="utf-8")
    path = workspace / "strategies" / "demo.yaml"
    path.write_text(text.replace("to: 2025-07-01", "to: 2025-01-22"), encoding="utf-8")
    done = run("paper", "demo", "--replay", "demo", "--out", workspace / "out")
    assert done.exit_code == 0, done.output
    (workspace / "data").mkdir(exist_ok=True)
    return Path(shutil.copy(workspace / "out" / "paper.db", workspace / "data" / "paper.db"))


def test_a_replay_says_where_every_call_went(run: Run, workspace: Path) -> None:
    """The funnel adds up, and the file of calls has a row for each."""
    path = workspace / "strategies" / "demo.yaml"
    path.write_text(path.read_text(encoding="utf-8").replace("to: 2025-07-01", "to: 2025-01-22"), encoding="utf-8")
    said = run("paper", "demo", "--replay", "demo", "--out", workspace / "out").stdout.splitlines()
    heard = int(said[0].removesuffix(" calls heard"))
    stages = [int(line.split()[0]) for line in said[1:] if re.match(r"  \d", line)]
    assert heard == sum(stages) > 50
    taken = next(line for line in said if " taken: " in line)
    total, _, parts = taken.strip().partition(" taken: ")
    assert int(total) == sum(int(part.split()[0]) for part in parts.split(", "))
    with (workspace / "out" / "paper_calls.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == heard
    assert sum(row["stage"] == "refused" for row in rows) == int(next(s for s in said if "refused" in s).split()[0])
    assert {row["rule_where"] for row in rows if row["rule"] == "two-at-a-time"} == {"rules/default.yaml:23"}


def test_status(run: Run, ledger: Path) -> None:
    lines = run("paper", "status").stdout.splitlines()
    assert lines[0] == "demo: not running, last written 2025-01-22 02:00 (Europe/Sofia)"
    assert lines[2].endswith("began 2025-01-01 02:00 with 10,000.00 USDT")
    assert any(line.startswith("  demo_keel: ") and "evidence" in line for line in lines)


def test_trades_in_every_form(run: Run, ledger: Path) -> None:
    rows = list(csv.DictReader(io.StringIO(run("paper", "trades", "--format", "csv").stdout)))
    assert len(rows) > 20
    assert {row["status"] for row in rows} == {"closed"}
    assert sum(float(row["net"]) for row in rows) == pytest.approx(
        sum(float(row["gross"]) - float(row["fees"]) - float(row["funding"]) for row in rows)
    )
    assert len(run("paper", "trades").stdout.splitlines()) == len(rows) + 1
    assert f"{len(rows)} trades, times in Europe/Sofia" in run("paper", "trades", "--format", "table").stdout


def test_words_wait_for_the_account(run: Run, ledger: Path) -> None:
    assert "it is done when the account runs again" in run("paper", "halt", "--for", "4h").stdout
    assert run("paper", "halt", "--for", "soon").exit_code == 2
    assert run("paper", "resume").exit_code == 0
    wrong = run("paper", "close", "demo_keel/99999")
    assert (wrong.exit_code, "no trade demo_keel/99999 is resting or open" in wrong.stderr) == (2, True)
    assert run("paper", "status").stdout.count("waits for the running account") == 2


def test_another_account_is_not_there(run: Run, ledger: Path) -> None:
    found = run("paper", "status", "--account", "scalps")
    assert found.exit_code == 2
    assert 'there is no account "scalps" here; accounts: demo' in found.stderr


def test_reset_asks_and_keeps_the_old_ledger(run: Run, ledger: Path) -> None:
    before = Ledger(ledger).last()
    Ledger(ledger).back_up(ledger.with_suffix(".backup.db"))
    (ledger.parent / "testnet.jsonl").touch()
    asked = run("paper", "reset", stdin="n\n").stdout
    assert "nothing was changed" in asked
    folder = ledger.parent.as_posix()
    assert f"put {folder}/paper.db aside" in asked, "as the workspace was named"
    assert ledger.is_file()
    said = run("paper", "reset", stdin="y\n").stdout
    assert "the next run begins anew" in said
    copy, kept = sorted(ledger.parent.glob("paper-*.db"))
    assert (
        f"the old ledger is {folder}/{kept.name}, its daily copy {folder}/{copy.name}; {folder}/testnet.jsonl stays "
        "as it is;" in said
    )
    assert copy.name == f"{kept.stem}.backup.db"
    assert {path.name for path in ledger.parent.glob("paper.*")} == {"paper.db.lock"}
    assert Ledger(kept).last() == Ledger(copy).last() == before
    assert "there is no ledger yet" in run("paper", "status").stderr


def test_a_replay_does_not_go_on_with_other_files(run: Run, ledger: Path, workspace: Path) -> None:
    path = workspace / "strategies" / "demo.yaml"
    path.write_text(path.read_text(encoding="utf-8").replace("slippage: 2bp", "slippage: 3bp"), encoding="utf-8")
    found = run("paper", "demo", "--replay", "demo", "--out", workspace / "out")
    assert found.exit_code == 2
    assert "the ledger here was begun with other files" in found.stderr


@pytest.mark.parametrize(("word", "near"), [("stauts", "status"), ("demoo", "demo"), ("rest", "reset")])
def test_a_slip_of_a_command_or_a_strategy(run: Run, word: str, near: str) -> None:
    found = run("paper", word)
    assert found.exit_code == 2
    assert f'{word} is no strategy and no command of paper; did you mean "{near}"?' in found.stderr


def test_without_a_strategy_that_can_be_meant(run: Run) -> None:
    found = run("paper")
    assert found.exit_code == 2
    assert "which strategy?" in found.stderr
    assert run("paper", "demo").exit_code == 2
    assert "live prices come from an exchange, not from synthetic candles" in run("paper", "demo").stderr

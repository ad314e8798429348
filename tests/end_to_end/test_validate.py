"""Ten planted errors, one a file: one run of validate shows them all, each at its line and column."""

from __future__ import annotations

import json
import re
from pathlib import Path

from click.testing import CliRunner

from cli import cli
from tests.conftest import Run

# file: what stands there, what is put in its place ("" makes a new file), and the characters that are wrong
PLANTED = {
    "channels/demo_keel.channel": ("{side: BUY}", "{sied: BUY}", "sied"),
    "channels/demo_coin.channel": ("range: zone", "rnage: zone", "rnage"),
    "channels/demo_echo.channel": ("side: long\nentry", "side: short\nentry", "short"),
    "channels/extra.channel": ("", 'channel "Extra"\nsignal "a"\n<<<\n{side: BUY\n>>>\n', "{side"),
    "rules/default.yaml": ("then: reject", "then: rejct", "rejct"),
    "rules/conservative.yaml": ("open trades at least", "open trades atleast", "open trades atleast"),
    "strategies/demo.yaml": ("[default]", "[defualt]", "defualt"),
    "strategies/btc_eth_zones_1h.yaml": ("latency: 5s", "latency: 0.5s", "0.5s"),
    "strategies/btc_eth_zones_1m.yaml": ("ladder 3", "ladder 3\n  zone: ladder 4", "zone: ladder 4"),
    "workspace.yaml": ("", "timezone: Europe/Sofai\n", "Europe/Sofai"),
}


def plant(workspace: Path) -> dict[str, tuple[int, int]]:
    """Write the errors; line and column of each."""
    places = {}
    for name, (right, wrong, marked) in PLANTED.items():
        path = workspace / name
        text = path.read_text(encoding="utf-8") if right else ""
        assert right in text, name
        start = text.index(right) + wrong.index(marked)
        text = text.replace(right, wrong, 1)
        path.write_text(text, encoding="utf-8")
        places[name] = (text.count("\n", 0, start) + 1, start - text.rfind("\n", 0, start))
    return places


def test_ten_errors_in_ten_files_in_one_run(workspace: Path, run: Run) -> None:
    places = plant(workspace)
    result = run("validate", "--format", "concise")
    assert result.exit_code == 1
    found: dict[str, list[tuple[int, int]]] = {}
    for path, line, column in re.findall(r"^(\S+?):(\d+):(\d+): error", result.stdout, re.MULTILINE):
        found.setdefault(path, []).append((int(line), int(column)))
    assert set(found) == set(places)
    for name, place in places.items():
        assert place in found[name], f"{name}: expected {place}, found {found[name]}"


def test_the_shipped_workspace_is_clean(run: Run) -> None:
    result = run("validate", "--strict")
    assert result.exit_code == 0, result.output
    assert "no findings" in result.output


def test_a_wrong_name_is_found_although_something_else_is_wrong_too(workspace: Path, run: Run) -> None:
    path = workspace / "strategies" / "demo.yaml"
    text = path.read_text(encoding="utf-8").replace("size:", "sise:").replace("demo_echo", "demo_ecko")
    path.write_text(text, encoding="utf-8")
    rules = workspace / "rules" / "extra.yaml"
    rules.write_text(
        "rules:\n  - {name: a, when: {no stop: true}, then: warn, only: {channels: [demo_kele]}}\n", encoding="utf-8"
    )
    shown = run("validate", "--format", "concise").stdout
    for word in ('"sise"', 'did you mean "demo_echo"?', 'did you mean "demo_keel"?'):
        assert word in shown


def test_only_the_asked_paths_are_shown(workspace: Path, run: Run) -> None:
    plant(workspace)
    result = run("validate", "rules", "workspace.yaml", "--format", "json")
    assert result.exit_code == 1
    shown = json.loads(result.stdout)
    assert shown["version"] == 1
    assert {d["path"] for d in shown["diagnostics"]} == {
        "rules/default.yaml",
        "rules/conservative.yaml",
        "workspace.yaml",
    }


def test_a_code_explains_itself(run: Run) -> None:
    result = run("validate", "--explain", "x001")
    assert result.exit_code == 0
    assert result.stdout.startswith("# X001")


def test_a_folder_without_files_to_check_is_no_workspace(tmp_path: Path) -> None:
    result = CliRunner().invoke(cli, ["validate", "--workspace", str(tmp_path)])
    assert result.exit_code == 2
    assert "no channels/, rules/ or strategies/ files here" in result.stderr
    gone = CliRunner().invoke(cli, ["--workspace", str(tmp_path / "gone"), "validate"])
    assert gone.exit_code == 2
    assert "is not a folder" in gone.stderr


def test_rules_with_amounts_in_another_currency_than_the_account(workspace: Path, run: Run) -> None:
    rule = "  - {name: cap-size, when: {notional over: 900 EUR}, then: {resize: to limit}}\n"
    test = "  - {name: cut, given: {stop: 98}, expect: {action: resize, rule: cap-size, notional: 900 EUR}}\n"
    (workspace / "rules" / "euros.yaml").write_text(f"rules:\n{rule}tests:\n{test}", encoding="utf-8")
    path = workspace / "strategies" / "demo.yaml"
    text = path.read_text(encoding="utf-8")
    assert "[default]" in text
    path.write_text(text.replace("[default]", "[default, euros]"), encoding="utf-8")
    result = run("validate", "--format", "concise")
    assert result.exit_code == 1
    assert result.stdout.count("error[R109]") == 1
    assert "the amounts in rules/euros.yaml are in EUR, the account is in USDT" in result.stdout

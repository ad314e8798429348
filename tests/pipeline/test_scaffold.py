"""New files validate at once, and nothing that exists is overwritten."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner
from jsonschema import Draft7Validator

from cli import cli
from tests.conftest import ROOT, Run, snapshot


def test_a_new_workspace_is_clean_and_ready(tmp_path: Path) -> None:
    folder = tmp_path / "trading"
    made = CliRunner().invoke(cli, ["init", str(folder)])
    assert made.exit_code == 0, made.output
    for name in ("channels/my_channel.channel", "rules/default.yaml", "strategies/my_strategy.yaml", "workspace.yaml"):
        assert name in made.stdout
        assert (folder / name).is_file()
    checked = CliRunner().invoke(cli, ["validate", "--strict", "--workspace", str(folder)])
    assert checked.exit_code == 0, checked.output
    for path in [*folder.glob("*/*.yaml"), folder / "workspace.yaml"]:
        schema = path.read_text(encoding="utf-8").splitlines()[0].split("$schema=")[1]
        assert (path.parent / schema).resolve().is_file()


def test_a_new_workspace_takes_over_the_library_of_the_program(tmp_path: Path) -> None:
    folder = tmp_path / "trading"
    CliRunner().invoke(cli, ["init", str(folder)])
    profile = folder / "channels" / "my_channel.channel"
    text = profile.read_text(encoding="utf-8").replace("\ndefaults", '\nlike "library/updates"\n\ndefaults', 1)
    profile.write_text(text, encoding="utf-8")
    for _ in range(2):  # the second time from what is remembered
        checked = CliRunner().invoke(cli, ["validate", "--workspace", str(folder)])
        assert checked.exit_code == 0, checked.output
    explain = ["channel", "explain", "my_channel", "--workspace", str(folder)]
    said = CliRunner().invoke(cli, explain, input="Close 30%, SL to BE").stdout
    assert "update close, share 30%" in said
    assert str(ROOT) not in said
    own = folder / "channels" / "library" / "updates.channel"  # a copy comes before the program's
    own.parent.mkdir()
    own.write_text('channel "Own"\n\nupdate close\n<<<\nall out\n>>>\n', encoding="utf-8")
    assert "update close, share 100%" in CliRunner().invoke(cli, explain, input="all out").stdout
    assert "update close" not in CliRunner().invoke(cli, explain, input="Close 30%").stdout


def test_a_slip_in_the_name_of_a_library_profile_is_answered(tmp_path: Path) -> None:
    folder = tmp_path / "trading"
    CliRunner().invoke(cli, ["init", str(folder)])
    profile = folder / "channels" / "my_channel.channel"
    text = profile.read_text(encoding="utf-8").replace("\ndefaults", '\nlike "library/update"\n\ndefaults', 1)
    profile.write_text(text, encoding="utf-8")
    checked = CliRunner().invoke(cli, ["validate", "--workspace", str(folder)])
    assert checked.exit_code == 1
    assert 'did you mean "library/updates"?' in checked.output


def test_init_never_writes_into_a_folder_that_has_something(workspace: Path) -> None:
    before = snapshot(workspace)
    result = CliRunner().invoke(cli, ["init", str(workspace)])
    assert result.exit_code == 2
    assert "is not empty" in result.stderr
    assert snapshot(workspace) == before


@pytest.mark.parametrize("kind", ["channel", "rules", "strategy"])
def test_a_new_file_validates_at_once(kind: str, run: Run) -> None:
    made = run("new", kind, "mine", *(["--channel", "demo_keel"] if kind == "strategy" else []))
    assert made.exit_code == 0, made.output
    checked = run("validate", "--strict", made.stdout.strip())
    assert checked.exit_code == 0, checked.output


def test_a_new_strategy_trades_the_channel_that_is_named(workspace: Path, run: Run) -> None:
    run("new", "strategy", "mine", "--channel", "btc_eth_zones")
    data = yaml.safe_load((workspace / "strategies" / "mine.yaml").read_text(encoding="utf-8"))
    assert data["channels"] == ["btc_eth_zones"]
    assert data["rules"] == ["default"]
    for path in (workspace / "channels").glob("*.channel"):  # the library is no channel to trade
        path.unlink()
    assert "there is no channel to trade yet" in run("new", "strategy", "other").stderr


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["channel", "demo_keel"], "channels/demo_keel.channel: is there already"),
        (["strategy", "mine"], "which channel is it for?; --channel btc_eth_zones or demo_coin"),
        (["strategy", "mine", "--channel", "demo_kel"], 'did you mean "demo_keel"?'),
        (["rules", "../evil"], '"../evil" cannot name a file'),
        (["strategy", "Über"], '"Über" cannot name a file'),
    ],
)
def test_what_cannot_be_made_is_said(words: list[str], says: str, workspace: Path, run: Run) -> None:
    before = snapshot(workspace)
    result = run("new", *words)
    assert result.exit_code == 2
    assert says in result.stderr
    assert snapshot(workspace) == before


@pytest.mark.parametrize("name", ["strategy", "rules", "workspace"])
def test_schemas_are_printed_as_they_are_used(name: str, run: Run) -> None:
    printed = json.loads(run("schema", name).stdout)
    Draft7Validator.check_schema(printed)
    assert printed == json.loads((ROOT / "engine/config/schemas" / f"{name}.schema.json").read_text(encoding="utf-8"))

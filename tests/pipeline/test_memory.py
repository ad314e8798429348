"""What validate remembers: never anything that is not true any more, and nothing that is damaged is believed."""

from __future__ import annotations

import json
import random
from pathlib import Path

import pytest

from engine.pipeline import checking
from engine.pipeline.checking import hash_of
from engine.pipeline.validate import Validation, validate_workspace
from engine.pipeline.workspace import Workspace
from tests.conftest import Run

HEADER = 'channel "{name}"\nnumbers: 1,234.56\n{like}\ndefaults\nquote: USDT\n'
CALL = '\nsignal "line"\n<<<\n{side: BUY} {symbol: BTCUSDT} @ {entry: 64800}, SL {stop: 64500}\n>>>\n'
CHAT = '\ntest "chat"\n<<<\ngm\n>>>\nexpect nothing\n'
RULES = "rules:\n  - {name: a, when: {correlated exposure over: 50%}, then: warn, only: {channels: [own]}}\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, text in {
        "channels/base.channel": HEADER.format(name="Base", like="") + CALL + CHAT,
        "channels/own.channel": HEADER.format(name="Own", like='like "base"\n') + CHAT,
        "rules/mine.yaml": RULES,
        "strategies/mine.yaml": "name: mine\nchannels: [own]\nmarket: {source: mexc, type: swap, timeframe: 1m}\n"
        "account: {equity: 1000 USDT}\nsize: {risk: 1%}\nrules: [mine]\n",
    }.items():
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return tmp_path


@pytest.fixture
def looked_at(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The files that are really checked."""
    seen: list[str] = []
    for folder, check in list(checking.CHECKS.items()):

        def watched(workspace, source, name, check=check):  # type: ignore[no-untyped-def]
            seen.append(source.path)
            return check(workspace, source, name)

        monkeypatch.setitem(checking.CHECKS, folder, watched)
    return seen


def check(folder: Path, remember: bool = True) -> Validation:
    return validate_workspace(Workspace(folder), remember=remember)


def test_a_second_run_finds_the_same_and_looks_at_nothing(folder: Path, looked_at: list[str]) -> None:
    first = check(folder)
    assert [d.code for d in first.findings] == ["R202"]
    assert len(looked_at) == 4
    looked_at.clear()
    assert check(folder) == first
    assert looked_at == []
    assert check(folder, remember=False) == first
    assert len(looked_at) == 4


def test_what_is_taken_over_by_way_of_another_profile_counts_for_each_that_does(
    folder: Path, looked_at: list[str]
) -> None:
    channels = folder / "channels"
    for name, like in (("mid", "base"), ("near", "mid"), ("other", "mid")):
        text = HEADER.format(name=name, like=f'like "{like}"\n') + CHAT
        (channels / f"{name}.channel").write_text(text, encoding="utf-8")
    check(folder)
    looked_at.clear()
    base = channels / "base.channel"
    base.write_text(base.read_text(encoding="utf-8").replace("{stop:", "{stopp:"), encoding="utf-8")
    errors = [one for one in check(folder).findings if one.severity == "error"]
    assert [(one.path, one.code) for one in errors] == [("channels/base.channel", "D205")]
    assert looked_at == [f"channels/{name}.channel" for name in ("base", "mid", "near", "other", "own")]


@pytest.mark.parametrize(
    ("name", "again"),
    [
        ("strategies/mine.yaml", ["strategies/mine.yaml"]),
        ("rules/mine.yaml", ["rules/mine.yaml"]),
        ("channels/own.channel", ["channels/own.channel"]),
        ("channels/base.channel", ["channels/base.channel", "channels/own.channel"]),
    ],
)
def test_what_changed_is_checked_again_and_who_takes_it_over(folder, looked_at, name, again) -> None:  # type: ignore[no-untyped-def]
    check(folder)
    looked_at.clear()
    path = folder / name
    path.write_text(path.read_text(encoding="utf-8") + "\n# changed\n", encoding="utf-8")
    check(folder)
    assert looked_at == again
    assert check(folder) == check(folder, remember=False)


def test_groups_of_the_workspace_concern_the_rules(folder: Path, looked_at: list[str]) -> None:
    check(folder)
    looked_at.clear()
    (folder / "workspace.yaml").write_text("groups: {majors: [BTCUSDT, ETHUSDT]}\n", encoding="utf-8")
    check(folder)
    assert looked_at == ["workspace.yaml", "rules/mine.yaml"]


def test_what_lies_between_files_is_looked_at_every_time(folder: Path, looked_at: list[str]) -> None:
    check(folder)
    looked_at.clear()
    (folder / "channels" / "own.channel").rename(folder / "channels" / "other.channel")
    assert [(d.path, d.code) for d in check(folder).findings if d.severity == "error"] == [
        ("rules/mine.yaml", "X001"),
        ("strategies/mine.yaml", "X001"),
    ]
    assert looked_at == ["channels/other.channel"]


def test_a_profile_that_is_missing_and_then_there(folder: Path) -> None:
    base = (folder / "channels" / "base.channel").rename(folder / "base")
    assert "D214" in {d.code for d in check(folder).findings}
    base.rename(folder / "channels" / "base.channel")
    assert [d.code for d in check(folder).findings] == ["R202"]
    (folder / "channels" / "base.channel").unlink()
    assert "D214" in {d.code for d in check(folder).findings}


def test_another_program_forgets(folder: Path, looked_at: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    check(folder)
    looked_at.clear()
    monkeypatch.setattr("engine.pipeline.memory.program_state", lambda: "another one")
    check(folder)
    assert len(looked_at) == 4


def test_a_damaged_memory_is_forgotten(folder: Path) -> None:
    right = check(folder)
    path = folder / "data" / "cache" / "validate.json"
    good = path.read_bytes()
    chance = random.Random(1)
    for _ in range(200):
        data = bytearray(good)
        for _ in range(chance.randint(1, 4)):
            match chance.randrange(3):
                case 0:
                    data[chance.randrange(len(data))] = chance.randrange(256)
                case 1:
                    del data[chance.randrange(len(data)) :]
                    data += b"\0"
                case _:
                    data[chance.randrange(len(data)) : 0] = chance.randbytes(3)
        path.write_bytes(bytes(data))
        assert check(folder) == right


@pytest.mark.parametrize(
    "checked",
    [None, 5, [], {}, {"findings": 3}, {"findings": [[1]], "channels": {}, "rules": {}, "currency": None, "needs": {}},
     {"findings": [], "channels": {"a": [1]}, "rules": {}, "currency": None, "needs": {}}],
)  # fmt: skip
def test_an_entry_of_another_shape_is_forgotten(folder: Path, checked: object) -> None:
    right = check(folder)
    path = folder / "data" / "cache" / "validate.json"
    data = json.loads(path.read_text(encoding="utf-8").partition("\n")[2])
    for entry in data["files"].values():
        entry["checked"] = checked
    body = json.dumps(data)
    path.write_text(f"{hash_of(body)}\n{body}\n", encoding="utf-8")
    assert check(folder) == right


def test_where_nothing_can_be_kept_the_check_is_the_same(folder: Path) -> None:
    right = check(folder, remember=False)
    (folder / "data").write_text("a file in the way", encoding="utf-8")
    assert check(folder) == right


def test_a_file_that_cannot_be_read_hides_no_other(workspace: Path, run: Run) -> None:
    (workspace / "rules" / "broken.yaml").write_bytes(b"rules:\n  - \xff\xfe")
    (workspace / "rules" / "slip.yaml").write_text("rulse: []\n", encoding="utf-8")
    result = run("validate", "--format", "concise")
    assert result.exit_code == 2
    assert "rules/broken.yaml:2: not UTF-8 text" in result.stderr
    assert 'unknown key "rulse"' in result.stdout

"""``cli.py init`` and ``cli.py new``: commented files that validate at once. What exists is never overwritten."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

from engine.config.diagnostics import did_you_mean
from engine.files import write_text
from engine.pipeline.crossing import is_demo
from engine.pipeline.errors import InputError
from engine.pipeline.workspace import Workspace
from engine.problem import Problem

TEMPLATES = Path(__file__).with_name("templates")
SCHEMAS = Path(__file__).parent.parent / "config" / "schemas"
NAME = re.compile(r"[a-z][a-z0-9_-]{0,39}")
PLACES = {"channel": ("channels", ".channel"), "rules": ("rules", ".yaml"), "strategy": ("strategies", ".yaml")}
OWN_SCHEMAS = "schemas"


def new_file(workspace: Workspace, kind: str, name: str, channel: str | None = None) -> str:
    """Make a channel, rules or strategy file in a workspace (a strategy for ``channel``); where it stands.

    Raises InputError for a name that cannot be one, for a file that exists, and for a strategy where no channel is.
    """
    path = new_path(workspace, kind, name)
    suffix = PLACES[kind][1]
    text = (TEMPLATES / f"{kind}{suffix}").read_text(encoding="utf-8").replace("NAME", name)
    text = text.replace("SCHEMAS", f"../{_schemas(workspace.root)}")
    if kind == "strategy":
        text = _fill_strategy(workspace, text, channel)
    write_text(path, text)
    return path.as_posix()


def new_path(workspace: Workspace, kind: str, name: str) -> Path:
    """Where a new file goes. Raises InputError for a name that cannot be one, and for a file that exists."""
    if not NAME.fullmatch(name):
        raise InputError(Problem(f'"{name}" cannot name a file', hint="use a-z, 0-9, _ and -, such as my_channel"))
    folder, suffix = PLACES[kind]
    path = workspace.root / folder / f"{name}{suffix}"
    if path.exists():
        raise InputError(Problem("is there already", workspace.shown(path), hint="choose another name"))
    return path


def init_workspace(folder: Path) -> list[str]:
    """Make a workspace in a new or empty folder; the files made. Raises InputError when something is there."""
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise InputError(Problem("is not empty", str(folder), hint="name a new folder"))
    workspace = Workspace(folder)
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copytree(SCHEMAS, folder / OWN_SCHEMAS)
    text = (TEMPLATES / "workspace.yaml").read_text(encoding="utf-8").replace("SCHEMAS", OWN_SCHEMAS)
    write_text(folder / "workspace.yaml", text)
    write_text(folder / ".gitignore", ".env\n/data/\n/runs/\n/logs/\n")
    made = [
        new_file(workspace, "channel", "my_channel"),
        new_file(workspace, "rules", "default"),
        new_file(workspace, "strategy", "my_strategy"),
    ]
    return ["workspace.yaml", *made]


def _schemas(root: Path) -> str:
    """Where the schemas lie for an editor, from the root of a workspace."""
    return "engine/config/schemas" if (root / "engine" / "config" / "schemas").is_dir() else OWN_SCHEMAS


def _fill_strategy(workspace: Workspace, text: str, channel: str | None) -> str:
    """The strategy for a channel (default: the only one), under rules/default.yaml where that is there."""
    channels = [name for name in workspace.names("channels", ".channel") if not name.startswith("library/")]
    if not channels:
        raise InputError(Problem("there is no channel to trade yet", hint="cli.py new channel my_channel makes one"))
    if channel is None and len(channels) > 1:
        raise InputError(Problem("which channel is it for?", hint=f"--channel {' or '.join(channels)}"))
    channel = channel or channels[0]
    if channel not in channels:
        near = did_you_mean(channel, channels) or f"channels here: {', '.join(channels)}"
        raise InputError(Problem(f"there is no channels/{channel}.channel", hint=near))
    profile = workspace.profile(channel)
    if profile is not None and is_demo(profile):  # its calls are about an invented market, which has a beginning
        text = text.replace("source: imported", "source: synthetic").replace("# period:", "period:")
    rules = "rules: [default]" if "default" in workspace.names("rules", ".yaml") else "rules: []"
    return text.replace("CHANNEL", channel).replace("RULES", rules)

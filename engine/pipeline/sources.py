"""Which channels to collect now: the ``source: telegram ...`` lines of the profiles, looked at again and again.

A profile whose layouts are broken is collected all the same: only its source line is needed for that, and a typo must
not cost messages. When even that line cannot be read, the address that was known before stays in force.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from engine.channel.settings import read_settings
from engine.channel.syntax.parser import parse
from engine.config.text import SourceText
from engine.pipeline.workspace import LARGEST_FILE_BYTES, Workspace

Stamp = tuple[int, int]


class ProfileSources:
    """Call it for the present channels: profile name to Telegram address. ``tell`` hears of unreadable profiles."""

    def __init__(self, workspace: Workspace, tell: Callable[[str], None]) -> None:
        self._workspace = workspace
        self._tell = tell
        self._seen: dict[Path, Stamp] = {}
        self._found: dict[str, str] = {}

    def __call__(self) -> dict[str, str]:
        """The channels now. Files that have not changed are not read again."""
        base = self._workspace.root / "channels"
        paths = {name: base / f"{name}.channel" for name in self._workspace.names("channels", ".channel")}
        for name in [name for name in self._found if name not in paths]:
            del self._found[name]
        self._seen = {path: stamp for path, stamp in self._seen.items() if path in paths.values()}
        for name, path in paths.items():
            if not name.startswith("library/"):
                self._look(name, path)
        return dict(self._found)

    def _look(self, name: str, path: Path) -> None:
        """Read a profile that is new or has changed."""
        try:
            now = path.stat()
            stamp = (now.st_mtime_ns, now.st_size)
            if self._seen.get(path) == stamp:
                return
            self._seen[path] = stamp
            if now.st_size > LARGEST_FILE_BYTES:
                raise ValueError("larger than 4 MB")
            text = path.read_bytes().decode("utf-8-sig")
        except (OSError, ValueError) as error:
            self._tell(f"{self._workspace.shown(path)} cannot be read: {error}")
            return
        source = SourceText(self._workspace.shown(path), text)
        file, found = parse(source)
        header, more = read_settings(file, source)
        if header.source is not None and header.source.kind == "telegram":
            self._found[name] = header.source.address
        elif header.source is not None or not (found or more):
            self._found.pop(name, None)
        elif name not in self._found:
            self._tell(f"{source.path} has errors and is not collected; see: cli.py validate")

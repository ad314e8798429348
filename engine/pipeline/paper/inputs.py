"""The files that paper trading runs with: which of them changed since the last run, and what an edit does meanwhile.

A profile that is edited is used for the messages that come from then on. One that the edit breaks is told, and the
earlier version goes on. A strategy, rules and ``workspace.yaml`` decide on money that is out: a change of them is told,
and used from the next start on. The ledger knows the hash of every file in use (``begin``, ``changed``).
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from engine.config.diagnostics import has_errors
from engine.config.text import SourceText
from engine.pipeline.errors import InputError
from engine.pipeline.paper.desk import Hashes, hashes, reading_with
from engine.pipeline.workspace import Workspace

if TYPE_CHECKING:
    from engine.channel import Profile
    from engine.paper.desk import Desk
    from engine.paper.ledger import Ledger
    from engine.pipeline.paper.desk import Loaded

LOOK_S = 1.0


def used_before(ledger: Ledger, account: str, seq: int | None = None) -> Hashes:
    """The files that an account ran with last, or ran with at an event (its ``seq``); none for a new account."""
    used: Hashes = {}
    for event in ledger.events(account, 0, "begin", "changed"):
        if seq is not None and event.seq > seq:
            break
        used = {**(used if event.kind == "changed" else {}), **event.data["inputs"]}
    return used


def differences(before: Mapping[str, str], now: Mapping[str, str]) -> list[str]:
    """Which files differ, in words."""
    changed = [name for name in now if name in before and before[name] != now[name]]
    new = [f"{name} (new)" for name in now if name not in before]
    gone = [f"{name} (no longer used)" for name in before if name not in now]
    return [*changed, *new, *gone]


class InputWatch:
    """Looks at the files in use once a second.

    Parameters
    ----------
    desk
        Its readers get an edited profile, and its ledger is told.
    say
        Gets a line for people.
    """

    def __init__(
        self,
        workspace: Workspace,
        loaded: Sequence[Loaded],
        desk: Desk,
        now_ms: Callable[[], int],
        say: Callable[[str], None],
    ) -> None:
        self.root, self.desk, self.now_ms, self.say = workspace.root, desk, now_ms, say
        self.channels = sorted({profile.id for one in loaded for profile in one.profiles})
        self.used = hashes(workspace.sources)
        self._told = dict(self.used)
        self._seen = self._stamps(self.used)
        self._settled = True

    async def run(self) -> None:
        """Look until cancelled."""
        while True:
            await asyncio.sleep(LOOK_S)
            stamps = self._stamps(self.used)
            if stamps != self._seen:  # an editor may be in the middle of it: the next look decides
                self._seen, self._settled = stamps, False
            elif not self._settled:
                self._settled = True
                await self._look()

    def _stamps(self, names: Iterable[str]) -> dict[str, tuple[int, int]]:
        found = {}
        for name in names:
            try:
                about = (self.root / name).stat()
            except OSError:
                continue
            found[name] = about.st_mtime_ns, about.st_size
        return found

    async def _look(self) -> None:
        """Something was written: take over profiles, and tell of the rest."""
        others = set(self.used)
        for name in self.channels:
            fresh = Workspace(self.root)
            try:
                profile = await asyncio.to_thread(fresh.profile, name)
            except InputError as error:
                self._tell_broken(name, {}, str(error.problems[0]))
                continue
            now = hashes(fresh.sources)
            others -= set(now)
            if all(self._told.get(file) == text for file, text in now.items()) and profile is not None:
                continue
            if profile is None or has_errors(fresh.findings):
                first = next((one for one in fresh.findings if one.severity == "error"), None)
                where = "it is not there" if first is None else f"{first.path}:{first.line}: {first.message}"
                self._tell_broken(name, now, where)
            else:
                self._take_over(name, profile, now)
        for name in sorted(others):
            self._tell_other(name)

    def _take_over(self, name: str, profile: Profile, now: Hashes) -> None:
        """Read later messages with an edited profile."""
        self._told |= now
        if all(self.used.get(file) == text for file, text in now.items()):
            self.say(f"channels/{name}.channel is again as it was")
            return
        self.desk.readers[name].read_with(reading_with(profile))
        self.used |= now
        self._seen = self._stamps(self.used)
        self.desk.note("changed", self.now_ms(), {"inputs": now})
        self.say(f"channels/{name}.channel was changed; messages are read with it from now on")

    def _tell_broken(self, name: str, now: Hashes, why: str) -> None:
        """An edit broke a profile."""
        file = f"channels/{name}.channel"
        if now.get(file, "") == self._told.get(file):
            return
        self._told |= {file: "", **now}
        self.say(f"{file} has errors ({why}); messages are read with the earlier version. See: cli.py validate")

    def _tell_other(self, name: str) -> None:
        """A strategy, rules or the workspace's settings were changed."""
        try:
            text = (self.root / name).read_bytes().decode("utf-8-sig")
        except (OSError, UnicodeDecodeError):
            return
        (now,) = hashes({name: SourceText(name, text)}).values()
        if now != self._told.get(name):
            self._told[name] = now
            if now == self.used[name]:
                self.say(f"{name} is again as it was")
            else:
                self.say(f"{name} was changed; the account goes on with the earlier version until it is started again")

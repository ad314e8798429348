"""A workspace: the folder that holds channels/, rules/, strategies/ and data/, read and checked.

Files are loaded once each, on demand; every finding is kept in ``findings``. A command asks for what it needs
(``strategy``, ``profile``, ``rule_file``) and then calls ``check()``; ``validate`` asks for everything.
"""

from __future__ import annotations

import shlex
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from engine.config.diagnostics import Diagnostic, has_errors
from engine.config.text import SourceText
from engine.pipeline.crossing import foreign_amounts, is_demo, two_worlds, unknown_demo, unknown_fees, unknown_names
from engine.pipeline.errors import InputError
from engine.pipeline.shipped import shipped, shipped_names
from engine.problem import Problem

if TYPE_CHECKING:
    from engine.channel import Profile
    from engine.channel.library import Loaded
    from engine.config.strategies import References, StrategyFile
    from engine.config.workspace import Settings
    from engine.risk import RuleFile

LARGEST_FILE_BYTES = 4_000_000


@dataclass
class Workspace:
    """The user's files under ``root``; see the module's docstring."""

    root: Path
    findings: list[Diagnostic] = field(default_factory=list)
    sources: dict[str, SourceText] = field(default_factory=dict)
    library: Loaded = field(default_factory=dict)  # what profiles take over, read once for all of them
    _profiles: dict[str, Profile | None] = field(default_factory=dict)
    _rules: dict[str, RuleFile | None] = field(default_factory=dict)
    _strategies: dict[str, StrategyFile | None] = field(default_factory=dict)
    _settings: Settings | None = None

    # ------------------------------------------------------------------ places

    @property
    def option(self) -> str:
        """What a command that a hint names needs behind it to be about this workspace: nothing in its own folder."""
        return "" if self.root == Path() else f" --workspace {shlex.quote(self.root.as_posix())}"

    @property
    def archive_path(self) -> Path:
        """The append-only archive of messages."""
        return self.root / "data" / "signals_raw.jsonl"

    @property
    def signals_path(self) -> Path:
        """The table of all signals read."""
        return self.root / "data" / "signals_parsed.csv"

    @property
    def results_path(self) -> Path:
        """The calls of the last backtest."""
        return self.root / "data" / "backtest_results.csv"

    @property
    def candles_path(self) -> Path:
        """The candle store."""
        return self.root / "data" / "candles"

    @property
    def trials_path(self) -> Path:
        """The append-only list of every backtest ever run."""
        return self.root / "data" / "trials.jsonl"

    @property
    def checked_path(self) -> Path:
        """What the last check of each file found, so that it need not be checked again."""
        return self.root / "data" / "cache" / "validate.json"

    @property
    def paths_path(self) -> Path:
        """Paths that were computed before; safe to delete."""
        return self.root / "data" / "cache" / "paths"

    @property
    def ledger_path(self) -> Path:
        """The ledger of paper trading."""
        return self.root / "data" / "paper.db"

    @property
    def ledger_copy_path(self) -> Path:
        """The daily copy of the ledger."""
        return self.ledger_path.with_suffix(".backup.db")

    @property
    def alive_path(self) -> Path:
        """The file that running paper trading touches, and says in who it is."""
        return self.root / "data" / "paper.alive"

    @property
    def testnet_path(self) -> Path:
        """The journal of orders at a test exchange."""
        return self.root / "data" / "testnet.jsonl"

    @property
    def runs_path(self) -> Path:
        """The folder of the runs."""
        return self.root / "runs"

    @property
    def logs_path(self) -> Path:
        """The folder of the daily logs."""
        return self.root / "logs"

    # ------------------------------------------------------------------ files

    def read_source(self, path: Path) -> SourceText:
        """The text of a user's file, registered for diagnostics. Raises InputError when it cannot be read."""
        shown = self.shown(path)
        if shown not in self.sources:
            try:
                if path.stat().st_size > LARGEST_FILE_BYTES:
                    raise InputError(Problem("the file is larger than 4 MB", shown, hint="is it really a text file?"))
                text = path.read_bytes().decode("utf-8-sig")
            except UnicodeDecodeError as error:
                line = path.read_bytes()[: error.start].count(b"\n") + 1
                raise InputError(Problem("not UTF-8 text", shown, line, hint="save the file as UTF-8")) from None
            except OSError as error:
                raise InputError(Problem(f"cannot be read: {error.strerror}", shown)) from None
            self.sources[shown] = SourceText(shown, text)
        return self.sources[shown]

    def shown(self, path: Path) -> str:
        """A path as the user sees it: relative to the workspace where it lies inside, with forward slashes."""
        absolute = path.absolute()
        root = self.root.absolute()
        return (absolute.relative_to(root) if absolute.is_relative_to(root) else path).as_posix()

    def names(self, folder: str, suffix: str) -> list[str]:
        """The names (paths below ``folder`` without suffix) of all files of a kind, sorted."""
        base = self.root / folder
        return sorted(p.relative_to(base).with_suffix("").as_posix() for p in base.rglob(f"*{suffix}") if p.is_file())

    def profile(self, name: str) -> Profile | None:
        """The channel profile ``channels/<name>.channel``; None when it has errors or is not there."""
        from engine.channel import load_profile

        if name not in self._profiles:
            path = self.root / "channels" / f"{name}.channel"
            profile: Profile | None = None
            if path.is_file():
                source = self.read_source(path)
                profile, found = load_profile(source, name, self.channel_source, self.likes, self.library)
                found += unknown_demo(profile, source) if profile else []
                self.findings += [one for one in found if one not in self.findings]
            self._profiles[name] = profile
        return self._profiles[name]

    @property
    def likes(self) -> list[str]:
        """The names of all profiles that another one may take over."""
        return sorted({*self.names("channels", ".channel"), *shipped_names()})

    def channel_source(self, name: str) -> SourceText | None:
        """The text of a profile to take over: the workspace's own, else the program's; None where neither is there."""
        base = (self.root / "channels").resolve()
        path = base / f"{name}.channel"
        inside = path.resolve().is_relative_to(base)
        if inside and path.is_file():
            return self.read_source(self.root / "channels" / f"{name}.channel")
        source = shipped(name)
        return self.sources.setdefault(source.path, source) if source else None

    def rule_file(self, name: str) -> RuleFile | None:
        """The rules ``rules/<name>.yaml``; None when they have errors or are not there."""
        from engine.risk import load_rules

        if name not in self._rules:
            path = self.root / "rules" / f"{name}.yaml"
            rules: RuleFile | None = None
            if path.is_file():
                source = self.read_source(path)
                rules, found = load_rules(source, self.settings.groups)
                self.findings += found
                self.findings += unknown_names("channel", rules.channel_spans if rules else {}, source, self.names)
            self._rules[name] = rules
        return self._rules[name]

    def strategy(self, path: Path) -> StrategyFile | None:
        """A strategy with everything that it names loaded and checked; None when it has errors."""
        from engine.config.strategies import load_strategy, references

        shown = self.shown(path)
        if shown not in self._strategies:
            source = self.read_source(path)
            loaded, found = load_strategy(source)
            self.findings += found
            named = references(source)
            self.findings += self._references(source, named) + self._try(source)
            if loaded:
                self.findings += unknown_fees(loaded)
                self.findings += foreign_amounts(loaded.strategy.currency, named.rules, source, self._currency_of)
                invented = loaded.strategy.market.source == "synthetic"
                self.findings += two_worlds(invented, named.channels, source, self._is_demo)
            self._strategies[shown] = loaded
        return self._strategies[shown]

    @property
    def settings(self) -> Settings:
        """What ``workspace.yaml`` says, or the defaults."""
        from engine.config.workspace import Settings, load_settings

        if self._settings is None:
            path = self.root / "workspace.yaml"
            self._settings = Settings()
            if path.is_file():
                loaded, found = load_settings(self.read_source(path))
                self.findings += found
                self._settings = loaded or self._settings
        return self._settings

    def _references(self, source: SourceText, named: References) -> list[Diagnostic]:
        """Load what a strategy names; a finding for each name that there is no file for."""
        for name in named.channels:
            self.profile(name)
        for name in named.rules:
            self.rule_file(name)
        return unknown_names("channel", named.channels, source, self.names) + unknown_names(
            "rules", named.rules, source, self.names
        )

    def _try(self, source: SourceText) -> list[Diagnostic]:
        """What the tests inside a strategy find."""
        if "tests" not in source.text:
            return []
        from engine.pipeline.trying import try_strategy

        return try_strategy(source)

    def _is_demo(self, name: str) -> bool | None:
        """Whether a channel's calls are invented; None where its profile has errors."""
        profile = self.profile(name)
        return is_demo(profile) if profile else None

    def _currency_of(self, name: str) -> str | None:
        """The currency of the amounts in a rule file."""
        rules = self.rule_file(name)
        return rules.currency if rules else None

    # ------------------------------------------------------------------ whole

    def find_strategy(self, given: str) -> Path:
        """The file a user means by a path or a bare name. Raises InputError when there is none."""
        from engine.config.diagnostics import did_you_mean

        for path in (Path(given), self.root / given, self.root / "strategies" / f"{given}.yaml"):
            if path.is_file():
                return path
        known = self.names("strategies", ".yaml")
        hint = did_you_mean(Path(given).stem, known) or ("strategies here: " + ", ".join(known) if known else "")
        raise InputError(Problem("there is no such strategy file", given, hint=hint))

    def check(self) -> None:
        """Raises InputError when a file loaded so far has an error."""
        if has_errors(self.findings):
            raise InputError(findings=sorted(set(self.findings)))

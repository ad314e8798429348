"""What the page of an account on paper is made of besides its ledger: strategies, messages, candles, where known.

None of it is needed: a page without messages shows none, one without candles shows no charts and says that the
drawdown was taken only when the account moved.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from engine.collect.archive import Archive, ArchiveError
from engine.pipeline.asked import prices_of
from engine.pipeline.errors import InputError
from engine.pipeline.paper.desk import Loaded, load, reader_of
from engine.pipeline.readings import read_messages

if TYPE_CHECKING:
    from engine.domain import Message, Signal
    from engine.market.candles import Candles
    from engine.pipeline.paper.book import Book
    from engine.pipeline.prices import Prices
    from engine.pipeline.workspace import Workspace


@dataclass(frozen=True)
class Sources:
    """Strategies with their profiles, candles by symbol, messages; ``replay`` names what was replayed ("": live)."""

    loaded: Sequence[Loaded] = ()
    prices: Prices | None = None
    candles: Mapping[str, Candles] = field(default_factory=dict)
    messages: Sequence[Message] = ()
    replay: str = ""
    notes: Sequence[str] = ()

    @property
    def names(self) -> dict[str, str]:
        """The channels' names."""
        return {profile.id: profile.name for one in self.loaded for profile in one.profiles}

    @property
    def end_ms(self) -> int:
        """When the last candle is over."""
        return max((bars.end_ms for bars in self.candles.values()), default=0)

    def versions(self) -> dict[str, list[Message]]:
        """All versions of each post, by its key."""
        found: dict[str, list[Message]] = {}
        for message in self.messages:
            found.setdefault(message.key, []).append(message)
        return found

    def signals(self, posts: set[str]) -> dict[str, Signal]:
        """The calls of some posts as their profiles read them now, by id: where each value stands in the text."""
        found: dict[str, Signal] = {}
        for profile in {profile.id: profile for one in self.loaded for profile in one.profiles}.values():
            reader = reader_of(profile)
            for message in self.messages:
                if message.channel == profile.id and message.key in posts:
                    found |= {signal.id: signal for signal in reader.take(message)[0]}
        return found


def archived(workspace: Workspace, loaded: Sequence[Loaded]) -> list[Message]:
    """The archive's messages of all channels of some strategies. Raises ArchiveError and InputError."""
    channels = {profile.id for one in loaded for profile in one.profiles}
    return [m for m in read_messages(Archive(workspace.archive_path)) if m.channel in channels]


def loaded_now(workspace: Workspace, book: Book) -> tuple[list[Loaded], list[str]]:
    """The strategies of an account as their files are now, and the names of those that are gone or have errors."""
    loaded, gone = [], []
    for name in map(str, book.begun.data["strategies"]):
        try:
            loaded.append(load(workspace, name))
        except InputError:
            gone.append(name)
    return loaded, gone


def known_sources(workspace: Workspace, book: Book) -> Sources:
    """What a workspace has of a live account; files that cannot be read now leave their part out."""
    loaded, gone = loaded_now(workspace, book)
    notes = [f"strategy {name} cannot be read now: its names and settings are missing here" for name in gone]
    if not loaded:
        return Sources(notes=notes)
    strategy = replace(loaded[0].strategy, from_ms=None, to_ms=None)
    prices, candles = None, {}
    if strategy.market.source != "synthetic":
        prices, _ = prices_of(workspace, replace(strategy, from_ms=book.began_ms))
        for symbol in sorted({call.plan.symbol for call in book.fold.rows}):
            try:
                bars = prices.candles(symbol)
            except InputError:
                bars = None
            if bars is not None:
                candles[symbol] = bars
    messages: list[Message] = []
    if workspace.archive_path.is_file():
        try:
            messages = archived(workspace, loaded)
        except (ArchiveError, InputError):
            notes.append("the archive cannot be read: the messages are missing here")
    return Sources(loaded, prices, candles, messages, notes=notes)

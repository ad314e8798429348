"""The verdicts that an account on paper was given, as its ledger has them: a restart knows them, a day's replay too."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from engine.domain import NOTHING_KNOWN, Opinion
from engine.units import MINUTE_MS, show_duration

if TYPE_CHECKING:
    from engine.paper.ledger import Event, Ledger
    from engine.pipeline.paper.desk import Loaded

CONDITION = "channel verdict in"
Judged = Callable[[str, int], Opinion]


def asks_verdict(loaded: Loaded) -> bool:
    """Whether a rule of a strategy asks for the verdict."""
    return loaded.rules.asks(CONDITION)


@dataclass
class Verdicts:
    """The newest words on the channels of each strategy, from when on they were known."""

    words: dict[str, dict[str, list[tuple[int, Opinion]]]] = field(default_factory=dict)

    @classmethod
    def kept(cls, ledger: Ledger, account: str) -> Verdicts:
        """The words that an account's ledger has. Raises LedgerError."""
        found = cls()
        for event in ledger.events(account, 0, "verdicts"):
            found.take(event)
        return found

    def asked_by(self, loaded: Sequence[Loaded]) -> dict[str, Judged]:
        """The verdicts of each strategy whose rules ask for them."""
        return {one.strategy.name: self.of(one.strategy.name) for one in loaded if asks_verdict(one)}

    def of(self, strategy: str) -> Judged:
        """The verdicts of a strategy's rules; what nobody has said yet is NOT ENOUGH DATA."""

        def judged(channel: str, now_ms: int) -> Opinion:
            said = self.words.get(strategy, {}).get(channel, [])
            return next((opinion for since, opinion in reversed(said) if since <= now_ms), NOTHING_KNOWN)

        return judged

    def newest(self, strategy: str) -> dict[str, Opinion]:
        """The newest word on each channel of a strategy."""
        return {channel: said[-1][1] for channel, said in self.words.get(strategy, {}).items()}

    def take(self, event: Event) -> None:
        """Words that stand in the ledger, in the order in which they were written."""
        for strategy, channels in event.data["words"].items():
            for channel, word in channels.items():
                said = self.words.setdefault(strategy, {}).setdefault(channel, [])
                said.append((event.at_ms, Opinion(word["word"], word["trades"])))


def kept_words(ledger: Ledger, account: str) -> list[dict[str, Any]]:
    """The newest word on each channel, with when it was given. Raises LedgerError."""
    verdicts = Verdicts.kept(ledger, account)
    return [
        {"strategy": strategy, "channel": channel, "word": said[-1][1].word, "trades": said[-1][1].trades}
        | {"given_ms": said[-1][0]}
        for strategy, channels in verdicts.words.items()
        for channel, said in channels.items()
    ]


def age_lines(words: Sequence[Mapping[str, Any]], now_ms: int) -> Iterator[str]:
    """The words on the channels of each strategy, and how old they are."""
    for strategy in dict.fromkeys(word["strategy"] for word in words):
        mine = [word for word in words if word["strategy"] == strategy]
        aged = max(0, now_ms - min(word["given_ms"] for word in mine)) // MINUTE_MS * MINUTE_MS
        said = ", ".join(f"{word['channel']} {word['word']} (after {word['trades']:,} closed calls)" for word in mine)
        yield f"verdicts of {strategy}, given {show_duration(aged) if aged else 'less than a minute'} ago: {said}"


def words_in(said: str) -> dict[str, dict[str, Any]] | None:
    """The words that ``paper verdicts --format json`` printed in its last line; None where it printed none.

    Of each channel: the word and after how many closed calls it was given (``trades``), how many had closed by now, and
    at how many its ``next`` word is due.
    """
    try:
        found = json.loads(said.splitlines()[-1])
        numbers = ("trades", "closed", "next")
        return {
            str(name): {"word": str(one["word"])} | {number: int(one[number]) for number in numbers}
            for name, one in found.items()
        }
    except (IndexError, ValueError, AttributeError, KeyError, TypeError):
        return None

"""How many settings were tried: the list ``data/trials.jsonl`` of every backtest ever run, read for the corrections.

A trial is one channel under one profile, strategy and period, named by the hash of those inputs; the same inputs run
again are the same trial. The list is append-only and lies outside ``runs/``: deleting runs changes nothing.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field


@dataclass(slots=True)
class Trials:
    """Of each channel its trials by hash: (Sharpe ratio of a trade, chance of luck); either is None where not known."""

    channels: dict[str, dict[str, tuple[float | None, float | None]]] = field(default_factory=dict)
    unreadable: int = 0

    def add(self, channel: str, key: str, sharpe: float | None, luck: float | None) -> None:
        """Another trial, or the same again."""
        self.channels.setdefault(channel, {})[key] = (sharpe, luck)

    def tried(self, channel: str, key: str) -> list[float]:
        """The Sharpe ratios of the other settings tried on a channel."""
        found = self.channels.get(channel, {})
        return [ratio for name, (ratio, _) in found.items() if name != key and ratio is not None]

    def luck_of_others(self, channels: Iterable[str]) -> list[float]:
        """The best p-value of each channel that was ever judged, but for ``channels``; 1 where none is known."""
        mine = set(channels)
        return [
            min((1.0 if p is None else p for _, p in found.values()), default=1.0)
            for name, found in sorted(self.channels.items())
            if name not in mine
        ]


def read_trials(lines: Iterable[str]) -> Trials:
    """The trials of a list's lines. A line that is no trial is counted, never dropped silently."""
    trials = Trials()
    for line in lines:
        if not line.strip():
            continue
        try:
            record = json.loads(line)
            whole = str(record["inputs"])
            for channel, figures in record["channels"].items():
                key = str(figures.get("trial", whole))
                trials.add(channel, key, _figure(figures.get("sharpe")), _figure(figures.get("luck")))
        except (ValueError, KeyError, TypeError, AttributeError):
            trials.unreadable += 1
    return trials


def _figure(value: object) -> float | None:
    """A number, or None."""
    return float(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else None

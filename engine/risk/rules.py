"""Rules as the engine sees them: what they ask, what they do, whom they concern, and where they stand."""

from __future__ import annotations

import re
from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING, Literal

import numpy as np

from engine.config.text import SourceText, Span
from engine.domain import Proposal
from engine.risk.condition import is_in
from engine.risk.tree import Tree

if TYPE_CHECKING:
    from engine.simulate.offers import Offers
    from engine.simulate.table import Bools

ActionName = Literal["reject", "warn", "resize", "scale", "halt", "close"]


@dataclass(frozen=True, slots=True)
class RuleAction:
    """What a rule does.

    ``factor`` belongs to scale; ``halt_ms`` to halt, None there means until the next midnight. ``closes``: the open
    trades are closed too (a close alone, or a halt with it).
    """

    kind: ActionName
    factor: float = 1.0
    halt_ms: int | None = None
    closes: bool = False


@dataclass(frozen=True, slots=True)
class Scope:
    """Which trades a rule is about; an empty list means all."""

    channels: tuple[str, ...] = ()
    symbols: tuple[str, ...] = ()
    sides: tuple[str, ...] = ()

    def covers(self, proposal: Proposal) -> bool:
        """Whether a proposal matches every list."""
        pairs = ((proposal.channel, self.channels), (proposal.symbol, self.symbols), (proposal.side, self.sides))
        return all(not names or value in names for value, names in pairs)

    def mask(self, offers: Offers) -> Bools:
        """``covers`` for many calls, shape (n,)."""
        covered = np.ones(len(offers), np.bool_)
        for column, names in (("channel", self.channels), ("symbol", self.symbols), ("side", self.sides)):
            if names:  # else the column need not be made
                covered &= is_in(getattr(offers, column), names)
        return covered


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule; ``where`` is its place for people, such as ``rules/default.yaml:12``."""

    name: str
    where: str
    when: Tree
    then: RuleAction
    only: Scope = Scope()
    why: str = ""

    @property
    def identity(self) -> str:
        """What makes it this rule, wherever it stands in its file: another word in it makes another rule.

        Names of functions are in it, and not where they lie in memory.
        """
        meant = re.sub(r" at 0x[0-9a-f]+", "", f"{self.when!r} {self.then!r} {self.only!r}")
        return f"{self.name}/{sha256(meant.encode()).hexdigest()[:16]}"

    @property
    def watched(self) -> bool:
        """Whether it is asked between calls too: it halts or closes, and its condition needs no call."""
        return (self.then.kind == "halt" or self.then.closes) and self.when.needs_no_call


@dataclass(frozen=True, slots=True)
class RuleFile:
    """The rules of one file, in order; where it names channels; the currency of its amounts (None: it has none)."""

    source: SourceText
    rules: tuple[Rule, ...]
    channel_spans: dict[str, Span]
    currency: str | None = None

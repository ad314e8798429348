"""The rule interpreter: how a decision comes about.

1. The rules of all files are asked in order; ``only`` skips those that the trade does not concern.
2. A rule sees the trade with the size that the rules before it left, and the account as it is.
3. When its condition holds, ``warn`` notes it, ``resize`` and ``scale`` make the trade smaller, and the list goes on;
   ``reject`` and ``halt`` refuse the trade and end the list.
4. A halt also names the moment until which no new trade of its scope is taken; whoever asked keeps that.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from engine.domain import Account, Decision, Halt, Proposal, RuleNote
from engine.risk.condition import Case, Finding
from engine.risk.rules import Rule, RuleFile
from engine.units import show_time


class RuleBook:
    """The rules of several files as one list. ``timezone`` says where the next day begins and whose clock counts."""

    def __init__(self, files: Sequence[RuleFile], timezone: str = "UTC") -> None:
        self.rules = tuple(rule for file in files for rule in file.rules)
        self.timezone = timezone

    def decide(self, proposal: Proposal, account: Account) -> Decision:
        """Whether a trade is taken, at which part of its proposed size, and which rules spoke.

        The factor of a refused trade is 0. The book has no memory: the same question has the same answer.
        """
        factor = 1.0
        notes: list[RuleNote] = []
        for rule in self.rules:
            if not rule.only.covers(proposal):
                continue
            finding = rule.when.look(Case(_sized(proposal, factor), account, self.timezone))
            if not finding.holds:
                continue
            halt = self._halt(rule, account.now_ms) if rule.then.kind == "halt" else None
            left = _left(rule, finding)
            notes.append(_note(rule, finding, self._done(rule, left, halt)))
            if left <= 0:
                return Decision(False, 0.0, tuple(notes), halt)
            factor *= left
        return Decision(True, factor, tuple(notes))

    def _halt(self, rule: Rule, now_ms: int) -> Halt:
        """The pause that a rule asks for."""
        length = rule.then.halt_ms
        until = next_midnight_ms(now_ms, self.timezone) if length is None else now_ms + length
        return Halt(until, rule.name, rule.where, rule.only.channels, rule.only.symbols)

    def _done(self, rule: Rule, left: float, halt: Halt | None) -> str:
        """What a rule did, as the end of a sentence."""
        if halt:
            return f"refused, and no new trades until {show_time(halt.until_ms, self.timezone)} ({self.timezone})"
        if rule.then.kind == "warn":
            return "taken with a warning"
        return f"size cut to {left * 100:.4g}%" if left > 0 else "refused"


def next_midnight_ms(now_ms: int, timezone: str) -> int:
    """When the next day begins in a zone; where the clock skips midnight, the first moment after it."""
    zone = ZoneInfo(timezone)
    tomorrow = datetime.fromtimestamp(now_ms / 1000, zone).date() + timedelta(days=1)
    return round(datetime.combine(tomorrow, time(), zone).timestamp() * 1000)


def _left(rule: Rule, finding: Finding) -> float:
    """The part of the present size that a rule leaves."""
    match rule.then.kind:
        case "warn":
            return 1.0
        case "scale":
            return rule.then.factor
        case "resize":
            return finding.factor
        case _:
            return 0.0


def _sized(proposal: Proposal, factor: float) -> Proposal:
    """The proposal at a part of its size."""
    if factor == 1.0:
        return proposal
    return replace(
        proposal,
        quantity=proposal.quantity * factor,
        notional=proposal.notional * factor,
        risk=proposal.risk * factor,
        margin=proposal.margin * factor,
    )


def _note(rule: Rule, finding: Finding, done: str) -> RuleNote:
    """What is said of a rule that spoke: one sentence, with the writer's reason behind it."""
    text = f"{finding.text[0].upper()}{finding.text[1:]}: {done}"
    reason = f" ({rule.why})" if rule.why else ""
    return RuleNote(rule.name, rule.where, rule.then.kind, finding.seen, finding.limit, f"{text}{reason}.")

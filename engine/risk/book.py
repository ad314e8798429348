"""The rule interpreter: how a decision comes about.

1. The rules of all files are asked in order; ``only`` skips those that the trade does not concern.
2. A rule sees the trade with the size that the rules before it left, and the account as it is.
3. When its condition holds, ``warn`` notes it, ``resize`` and ``scale`` make the trade smaller, and the list goes on;
   ``reject`` and ``halt`` refuse the trade and end the list.
4. A halt also names the moment until which no new trade of its scope is taken; whoever asked keeps that. A close
   names the open trades that are to be ended.

5. Between calls, too, a halt or a close is asked for whose condition needs no call: losses, drawdown, losing streaks,
   the clock, the number of open trades (``watch``). It acts when a candle closes, or a trade ends, that makes it true.

Where the calls are known beforehand, as in a backtest, ``prepare`` asks of all of them at once what needs no account.
At a call only those rules are asked that may then still speak; the answers are the same.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from copy import copy
from dataclasses import replace
from math import inf
from typing import TYPE_CHECKING

import numpy as np

from engine.domain import Account, Close, Decision, Halt, Proposal, RuleNote, Side
from engine.risk.condition import Case, Finding
from engine.risk.rules import Rule, RuleFile
from engine.simulate.judge import Alarm, Course
from engine.units import next_midnight_ms, show_time

if TYPE_CHECKING:
    from engine.simulate.offers import Offers


# what a rule sees that is asked between calls; its conditions look at the account and the clock alone
NO_CALL = Proposal("", "", "", Side.LONG, 0, 0, 0.0, None, (), 0.0, 0.0, 0.0, 0.0, 1.0)
AS_PROPOSED = Decision(True, 1.0)
Asked = tuple["Rule", "Callable[[Case], bool] | None"]  # a rule, and how it answers (None: it holds)


class RuleBook:
    """The rules of several files as one list. ``timezone`` says where the next day begins and whose clock counts."""

    def __init__(self, files: Sequence[RuleFile], timezone: str = "UTC") -> None:
        self.rules = tuple(rule for file in files for rule in file.rules)
        self.timezone = timezone
        self._every = tuple((rule, rule.when.quick) for rule in self.rules)
        self._asked: Mapping[str, tuple[Asked, ...]] = {}
        self._watched = tuple(rule for rule in self.rules if rule.watched)
        self._from_ms: Mapping[int, int] = {}  # by ``id``: rules that were not there from the beginning
        self.about_peak = self.asks("drawdown over")
        self.about_history = self.asks("consecutive losses at least")
        self.watches = bool(self._watched) or self.about_peak

    def asks(self, key: str) -> bool:
        """Whether a rule has a condition of this name."""
        return any(rule.when.asks(key) for rule in self.rules)

    def acting_from(self, from_ms: Mapping[str, int]) -> RuleBook:
        """The same rules; those named (by ``Rule.identity``) say nothing of what was before a moment (epoch ms)."""
        book = copy(self)
        book._from_ms = {id(rule): ms for rule in self.rules if (ms := from_ms.get(rule.identity, 0))}
        return book

    def prepare(self, offers: Offers) -> RuleBook:
        """The same rules, which know of these calls beforehand who has nothing to say to them."""
        book = copy(self)
        book._asked = {}
        if not self.rules or not len(offers):
            return book
        with np.errstate(invalid="ignore", divide="ignore"):
            speaks = [rule.only.mask(offers) & rule.when.possible(offers, self.timezone) for rule in self.rules]
        patterns = [row.tobytes() for row in np.array(speaks).T.copy()]
        sure = [(rule, None if rule.when.fixed else quick) for rule, quick in self._every]  # a whole answer is a yes
        asked = {p: tuple(one for one, may in zip(sure, p, strict=True) if may) for p in set(patterns)}
        book._asked = {plan.signal_id: asked[p] for plan, p in zip(offers.plans, patterns, strict=True)}
        return book

    def decide(self, proposal: Proposal, account: Account) -> Decision:
        """Whether a trade is taken, at which part of its proposed size, and which rules spoke.

        The factor of a refused trade is 0. The book has no memory: the same question has the same answer.
        """
        factor = 1.0
        notes: list[RuleNote] = []
        asked = self._asked.get(proposal.signal_id)
        case = Case(proposal, account, self.timezone)
        for rule, holds in self._every if asked is None else asked:
            if (asked is None and not rule.only.covers(proposal)) or (holds is not None and not holds(case)):
                continue
            if self._from_ms and account.now_ms < self._from_ms.get(id(rule), 0):
                continue
            finding = rule.when.look(case)
            halt = self._halt(rule, account.now_ms) if rule.then.kind == "halt" else None
            close = _close(rule) if rule.then.closes else None
            left = _left(rule, finding)
            notes.append(_note(rule, finding, self._done(rule, left, halt)))
            if left <= 0:
                return Decision(False, 0.0, tuple(notes), halt, close)
            factor *= left
            case = Case(_sized(proposal, factor), account, self.timezone)
        return Decision(True, factor, tuple(notes)) if notes else AS_PROPOSED

    def watch(self, course: Course) -> Alarm | None:
        """The first moment of a course at which a rule halts or closes, None without one.

        A halt that is in force already, and a close that no trade is left for, say nothing again.
        """
        first, speaks = len(course.ts_ms), None
        for rule in self._watched:
            halts, closes = (
                rule.then.kind == "halt",
                rule.then.closes and any(map(_close(rule).covers, course.closable)),
            )
            if not halts and not closes:
                continue
            holds = rule.when.along(course, self.timezone)
            if self._from_ms:
                holds = holds & (course.ts_ms >= self._from_ms.get(id(rule), 0))
            if not closes:
                mine = [halt.until_ms for halt in course.halts if (halt.rule, halt.where) == (rule.name, rule.where)]
                holds = holds & (course.ts_ms >= max(mine, default=0))
            at = int(holds.argmax())
            if holds[at] and at < first:
                first, speaks = at, rule
        if speaks is None:
            return None
        account = course.account_at(first)
        halt = self._halt(speaks, account.now_ms) if speaks.then.kind == "halt" else None
        finding = speaks.when.look(Case(NO_CALL, account, self.timezone))
        done = [f"no new trades until {show_time(halt.until_ms, self.timezone)} ({self.timezone})"] if halt else []
        done += ["open trades closed"] if speaks.then.closes else []
        note = _note(speaks, finding, " and ".join(done))
        return Alarm(account.now_ms, note, halt, _close(speaks) if speaks.then.closes else None)

    def floor(self, account: Account) -> float:
        """Above which equity no watching rule speaks, as long as ``Judge.floor`` says."""
        return max([rule.when.floor(account) for rule in self._watched], default=-inf)

    def _halt(self, rule: Rule, now_ms: int) -> Halt:
        """The pause that a rule asks for."""
        length = rule.then.halt_ms
        until = next_midnight_ms(now_ms, self.timezone) if length is None else now_ms + length
        return Halt(until, rule.name, rule.where, rule.only.channels, rule.only.symbols)

    def _done(self, rule: Rule, left: float, halt: Halt | None) -> str:
        """What a rule did, as the end of a sentence."""
        closed = ", open trades closed" if rule.then.closes else ""
        if halt:
            until = show_time(halt.until_ms, self.timezone)
            return f"refused{closed}, and no new trades until {until} ({self.timezone})"
        if rule.then.kind == "warn":
            return "taken with a warning"
        return f"size cut to {left * 100:.4g}%" if left > 0 else f"refused{closed}"


def _close(rule: Rule) -> Close:
    """What a rule ends: the open trades that ``only`` names."""
    only = rule.only
    return Close(rule.name, rule.where, only.channels, only.symbols, tuple(Side(side) for side in only.sides))


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

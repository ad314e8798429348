"""One strategy in an account, and the rules of all of them watching together."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from engine.config.strategy import Strategy
from engine.domain import Account, Decision, Opinion, Plan, Proposal
from engine.simulate.fitting import Fitted, Unfit
from engine.simulate.judge import Alarm, Course, Judge
from engine.simulate.offers import Offers
from engine.simulate.terms import Terms


@dataclass(frozen=True, slots=True)
class Lane:
    """One strategy in the account: its rules, its costs, and what fits a trade to its contract (None: nothing).

    ``judged`` gives the verdict on a channel at a moment, for rules that ask for it (None: no rule does).
    """

    name: str
    strategy: Strategy
    judge: Judge
    terms: Terms
    fit: Callable[[Plan, float, float], Fitted | Unfit] | None = None
    judged: Callable[[str, int], Opinion] | None = None


@dataclass(frozen=True, slots=True)
class Watchers:
    """The judges of all strategies, watching together."""

    judges: tuple[Judge, ...]

    @property
    def watches(self) -> bool:
        """See ``Judge``."""
        return any(judge.watches for judge in self.judges)

    @property
    def about_peak(self) -> bool:
        """See ``Judge``."""
        return any(judge.about_peak for judge in self.judges)

    @property
    def about_history(self) -> bool:
        """See ``Judge``."""
        return any(judge.about_history for judge in self.judges)

    def floor(self, account: Account) -> float:
        """See ``Judge``."""
        return max(judge.floor(account) for judge in self.judges)

    def watch(self, course: Course) -> Alarm | None:
        """The first that speaks."""
        alarms = [alarm for judge in self.judges if (alarm := judge.watch(course)) is not None]
        return min(alarms, key=lambda alarm: alarm.at_ms, default=None)

    def prepare(self, offers: Offers) -> Judge:  # noqa: ARG002 - the protocol's names
        """Each was prepared by itself."""
        return self

    def decide(self, proposal: Proposal, account: Account) -> Decision:
        """Never asked. Raises NotImplementedError."""
        raise NotImplementedError("each call is asked by the rules of its own strategy")

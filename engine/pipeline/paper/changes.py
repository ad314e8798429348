"""What may be different when an account is started again, and what makes it another account.

1. Its money and its market are what its whole record is made of: its equity at the beginning, its currency, the
   exchange, the kind of market and the time frame. Another one is refused (``refuse_another``): ``paper reset`` begins
   anew.
2. Rules, exits, sizes, costs and channels may change. A rule that was not there before says nothing of what was before
   that start (``acting_from``), also where candles of that time are told later; one that was there all along goes on as
   it was. What was traded before keeps its plan and its costs.

The ledger's ``begin`` events say both; one is written whenever something is different.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from engine.domain import BY_HAND
from engine.pipeline.errors import InputError
from engine.pipeline.paper.open import halted
from engine.problem import Problem
from engine.risk import RuleBook

if TYPE_CHECKING:
    from engine.config.strategy import Strategy
    from engine.paper.codec import Data
    from engine.paper.desk import Desk
    from engine.paper.lane import Lane
    from engine.paper.ledger import Ledger
    from engine.pipeline.paper.desk import Hashes, Loaded
    from engine.risk.rules import Rule


def constitution(strategy: Strategy) -> Data:
    """What an account is made of, as a ``begin`` event says it."""
    market = strategy.market
    return {
        "equity": strategy.equity,
        "currency": strategy.currency,
        "market": [market.source, market.type],
        "timeframe_ms": market.timeframe_ms,
    }


def rules_in_use(loaded: Iterable[Loaded]) -> dict[str, list[str]]:
    """The rules of each strategy, by their identities, as a ``begin`` event says them."""
    return {one.strategy.name: [rule.identity for rule in one.rules.rules] for one in loaded}


def refuse_another(ledger: Ledger, account: str, strategy: Strategy) -> None:
    """Raises InputError where an account that a ledger knows is to go on with other money or on another market."""
    begun = [event.data for event in ledger.events(account, 0, "begin")]
    before: Data = {key: value for data in reversed(begun) for key, value in data.items()}  # the first word on each
    now = constitution(strategy)
    names = [name for name, value in now.items() if name in before and before[name] != value]
    if names:
        text = " and ".join(_differs(name, before[name], now[name], strategy) for name in names)
        hint = "write it as it was; or begin anew with: cli.py paper reset"
        raise InputError(Problem(f"the account {account} {text}", strategy.path, hint=hint))


def _differs(name: str, before: Any, now: Any, strategy: Strategy) -> str:
    """What an account began with, and what it is to be now."""
    currency = strategy.currency
    match name:
        case "equity":
            return f"began with {before:,.10g} {currency}, and its strategy says {now:,.10g} {currency} now"
        case "currency":
            return f"counts in {before}, and its strategy says {now} now"
        case "market":
            return f"trades {' '.join(before)}, and its strategy says {' '.join(now)} now"
        case _:
            return f"is made of candles of {before // 1000} s, and its strategy says {now // 1000} s now"


def acting_from(ledger: Ledger, account: str, loaded: Sequence[Loaded], inputs: Hashes, now_ms: int) -> list[Loaded]:
    """The strategies of an account, their rules acting from the start on at which each came to it.

    Those that came with the account's first start act from its beginning; those that no start has had yet, from now.
    ``inputs`` are the files in use.
    """
    since: dict[str, dict[str, int]] = {one.strategy.name: {} for one in loaded}
    begun = list(ledger.events(account, 0, "begin"))
    for number, event in enumerate(begun):
        for one in loaded:
            name = one.strategy.name
            had = event.data["rules"].get(name, ()) if "rules" in event.data else _by_files(one, event.data, inputs)
            since[name] = {rule: since[name].get(rule, event.at_ms if number else 0) for rule in had}
    found = []
    for one in loaded:
        known = since[one.strategy.name]
        now = {rule.identity: known.get(rule.identity, now_ms if begun else 0) for rule in one.rules.rules}
        found.append(replace(one, rules=one.rules.acting_from(now)))
    return found


def standing_halts(desk: Desk, now_ms: int) -> Iterator[str]:
    """The pauses in force at a start, in the account and in those of its channels alone.

    A pause stands until its time is over, or ``paper resume`` in the account itself, also when its rule has gone.
    """
    used = {BY_HAND, *(rule.name for lane in desk.lanes.values() for rule in _rules(lane))}
    for one in (desk, *desk.alone.values()):
        for halt in one.books.books.books.halts:
            if halt.from_ms <= now_ms < halt.until_ms:
                gone = "" if halt.rule in used else "; its rule is no longer used, the pause stands"
                of = "" if one is desk else f"{one.account.rpartition('/')[2]} alone: "
                yield f"{of}{halted(halt, desk.zone)}{gone}"


def _rules(lane: Lane) -> tuple[Rule, ...]:
    return lane.judge.rules if isinstance(lane.judge, RuleBook) else ()


def _by_files(one: Loaded, begun: Data, inputs: Hashes) -> list[str]:
    """The rules that a start had which says only the hashes of its files: those whose file has not changed since."""
    same = {path for path, text in inputs.items() if begun["inputs"].get(path) == text}
    return [rule.identity for rule in one.rules.rules if rule.where.rpartition(":")[0] in same]

"""A desk for a workspace's strategy: profiles read, rules loaded, costs known. Replays and live trading share it."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from hashlib import sha256
from typing import TYPE_CHECKING

from engine.channel import Profile, read
from engine.collect.reading import MessageReader
from engine.paper.desk import Desk, alone_name
from engine.paper.lane import Lane
from engine.paper.ledger import Ledger, LedgerError
from engine.paper.market import Market
from engine.pipeline.errors import InputError
from engine.pipeline.paper.changes import constitution, rules_in_use
from engine.problem import Problem
from engine.risk import RuleBook
from engine.simulate.fitting import Fitting
from engine.simulate.flows import Venue
from engine.simulate.terms import Terms

if TYPE_CHECKING:
    from pathlib import Path

    from engine.config.strategies import StrategyFile
    from engine.config.strategy import Fees, Strategy
    from engine.config.text import SourceText
    from engine.domain import Message, Opinion, Reading, Refusal
    from engine.market.candles import Candles, Funding
    from engine.market.contracts import Contract
    from engine.pipeline.workspace import Workspace

Hashes = dict[str, str]
"""Files as they are shown, and the hash of each text."""


@dataclass(frozen=True, slots=True)
class Loaded:
    """A strategy with all that it names."""

    file: StrategyFile
    strategy: Strategy
    profiles: Sequence[Profile]
    rules: RuleBook


def load(workspace: Workspace, given: str) -> Loaded:
    """A strategy, checked with everything it names. Raises InputError."""
    file = workspace.strategy(workspace.find_strategy(given))
    zone = workspace.settings.timezone
    workspace.check()
    if file is None:
        raise InputError(findings=workspace.findings)
    strategy = file.strategy
    profiles = [p for p in map(workspace.profile, strategy.channels) if p is not None]
    rules = [r for r in map(workspace.rule_file, strategy.rules) if r is not None]
    return Loaded(file, strategy, profiles, RuleBook(rules, zone))


def check_together(loaded: Sequence[Loaded], *, history: bool) -> None:
    """Strategies that share an account have one market and one money; over ``history`` one period as well.

    Raises InputError for those that do not, and for one that is named twice.
    """
    first, named = loaded[0].strategy, {loaded[0].strategy.name}
    for strategy in [one.strategy for one in loaded[1:]]:
        if strategy.name in named:
            raise InputError(Problem(f"{strategy.name} is named twice", strategy.path))
        named.add(strategy.name)
        mine, other = _shared(strategy, history=history), _shared(first, history=history)
        differ = [name for name, value in mine.items() if value != other[name]]
        if differ:
            text = f"{first.name} and {strategy.name} cannot share an account: they differ in {' and '.join(differ)}"
            hint = "run them one by one" + ("" if history else ", each in a workspace of its own")
            raise InputError(Problem(text, strategy.path, hint=hint))


def _shared(strategy: Strategy, *, history: bool) -> dict[str, object]:
    """What strategies of one account have in common."""
    found: dict[str, object] = {
        "market": strategy.market,
        "currency": strategy.currency,
        "equity": strategy.equity,
        "funding": (strategy.costs.funding, strategy.costs.funding_else),
    }
    if history:
        found |= {"period": (strategy.from_ms, strategy.to_ms), "seed": strategy.seed, "finer": strategy.finer}
    return found


def reading_with(profile: Profile) -> Callable[[Message], Reading]:
    """Reads one message with a profile."""

    def reader(message: Message) -> Reading:
        return read(profile, message.text, message.known_ms, message.sender)

    return reader


def reader_of(profile: Profile) -> MessageReader:
    """Reads a channel's messages one by one with its profile."""
    return MessageReader(reading_with(profile))


def terms_of(strategy: Strategy, fees: Fees, later_fees: tuple[tuple[int, float, float], ...] = ()) -> Terms:
    """The costs of a strategy; ``later_fees`` as in ``Terms``."""
    return Terms(fees.maker, fees.taker, strategy.costs.slippage, strategy.same_candle, later_fees=later_fees)


def open_ledger(path: Path, every: int = 1) -> Ledger:
    """The ledger at a path, checked. Raises InputError where it cannot be used."""
    try:
        ledger = Ledger(path, every)
        ledger.check()
    except LedgerError as error:
        raise InputError(error.problem) from None
    return ledger


def make_desk(
    loaded: Sequence[Loaded],
    terms: Mapping[str, Terms],
    ledger: Ledger,
    candles: Mapping[str, Candles],
    funding: Mapping[str, Funding] | None,
    zone: str,
    fair: Mapping[str, Candles] | None = None,
    contracts: Mapping[str, Sequence[Contract]] | None = None,
    judged: Mapping[str, Callable[[str, int], Opinion]] | None = None,
) -> Desk:
    """The desk of an account that trades these strategies, and of each channel alone where it follows several.

    ``fair`` and ``contracts`` as in ``Venue``; ``judged`` has the verdicts of strategies whose rules ask for them.
    """
    lanes = {}
    for one in loaded:
        name, impact = one.strategy.name, one.strategy.costs.impact
        fitting = Fitting(Venue(terms[name], candles, funding, fair, contracts), impact)
        fit = fitting.fit if contracts is not None or impact else None
        lanes[name] = Lane(name, one.strategy, one.rules, terms[name], fit, (judged or {}).get(name))
    profiles = {profile.id: profile for one in loaded for profile in one.profiles}
    readers = {name: reader_of(profile) for name, profile in profiles.items()}
    account = account_name(loaded)
    market = Market(candles, loaded[0].strategy.market.timeframe_ms, funding, fair, contracts)

    def suspect(message: Message, refusal: Refusal) -> bool:
        from engine.pipeline.coverage import looks_like_a_call

        return looks_like_a_call(profiles[message.channel], message.text, refusal)

    def desk(name: str, lanes: Mapping[str, Lane], alone: Mapping[str, Desk]) -> Desk:
        return Desk(name, ledger, lanes, readers, market, zone, alone=alone, suspect=suspect)

    channels = dict.fromkeys(channel for one in loaded for channel in one.strategy.channels)
    alone = {}
    for channel in channels if len(channels) > 1 else ():
        mine = {name: lane for name, lane in lanes.items() if channel in lane.strategy.channels}
        alone[channel] = desk(alone_name(account, channel), mine, {})
    return desk(account, lanes, alone)


def hashes(sources: Mapping[str, SourceText]) -> Hashes:
    """The hash of each text."""
    return {name: sha256(source.text.encode()).hexdigest()[:16] for name, source in sorted(sources.items())}


def begin(desk: Desk, loaded: Sequence[Loaded], terms: Mapping[str, Terms], workspace: Workspace, at_ms: int) -> bool:
    """Write down what the account trades with, where the ledger does not say it; False where it says something else."""
    first = loaded[0].strategy
    said = {
        "strategies": [one.strategy.name for one in loaded],
        **constitution(first),
        "rules": rules_in_use(loaded),
        "terms": {name: asdict(found) for name, found in terms.items()},
        "inputs": hashes(workspace.sources),
    }
    before = [event.data for event in desk.ledger.events(desk.account, 0, "begin")]
    if before[-1:] == [json.loads(json.dumps(said))]:
        return True
    desk.note("begin", at_ms, said)
    return not before


def account_name(loaded: Sequence[Loaded]) -> str:
    """The name of the account in the ledger: that of its strategies."""
    return "+".join(one.strategy.name for one in loaded)

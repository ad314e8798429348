"""What the calls of a run meet: fees by date, funding, fair prices, contract facts, finer candles.

Whatever the store does not know is said in a note, never filled in silently.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

from engine.config.strategies import StrategyFile
from engine.config.strategy import Fees, Strategy
from engine.domain import Signal
from engine.market.candles import Candles, Funding
from engine.market.contracts import Contract, state_at
from engine.market.fees import fee_eras
from engine.market.refine import refined
from engine.market.timeframes import timeframe_name
from engine.pipeline.errors import InputError
from engine.pipeline.funding import funding_of
from engine.pipeline.prices import Prices
from engine.problem import Problem
from engine.simulate.planning import MAINTENANCE
from engine.units import iso, show_names

LaterFees = tuple[tuple[int, float, float], ...]


@dataclass(frozen=True, slots=True)
class Conditions:
    """Everything that ``replay`` needs beside signals and strategy.

    ``candles`` are those that the paths go through; ``coarse`` the strategy's own where finer ones took their place
    (None: they did not). ``later_fees`` as in ``Terms``. ``notes`` are sentences for the report, in its order.
    """

    candles: dict[str, Candles]
    coarse: dict[str, Candles] | None
    fees: Fees
    later_fees: LaterFees
    funding: dict[str, Funding] | None
    fair: dict[str, Candles]
    contracts: dict[str, tuple[Contract, ...]]
    notes: tuple[str, ...]


def conditions_of(
    file: StrategyFile, strategy: Strategy, prices: Prices, candles: dict[str, Candles], signals: Sequence[Signal]
) -> Conditions:
    """Gather what the calls meet. Raises InputError for what is missing and has no honest stand-in."""
    coarse, finer_note = None, tuple[str, ...]()
    if strategy.finer:
        coarse = candles
        candles = {symbol: refined(bars, _until(prices.finer(symbol), bars)) for symbol, bars in coarse.items()}
        finer_note = (_finer_note(candles, coarse),)
    fees, later, fee_note = _fees(file, strategy, signals, candles)
    funding, funding_note = funding_of(strategy, prices, candles)
    swap = strategy.market.type == "swap"
    known = {symbol: prices.fair(bars) for symbol, bars in candles.items()} if swap else {}
    fair = {symbol: found for symbol, found in known.items() if found is not None}
    contracts = {symbol: facts for symbol in candles if (facts := prices.contracts(symbol))}
    margin = _margin_notes(strategy, candles, fair, contracts) if swap else []
    notes = (fee_note, funding_note, *margin, _contract_note(candles, contracts, signals), *finer_note)
    return Conditions(candles, coarse, fees, later, funding, fair, contracts, notes)


def _until(finer: Sequence[Candles], bars: Candles) -> list[Candles]:
    """Finer candles, none of which opens after the bars have ended."""
    return [found.before(bars.end_ms) for found in finer]


def _fees(
    file: StrategyFile, strategy: Strategy, signals: Sequence[Signal], candles: Mapping[str, Candles]
) -> tuple[Fees, LaterFees, str]:
    """The fees, those that replaced them, and the sentence about them."""
    fees = strategy.costs.fees
    if isinstance(fees, Fees):
        return fees, (), f"fees: maker {fees.maker:.3%}, taker {fees.taker:.3%} ({fees.source})"
    posted = [signal.message.posted_ms for signal in signals]
    start = min(posted, default=strategy.from_ms or 0)
    end = max((bars.end_ms for bars in candles.values()), default=max(posted, default=start))
    found = fee_eras(fees, strategy.market.type, start, end)
    if isinstance(found, Problem):
        place = file.source.place(file.fees_span.start)
        raise InputError(replace(found, path=strategy.path, line=place.line, column=place.column))
    first = found.first.fees
    said = f"fees {fees} {strategy.market.type}: maker {first.maker:.3%}, taker {first.taker:.3%} ({first.source})"
    for since, later in found.later:
        said += f"; from {iso(since)[:10]} on maker {later.maker:.3%}, taker {later.taker:.3%} ({later.source})"
    said += f"; {found.first.note}" if found.first.note else ""
    return first, tuple((since, later.maker, later.taker) for since, later in found.later), said


def _margin_notes(
    strategy: Strategy,
    candles: Mapping[str, Candles],
    fair: Mapping[str, Candles],
    contracts: Mapping[str, Sequence[Contract]],
) -> list[str]:
    """The sentences about liquidation: on which price, with which maintenance margin."""
    tiered = [symbol for symbol, facts in contracts.items() if any(state.tiers for state in facts)]
    price, default = "on the fair price", f"{MAINTENANCE:.1%}"
    tiers = "the tiers of the contract, by the size of the position"
    return [
        f"margin: isolated, {strategy.leverage:g}x at most; a call whose stop lies beyond liquidation is refused; "
        "other positions lose their margin when it comes",
        "liquidation: "
        + _share(price, "on last prices; no fair price is stored", f"{price} for {{}}; on last prices for {{}}",
                 fair, candles),
        "maintenance margin: "
        + _share(tiers, f"{default}, because the tiers of the contracts are not known",
                 f"{tiers}, for {{}}; {default} for {{}}", tiered, candles),
    ]  # fmt: skip


def _contract_note(
    candles: Mapping[str, Candles], contracts: Mapping[str, Sequence[Contract]], signals: Sequence[Signal]
) -> str:
    """The sentence about contract sizes, ticks and smallest orders."""
    if not contracts:
        return "contract sizes, ticks and smallest orders: not known; any quantity is traded at any price"
    first = min((signal.message.known_ms for signal in signals), default=0)
    states = [state for facts in contracts.values() if (state := state_at(facts, first)) is not None]
    days = sorted({iso(state.as_of_ms)[:10] for state in states})
    when = days[0] if len(days) == 1 else f"{days[0]} to {days[-1]}"
    later = any(state.as_of_ms > first for state in states)
    missing = [symbol for symbol in candles if symbol not in contracts]
    text = f"contract sizes, ticks and smallest orders: as listed on {when}"
    text += " (later than the first calls)" if later else ""
    return text + (f"; not known for {show_names(missing)}" if missing else "")


def _finer_note(candles: Mapping[str, Candles], coarse: Mapping[str, Candles]) -> str:
    """The sentence about finer candles: of how many symbols, and how much of their time they cover."""
    changed = [symbol for symbol, bars in candles.items() if bars is not coarse[symbol]]
    if not changed:
        return "finer candles: the store has none; what one candle cannot tell stays with the stop"
    own = max(bars.timeframe_ms for bars in coarse.values())
    left = sum(int((bars.ends - bars.ts >= own).sum()) for bars in candles.values())
    whole = sum(len(bars) for bars in coarse.values())
    return (
        f"finer candles stand in for {1 - left / whole:.0%} of those of {timeframe_name(own)} "
        f"({len(changed)} of {len(candles)} symbols); where they are missing, the stop comes first"
    )


def _share(all_: str, none: str, some: str, named: Collection[str], candles: Mapping[str, Candles]) -> str:
    """What holds for all symbols, for none, or for how many of them and not for which."""
    missing = [symbol for symbol in candles if symbol not in named]
    if not missing:
        return all_
    return (
        some.format(f"{len(candles) - len(missing)} of {len(candles)} symbols", show_names(missing)) if named else none
    )

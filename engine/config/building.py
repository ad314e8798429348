"""From the checked data of a strategy file to a ``Strategy``: text becomes fractions, milliseconds and money.

The data has passed the schema and the checks of ``strategies.py``, so nothing here can fail. Defaults are those of the
dataclasses in ``strategy.py``. A channel's override wins over the strategy's own settings key by key.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from engine.config.strategy import Calls, Costs, Entry, Exit, Fees, Market, Size, Strategy, Trailing
from engine.domain import Distance, StopMove
from engine.units import duration_ms, fraction, moment_ms, money

AFTER = "after target "
EACH = "after each target"
TRAIL = re.compile(r"([0-9.]+) ?(%|R|ATR)(?: ([0-9]+[mhdw]))?")
ZONES = {"near edge": "near", "middle": "middle", "far edge": "far"}
Block = Mapping[str, Any]


def build_strategy(data: Block, path: str) -> Strategy:
    """The strategy that valid data describes; ``path`` is where its file stands."""
    account, period = data["account"], data.get("period", {})
    equity, currency = money(account["equity"])
    market = build_market(data["market"])
    entry, exit_ = data.get("entry", {}), data.get("exit", {})
    return Strategy(
        name=data["name"],
        path=path,
        channels=tuple(data["channels"]),
        market=market,
        from_ms=moment_ms(period["from"]) if "from" in period else None,
        to_ms=moment_ms(period["to"]) if "to" in period else None,
        equity=equity,
        currency=currency,
        leverage=float(account.get("leverage", 1)),
        size=build_size(data["size"]),
        entry=build_entry(entry),
        exit=build_exit(exit_),
        calls=Calls(**data.get("calls", {})),
        costs=build_costs(data.get("costs", {}), market),
        same_candle="target first" if data.get("same candle") == "target first" else "stop first",
        finer=data.get("same candle") == "finer",
        compounding=account.get("compounding", True),
        rules=tuple(data.get("rules", ())),
        seed=int(data.get("seed", 1)),
        overrides={
            channel: (
                build_entry({**entry, **own.get("entry", {})}),
                build_exit(merge_exit(exit_, own.get("exit", {}))),
            )
            for channel, own in data.get("overrides", {}).items()
        },
        testnet=data.get("testnet", {}).get("address", ""),
        stale_after_ms=duration_ms(data.get("paper", {}).get("stale after", "5m")),
    )


def build_market(data: Block) -> Market:
    """Whose prices; the synthetic market has seed 1 unless the file says otherwise."""
    seed = data.get("seed", 1 if data["source"] == "synthetic" else None)
    return Market(
        source=data["source"],
        type=data["type"],
        timeframe=data["timeframe"],
        timeframe_ms=duration_ms(data["timeframe"]),
        seed=None if seed is None else int(seed),
    )


def build_size(data: Block) -> Size:
    """The one size that is given."""
    if "fixed" in data:
        return Size(fixed=money(data["fixed"])[0])
    return Size(**{kind: fraction(text) for kind, text in data.items()})


def build_entry(data: Block) -> Entry:
    """How calls are entered."""
    given: dict[str, Any] = {}
    if "latency" in data:
        given["latency_ms"] = duration_ms(data["latency"])
    if "zone" in data:
        given["zone"] = ZONES.get(data["zone"], "ladder")
        given["rungs"] = rungs_of(data["zone"])
    if "valid for" in data:
        given["valid_for_ms"] = duration_ms(data["valid for"])
    if "when target comes first" in data:
        given["cancel_on_target"] = data["when target comes first"] == "cancel"
    if "when stop comes first" in data:
        given["cancel_on_stop"] = data["when stop comes first"] == "cancel"
    if "weights" in data:
        weights = data["weights"]
        given["weights"] = weights if isinstance(weights, str) else tuple(fraction(weight) for weight in weights)
    if "grace" in data:
        given["grace"] = fraction(data["grace"])
    return Entry(**given)


def build_exit(data: Block) -> Exit:
    """How trades are left."""
    given: dict[str, Any] = {}
    targets = data.get("targets", {})
    if "shares" in targets:
        shares = targets["shares"]
        given["shares"] = shares if isinstance(shares, str) else tuple(fraction(share) for share in shares)
    if "on a gap" in targets:
        given["target_gap"] = targets["on a gap"]
    stop = data.get("stop", {})
    if "missing" in stop:
        given["missing_stop"] = stop["missing"] if stop["missing"] in ("refuse", "trade") else fraction(stop["missing"])
    if stop.get("at", "call") != "call":
        given["stop_at"] = distance_of(stop["at"])
    if stop.get("acts on", "touch") != "touch":
        given["close_stop_ms"] = duration_ms(stop["acts on"].removesuffix(" close"))
    if "trailing" in data:
        given["trailing"] = build_trailing(data["trailing"])
    if "close after" in data:
        given["close_after_ms"] = duration_ms(data["close after"])
    given["stop_moves"] = tuple(
        StopMove(after, move_of(data[f"{AFTER}{after}"]["move stop"])) for after in sorted(after_targets(data))
    )
    given["stop_follows"] = EACH in data
    return Exit(**given)


def move_of(text: str) -> Any:
    """Where a stop moves: breakeven, with fees, or the number of a target."""
    return int(text.removeprefix("target ")) if text.startswith("target ") else text


def distance_of(text: str) -> Distance:
    """``3%`` or ``1.5R`` as a distance."""
    value = text.rstrip("%R ")
    return Distance(float(value), "percent" if text.endswith("%") else "R")


def build_trailing(data: Block) -> Trailing:
    """A stop that follows the price."""
    match = TRAIL.fullmatch(data["distance"])
    assert match, data
    units: dict[str, Any] = {"%": "percent", "R": "R", "ATR": "ATR"}
    return Trailing(
        float(match[1]),
        units[match[2]],
        duration_ms(match[3]) if match[3] else 0,
        int(data.get("after target", 0)),
        fraction(data["after gain"]) if "after gain" in data else 0.0,
    )


def build_costs(data: Block, market: Market) -> Costs:
    """What trading costs. Only swaps of a real market have a funding history."""
    default = Costs()
    fees = data.get("fees", default.fees)
    if isinstance(fees, Mapping):
        fees = Fees(fraction(fees["maker"]), fraction(fees["taker"]), fees["source"])
    funding, other = funding_of(data.get("funding", "history" if has_funding(market.type, market.source) else "none"))
    return Costs(
        fees=fees,
        slippage=fraction(data["slippage"]) if "slippage" in data else default.slippage,
        funding=funding,
        funding_else=other,
        impact=impact_of(data.get("impact", "none")),
    )


def funding_of(text: str) -> tuple[Any, float | None]:
    """``history``, ``none`` or a rate, and the rate where the history knows nothing (None: refused)."""
    first, _, other = text.partition(", else ")
    return first if first in ("history", "none") else fraction(first), fraction(other) if other else None


def impact_of(text: str) -> float:
    """The factor of the square-root law; 0 for none."""
    return 0.0 if text == "none" else float(text.partition(" x ")[2] or 1)


def merge_exit(common: Block, own: Block) -> dict[str, Any]:
    """Exit settings with a channel's own over them; a stop move of its own replaces the common one."""
    moves = after_targets(own) or EACH in own
    kept = {key: value for key, value in common.items() if not (moves and key.startswith("after "))}
    nested = {key: {**common.get(key, {}), **own[key]} for key in ("targets", "stop") if key in own}
    return {**kept, **own, **nested}


def after_targets(data: Block) -> list[int]:
    """The targets after which the stop moves, in the order of the file."""
    return [int(key.removeprefix(AFTER)) for key in data if key.startswith(AFTER)]


def rungs_of(zone: str) -> int:
    """How many orders an entry zone gets."""
    return int(zone.removeprefix("ladder ")) if zone.startswith("ladder ") else 1


def has_funding(market_type: str, source: str) -> bool:
    """Whether a market has a funding history at all."""
    return market_type == "swap" and source != "synthetic"

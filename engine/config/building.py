"""From the checked data of a strategy file to a ``Strategy``: text becomes fractions, milliseconds and money.

The data has passed the schema and the checks of ``strategies.py``, so nothing here can fail. Defaults are those of the
dataclasses in ``strategy.py``. A channel's override wins over the strategy's own settings key by key.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from engine.config.strategy import Calls, Costs, Entry, Exit, Fees, Market, Size, Strategy
from engine.units import duration_ms, fraction, moment_ms, money

AFTER = "after target "
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
        same_candle=data.get("same candle", "stop first"),
        rules=tuple(data.get("rules", ())),
        seed=int(data.get("seed", 1)),
        overrides={
            channel: (
                build_entry({**entry, **own.get("entry", {})}),
                build_exit(merge_exit(exit_, own.get("exit", {}))),
            )
            for channel, own in data.get("overrides", {}).items()
        },
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
    return Entry(**given)


def build_exit(data: Block) -> Exit:
    """How trades are left."""
    given: dict[str, Any] = {}
    targets = data.get("targets", {})
    if "shares" in targets:
        given["shares"] = tuple(fraction(share) for share in targets["shares"])
    if "on a gap" in targets:
        given["target_gap"] = targets["on a gap"]
    if "missing" in data.get("stop", {}):
        given["missing_stop"] = data["stop"]["missing"]
    if "close after" in data:
        given["close_after_ms"] = duration_ms(data["close after"])
    given["breakeven_after"] = min(after_targets(data), default=0)
    return Exit(**given)


def build_costs(data: Block, market: Market) -> Costs:
    """What trading costs. Only swaps of a real market have a funding history."""
    default = Costs()
    fees = data.get("fees", default.fees)
    if isinstance(fees, Mapping):
        fees = Fees(fraction(fees["maker"]), fraction(fees["taker"]), fees["source"])
    funding = data.get("funding", "history" if has_funding(market.type, market.source) else "none")
    return Costs(
        fees=fees,
        slippage=fraction(data["slippage"]) if "slippage" in data else default.slippage,
        funding=funding if funding in ("history", "none") else fraction(funding),
    )


def merge_exit(common: Block, own: Block) -> dict[str, Any]:
    """Exit settings with a channel's own over them; a stop move of its own replaces the common one."""
    kept = {key: value for key, value in common.items() if not (after_targets(own) and key.startswith(AFTER))}
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

"""What a market of ccxt says about itself, as ``Contract``.

MEXC has three ways to bound a margin tier, and ccxt's unified tiers leave the maintenance rate out for one of them and
give contracts as if they were money for another. So MEXC's own fields are read: ``riskLimitCustom`` (a list of tiers),
else ``riskBaseVol`` with equal steps of ``riskIncrVol``, both in contracts (BY_VOLUME) or in money (BY_VALUE).
"""

from __future__ import annotations

from typing import Any

from engine.market.contracts import Contract, Tier
from engine.market.listing import Market, store_symbol
from engine.units import HOUR_MS

MOST_TIERS = 200


def contract_of(
    market: Market, source: str, kind: str, as_of_ms: int, funding_interval_ms: int | None = None
) -> Contract:
    """The facts of a market; ``funding_interval_ms`` is asked for separately by MEXC."""
    swap = kind == "swap"
    limits, precision = market.get("limits") or {}, market.get("precision") or {}
    amount, cost = limits.get("amount") or {}, limits.get("cost") or {}
    size = float(market.get("contractSize") or 1) if swap else 1.0
    return Contract(
        symbol=store_symbol(market),
        source=source,
        type=kind,
        listed_as=str(market["id"]),
        base=str(market["base"]),
        quote=str(market["quote"]),
        settle=str(market.get("settle") or market["quote"]),
        contract_size=size,
        tick=_number(precision.get("price")),
        min_contracts=_number(amount.get("min")),
        contract_step=_number(precision.get("amount")),
        max_contracts=_number(amount.get("max")),
        min_notional=_number(cost.get("min")),
        tiers=mexc_tiers(market.get("info") or {}, size) if swap and source == "mexc" else (),
        funding_interval_ms=funding_interval_ms,
        maker=_number(market.get("maker")),
        taker=_number(market.get("taker")),
        trading=bool(market.get("active", True)),
        inverse=bool(market.get("inverse")),
        facts_from=f"{source} market list, read through ccxt",
        as_of_ms=as_of_ms,
    )


def mexc_tiers(info: dict[str, Any], contract_size: float) -> tuple[Tier, ...]:
    """The margin tiers in MEXC's contract detail; empty when it has none that can be read."""
    by_value = info.get("riskLimitType") == "BY_VALUE"

    def tier(bound: float, mmr: float, imr: float, leverage: float) -> Tier:
        if by_value:
            return Tier(None, bound, mmr, imr, leverage)
        return Tier(bound * contract_size, None, mmr, imr, leverage)

    try:
        custom = info.get("riskLimitCustom")
        if custom:
            rows = sorted(custom, key=lambda row: float(row["maxVol"]))
            return tuple(
                tier(float(r["maxVol"]), float(r["mmr"]), float(r["imr"]), float(r["maxLeverage"])) for r in rows
            )
        base, mmr, imr = (float(info[k]) for k in ("riskBaseVol", "maintenanceMarginRate", "initialMarginRate"))
        step, levels = float(info.get("riskIncrVol") or 0), int(info.get("riskLevelLimit") or 1)
        if not step:
            return (tier(base, mmr, imr, 1 / imr),)
        more_mmr, more_imr = float(info.get("riskIncrMmr") or 0), float(info.get("riskIncrImr") or 0)
        return tuple(
            tier(base + k * step, mmr + k * more_mmr, imr + k * more_imr, 1 / (imr + k * more_imr))
            for k in range(min(levels, MOST_TIERS))
        )
    except (KeyError, TypeError, ValueError, ZeroDivisionError):
        return ()


def interval_ms(text: Any) -> int | None:
    """Ccxt's funding interval (``8h``) in ms; None for anything else."""
    hours = str(text).removesuffix("h") if text else ""
    return int(hours) * HOUR_MS if hours.isdigit() and int(hours) else None


def _number(value: Any) -> float | None:
    """A number of ccxt, None where it has none."""
    return None if value is None else float(value)

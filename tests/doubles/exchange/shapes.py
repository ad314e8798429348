"""MEXC's JSON, field by field as its documentation shows it: contract detail, exchangeInfo, tickers."""

from __future__ import annotations

from typing import Any

from tests.doubles.exchange.world import Listing

CONTRACT_STEPS = {
    "Min1": 60,
    "Min5": 300,
    "Min15": 900,
    "Min30": 1800,
    "Min60": 3600,
    "Hour4": 14_400,
    "Hour8": 28_800,
    "Day1": 86_400,
    "Week1": 604_800,
}
SPOT_STEPS = {"1m": 60, "5m": 300, "15m": 900, "30m": 1800, "60m": 3600, "4h": 14_400, "1d": 86_400, "1W": 604_800}


def contract_detail(listing: Listing) -> dict[str, Any]:
    """An entry of /api/v1/contract/detail."""
    tick = 10.0**-listing.decimals
    if listing.custom_tiers:
        tiers: dict[str, Any] = {
            "riskLimitType": "BY_VOLUME",
            "riskLimitMode": "CUSTOM",
            "riskIncrVol": 0,
            "riskIncrMmr": 0,
            "riskIncrImr": 0,
            "riskLimitCustom": [
                {"level": 1, "maxVol": 50_000, "mmr": 0.001, "imr": 0.002, "maxLeverage": 500},
                {"level": 2, "maxVol": 310_000, "mmr": 0.0025, "imr": 0.005, "maxLeverage": 200},
                {"level": 3, "maxVol": 4_500_000, "mmr": 0.01, "imr": 0.02, "maxLeverage": 50},
            ],
        }
    else:
        tiers = {
            "riskLimitType": "BY_VOLUME",
            "riskLimitMode": "INCREASE",
            "riskBaseVol": 10_000,
            "riskIncrVol": 20_000,
            "riskIncrMmr": 0.004,
            "riskIncrImr": 0.004,
            "riskLevelLimit": 3,
        }
    return {
        "symbol": f"{listing.base}_USDT",
        "displayName": f"{listing.base}_USDT永续",
        "displayNameEn": f"{listing.base}_USDT PERPETUAL",
        "positionOpenType": 3,
        "baseCoin": listing.base,
        "quoteCoin": "USDT",
        "settleCoin": "USDT",
        "contractSize": listing.contract_size,
        "minLeverage": 1,
        "maxLeverage": 500,
        "priceScale": listing.decimals,
        "volScale": 0,
        "amountScale": 4,
        "priceUnit": round(tick, listing.decimals),
        "volUnit": 1,
        "minVol": 1,
        "maxVol": 400_000,
        "bidLimitPriceRate": 0.1,
        "askLimitPriceRate": 0.1,
        "takerFeeRate": 0.0002,
        "makerFeeRate": 0,
        "maintenanceMarginRate": 0.001 if listing.custom_tiers else 0.004,
        "initialMarginRate": 0.002 if listing.custom_tiers else 0.008,
        "riskBaseVol": 4_500_000,
        "riskLevelLimit": 1,
        "priceCoefficientVariation": 0.004,
        "indexOrigin": ["BITGET", "BYBIT", "BINANCE", "OKX", "MEXC"],
        "state": listing.state,
        "isNew": False,
        "isHot": False,
        "isHidden": False,
        "apiAllowed": True,
        "liquidationFeeRate": 0.0004,
        "type": 1,
        **tiers,
    }


def spot_symbol(listing: Listing) -> dict[str, Any]:
    """An entry of /api/v3/exchangeInfo."""
    return {
        "symbol": f"{listing.base}USDT",
        "status": "1" if listing.state == 0 else "2",
        "baseAsset": listing.base,
        "baseAssetPrecision": 6,
        "quoteAsset": "USDT",
        "quotePrecision": listing.decimals,
        "quoteAssetPrecision": listing.decimals,
        "baseCommissionPrecision": 6,
        "quoteCommissionPrecision": listing.decimals,
        "orderTypes": ["LIMIT", "MARKET", "LIMIT_MAKER"],
        "isSpotTradingAllowed": listing.state == 0,
        "isMarginTradingAllowed": False,
        "quoteAmountPrecision": "1",
        "baseSizePrecision": "0.000001",
        "permissions": ["SPOT"],
        "filters": [],
        "maxQuoteAmount": "4000000",
        "makerCommission": "0",
        "takerCommission": "0.0005",
        "quoteAmountPrecisionMarket": "1",
        "maxQuoteAmountMarket": "100000",
        "fullName": listing.base,
        "tradeSideType": 1,
        "st": False,
    }


def contract_ticker(listing: Listing, price: float, now_ms: int) -> dict[str, Any]:
    """An entry of /api/v1/contract/ticker, and the data of push.ticker."""
    tick = 10.0**-listing.decimals
    near = round(price, listing.decimals)
    trading = listing.state == 0  # where trading is over, the book is empty and told as 0
    return {
        "contractId": 10,
        "symbol": f"{listing.base}_USDT",
        "lastPrice": near,
        "bid1": round(price - tick, listing.decimals) if trading else 0,
        "ask1": round(price + tick, listing.decimals) if trading else 0,
        "volume24": 962_062_810,
        "amount24": 7_344_207_079.9,
        "holdVol": 95_479_623,
        "lower24Price": round(price * 0.98, listing.decimals),
        "high24Price": round(price * 1.02, listing.decimals),
        "riseFallRate": -0.0006,
        "riseFallValue": -46.5,
        "indexPrice": round(price * 1.00005, listing.decimals),
        "fairPrice": round(price * 1.0001, listing.decimals),
        "fundingRate": 0.0001,
        "maxBidPrice": round(price * 1.1, listing.decimals),
        "minAskPrice": round(price * 0.9, listing.decimals),
        "timestamp": now_ms,
    }


def spot_ticker(listing: Listing, price: float, now_ms: int) -> dict[str, Any]:
    """An entry of /api/v3/ticker/24hr."""
    tick = 10.0**-listing.decimals
    shown = f"{price:.{listing.decimals}f}"
    return {
        "symbol": f"{listing.base}USDT",
        "priceChange": "0",
        "priceChangePercent": "0",
        "prevClosePrice": shown,
        "lastPrice": shown,
        "bidPrice": f"{price - tick:.{listing.decimals}f}",
        "bidQty": "1",
        "askPrice": f"{price + tick:.{listing.decimals}f}",
        "askQty": "1",
        "openPrice": shown,
        "highPrice": shown,
        "lowPrice": shown,
        "volume": "10",
        "quoteVolume": "100",
        "openTime": now_ms - 86_400_000,
        "closeTime": now_ms,
        "count": None,
    }

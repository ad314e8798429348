"""MEXC's JSON of an account: orders, stops, plan orders, positions, assets."""

from __future__ import annotations

from typing import Any

from tests.doubles.exchange.futures import Futures
from tests.doubles.exchange.records import Order, PlanOrder, Position, StopOrder


def order_row(order: Order) -> dict[str, Any]:
    """An entry of order/list/open_orders, the data of order/get."""
    return {
        "orderId": str(order.id),
        "symbol": order.symbol,
        "positionId": order.position,
        "price": order.price or 0,
        "vol": order.vol,
        "leverage": order.leverage,
        "side": order.side,
        "category": order.category,
        "orderType": order.type,
        "dealAvgPrice": order.spent / order.dealt if order.dealt else 0,
        "dealVol": order.dealt,
        "orderMargin": order.frozen,
        "takerFee": order.fee,
        "makerFee": order.maker_fee,
        "profit": order.profit,
        "feeCurrency": "USDT",
        "openType": 1,
        "state": order.state,
        "externalOid": order.external,
        "errorCode": 0,
        "usedMargin": 0,
        "createTime": order.created,
        "updateTime": order.updated,
        "positionMode": 1,
        "stopLossPrice": order.stop_loss or 0,
        "takeProfitPrice": order.take_profit or 0,
    }


def plan_row(plan: PlanOrder) -> dict[str, Any]:
    """An entry of planorder/list/orders."""
    return (
        {
            "id": str(plan.id),
            "symbol": plan.symbol,
            "leverage": plan.leverage,
            "side": plan.side,
            "vol": plan.vol,
            "openType": 1,
            "state": plan.state,
            "orderType": plan.type,
            "errorCode": 0,
            "createTime": plan.created,
            "updateTime": plan.updated or plan.created,
            "triggerType": 1 if plan.above else 2,
            "triggerPrice": plan.trigger,
            "executeCycle": plan.cycle,
            "trend": plan.trend,
            "stopLossPrice": plan.stop_loss or 0,
            "takeProfitPrice": plan.take_profit or 0,
        }
        | ({} if plan.price is None else {"price": plan.price})
        | ({"orderId": str(plan.placed)} if plan.placed else {})
    )


def stop_row(stop: StopOrder) -> dict[str, Any]:
    """An entry of stoporder/list/orders."""
    return {
        "id": stop.id,
        "orderId": str(stop.order),
        "symbol": stop.symbol,
        "positionId": str(stop.position),
        "stopLossPrice": stop.stop_loss or 0,
        "takeProfitPrice": stop.take_profit or 0,
        "lossTrend": stop.loss_trend,
        "profitTrend": stop.profit_trend,
        "state": stop.state,
        "triggerSide": stop.trigger_side,
        "positionType": stop.type,
        "vol": stop.vol,
        "realityVol": stop.dealt,
        "placeOrderId": str(stop.placed),
        "errorCode": 0,
        "version": 1,
        "isFinished": int(stop.state != 1),
        "createTime": stop.created,
        "updateTime": stop.updated or stop.created,
    }


def position_row(futures: Futures, position: Position) -> dict[str, Any]:
    """An entry of position/open_positions."""
    return {
        "positionId": position.id,
        "symbol": position.symbol,
        "positionType": position.type,
        "openType": 1,
        "state": 1 if position.hold else 3,
        "holdVol": position.hold,
        "frozenVol": futures.promised(position.symbol, position.type),
        "closeVol": position.closed,
        "holdAvgPrice": position.average,
        "openAvgPrice": position.average,
        "closeAvgPrice": position.closed_for / position.closed if position.closed else 0,
        "liquidatePrice": futures.liquidation(position),
        "oim": position.margin,
        "im": position.margin,
        "holdFee": 0,
        "realised": position.realised,
        "leverage": position.leverage,
        "createTime": position.created,
        "updateTime": position.updated,
        "autoAddIm": False,
    }


def asset(futures: Futures) -> dict[str, Any]:
    """An entry of account/assets."""
    margin, frozen, unrealised = futures.margin, futures.frozen, futures.unrealised()
    return {
        "currency": "USDT",
        "positionMargin": margin,
        "frozenBalance": frozen,
        "availableBalance": futures.cash - frozen,
        "cashBalance": futures.cash,
        "equity": futures.cash + margin + unrealised,
        "unrealized": unrealised,
        "bonus": 0,
    }

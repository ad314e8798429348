"""What the exchange does with contract orders: one account in hedge mode, its margin, and a market that fills orders.

Orders meet the double's prices in time order: whenever somebody asks, everything that happened since the last question
is gone through first, a quarter of a minute at a time. Market orders take the best price of the other side, limits fill
at their price when it is touched, stops and plan orders trigger at the last or the fair price and go to the market.

An account is refused what MEXC refuses: more than its margin carries, closing more than it holds and has not promised
to other closing orders, a stop on the wrong side of the price, a client's id (externalOid) that was used before.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.doubles.exchange.records import (
    CANCELLED,
    CHASE,
    CLOSE_LONG,
    CLOSE_SHORT,
    DAY,
    EXECUTED,
    FAILED,
    FAIR,
    FILLED,
    FIRST_ID,
    FOK,
    INVALID,
    IOC,
    LONG,
    MAKER,
    MARKET,
    POST_ONLY,
    QUARTER,
    RESTING,
    STOP_CANCELLED,
    TAKER,
    UNTRIGGERED,
    Order,
    PlanOrder,
    Position,
    RefusedError,
    StopOrder,
    price_of,
    sign_of,
)

if TYPE_CHECKING:
    from tests.doubles.exchange.world import Listing, World


class Futures:
    """The account.

    Attributes
    ----------
    liquidity
        Contracts that one touch of a base's price fills; without an entry everything at once.
    stops_free_what_is_promised
        A stop that triggers cancels closing orders which hold the contracts that it needs. Otherwise (nobody outside
        knows what MEXC does) it closes only what is not promised to them.
    attaches
        Whether a stop that comes with an order is kept; some say that MEXC drops it now and then.
    twice
        Client ids that came a second time.
    """

    def __init__(self, world: World, equity: float = 10_000.0) -> None:
        self.world = world
        self.cash = equity
        self.orders: dict[int, Order] = {}
        self.positions: dict[int, Position] = {}
        self.stops: dict[int, StopOrder] = {}
        self.plans: dict[int, PlanOrder] = {}
        self.leverages: dict[tuple[str, int], int] = {}
        self.liquidity: dict[str, float] = {}
        self.stops_free_what_is_promised = self.attaches = True
        self.twice: list[str] = []
        self.mode = 1
        self._next = FIRST_ID
        self._seen: int | None = None
        self._meeting: dict[str, float] = {}

    # ------------------------------------------------------------------ the account

    @property
    def frozen(self) -> float:
        """Margin that waits with the opening orders."""
        return sum(order.frozen for order in self.orders.values() if order.state == RESTING)

    @property
    def margin(self) -> float:
        """Margin of the positions."""
        return sum(position.margin for position in self.positions.values() if position.hold)

    def unrealised(self) -> float:
        """Profit of what is open, at the fair price."""
        return sum(
            (self.price(p.symbol) * FAIR - p.average) * p.hold * self.listing(p.symbol).contract_size * sign_of(p.type)
            for p in self.positions.values()
            if p.hold
        )

    def listing(self, symbol: str) -> Listing:
        """The contract; refused where there is none or it is paused."""
        listing = self.world.listing(symbol.removesuffix("_USDT"))
        if listing is None or not listing.swap:
            raise RefusedError(1001, "Contract does not exist!")
        if listing.state:
            raise RefusedError(1002, "Contract not allow place order!")
        return listing

    def price(self, symbol: str, trend: int = 1) -> float:
        """The last price, or the fair one (trend 2)."""
        last = self._meeting.get(symbol) or self.world.price(symbol.removesuffix("_USDT"), "swap")
        return last * (FAIR if trend == 2 else 1.0)

    def held(self, symbol: str, type_: int) -> Position | None:
        """The open position of one side."""
        found = (p for p in self.positions.values() if p.hold and (p.symbol, p.type) == (symbol, type_))
        return next(found, None)

    def promised(self, symbol: str, type_: int) -> float:
        """Contracts that resting orders are going to close."""
        return sum(
            order.left
            for order in self.orders.values()
            if order.state == RESTING and not order.opens and (order.symbol, order.type_of_position) == (symbol, type_)
        )

    # ------------------------------------------------------------------ orders

    def place(self, body: dict[str, Any], category: int = 1) -> Order:
        """order/create: check, then fill what can be filled at once."""
        symbol, side, type_ = body["symbol"], int(body["side"]), int(body["type"])
        listing, vol, now = self.listing(symbol), float(body["vol"]), self.world.clock.now_ms()
        price = None if type_ in (MARKET, CHASE) else float(body.get("price") or 0)
        external = str(body.get("externalOid") or "")
        self._check(listing, side, type_, vol, price, external)
        leverage = int(body.get("leverage") or self.leverages.get((symbol, 1), 20))
        order = Order(self._id(), symbol, side, type_, vol, price, leverage, now, external, category=category)
        order.stop_loss, order.take_profit = price_of(body.get("stopLossPrice")), price_of(body.get("takeProfitPrice"))
        self._check_protection(order.type_of_position, price or self.price(symbol), order.stop_loss, order.take_profit)
        position = self.held(symbol, order.type_of_position)
        if order.opens:
            if int(body.get("openType", 2)) == 1 and not body.get("leverage"):
                raise RefusedError(2006, "Leverage ratio error")
            if position is not None and position.leverage != leverage:
                raise RefusedError(2021, "The single leverage is not consistent with the existing position leverage")
            worth = vol * listing.contract_size * (price or self.price(symbol))
            order.frozen = worth / leverage + worth * TAKER
            if order.frozen > self.cash - self.frozen + 1e-9:
                raise RefusedError(2005, "Balance insufficient")
        elif position is None:
            raise RefusedError(2009, "Positions do not exist or have been closed")
        elif vol > position.hold - self.promised(symbol, order.type_of_position) + 1e-9:
            raise RefusedError(2008, "The quantity is insufficient")
        order.updated = now
        self.orders[order.id] = order
        self._arrive(order)
        return order

    def _check(self, listing: Listing, side: int, type_: int, vol: float, price: float | None, external: str) -> None:
        if side not in (1, 2, 3, 4):
            raise RefusedError(2001, "Wrong order direction")
        if type_ not in (1, 2, 3, 4, 5, 6):
            raise RefusedError(2029, "Error order type")
        if vol < 1 or vol != int(vol):
            raise RefusedError(2011, "Order quantity error, please try to modify.")
        if price is not None and (price <= 0 or abs(price - round(price, listing.decimals)) > 1e-12):
            raise RefusedError(2015, "Price or quantity accuracy error")
        if len(external) > 32:
            raise RefusedError(2030, "External order ID is too long")
        if external and self.by_external(listing.base + "_USDT", external) is not None:
            self.twice.append(external)
            raise RefusedError(2044, "External order ID already exists")

    def _check_protection(self, type_: int, price: float, stop: float | None, target: float | None) -> None:
        """A stop lies behind the price, a target ahead of it."""
        sign = sign_of(type_)
        if (stop is not None and (price - stop) * sign <= 0) or (target is not None and (target - price) * sign <= 0):
            raise RefusedError(5003, "The price of stop-limit order error")

    def by_external(self, symbol: str, external: str) -> Order | None:
        """The order with a client's id."""
        found = (o for o in self.orders.values() if (o.symbol, o.external) == (symbol, external))
        return next(found, None)

    def order(self, id_: int | str) -> Order:
        """An order by its id."""
        order = self.orders.get(int(id_)) if str(id_).isdigit() else None
        if order is None:
            raise RefusedError(2040, "order not exist")
        return order

    def cancel(self, order: Order) -> None:
        """order/cancel."""
        if order.state != RESTING:
            raise RefusedError(2041, "order state cannot be cancelled")
        self._end(order, CANCELLED)

    def change(self, order: Order, price: float, vol: float) -> None:
        """order/change_limit_order: another price and quantity; it queues anew."""
        if order.state != RESTING or order.price is None:
            raise RefusedError(2041, "order state cannot be changed")
        listing = self.listing(order.symbol)
        self._check(listing, order.side, order.type, vol, price, "")
        if order.opens:
            order.frozen *= price * vol / (order.price * order.vol)
        order.price, order.vol, order.updated = price, vol, self.world.clock.now_ms()
        self._arrive(order)

    def _arrive(self, order: Order) -> None:
        """Meet the market for the first time."""
        best = self._best(order)
        marketable = order.price is None or (best <= order.price if order.buys else best >= order.price)
        if order.type == POST_ONLY and marketable:
            self._end(order, CANCELLED)
        elif marketable:
            self._deal(order, best, self._available(order), maker=False)
        if order.state == RESTING and order.type in (IOC, FOK, MARKET, CHASE):
            self._end(order, CANCELLED)

    def _best(self, order: Order) -> float:
        """The best price of the other side."""
        listing, price = self.listing(order.symbol), self.price(order.symbol)
        tick = 10.0**-listing.decimals
        return round(price + (tick if order.buys else -tick), listing.decimals)

    def _available(self, order: Order) -> float:
        return min(order.left, self.liquidity.get(order.symbol.removesuffix("_USDT"), order.left))

    def _end(self, order: Order, state: int) -> None:
        order.state, order.frozen, order.updated = state, 0.0, self.world.clock.now_ms()

    # ------------------------------------------------------------------ deals

    def _deal(self, order: Order, price: float, vol: float, *, maker: bool) -> None:
        """Fill a part of an order."""
        if vol <= 0:
            return
        size, now = self.listing(order.symbol).contract_size, self.world.clock.now_ms()
        worth = price * vol * size
        fee = worth * (MAKER if maker else TAKER)
        profit = 0.0
        position = self.held(order.symbol, order.type_of_position)
        if order.opens:
            if position is None:
                leverage = order.leverage
                position = Position(self._id(), order.symbol, order.type_of_position, leverage, now)
                self.positions[position.id] = position
            position.average = (position.average * position.hold + price * vol) / (position.hold + vol)
            position.hold += vol
            position.margin += worth / order.leverage
            self.cash -= worth / order.leverage
            order.frozen *= 1 - vol / order.left
        else:
            assert position is not None
            vol = min(vol, position.hold)
            profit = (price - position.average) * vol * size * sign_of(position.type)
            freed = position.margin * vol / position.hold
            position.margin -= freed
            position.hold -= vol
            position.closed_for += price * vol
            position.closed += vol
            self.cash += freed + profit
        self.cash -= fee
        position.realised += profit - fee
        position.updated = now
        order.position, order.updated = position.id, now
        order.dealt, order.spent = order.dealt + vol, order.spent + price * vol
        order.fee, order.maker_fee = order.fee + (0 if maker else fee), order.maker_fee + (fee if maker else 0)
        order.profit += profit
        deal = {"id": str(self._id()), "vol": vol, "price": price, "fee": fee, "timestamp": now, "taker": not maker}
        order.deals.append(deal | {"profit": profit})
        if order.left <= 1e-9:
            self._end(order, FILLED)
        if order.opens:
            self._attach(order, position, vol)
        elif position.hold <= 1e-9:
            self._over(position)

    def _attach(self, order: Order, position: Position, vol: float) -> None:
        """The stop that came with an order begins to guard what was filled."""
        if not self.attaches or (order.stop_loss is None and order.take_profit is None):
            return
        known = next((s for s in self.stops.values() if s.order == order.id and s.state == UNTRIGGERED), None)
        now = self.world.clock.now_ms()
        if known is not None:
            known.vol, known.updated = known.vol + vol, now
            return
        self.guard(position, vol, order.stop_loss, order.take_profit, order.id)

    def guard(
        self, position: Position, vol: float, stop: float | None, target: float | None, order: int = 0
    ) -> StopOrder:
        """stoporder/place: a stop and a target for so much of a position."""
        if stop is None and target is None:
            raise RefusedError(5001, "The take-profit price and the stop-loss price cannot be none at the same time")
        if vol > position.hold + 1e-9:
            raise RefusedError(5004, "The volume is more than the holding positions can be liquidated")
        if not order:
            self._check_protection(position.type, self.price(position.symbol), stop, target)
        now = self.world.clock.now_ms()
        made = StopOrder(self._id(), order, position.symbol, position.id, position.type, vol, stop, target, now)
        self.stops[made.id] = made
        return made

    def _over(self, position: Position) -> None:
        """A position is closed: nothing is left to guard or to close."""
        position.hold = position.margin = 0.0
        for stop in self.stops.values():
            if stop.position == position.id and stop.state == UNTRIGGERED:
                stop.state, stop.updated = STOP_CANCELLED, self.world.clock.now_ms()
        for order in self.orders.values():
            same = (order.symbol, order.type_of_position) == (position.symbol, position.type)
            if order.state == RESTING and not order.opens and same:
                self._end(order, CANCELLED)

    # ------------------------------------------------------------------ plan orders

    def plan(self, body: dict[str, Any]) -> PlanOrder:
        """planorder/place."""
        symbol, now, cycle = body["symbol"], self.world.clock.now_ms(), int(body["executeCycle"])
        listing, vol, type_ = self.listing(symbol), float(body["vol"]), int(body["orderType"])
        price = None if type_ == MARKET else float(body.get("price") or 0)
        trigger, above = float(body["triggerPrice"]), int(body["triggerType"]) == 1
        self._check(listing, int(body["side"]), type_, vol, price, "")
        if cycle not in (1, 2):
            raise RefusedError(3003, "Executive cycle error")
        if trigger <= 0:
            raise RefusedError(3004, "Trigger price error")
        expires = now + (1 if cycle == 1 else 7) * DAY
        leverage, trend = int(body.get("leverage") or 20), int(body["trend"])
        made = PlanOrder(
            self._id(),
            symbol,
            int(body["side"]),
            vol,
            type_,
            price,
            trigger,
            above,
            trend,
            leverage,
            now,
            expires,
            cycle,
        )
        made.external = str(body.get("externalOid") or "")
        made.stop_loss, made.take_profit = price_of(body.get("stopLossPrice")), price_of(body.get("takeProfitPrice"))
        self.plans[made.id] = made
        return made

    def _trigger_plan(self, plan: PlanOrder) -> None:
        body = {"symbol": plan.symbol, "side": plan.side, "vol": plan.vol, "price": plan.price, "openType": 1}
        body |= {"type": plan.type, "leverage": plan.leverage}
        body |= {"stopLossPrice": plan.stop_loss, "takeProfitPrice": plan.take_profit}
        plan.updated = self.world.clock.now_ms()
        try:
            plan.placed, plan.state = self.place(body).id, EXECUTED
        except RefusedError:
            plan.state = FAILED

    # ------------------------------------------------------------------ the market goes on

    def settle(self, pinned: str = "") -> None:
        """Go through the prices since the last time; a pinned price is met when it is set (``pinned``), once."""
        now = self.world.clock.now_ms()
        seen, self._seen = self._seen, now
        symbols = {o.symbol for o in self.orders.values() if o.state == RESTING}
        symbols |= {s.symbol for s in self.stops.values() if s.state == UNTRIGGERED}
        symbols |= {p.symbol for p in self.plans.values() if p.state == UNTRIGGERED}
        symbols |= {p.symbol for p in self.positions.values() if p.hold}
        for symbol in sorted(symbols):
            base = symbol.removesuffix("_USDT")
            if base in self.world.pins and base != pinned:
                continue
            first = now if seen is None or base in self.world.pins else seen // QUARTER * QUARTER + QUARTER
            for at in [*range(first, now, QUARTER), now]:
                self._meet(symbol, self.world.price(base, "swap", at))
        self._meeting = {}
        for plan in self.plans.values():
            if plan.state == UNTRIGGERED and plan.expires <= now:
                plan.state, plan.updated = INVALID, now

    def _meet(self, symbol: str, price: float) -> None:
        """Everything of one contract against one price."""
        self._meeting = {symbol: price}
        for position in [p for p in self.positions.values() if p.hold and p.symbol == symbol]:
            if (price * FAIR - self.liquidation(position)) * sign_of(position.type) <= 0:
                self._liquidate(position)
        for plan in [p for p in self.plans.values() if p.symbol == symbol and p.state == UNTRIGGERED]:
            seen = price * (FAIR if plan.trend == 2 else 1.0)
            if seen >= plan.trigger if plan.above else seen <= plan.trigger:
                self._trigger_plan(plan)
        for stop in [s for s in self.stops.values() if s.symbol == symbol and s.state == UNTRIGGERED]:
            self._trigger_stop(stop, price)
        for order in [o for o in self.orders.values() if o.symbol == symbol and o.state == RESTING]:
            if order.state != RESTING or order.price is None:
                continue  # what came before may have ended it
            if price <= order.price if order.buys else price >= order.price:
                self._deal(order, order.price, self._available(order), maker=True)

    def _trigger_stop(self, stop: StopOrder, price: float) -> None:
        """A stop or a target of a position is reached: close at the market."""
        position, sign = self.positions[stop.position], sign_of(stop.type)
        lost = price * (FAIR if stop.loss_trend == 2 else 1.0)
        won = price * (FAIR if stop.profit_trend == 2 else 1.0)
        if stop.stop_loss is not None and (lost - stop.stop_loss) * sign <= 0:
            stop.trigger_side = 2
        elif stop.take_profit is not None and (won - stop.take_profit) * sign >= 0:
            stop.trigger_side = 1
        else:
            return
        stop.state, stop.updated = EXECUTED, self.world.clock.now_ms()
        vol = min(stop.vol, position.hold)
        if self.stops_free_what_is_promised:
            for order in self.orders.values():
                free = position.hold - self.promised(stop.symbol, stop.type)
                if order.state == RESTING and not order.opens and free < vol and order.symbol == stop.symbol:
                    self._end(order, CANCELLED)
        vol = min(vol, position.hold - self.promised(stop.symbol, stop.type))
        if vol < 1:
            return
        body = {"symbol": stop.symbol, "side": CLOSE_LONG if stop.type == LONG else CLOSE_SHORT}
        stop.placed = self.place(body | {"vol": vol, "type": MARKET}, category=3).id
        stop.dealt = vol

    def liquidation(self, position: Position) -> float:
        """Where the exchange takes over (entry x (1 - 1/L + MMR) for a long)."""
        rate = 0.001 if self.listing(position.symbol).custom_tiers else 0.004
        return position.average * (1 - sign_of(position.type) * (1 / position.leverage - rate))

    def _liquidate(self, position: Position) -> None:
        position.realised -= position.margin
        position.liquidated, position.updated = True, self.world.clock.now_ms()
        position.closed += position.hold
        self._over(position)

    def _id(self) -> int:
        self._next += 1
        return self._next

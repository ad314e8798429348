"""The broker places, protects, amends, cancels and closes at the double, through the real ccxt client."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from engine.domain import Side
from engine.testnet.broker import Broker
from engine.testnet.ticket import Cause, Rung
from tests.doubles.exchange import ExchangeDouble
from tests.testnet.conftest import SYMBOL, pin, practise, ticket

ETH = "ETH/USDT:USDT"
LADDER = (Rung("limit", 64_700.0, 60.0), Rung("limit", 64_600.0, 40.0))


@pytest.fixture
def journal(tmp_path: Path) -> Path:
    return tmp_path / "testnet.jsonl"


def resting(double: ExchangeDouble) -> dict[float | None, float]:
    """Price and contracts of the orders in the book."""
    return {order.price: order.left for order in double.futures.orders.values() if order.state == 2}


def live_stops(double: ExchangeDouble) -> list[tuple[float | None, float]]:
    """Price and contracts of the stops that wait."""
    return [(stop.stop_loss, stop.vol) for stop in double.futures.stops.values() if stop.state == 1]


def held(double: ExchangeDouble) -> dict[tuple[str, int], float]:
    """Contracts of each open position (1 long, 2 short)."""
    return {(p.symbol, p.type): p.hold for p in double.futures.positions.values() if p.hold}


def test_a_market_call_is_placed_with_its_stop_and_both_targets(double: ExchangeDouble, journal: Path) -> None:
    async def play(broker: Broker) -> None:
        standing = await broker.place(ticket())
        assert (standing.entered, standing.held) == (100, 100)

    practise(double, journal, play)
    (sent, *targets) = double.private.sent("order/create")
    assert (sent["side"], sent["vol"], sent["openType"], sent["leverage"]) == (1, 100.0, 1, 5)
    assert sent["stopLossPrice"] == 64_500.0, "protected from its first contract on"
    assert [(t["side"], t["vol"], t["price"], t["type"]) for t in targets] == [(4, 50, 65_000, 1), (4, 50, 65_200, 1)]
    assert held(double) == {("BTC_USDT", 1): 100}
    assert live_stops(double) == [(64_500.0, 100.0)]


def test_targets_and_then_the_moved_stop_close_the_trade(double: ExchangeDouble, journal: Path) -> None:
    async def play(broker: Broker) -> None:
        await broker.place(ticket())
        await pin(double, "BTC", 65_010.0)
        await broker.sync()
        standing = await broker.amend("vip/7", stop=64_800.0)
        assert (standing.held, standing.targets_taken) == (50, 50)
        assert live_stops(double)[0][0] == 64_800.0
        await pin(double, "BTC", 64_790.0)
        await broker.sync()
        assert standing.over
        assert standing.stopped[next(iter(standing.stopped))] == (50, 64_789.9)

    practise(double, journal, play)
    assert held(double) == {}
    assert resting(double) == {}
    assert live_stops(double) == []


def test_a_short_is_the_same_upside_down(double: ExchangeDouble, journal: Path) -> None:
    short = ticket(side=Side.SHORT, stop=65_100.0, targets=((64_600.0, 1.0),))

    async def play(broker: Broker) -> None:
        standing = await broker.place(short)
        assert held(double) == {("BTC_USDT", 2): 100}
        assert live_stops(double) == [(65_100.0, 100.0)]
        assert resting(double) == {64_600.0: 100}
        await pin(double, "BTC", 64_590.0)
        await broker.sync()
        assert standing.over

    practise(double, journal, play)
    assert [body["side"] for body in double.private.sent("order/create")] == [3, 2]
    assert held(double) == {}


def test_a_ladder_fills_rung_by_rung_and_its_targets_grow(double: ExchangeDouble, journal: Path) -> None:
    async def play(broker: Broker) -> None:
        standing = await broker.place(ticket(rungs=LADDER))
        assert resting(double) == {64_700.0: 60, 64_600.0: 40}
        await pin(double, "BTC", 64_690.0)
        await broker.sync()
        assert (standing.held, live_stops(double)) == (60, [(64_500.0, 60.0)])
        assert resting(double) == {64_600.0: 40, 65_000.0: 30, 65_200.0: 30}
        await pin(double, "BTC", 64_590.0)
        await broker.sync()
        assert resting(double) == {65_000.0: 50, 65_200.0: 50}
        assert sum(contracts for _, contracts in live_stops(double)) == 100

    practise(double, journal, play)


def test_the_first_target_takes_the_rungs_that_wait_out_of_the_book(double: ExchangeDouble, journal: Path) -> None:
    async def play(broker: Broker) -> None:
        await broker.place(ticket(rungs=LADDER))
        await pin(double, "BTC", 64_690.0)
        await broker.sync()
        await pin(double, "BTC", 65_050.0)
        await broker.sync()
        assert resting(double) == {65_200.0: 30}

    practise(double, journal, play)
    assert held(double) == {("BTC_USDT", 1): 30}


def test_a_breakout_waits_at_the_exchange_and_is_guarded_once_it_is_in(double: ExchangeDouble, journal: Path) -> None:
    breakout = ticket(rungs=(Rung("stop", 64_900.0, 20.0),), stop=64_600.0, targets=((65_200.0, 1.0),))

    async def play(broker: Broker) -> None:
        standing = await broker.place(breakout)
        assert [plan.trigger for plan in double.futures.plans.values()] == [64_900.0]
        assert held(double) == {}
        await pin(double, "BTC", 64_905.0)
        await broker.sync()
        assert (standing.held, live_stops(double)) == (20, [(64_600.0, 20.0)])
        assert resting(double) == {65_200.0: 20}

    practise(double, journal, play)


def test_an_amended_call_gets_other_targets_and_another_ladder(double: ExchangeDouble, journal: Path) -> None:
    async def play(broker: Broker) -> None:
        await broker.place(ticket(rungs=LADDER))
        await pin(double, "BTC", 64_690.0)
        await broker.sync()
        lower = (Rung("limit", 64_650.0, 40.0),)
        edit = Cause("vip", "7", 2)
        for _ in range(2):  # the same edit, seen twice
            await broker.amend("vip/7", stop=64_400.0, targets=((65_500.0, 1.0),), rungs=lower, cause=edit)
        assert resting(double) == {64_650.0: 40, 65_500.0: 60}
        assert live_stops(double) == [(64_400.0, 60.0)]
        await pin(double, "BTC", 64_640.0)
        await broker.sync()
        assert {price for price, _ in live_stops(double)} == {64_400.0}
        assert resting(double) == {65_500.0: 100}

    practise(double, journal, play)
    assert sum(body["vol"] for body in double.private.sent("order/create") if body["side"] == 1) == 140


def test_a_part_is_closed_once_for_one_message_and_the_rest_for_another(double: ExchangeDouble, journal: Path) -> None:
    async def play(broker: Broker) -> None:
        await broker.place(ticket())
        for _ in range(3):
            standing = await broker.close("vip/7", 0.5, Cause("vip", "8", 1))
        assert (standing.held, resting(double)) == (50, {65_000.0: 50.0})
        standing = await broker.close("vip/7", 1.0, Cause("vip", "9", 1))
        assert standing.over

    practise(double, journal, play)
    assert held(double) == {}
    assert live_stops(double) == []


def test_cancelling_takes_the_entries_and_leaves_what_is_held(double: ExchangeDouble, journal: Path) -> None:
    async def play(broker: Broker) -> None:
        await broker.place(ticket(rungs=LADDER))
        await pin(double, "BTC", 64_690.0)
        standing = await broker.cancel("vip/7")
        assert not standing.over

    practise(double, journal, play)
    assert held(double) == {("BTC_USDT", 1): 60}
    assert resting(double) == {65_000.0: 30, 65_200.0: 30}


def test_what_was_never_filled_expires(double: ExchangeDouble, journal: Path) -> None:
    now = [0]

    async def play(broker: Broker) -> None:
        standing = await broker.place(ticket(rungs=LADDER, expire_ms=1_000))
        now[0] = 1_000
        await broker.sync()
        assert standing.over

    practise(double, journal, play, lambda: now[0])
    assert resting(double) == {}


def test_a_stop_that_the_price_has_passed_becomes_a_close(double: ExchangeDouble, journal: Path) -> None:
    async def play(broker: Broker) -> None:
        await broker.place(ticket())
        await pin(double, "BTC", 64_700.0)
        standing = await broker.amend("vip/7", stop=64_750.0)
        assert standing.over

    practise(double, journal, play)
    assert held(double) == {}


def test_a_stop_that_did_not_come_with_the_order_is_placed(double: ExchangeDouble, journal: Path) -> None:
    double.futures.attaches = False

    async def play(broker: Broker) -> None:
        standing = await broker.place(ticket())
        assert live_stops(double) == [(64_500.0, 100.0)]
        await broker.amend("vip/7", stop=64_600.0)
        assert live_stops(double) == [(64_600.0, 100.0)]
        await pin(double, "BTC", 64_550.0)
        await broker.sync()
        assert standing.over

    practise(double, journal, play)


def test_what_a_stop_leaves_because_targets_hold_it_is_closed(double: ExchangeDouble, journal: Path) -> None:
    double.futures.stops_free_what_is_promised = False

    async def play(broker: Broker) -> None:
        standing = await broker.place(ticket())
        await pin(double, "BTC", 64_400.0)
        assert held(double) == {("BTC_USDT", 1): 100}
        await broker.sync()
        assert standing.over

    practise(double, journal, play)
    assert held(double) == {}


def test_parts_of_an_order_that_fill_one_after_the_other(double: ExchangeDouble, journal: Path) -> None:
    double.futures.liquidity["BTC"] = 25

    async def play(broker: Broker) -> None:
        standing = await broker.place(ticket(rungs=(Rung("limit", 64_700.0, 100.0),)))
        for filled in (25, 50, 75, 100):
            await pin(double, "BTC", 64_699.0)
            await broker.sync()
            assert standing.entered >= filled
            assert sum(contracts for _, contracts in live_stops(double)) == standing.held
            assert sum(resting(double).values()) == standing.held + (100 - standing.entered)

    practise(double, journal, play)


def test_several_tickets_share_a_position_and_each_closes_its_own(double: ExchangeDouble, journal: Path) -> None:
    async def play(broker: Broker) -> None:
        await broker.place(ticket("vip/7"))
        await broker.place(
            ticket("other/3", rungs=(Rung("market", None, 30.0),), stop=64_000.0, targets=((66_000.0, 1),))
        )
        await broker.place(ticket("vip/8", Side.SHORT, stop=65_500.0, targets=()))
        eth = ticket("vip/9", rungs=(Rung("limit", 2_000.0, 5.0),), stop=1_900.0, targets=(), symbol=ETH)
        await broker.place(eth)
        assert held(double) == {("BTC_USDT", 1): 130, ("BTC_USDT", 2): 100}
        await broker.close("vip/7")
        assert await broker.sync() == []
        assert held(double) == {("BTC_USDT", 1): 30, ("BTC_USDT", 2): 100}

    practise(double, journal, play)
    assert (64_000.0, 30.0) in live_stops(double)


def test_a_position_that_was_closed_by_hand_is_told_and_ends_its_ticket(double: ExchangeDouble, journal: Path) -> None:
    async def play(broker: Broker) -> None:
        standing = await broker.place(ticket(stop=None, targets=()))
        await broker.exchange.client.contractPrivatePostPositionCloseAll({})
        assert await broker.sync() == [], "it may have been filled between two questions"
        (problem,) = await broker.sync()
        assert "the exchange holds 0 contracts, the journal 100" in problem.text
        await broker.sync()
        assert standing.over

    practise(double, journal, play)


def test_a_quiet_round_asks_a_few_questions_however_many_trades_are_open(double: ExchangeDouble, journal: Path) -> None:
    """MEXC allows ten requests a second for everything; lists come in pages of a hundred."""
    small = (Rung("market", None, 2.0),)

    async def play(broker: Broker) -> None:
        for number in range(55):
            await broker.place(ticket(f"vip/{number}", rungs=small))
        assert len(resting(double)) == 2
        assert await broker.sync() == []
        before = len(double.private.seen)
        assert await broker.sync() == []
        asked = [signed.path for signed in double.private.seen[before:]]
        assert asked == ["order/list/open_orders"] * 2 + ["stoporder/list/orders", "position/open_positions"]
        await pin(double, "BTC", 65_010.0)
        await broker.sync()
        assert all(standing.targets_taken == 1 for standing in broker.living())

    practise(double, journal, play)
    assert held(double) == {("BTC_USDT", 1): 55}


def test_what_the_exchange_refuses_is_told_and_nothing_is_held(double: ExchangeDouble, journal: Path) -> None:
    double.futures.cash = 10.0

    async def play(broker: Broker) -> None:
        standing = await broker.place(ticket())
        (entry,) = standing.of("entry")
        assert (entry.ended, standing.over) == ("refused", True)
        assert "Balance insufficient" in entry.why

    practise(double, journal, play)


def test_the_client_id_is_made_of_channel_message_version_and_action(double: ExchangeDouble, journal: Path) -> None:
    async def play(broker: Broker) -> None:
        await broker.place(ticket())

    practise(double, journal, play)
    ids = [body["externalOid"] for body in double.private.sent("order/create")]
    assert len(set(ids)) == 3
    assert all(len(id_) == 26 and id_.startswith("sp") for id_ in ids)
    sends = [line for line in map(json.loads, journal.read_text().splitlines()) if line["what"] == "send"]
    assert [line["id"] for line in sends] == ids


def test_the_account_can_be_read(double: ExchangeDouble, journal: Path) -> None:
    async def play(broker: Broker) -> None:
        await broker.place(ticket(rungs=LADDER))
        assert sorted(found.contracts for found in (await broker.exchange.book()).values()) == [40, 60]
        assert await broker.exchange.equity() == pytest.approx(10_000)
        await pin(double, "BTC", 64_650.0)
        (position,) = await broker.exchange.positions(SYMBOL)
        assert (position["holdVol"], position["positionType"], position["leverage"]) == (60, 1, 5)
        assert await broker.exchange.holds() == {(SYMBOL, True): 60}

    practise(double, journal, play)

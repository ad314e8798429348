"""From a plan to whole contracts, and the ids under which the exchange knows them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.domain import Distance, Order, Plan, Side
from engine.problem import Problem
from engine.testnet.ticket import Cause, Sent, Standing, Ticket, client_id, entry_ids, make_ticket, wanted_targets

CAUSE = Cause("vip", "7", 1)
SYMBOL = "BTC/USDT:USDT"
MARKET = (Order("market", None, 1.0),)


def plan(**more: object) -> Plan:
    """A long of BTC with a stop and two targets."""
    common: dict[str, object] = {
        "signal_id": "vip/7",
        "channel": "vip",
        "symbol": "BTC/USDT:USDT",
        "side": Side.LONG,
        "act_ms": 0,
        "expire_ms": 10,
        "orders": MARKET,
        "stop": 95.0,
        "targets": ((110.0, 0.5), (120.0, 0.5)),
        "leverage": 5.0,
    }
    return Plan(**common | more)  # type: ignore[arg-type]


def made(the_plan: Plan, quantity: float = 1.0, size: float = 0.01, price: float = 100.0) -> Ticket:
    """Its ticket."""
    ticket = make_ticket(the_plan, "demo", CAUSE, SYMBOL, quantity, size, price)
    assert isinstance(ticket, Ticket)
    return ticket


def test_levels_said_relative_to_the_fill_are_taken_from_the_last_price() -> None:
    relative = plan(stop=Distance(5, "percent"), targets=((Distance(2, "R"), 0.5), (Distance(30, "points"), 0.5)))
    ticket = made(relative)
    assert ticket.stop == 95.0
    assert ticket.targets == ((110.0, 0.5), (130.0, 0.5))
    short = made(plan(side=Side.SHORT, stop=Distance(5, "percent"), targets=((Distance(10, "percent"), 1.0),)))
    assert (short.stop, short.targets[0][0]) == (105.0, 90.0)


def test_a_stop_that_waits_for_a_close_has_only_its_hard_price_at_the_exchange() -> None:
    assert made(plan(close_stop_ms=3_600_000, hard_stop=90.0)).stop == 90.0
    assert made(plan(close_stop_ms=3_600_000)).stop is None


def test_less_than_a_contract_is_no_order() -> None:
    refused = make_ticket(plan(), "demo", CAUSE, SYMBOL, 0.005, 0.01, 100.0)
    assert isinstance(refused, Problem)
    assert "less than one contract" in refused.text


@given(
    st.lists(st.floats(0.01, 1), min_size=1, max_size=6),
    st.floats(0.01, 500),
    st.sampled_from([0.0001, 0.01, 1.0, 10.0]),
)
def test_rungs_are_whole_contracts_and_sum_to_the_whole(weights: list[float], quantity: float, size: float) -> None:
    total = sum(weights)
    orders = tuple(Order("limit", 100.0 - n, weight / total) for n, weight in enumerate(weights))
    ticket = make_ticket(plan(orders=orders), "demo", CAUSE, SYMBOL, quantity, size, 100.0)
    if isinstance(ticket, Problem):
        assert quantity < size * (1 + 1e-6)
        return
    assert all(rung.contracts == int(rung.contracts) >= 1 for rung in ticket.rungs)
    assert ticket.contracts == pytest.approx(int(quantity / size + 1e-9))


@given(
    st.lists(st.floats(0.01, 1), min_size=1, max_size=6),
    st.integers(1, 500),
    st.lists(st.floats(0, 1), min_size=6, max_size=6),
)
def test_targets_always_sell_exactly_what_is_held(parts: list[float], entered: int, sold: list[float]) -> None:
    total = sum(parts)
    targets = tuple((110.0 + n, part / total) for n, part in enumerate(parts))
    ticket = made(plan(targets=targets), float(entered), 1.0)
    standing = Standing(ticket, ticket.stop, targets, entry_ids(ticket, CAUSE, ticket.rungs))
    standing.sent["in"] = Sent("in", "entry", "entry 1", entered, None, exchange_id="1", filled=entered, ended="filled")
    for n, fraction in enumerate(sold[: len(parts)]):
        wanted = wanted_targets(standing)
        assert sum(wanted.values()) == standing.held
        price = targets[n][0]
        part = float(int(wanted.get(price, 0.0) * fraction))
        standing.sent[f"t{n}"] = Sent(f"t{n}", "target", "", part, price, exchange_id="2", filled=part, ended="filled")
    assert sum(wanted_targets(standing).values()) == standing.held >= 0


def test_an_id_is_the_same_for_the_same_cause_and_no_other() -> None:
    causes = [Cause("vip", "7", 1), Cause("vip", "7", 2), Cause("vip", "71", 1), Cause("vi", "p7", 1)]
    ids = {client_id(account, cause, action) for account in ("a", "b") for cause in causes for action in ("x", "y")}
    assert len(ids) == 16
    assert client_id("a", Cause("vip", "7", 1), "x") == client_id("a", Cause("vip", "7", 1), "x")
    assert all(len(id_) <= 32 and id_.isalnum() for id_ in ids)

"""Trades as columns: each is what the walk took, whether it is looked at alone or among all."""

from __future__ import annotations

import pytest

from engine.simulate.closing import close_early
from tests.paper.world import Month, month


@pytest.fixture(scope="module")
def world() -> Month:
    return month.__wrapped__(to="2025-01-15")  # one that no other test looks at


def test_columns_say_what_the_trades_say(world: Month) -> None:
    trades = world.walked.trades
    for row, trade in list(trades.items())[::4]:
        early = close_early(trade, trade.path.plan.act_ms + 120_000, world.played.venue)
        if early is not None:
            trades.put(row, early[0])
    assert len(trades.own) > 5
    columns = trades.columns
    assert columns.row.tolist() == list(trades) == list(dict(trades))
    assert columns.filled.tolist() == [bool(trade.path.fills) for trade in trades.values()]
    for name in ("quantity", "risk", "gross", "fees", "funding", "net"):
        assert getattr(columns, name).tolist() == [getattr(trade, name) for trade in trades.values()]
    assert [trades.net(row) for row in trades] == [t.net if t.path.fills else None for t in trades.values()]
    assert [trades.notes(row) for row in trades] == [trade.notes for trade in trades.values()]


def test_a_row_that_was_not_taken_is_none(world: Month) -> None:
    trades = world.walked.trades
    missing = len(world.played.table)
    assert trades.get(missing) is None
    assert trades.notes(missing) is None
    assert missing not in trades

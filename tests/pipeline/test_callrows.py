"""The rows of calls, made as columns, say what each call's own path and trade say."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from engine.domain import Distance, Path
from engine.pipeline.callrows import OF_THE_ACCOUNT, call_rows, exits_of
from engine.report.calls import OWN, CallRow
from engine.simulate.closing import close_early
from engine.simulate.money import average_price
from engine.simulate.table import PathTable
from engine.simulate.trades import Trades
from engine.simulate.walk import WalkResult
from engine.units import iso
from tests.paper.world import Month, month


@pytest.fixture(scope="module")
def world() -> Month:
    """A piece of the demo in which some trades were ended early, as a rule does, and one before it was filled."""
    found = month.__wrapped__()  # one that no other test looks at
    trades, ended = found.walked.trades, 0
    for row, trade in list(trades.items())[::5]:
        at_ms = trade.path.fills[0].ts_ms + 60_000 if trade.path.fills and row % 2 else trade.path.plan.act_ms
        early = close_early(trade, at_ms, found.played.venue)
        if early is not None:
            trades.put(row, early[0])
            ended += 1
    assert ended > 10
    assert any(not trade.path.fills for trade in trades.own.values())
    return found


def looked_at(world: Month, walked: WalkResult, i: int) -> CallRow:
    """One call, put together from objects."""
    played = world.played
    signal, row = played.signals[i], played.rows[i]
    said = next((refused.notes for refused in walked.refused if refused.row == row), None)
    trade = walked.trades.get(row)
    path: Path | None = trade.path if trade else played.table.path(row) if row >= 0 else None
    filled = path if path and path.fills else None
    message, setup = signal.message, signal.setup
    stop = float(played.table.stop[row]) if row >= 0 else setup.stop
    stop = played.table.plans[row].stop if stop is not None and stop != stop else stop
    own = played.table.path(row) if row >= 0 else None
    mine = own if own and own.fills else None
    r = float(played.money.r[row]) if row >= 0 else None
    r = None if r is None or r != r else r
    other = walked.trades.own.get(row)
    status = other.path.status.value if other else played.fates[i]
    cells = {name: getattr(trade, name) if trade else None for name in OF_THE_ACCOUNT}
    return CallRow(
        signal_id=signal.id,
        channel=message.channel,
        posted=iso(message.posted_ms),
        acted=iso(path.plan.act_ms) if path else "",
        symbol=setup.symbol,
        side=setup.side.value,
        entry_kind=setup.entry_kind.value,
        entry=setup.entries,
        stop=None if isinstance(stop, Distance) or stop is None or stop != stop else stop,
        targets=tuple(target.price for target in setup.targets if target.price is not None),
        leverage=setup.leverage,
        layout=setup.layout,
        status="no stop" if other and other.path.fills and other.r is None else status,
        filled_at=iso(filled.fills[0].ts_ms) if filled else "",
        closed_at=iso(filled.legs[-1].ts_ms) if filled else "",
        entry_price=average_price(filled.fills) if filled else None,
        exit_reason=filled.legs[-1].reason.value if filled else "",
        exits=exits_of(filled.legs) if filled else "",
        r=other.r if other else r,
        ambiguous=path.ambiguous if path else False,
        delay_s=(filled.fills[0].ts_ms - message.known_ms) / 1000 if filled else None,
        taken=trade is not None,
        rule=said[-1].rule if said else "",
        rule_where=said[-1].where if said else "",
        notes="; ".join(note.text for note in said or (trade.notes if trade else ())),
        **cells,
        own_status=played.fates[i],
        own_filled_at=iso(mine.fills[0].ts_ms) if mine else "",
        own_closed_at=iso(mine.legs[-1].ts_ms) if mine else "",
        own_exit_reason=mine.legs[-1].reason.value if mine else "",
        own_r=r,
    )


def test_every_cell_is_what_the_call_s_own_path_and_trade_say(world: Month) -> None:
    played, walked = world.played, world.walked
    order = sorted(range(len(played.signals)), key=lambda i: played.signals[i].message.posted_ms)
    rows = call_rows(played, walked)
    assert len(rows) == len(order) > 100
    assert {"closed", "target first"} <= set(rows.columns["status"])
    for row, i in zip(rows, order, strict=True):
        assert row == looked_at(world, walked, i)


def test_a_trade_that_a_rule_ended_stands_beside_what_its_call_did_by_itself(world: Month) -> None:
    """Outcome, end and R of a row are the account's, as its money is; the call's own have columns of their own."""
    rows = call_rows(world.played, world.walked)
    ended = [row for row in rows if row.exit_reason == "rule"]
    assert len(ended) > 5
    for row in ended:
        assert row.net is not None
        assert row.r == pytest.approx(row.net / row.risk)
        assert (row.status, row.own_exit_reason != "rule", row.went_its_own_way) == ("closed", True, True)
        assert row.closed_at <= row.own_closed_at
    never = [row for row in rows if row.status == "cancelled" and row.taken and row.own_filled_at]
    assert never
    assert all((row.filled_at, row.exits, row.r, row.net) == ("", "", None, 0.0) and row.own_r for row in never)
    same = [row for row in rows if row.signal_id not in {one.signal_id for one in (*ended, *never)}]
    assert not any(row.went_its_own_way for row in same)


def test_a_channel_is_told_of_its_calls_by_themselves(world: Month) -> None:
    """Whatever the account did: with its trades ended early, and with none taken at all."""
    untouched = replace(world.walked, trades=Trades(world.walked.trades._outcomes), refused=[])
    ours, theirs = (call_rows(world.played, one).counted for one in (world.walked, untouched))
    assert len(ours) == len(theirs) > 50
    for name in (*OWN, *OWN.values()):
        assert ours.columns[name] == theirs.columns[name]
    assert [row.signal_id for row in ours] == [row.signal_id for row in theirs]
    assert (ours.start_ms, ours.end_ms) == (theirs.start_ms, theirs.end_ms)


def test_a_call_without_a_plan_has_empty_cells(world: Month) -> None:
    """As a call that nobody knows when it was edited into its text."""
    played = replace(world.played, rows=[-1, *world.played.rows[1:]], fates=["hindsight", *world.played.fates[1:]])
    order = sorted(range(len(played.signals)), key=lambda i: played.signals[i].message.posted_ms)
    row = call_rows(played, world.walked)[order.index(0)]
    assert (row.status, row.acted, row.filled_at, row.closed_at, row.exits) == ("hindsight", "", "", "", "")
    assert (row.taken, row.entry_price, row.r, row.net, row.delay_s) == (False, None, None, None, None)


def test_a_call_without_candles_shows_the_stop_and_the_targets_that_it_named(world: Month) -> None:
    """They were read, whatever the candles are: as in the message, and as its plan has them."""
    table = PathTable.empty(world.played.table.plans, world.played.table.planned)
    rows = call_rows(replace(world.played, table=table), world.walked)
    order = sorted(range(len(world.played.signals)), key=lambda i: world.played.signals[i].message.posted_ms)
    setups = [world.played.signals[i].setup for i in order]
    assert [row.stop for row in rows] == [setup.stop for setup in setups]
    assert all(row.stop and row.targets == tuple(t.price for t in setup.targets)
               for row, setup in zip(rows, setups, strict=True))  # fmt: skip


def test_excursions_stand_beside_the_calls_they_belong_to(world: Month) -> None:
    n = len(world.played.table)
    rows = call_rows(world.played, world.walked, np.arange(n) / 2, np.full(n, np.nan))
    wanted = {s.id: row / 2 if row >= 0 else None for s, row in
              zip(world.played.signals, world.played.rows, strict=True)}  # fmt: skip
    assert {row.signal_id: row.own_mae_r for row in rows} == wanted
    assert {row.own_mfe_r for row in rows} == {None}

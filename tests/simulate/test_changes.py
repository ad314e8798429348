"""What a channel says later becomes changes; a trade can be saved and restored between any two bars."""

from __future__ import annotations

import json
from dataclasses import asdict, replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.config.strategy import Calls, Entry, Exit
from engine.domain import Action, Change, Distance, EntryKind, Message, Path, Plan, Side, StopMove, Target, Update
from engine.market.candles import Candles
from engine.simulate.calls import settle_calls
from engine.simulate.plain import change_from
from engine.simulate.planning import make_plan, wrong_numbers
from engine.simulate.prepared import simulate
from engine.simulate.sharing import split
from engine.simulate.step import Stepper, step_path
from engine.simulate.terms import Terms
from engine.simulate.volatility import average_true_range
from engine.units import MINUTE_MS
from tests.simulate.dealing import many_plans
from tests.simulate.test_twin import TERMS, candle_sets, plans, same
from tests.simulate.world import bars, plan, signal, strategy


def said(**action: object) -> Update:
    message = Message("c", -1, 8, 1, "post", 2_000_000, None, 2_000_000, "text")
    return Update(message, Action(symbol=None, layout="u", **action), "c/7")  # type: ignore[arg-type]


def changes(*updates: Update, kind: EntryKind = EntryKind.LIMIT) -> tuple[Change, ...]:
    entries = () if kind is EntryKind.MARKET else (100.0,)
    call = signal(kind, Side.LONG, entries, (110.0, 120.0), 95.0)
    made = make_plan(call, strategy(exit=Exit(shares="even")), updates)
    assert isinstance(made, Plan)
    return made.changes


@pytest.mark.parametrize(
    ("action", "expected"),
    [
        ({"kind": "close"}, [Change(2_005_000, "close")]),
        ({"kind": "close", "share": 0.5}, [Change(2_005_000, "close", share=0.5)]),
        ({"kind": "cancel", "order": 1}, [Change(2_005_000, "cancel", order=1)]),
        ({"kind": "move-stop", "level": "breakeven"}, [Change(2_005_000, "stop", stop="breakeven")]),
        ({"kind": "move-stop", "target": 1}, [Change(2_005_000, "stop", stop=110.0, target=1)]),
        ({"kind": "change", "stop": Distance(4, "percent")}, [Change(2_005_000, "stop", stop=96.0)]),
        (
            {"kind": "add-targets", "targets": (Target(130.0),)},
            [Change(2_005_000, "targets", targets=((110.0, 1 / 3), (120.0, 1 / 3), (130.0, 1 / 3)), numbers=(1, 2, 3))],
        ),
        ({"kind": "target-hit", "target": 1}, []),
        ({"kind": "stop-hit"}, []),
        ({"kind": "re-enter"}, []),
    ],
)
def test_an_update_acts_at_its_own_time_plus_the_latency(action: dict, expected: list[Change]) -> None:
    assert list(changes(said(**action))) == expected


PERCENT = {"stop": Distance(3, "percent"), "targets": (Target(None, distance=Distance(3, "percent")),)}
POINTS_AND_R = {"stop": Distance(4, "points"), "targets": (Target(None, distance=Distance(2, "R")),)}


@pytest.mark.parametrize(
    ("kind", "action", "stop", "target"),
    [
        (EntryKind.LIMIT, PERCENT, 97.0, 103.0),
        (EntryKind.LIMIT, POINTS_AND_R, 96.0, 108.0),
        (EntryKind.LIMIT, {"stop": 98.0, "targets": (Target(None, distance=Distance(2, "R")),)}, 98.0, 104.0),
        (EntryKind.MARKET, PERCENT, Distance(3, "percent"), Distance(3, "percent")),
        (EntryKind.MARKET, POINTS_AND_R, Distance(4, "points"), Distance(8.0, "points")),
    ],
)
def test_changed_levels_at_a_distance_count_from_the_entry(
    kind: EntryKind, action: dict, stop: float | Distance, target: float | Distance
) -> None:
    moved, aimed = changes(said(kind="change", **action), kind=kind)
    assert (moved.kind, moved.stop) == ("stop", stop)
    assert (aimed.kind, aimed.targets) == ("targets", ((target, 1.0),))


@pytest.mark.parametrize(
    ("entry", "average"),
    [({}, 98.0), ({"weights": "rising"}, 100 / 6 + 98 / 3 + 96 / 2), ({"weights": (0.5, 0.25, 0.25)}, 98.5)],
)
def test_a_target_in_r_counts_from_the_average_of_the_orders_in_a_call_and_in_its_edit(
    entry: dict, average: float
) -> None:
    """What an average entry is: that of the orders by their weights, whenever it is said."""
    twice = (Target(None, distance=Distance(2, "R")),)
    call = signal(EntryKind.LADDER, Side.LONG, (100.0, 98.0, 96.0), (110.0,), 90.0)
    first = replace(call, setup=replace(call.setup, targets=twice))
    mine = strategy(entry=Entry(**entry))
    planned = make_plan(first, mine)
    edited = make_plan(call, mine, [said(kind="change", targets=twice)])
    assert isinstance(planned, Plan)
    assert isinstance(edited, Plan)
    wanted = average + 2 * (average - 90)
    assert [level for level, _ in planned.targets] == [pytest.approx(wanted)]
    (change,) = edited.changes
    assert [level for level, _ in change.targets] == [pytest.approx(wanted)]


@pytest.mark.parametrize(("base", "stop", "target"), [("near", 99.0, 101.0), ("far", 97.02, 98.98)])
def test_a_distance_in_an_edit_counts_from_the_edge_that_the_profile_names(
    base: str, stop: float, target: float
) -> None:
    call = signal(EntryKind.ZONE, Side.LONG, (98.0, 100.0), (110.0,), 90.0)
    away = Distance(1, "percent", base)  # type: ignore[arg-type]
    made = make_plan(call, strategy(), [said(kind="change", stop=away, targets=(Target(None, distance=away),))])
    assert isinstance(made, Plan)
    assert [change.stop for change in made.changes if change.kind == "stop"] == [pytest.approx(stop)]
    assert made.changes[1].targets[0][0] == pytest.approx(target)


@pytest.mark.parametrize(("away", "level"), [(Distance(10, "percent"), 98 * 1.1), (Distance(2, "R"), 98 + 2 * 8)])
def test_a_later_distance_counts_from_the_entries_that_were_named_last(away: Distance, level: float) -> None:
    """An edit says new entries, the next one only a target."""
    call = signal(EntryKind.LIMIT, Side.LONG, (100.0,), (110.0,), 90.0)
    later = said(kind="change", targets=(Target(None, distance=away),))
    later = replace(later, message=replace(later.message, posted_ms=later.message.posted_ms + 1))
    made = make_plan(call, strategy(), [said(kind="change", entries=(98.0,)), later])
    assert isinstance(made, Plan)
    assert [change.kind for change in made.changes] == ["orders", "targets"]
    assert [found for found, _ in made.changes[1].targets] == [pytest.approx(level)]


@pytest.mark.parametrize(
    ("between", "level"),
    [
        ({"kind": "move-stop", "level": 95.0}, 130.0),
        ({"kind": "move-stop", "level": 101.0}, 130.0),
        ({"kind": "change", "stop": 95.0}, 115.0),
    ],
)
def test_a_target_in_r_counts_the_way_to_the_stop_that_was_named(between: dict, level: float) -> None:
    """A stop that was moved, into profit even, is no other risk; one that the call names anew is."""
    call = signal(EntryKind.LIMIT, Side.LONG, (100.0,), (110.0,), 90.0)
    later = said(kind="change", targets=(Target(None, distance=Distance(3, "R")),))
    later = replace(later, message=replace(later.message, posted_ms=later.message.posted_ms + 1))
    made = make_plan(call, strategy(), [said(**between), later])
    assert isinstance(made, Plan)
    assert [change.kind for change in made.changes] == ["stop", "targets"]
    assert [found for found, _ in made.changes[1].targets] == [pytest.approx(level)]


@pytest.mark.parametrize("side", list(Side))
@pytest.mark.parametrize("known_ms", [1_001_000, 1_060_000])
def test_an_edit_in_percent_moves_stop_and_target_of_a_market_call(side: Side, known_ms: int) -> None:
    """Before the fill it acts with it, after it at the next open; both count from the fill."""
    one = Distance(1, "percent")
    call = signal(EntryKind.MARKET, side, (), (), one)
    call = replace(call, setup=replace(call.setup, targets=(Target(None, distance=one),)))
    update = said(kind="change", **PERCENT)
    update = replace(update, message=replace(update.message, posted_ms=known_ms, received_ms=known_ms))
    made = make_plan(call, strategy(), [update])
    assert isinstance(made, Plan)
    losing, winning = (98.5, 96.0) if side is Side.LONG else (101.5, 104.0), (103.5, 96.5)
    text = f"100 100 100 100; 100 100 100 100; 100 {max(100, losing[0])} {min(100, losing[0])} 100; "
    for end, reason in ((losing[1], "moved stop"), (winning[side is Side.SHORT], "target")):
        candles = bars(text + f"100 {max(100, end)} {min(100, end)} {end}", start_ms=1_020_000)
        path = simulate([made], {"BTCUSDT": candles}, Terms(0, 0, 0)).path(0)
        level = 100 + side.sign * (3 if reason == "target" else -3)
        assert [(leg.reason, leg.price) for leg in path.legs] == [(reason, pytest.approx(level))]
        trade = Stepper(made, Terms(0, 0, 0))
        for row in range(len(candles)):
            columns = (candles.ts, candles.open, candles.high, candles.low, candles.close)
            trade.bar(*(column[row].item() for column in columns))
            trade = Stepper.restored(made, Terms(0, 0, 0), json.loads(json.dumps(trade.saved())))
        same(trade.path(), path)


def sold(
    *later: dict, own: tuple = (0.4, 0.4, 0.2), levels: tuple = (110.0, 120.0, 130.0), side: Side = Side.LONG
) -> list[tuple[float, float]]:
    """The targets and their shares after what a channel says of a call, the strategy's shares being 50, 30, 20."""
    call = signal(EntryKind.LIMIT, side, (100.0,), levels, 100 - side.sign * 5.0)
    named = tuple(map(Target, levels, own)) if own else call.setup.targets
    call = replace(call, setup=replace(call.setup, targets=named))
    updates = [said(**{"kind": "change"} | one) for one in later]
    updates = [replace(u, message=replace(u.message, posted_ms=2_000_000 + i)) for i, u in enumerate(updates)]
    made = make_plan(call, strategy(exit=Exit(shares=(0.5, 0.3, 0.2))), updates)
    assert isinstance(made, Plan)
    return [(level, round(share, 9)) for level, share in made.changes[-1].targets]


def at(*levels: float, shares: tuple = ()) -> dict:
    """New targets, with shares or without."""
    return {"targets": tuple(map(Target, levels, shares or [None] * len(levels)))}


def added(*levels: float, shares: tuple = ()) -> dict:
    """More targets."""
    return {"kind": "add-targets"} | at(*levels, shares=shares)


@pytest.mark.parametrize(
    ("later", "expected"),
    [
        # an edit of prices alone, and one of shares
        ([at(111, 121, 131, shares=(0.4, 0.4, 0.2))], [(111, 0.4), (121, 0.4), (131, 0.2)]),
        ([at(110, 120, 130, shares=(0.6, 0.2, 0.2))], [(110, 0.6), (120, 0.2), (130, 0.2)]),
        ([at(111, 121, shares=(0.7, 0.3))], [(111, 0.7), (121, 0.3)]),
        # without shares of its own: the call's for as many targets, else the strategy's
        ([at(131, 111, 121)], [(111, 0.4), (121, 0.4), (131, 0.2)]),
        ([at(111, 121, 131, shares=(0.5, None, None))], [(111, 0.4), (121, 0.4), (131, 0.2)]),
        ([at(111, 121)], [(111, 0.625), (121, 0.375)]),
        ([at(111, 121, 131, shares=(0.6, 0.2, 0.2)), at(112, 122, 132)], [(112, 0.6), (122, 0.2), (132, 0.2)]),
        # one of them
        ([{"target": 2} | at(125)], [(110, 0.4), (125, 0.4), (130, 0.2)]),
        ([{"target": 3} | at(127), {"target": 1} | at(112)], [(112, 0.4), (120, 0.4), (127, 0.2)]),
        ([{"target": 1} | at(135)], [(120, 0.4), (130, 0.2), (135, 0.4)]),
        ([{"target": 2} | at(130)], [(110, 0.4), (130, 0.4), (130, 0.2)]),
        # one more: it sells the share that is named, the others keep their proportions of the rest
        ([added(140, shares=(0.4,))], [(110, 0.24), (120, 0.24), (130, 0.12), (140, 0.4)]),
        ([added(140, shares=(0.4,)), {"target": 4} | at(145)], [(110, 0.24), (120, 0.24), (130, 0.12), (145, 0.4)]),
        ([added(130, shares=(0.2,))], [(110, 0.4), (120, 0.4), (130, 0.2)]),
        ([added(140, shares=(1.0,))], [(140, 1.0)]),
        ([added(140, shares=(1.0,)), added(150)], [(140, 0.5), (150, 0.5)]),  # what sells nothing does not come back
        # without a share it sells as much as they do on average, since the call's own shares win
        ([added(140)], [(110, 0.3), (120, 0.3), (130, 0.15), (140, 0.25)]),
        ([added(105, 140)], [(105, 0.2), (110, 0.24), (120, 0.24), (130, 0.12), (140, 0.2)]),
        ([added(140, 150, shares=(0.5, None))], [(110, 0.15), (120, 0.15), (130, 0.075), (140, 0.5), (150, 0.125)]),
        ([added(130)], [(110, 0.4), (120, 0.4), (130, 0.2)]),
    ],
)  # fmt: skip
def test_a_calls_own_shares_win_in_what_its_channel_says_later(later: list, expected: list) -> None:
    assert sold(*later) == expected


@pytest.mark.parametrize(
    ("later", "expected"),
    [
        (at(111, 121, 131), [(111, 0.5), (121, 0.3), (131, 0.2)]),
        ({"target": 2} | at(125), [(110, 0.5), (125, 0.3), (130, 0.2)]),
        (added(140, shares=(0.4,)), [(110, 0.3), (120, 0.18), (130, 0.12), (140, 0.4)]),
        (added(140), [(110, 0.5), (120, 0.3), (130, 0.2)]),
    ],
)
def test_a_call_without_shares_takes_those_of_the_strategy_also_later(later: dict, expected: list) -> None:
    assert sold(later, own=()) == expected


def test_one_target_of_a_short_is_counted_from_its_nearest() -> None:
    found = sold({"target": 2} | at(78), levels=(70.0, 90.0, 80.0), own=(0.2, 0.4, 0.4), side=Side.SHORT)
    assert found == [(90, 0.4), (78, 0.4), (70, 0.2)]


def numbered(*later: dict, levels: tuple = (110.0, 120.0, 130.0), shares: object = "even") -> list[tuple[float, int]]:
    """The targets and their numbers after what a channel says of a call, all of it before the candles are looked at."""
    call = signal(EntryKind.LIMIT, Side.LONG, (100.0,), levels, 95.0)
    updates = [said(**{"kind": "change"} | one) for one in later]
    updates = [replace(u, message=replace(u.message, posted_ms=2_000_000 + i)) for i, u in enumerate(updates)]
    made = make_plan(call, strategy(exit=Exit(shares=shares)), updates)
    assert isinstance(made, Plan)
    change = made.changes[-1]
    return [(level, number) for (level, _), number in zip(change.targets, change.numbers, strict=True)]


@pytest.mark.parametrize(
    ("later", "expected"),
    [
        # as many: the first is the first, wherever it is now
        ([at(115, 125, 135)], [(115, 1), (125, 2), (135, 3)]),
        ([at(115, 125, 135), at(116, 126, 136)], [(116, 1), (126, 2), (136, 3)]),
        # what stands where one stood is that one, and what is left over is new
        ([at(110, 120, 140)], [(110, 1), (120, 2), (140, 3)]),
        ([at(120, 130, 140)], [(120, 2), (130, 3), (140, 4)]),
        ([at(110, 115, 120, 130)], [(110, 1), (115, 4), (120, 2), (130, 3)]),
        ([at(112, 120, 130, 140)], [(112, 1), (120, 2), (130, 3), (140, 4)]),
        ([at(112, 122, 132, 140)], [(112, 1), (122, 2), (132, 3), (140, 4)]),
        # fewer name what is left
        ([at(125, 135)], [(125, 4), (135, 5)]),
        ([at(120, 130), added(140)], [(120, 2), (130, 3), (140, 4)]),
        ([at(115, 130)], [(115, 4), (130, 3)]),
        # one of them, and one more
        ([{"target": 1} | at(135)], [(120, 2), (130, 3), (135, 1)]),
        ([added(105)], [(105, 4), (110, 1), (120, 2), (130, 3)]),
        ([added(105, 120)], [(105, 4), (110, 1), (120, 2), (130, 3)]),
    ],
)
def test_a_target_keeps_its_number_wherever_it_is_put(later: list, expected: list) -> None:
    assert numbered(*later) == expected


def percent(value: float) -> Target:
    return Target(None, distance=Distance(value, "percent"))


@pytest.mark.parametrize(
    ("levels", "later", "expected"),
    [
        ((Target(120.0), percent(5)), [{"target": 1} | at(106)], [(106, 1), (120, 2)]),
        ((Target(120.0), percent(5)), [at(105, 120, 130)], [(105, 1), (120, 2), (130, 3)]),
        ((Target(110.0),), [{"kind": "add-targets", "targets": (percent(5),)}, {"target": 1} | at(106)],
         [(106, 2), (110, 1)]),
        # 12% lies beyond 110 of the entry that was called, and before it of the one that is said later
        ((Target(110.0), percent(12)), [{"entries": (96.0,)}, {"target": 1} | at(105)], [(105, 2), (110, 1)]),
    ],
)  # fmt: skip
def test_prices_and_distances_together_are_counted_from_the_nearest_too(
    levels: tuple, later: list, expected: list
) -> None:
    """As candles count them, where it is known what the distances count from."""
    call = signal(EntryKind.LIMIT, Side.LONG, (100.0,), (), 95.0)
    call = replace(call, setup=replace(call.setup, targets=levels))
    updates = [said(**{"kind": "change"} | one) for one in later]
    updates = [replace(u, message=replace(u.message, posted_ms=2_000_000 + i)) for i, u in enumerate(updates)]
    made = make_plan(call, strategy(exit=Exit(shares="even")), updates)
    assert isinstance(made, Plan)
    change = made.changes[-1]
    assert [(level, n) for (level, _), n in zip(change.targets, change.numbers, strict=True)] == expected


def test_a_distance_that_is_added_again_is_the_same_target() -> None:
    more = {"kind": "add-targets", "targets": (percent(5),)}
    assert numbered(more, more, levels=(110.0,)) == numbered(more, levels=(110.0,)) == [(105, 2), (110, 1)]
    with_share = {"kind": "add-targets", "targets": (replace(percent(5), share=0.4),)}
    assert numbered(more, with_share, levels=(110.0,)) == [(105, 2), (110, 1)]


def test_no_two_targets_have_one_number() -> None:
    """Also where a message adds one twice that is there, with a share and without."""
    assert numbered(added(140), added(140, 140, shares=(None, 0.2)), levels=(110.0,)) == [(110, 1), (140, 2), (140, 3)]


def test_targets_that_sell_nothing_have_numbers_behind_those_of_the_plan() -> None:
    assert numbered(at(111, 121, 131), shares="last") == [(131, 1)]
    assert numbered(at(111, 121, 131), shares=(0.5, 0.5)) == [(111, 1), (121, 2)]


RISES = "101 101 101 101; 100 100 100 100; 100 111 100 110; 112 112 112 112; 112 117 112 116; 116 126 116 126"


@pytest.mark.parametrize(
    ("later", "taken"),
    [
        (at(115, 125), [110, 125]),
        (at(110.5, 125), [110, 125]),
        ({"target": 1} | at(115), [110, 120]),
        (at(115), [110, 115]),  # one in place of two: what is left goes out there
        (added(115), [110, 115, 120]),
    ],
)
@pytest.mark.parametrize("kind", [EntryKind.LIMIT, EntryKind.MARKET])
def test_what_is_taken_is_taken_wherever_an_edit_puts_it(kind: EntryKind, later: dict, taken: list[float]) -> None:
    update = said(**{"kind": "change"} | later)
    update = replace(update, message=replace(update.message, posted_ms=3 * MINUTE_MS - 20_000))
    call = signal(kind, Side.LONG, () if kind is EntryKind.MARKET else (100.0,), (110.0, 120.0), 95.0)
    call = replace(call, message=replace(call.message, posted_ms=MINUTE_MS - 20_000))
    made = make_plan(call, strategy(exit=Exit(shares="even")), [update])
    assert isinstance(made, Plan)
    path, live = both_ways(made, RISES)
    assert [leg.price for leg in path.legs] == taken
    assert sum(leg.share for leg in path.legs) == pytest.approx(1)
    same(live, path)


def both_ways(made: Plan, text: str) -> tuple[Path, Path]:
    """What candles make of a plan, vectorised, and bar by bar with a restart after each of them."""
    candles, terms = bars(text), Terms(0, 0, 0)
    trade = Stepper(made, terms)
    columns = (candles.ts, candles.open, candles.high, candles.low, candles.close)
    for row in zip(*(column.tolist() for column in columns), strict=True):
        if row[0] >= made.act_ms:
            trade.bar(*row)
            trade = Stepper.restored(made, terms, json.loads(json.dumps(trade.saved())))
    trade.finish(row[4], candles.end_ms)
    return simulate([made], {"BTCUSDT": candles}, terms).path(0), trade.path()


AWAY = {
    "percent": (Distance(5, "percent"), 10),
    "points": (Distance(5, "points"), 10),
    "R": (Distance(5, "percent"), 2),
}


@pytest.mark.parametrize("unit", AWAY)
@pytest.mark.parametrize(
    ("minute", "fills", "out"),
    [
        (1, 98.0, {"percent": (93.1, 107.8), "points": (93.0, 108.0), "R": (93.1, 107.8)}),
        (3, 100.0, dict.fromkeys(AWAY, (95.0, 110.0))),
    ],
)
def test_other_entries_take_what_is_said_at_a_distance_along_until_the_first_fill(
    unit: str, minute: int, fills: float, out: dict
) -> None:
    """The channel edits its entry from 100 to 98; the words on stop and target stay as they were."""
    stop, value = AWAY[unit]
    call = signal(EntryKind.LIMIT, Side.LONG, (100.0,), (), stop)
    aimed = (Target(None, distance=Distance(value, unit)),)  # type: ignore[arg-type]
    call = replace(call, setup=replace(call.setup, targets=aimed), message=replace(call.message, posted_ms=0))
    update = said(kind="change", entries=(98.0,))
    update = replace(update, message=replace(update.message, posted_ms=minute * MINUTE_MS))
    made = make_plan(call, strategy(), [update])
    assert isinstance(made, Plan)
    for end, level in zip((80, 115), out[unit], strict=True):
        low = 99 if minute > 1 else 101
        text = f"101 101 101 101; 101 101 101 101; 101 101 {low} 101; 101 101 98 101; 101 101 101 101; "
        path, live = both_ways(made, text + f"101 {max(end, 101)} {min(end, 101)} {end}")
        assert [fill.price for fill in path.fills] == [fills]
        assert [leg.price for leg in path.legs] == [pytest.approx(level)]
        same(live, path)


@pytest.mark.parametrize(
    ("shares", "later", "out"),
    [
        ("last", [], 110),  # target 1 sells nothing, and is a price all the same
        ("even", [], 110),
        ("even", [at(115, 125, 135)], 110),  # it was taken at 110
        ("even", [at(110, 120, 130, 140)], 110),
    ],
)
@pytest.mark.parametrize("kind", [EntryKind.LIMIT, EntryKind.MARKET])
def test_the_stop_goes_to_the_target_that_the_channel_means(
    kind: EntryKind, shares: str, later: list, out: float
) -> None:
    updates = [said(kind="change", **one) for one in later] + [said(kind="move-stop", target=1)]
    updates = [
        replace(u, message=replace(u.message, posted_ms=3 * MINUTE_MS - 20_000 + i)) for i, u in enumerate(updates)
    ]
    ten = [Target(None, distance=Distance(10 * n, "percent")) for n in (1, 2, 3)]
    call = signal(kind, Side.LONG, () if kind is EntryKind.MARKET else (100.0,), (110.0, 120.0, 130.0), 95.0)
    if kind is EntryKind.MARKET and not later:
        call = replace(call, setup=replace(call.setup, targets=tuple(ten)))
    call = replace(call, message=replace(call.message, posted_ms=MINUTE_MS - 20_000))
    made = make_plan(call, strategy(exit=Exit(shares=shares)), updates)  # type: ignore[arg-type]
    assert isinstance(made, Plan)
    path, live = both_ways(made, "101 101 101 101; 100 100 100 100; 100 111 100 111; 112 112 112 112; 112 112 109 109")
    assert (path.legs[-1].price, path.legs[-1].reason) == (pytest.approx(out), "moved stop")
    same(live, path)


def test_an_edit_of_entries_does_not_undo_a_break_even() -> None:
    """The strategy has the stop at the entry behind target 1; then only the entries of the call are edited."""
    call = signal(EntryKind.LADDER, Side.LONG, (100.0, 98.0), (104.0, 110.0), Distance(5, "percent"))
    call = replace(call, message=replace(call.message, posted_ms=0))
    update = said(kind="change", entries=(99.0, 97.0))
    update = replace(update, message=replace(update.message, posted_ms=3 * MINUTE_MS))
    leave = Exit(shares="even", stop_moves=(StopMove(1),))
    made = make_plan(call, strategy(exit=leave), [update])
    assert isinstance(made, Plan)
    path, live = both_ways(
        made, "101 101 101 101; 101 101 97 101; 101 105 101 104; 104 104 104 104; 104 104 104 104; 104 104 93 93"
    )
    assert [(leg.price, leg.reason) for leg in path.legs] == [(104, "target"), (pytest.approx(99), "breakeven")]
    same(live, path)


@pytest.mark.parametrize(
    ("before", "stop"),
    [
        ({"kind": "move-stop", "level": 92.0}, None),
        ({"kind": "move-stop", "level": "breakeven"}, 85.5),  # there is no entry yet to move it to
        ({"kind": "change", "stop": Distance(10, "percent")}, 81.0),
        ({"kind": "change", "stop": 88.0}, None),
    ],
)
def test_the_channels_last_word_on_the_stop_goes_with_the_entries(before: dict, stop: float | None) -> None:
    call = signal(EntryKind.LIMIT, Side.LONG, (100.0,), (110.0,), Distance(5, "percent"))
    later = said(kind="change", entries=(90.0,))
    later = replace(later, message=replace(later.message, posted_ms=later.message.posted_ms + 1))
    made = make_plan(call, strategy(), [said(**before), later])
    assert isinstance(made, Plan)
    _, *made_then = made.changes
    assert [change.kind for change in made_then] == ["orders", *(["stop"] if stop else [])]
    assert [(change.stop, change.unfilled) for change in made_then[1:]] == (
        [(pytest.approx(stop), True)] if stop else []
    )


WHOLE = {"kind": "change", "whole": True, "entries": (100.0,), "stop": 95.0} | at(110, 120)


@pytest.mark.parametrize(
    ("now", "before", "kinds"),
    [
        ({}, [], []),
        ({}, [{"kind": "move-stop", "level": 97.0}], []),  # the stop stays where it was moved
        ({"stop": 94.0}, [{"kind": "move-stop", "level": 97.0}], ["stop"]),
        ({"entries": (99.0,)}, [], ["orders"]),
        (at(110, 125), [], ["targets"]),
        ({}, [{"kind": "change", "stop": 96.0}], ["stop"]),
        ({}, [{"kind": "change"} | at(115, 125)], ["targets"]),
    ],
)
def test_a_call_that_is_posted_again_changes_only_what_it_says_otherwise(now: dict, before: list, kinds: list) -> None:
    """Otherwise than was said last, by the call or by a change of it."""
    told = [said(**one) for one in (*before, WHOLE | now)]
    updates = [replace(u, message=replace(u.message, posted_ms=2_000_000 + i)) for i, u in enumerate(told)]
    call = signal(EntryKind.LIMIT, Side.LONG, (100.0,), (110.0, 120.0), 95.0)
    made = make_plan(call, strategy(exit=Exit(shares="even")), updates)
    assert isinstance(made, Plan)
    assert [change.kind for change in made.changes[len(before) :]] == kinds


@pytest.mark.parametrize("side", Side)
@pytest.mark.parametrize(
    ("unit", "first", "before", "added", "exits"),
    [
        # the way to the stop is 5, then 2: the new one lies at 6, those from before stay at 5 and 10
        ("R", (1, 2), {"kind": "change", "stop": 98.0}, {"kind": "add-targets", "targets": 3}, [5, 6, 10]),
        ("R", (1, 2), {"kind": "change", "stop": 98.0}, {"kind": "change", "targets": (1, 2, 8)}, [5, 10, 16]),
        ("R", (1, 2), {"kind": "change", "stop": 98.0}, {"kind": "change", "targets": (1, 7)}, [5, 14]),
        ("percent", (5, 10), {"kind": "change", "stop": 98.0}, {"kind": "add-targets", "targets": 7}, [5, 7, 10]),
    ],
)
def test_a_target_that_is_said_as_before_stays_where_it_is_once_something_is_filled(
    side: Side, unit: str, first: tuple, before: dict, added: dict, exits: list
) -> None:
    def far(multiples: int | tuple[int, ...]) -> tuple[Target, ...]:
        several = multiples if isinstance(multiples, tuple) else (multiples,)
        return tuple(Target(None, distance=Distance(float(one), unit)) for one in several)

    def mirrored(price: float) -> float:
        return 100 + side.sign * (price - 100)

    call = signal(EntryKind.LIMIT, side, (100.0,), (), mirrored(95.0))
    call = replace(call, setup=replace(call.setup, targets=far(first)), message=replace(call.message, posted_ms=0))
    told = [said(**before | {"stop": mirrored(98.0)}), said(**added | {"targets": far(added["targets"])})]
    updates = [replace(u, message=replace(u.message, posted_ms=(3 + i) * MINUTE_MS)) for i, u in enumerate(told)]
    made = make_plan(call, strategy(exit=Exit(shares="even")), updates)
    assert isinstance(made, Plan)
    rises = ["101 101 101 101", "101 101 100 101", *["101 101 101 101"] * 5, "101 120 101 120"]
    bars = "; ".join(" ".join(f"{mirrored(float(p)):g}" for p in bar.split()) for bar in rises)
    if side is Side.SHORT:  # high and low change places
        bars = "; ".join(" ".join([b[0], b[2], b[1], b[3]]) for b in (bar.split() for bar in bars.split("; ")))
    path, live = both_ways(made, bars)
    assert [leg.price for leg in path.legs] == pytest.approx([mirrored(100.0 + way) for way in exits])
    same(live, path)


def test_a_change_of_an_older_ledger_is_read() -> None:
    """It says by a price where one target was moved from, and has no numbers."""
    change = Change(1, "targets", targets=((110.0, 1.0),))
    older = {name: value for name, value in asdict(change).items() if name not in ("numbers", "unfilled", "stay")}
    assert change_from(json.loads(json.dumps(older | {"instead": 105.0}))) == change
    numbered = replace(change, numbers=(2,), unfilled=True, stay=(2,))
    assert change_from(json.loads(json.dumps(asdict(numbered)))) == numbered


def test_a_stop_that_waits_for_a_close_waits_for_it_below_other_entries_too() -> None:
    call = signal(EntryKind.LIMIT, Side.LONG, (100.0,), (110.0,), Distance(5, "percent"))
    call = replace(call, message=replace(call.message, posted_ms=0))
    update = said(kind="change", entries=(90.0,))
    update = replace(update, message=replace(update.message, posted_ms=MINUTE_MS))
    made = make_plan(call, strategy(exit=Exit(close_stop_ms=MINUTE_MS)), [update])
    assert isinstance(made, Plan)
    path, live = both_ways(
        made, "101 101 101 101; 101 101 101 101; 101 101 101 101; 101 101 84 90; 90 90 85 85; 85 85 85 85"
    )
    assert [(leg.price, leg.ts_ms) for leg in path.legs] == [(85, 5 * MINUTE_MS)]
    same(live, path)


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"kind": "change", "target": 3, "targets": (Target(140.0),)}, "target 3 is named, and the call has 2"),
        ({"kind": "move-stop", "target": 7}, "target 7 is named, and the call has 2"),
        ({"kind": "move-stop", "target": 0}, "target 0 is named, and the call has 2"),
        ({"kind": "cancel", "order": 9}, "order 9 is named, and the trade has 1"),
        ({"kind": "cancel", "entries": (100.0, 97.0)}, "an order at 97 is named, and there is none"),
        ({"kind": "move-stop", "target": 2}, ""),
        ({"kind": "cancel", "order": 1}, ""),
        ({"kind": "cancel"}, ""),
        ({"kind": "target-hit", "target": 7}, ""),
    ],
)
def test_a_number_that_a_call_does_not_have_does_nothing_and_is_named(wrong: dict, words: str) -> None:
    update = said(**wrong)
    call = signal(EntryKind.LIMIT, Side.LONG, (100.0,), (110.0, 120.0), 95.0)
    mine = strategy(exit=Exit(shares="even"))
    assert wrong_numbers(call, mine, [update]) == ([(update, words)] if words else [])
    made = make_plan(call, mine, [update])
    assert isinstance(made, Plan)
    does = [(change.kind, change.order, change.target) for change in made.changes]
    right = {
        "move-stop": [("stop", None, 2)],
        "cancel": [("cancel", wrong.get("order", 1 if "entries" in wrong else None), None)],
    }
    assert does == ([] if words and "entries" not in wrong else right.get(wrong["kind"], []))


def test_a_stop_goes_to_no_open_target() -> None:
    call = signal(EntryKind.LIMIT, Side.LONG, (100.0,), (110.0,), 95.0)
    call = replace(call, setup=replace(call.setup, targets=(Target(110.0), Target(None))))
    update = said(kind="move-stop", target=2)
    assert wrong_numbers(call, strategy(), [update]) == [(update, "target 2 is named, and it has no price")]
    made = make_plan(call, strategy(), [update])
    assert isinstance(made, Plan)
    assert made.changes == ()


def test_numbers_are_counted_in_what_stands_by_then() -> None:
    wrong = said(kind="change", target=3, **at(140))
    more = said(kind="add-targets", **at(130))
    right = said(kind="change", target=3, stop=96.0, **at(140))
    other, first = said(kind="change", entries=(99.0,)), said(kind="cancel", order=1)
    updates = [replace(u, message=replace(u.message, posted_ms=2_000_000 + i))
               for i, u in enumerate([wrong, more, right, other, first])]  # fmt: skip
    call = signal(EntryKind.LIMIT, Side.LONG, (100.0,), (110.0, 120.0), 95.0)
    mine = strategy(exit=Exit(shares="even"))
    made = make_plan(call, mine, updates)
    assert isinstance(made, Plan)
    assert [change.kind for change in made.changes] == ["targets", "stop", "targets", "orders", "cancel"]
    assert [level for level, _ in made.changes[2].targets] == [110, 120, 140]
    assert made.changes[-1].order == 2, "the first of those that rest now"
    assert wrong_numbers(call, mine, updates) == [(updates[0], "target 3 is named, and the call has 2")]
    assert wrong_numbers(call, mine, updates[1:]) == []


def laddered(*updates: Update, **given: object) -> Plan:
    call = signal(EntryKind.LADDER, Side.LONG, (100.0, 98.0, 96.0), (110.0,), 90.0)
    made = make_plan(call, strategy(**given), updates)
    assert isinstance(made, Plan)
    return made


@pytest.mark.parametrize(("prices", "numbers"), [((98.0,), [2]), ((96.0, 100.0), [3, 1]), ((97.0,), []), ((), [None])])
def test_single_orders_are_cancelled_by_their_price(prices: tuple[float, ...], numbers: list[int | None]) -> None:
    """A price at which no order rests cancels nothing; no price cancels all."""
    made = laddered(said(kind="cancel", entries=prices))
    assert [(change.kind, change.order) for change in made.changes] == [("cancel", number) for number in numbers]


def test_orders_are_cancelled_where_the_channel_or_the_grace_has_put_them() -> None:
    moved, gone = said(kind="change", entries=(99.0, 97.0)), said(kind="cancel", entries=(97.0,))
    assert [change.order for change in laddered(moved, gone).changes] == [None, 5]
    graceful = laddered(said(kind="cancel", entries=(100.0,)), entry=Entry(grace=0.002))
    assert graceful.orders[0].price == pytest.approx(100.2)
    assert [change.order for change in graceful.changes] == [1]


def test_only_the_cancelled_order_does_not_fill() -> None:
    made = laddered(said(kind="cancel", entries=(98.0,)))
    flat = bars("101 101 101 101; 101 101 96 110", start_ms=2_040_000)
    path = simulate([made], {"BTCUSDT": flat}, Terms(0, 0, 0)).path(0)
    assert [fill.price for fill in path.fills] == [100.0, 96.0]


@pytest.mark.parametrize(
    ("kind", "prices"),
    [
        (EntryKind.LADDER, [99.0, 97.0]), (EntryKind.LIMIT, [99.0, 97.0]), (None, [99.0, 97.0]),
        (EntryKind.ZONE, [99.0, 98.0, 97.0]),
    ],
)  # fmt: skip
def test_new_entries_are_meant_as_the_channel_says(kind: EntryKind | None, prices: list[float]) -> None:
    (change,) = laddered(said(kind="change", entries=(97.0, 99.0), entry_kind=kind)).changes
    assert [order.price for order in change.orders] == prices
    assert sum(order.weight for order in change.orders) == pytest.approx(1.0)


def test_a_limit_does_not_become_a_breakout() -> None:
    assert laddered(said(kind="change", entries=(97.0,), entry_kind=EntryKind.BREAKOUT)).changes == ()


def test_a_strategy_chooses_which_version_of_a_call_stands() -> None:
    """The later version is an update of the post itself; what another post says counts in any case."""
    call = signal(EntryKind.LIMIT, Side.LONG, (100.0,), (110.0,), 95.0)
    edited = Update(replace(call.message, kind="edit", version=2, edited_ms=2_000_000),
                    Action("change", None, "x", stop=97.0), call.id)  # fmt: skip
    updates = (edited, said(kind="close"))
    followed = make_plan(call, strategy(), updates)
    ignored = make_plan(call, strategy(calls=Calls(edits="ignore")), updates)
    assert isinstance(followed, Plan)
    assert isinstance(ignored, Plan)
    assert [change.kind for change in followed.changes] == ["stop", "close"]
    assert [change.kind for change in ignored.changes] == ["close"]
    assert followed.stop == ignored.stop == 95.0


def test_new_entries_replace_those_that_rest_but_a_market_call_has_none() -> None:
    update = said(kind="change", entries=(99.0,))
    assert [change.kind for change in changes(update)] == ["orders"]
    assert changes(update, kind=EntryKind.MARKET) == ()


@pytest.mark.parametrize(
    ("kind", "changed", "prices", "weights"),
    [
        (EntryKind.LADDER, {"weights": "rising"}, [100, 98, 96], [1 / 6, 2 / 6, 3 / 6]),
        (EntryKind.LADDER, {"weights": "falling"}, [100, 98, 96], [3 / 6, 2 / 6, 1 / 6]),
        (EntryKind.LADDER, {"weights": (0.75, 0.25)}, [100, 98], [0.75, 0.25]),
        (EntryKind.LADDER, {"grace": 0.01}, [101, 98, 96], [1 / 3] * 3),
        (EntryKind.BREAKOUT, {}, [96], [1]),
    ],
)
def test_orders_follow_the_strategy(kind: EntryKind, changed: dict, prices: list, weights: list) -> None:
    entries = (96.0,) if kind is EntryKind.BREAKOUT else (100.0, 98.0, 96.0)
    made = make_plan(signal(kind, Side.LONG, entries, (110.0,), 90.0), strategy(entry=Entry(**changed)))
    assert isinstance(made, Plan)
    assert [order.price for order in made.orders] == pytest.approx(prices)
    assert [order.weight for order in made.orders] == pytest.approx(weights)
    assert {order.kind for order in made.orders} == {"stop" if kind is EntryKind.BREAKOUT else "limit"}


def test_a_market_leg_goes_first_with_the_share_the_call_names() -> None:
    call = signal(
        EntryKind.LADDER,
        Side.LONG,
        (98.0,),
        (110.0,),
        90.0,
        market_leg=True,
        entry_shares=(0.25, 0.75),
        reference=100.0,
    )
    made = make_plan(call, strategy())
    assert isinstance(made, Plan)
    assert [(order.kind, order.price, order.weight) for order in made.orders] == [
        ("market", None, 0.25),
        ("limit", 98.0, 0.75),
    ]


@pytest.mark.parametrize(
    ("leave", "stop"),
    [
        (Exit(missing_stop=0.04), 96.0),
        (Exit(stop_at=Distance(3, "percent"), missing_stop="trade"), 97.0),
    ],
)
def test_the_strategy_gives_a_stop_where_the_call_has_none(leave: Exit, stop: float) -> None:
    made = make_plan(signal(EntryKind.LIMIT, Side.LONG, (100.0,), (110.0,), None), strategy(exit=leave))
    assert isinstance(made, Plan)
    assert made.stop == pytest.approx(stop)


def test_a_stop_in_r_is_a_multiple_of_the_calls_own_distance() -> None:
    leave = Exit(stop_at=Distance(1.5, "R"))
    made = make_plan(signal(EntryKind.LIMIT, Side.SHORT, (100.0,), (90.0,), 104.0), strategy(exit=leave))
    assert isinstance(made, Plan)
    assert made.stop == pytest.approx(106.0)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("even", [0.25] * 4),
        ("first", [1, 0, 0, 0]),
        ("last", [0, 0, 0, 1]),
        ("half first", [1 / 2, 1 / 6, 1 / 6, 1 / 6]),
        ("halving", [0.5, 0.25, 0.125, 0.125]),
        ("falling", [0.4, 0.3, 0.2, 0.1]),
        ("rising", [0.1, 0.2, 0.3, 0.4]),
    ],
)
def test_named_splits(name: str, expected: list[float]) -> None:
    assert split(name, 4) == pytest.approx(expected)  # type: ignore[arg-type]
    assert split(name, 1) == (1.0,)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("calls", "marks", "ended"),
    [
        (Calls(repeat="replace"), ["", "", "opposite"], {0: 5}),
        (Calls(opposite="close"), ["", "repeat", "opposite"], {0: 6}),
        (Calls(opposite="reverse"), ["", "repeat", ""], {0: 6}),
    ],
)
def test_a_later_call_may_end_an_earlier_one(calls: Calls, marks: list[str], ended: dict[int, int]) -> None:
    flat = bars("; ".join(["100 100.5 99.5 100"] * 20))
    made = [
        plan("long market, stop 90, targets 110", act_ms=0, number=1),
        plan("long market, stop 90, targets 110", act_ms=5 * MINUTE_MS, number=2),
        plan("short market, stop 130, targets 80", act_ms=6 * MINUTE_MS, number=3),
    ]
    settled = settle_calls(simulate(made, {"BTCUSDT": flat}, Terms(0, 0, 0)), calls)
    assert settled.marks == marks
    assert settled.ended == {row: minute * MINUTE_MS for row, minute in ended.items()}


def test_the_average_true_range_knows_only_candles_that_are_over() -> None:
    candles = bars("; ".join(["100 102 99 100"] * 20 + ["100 200 50 100"]))
    known = average_true_range({"BTCUSDT": candles}, "BTCUSDT", 20 * MINUTE_MS + 5000, MINUTE_MS)
    assert known == pytest.approx(3.0)
    assert average_true_range({"BTCUSDT": candles}, "BTCUSDT", 10 * MINUTE_MS, MINUTE_MS) is None


@settings(max_examples=150, deadline=None)
@given(candle_sets(), plans(), TERMS)
def test_a_trade_restored_after_every_bar_ends_the_same(candles: Candles, one: Plan, terms: Terms) -> None:
    straight, broken = Stepper(one, terms), Stepper(one, terms)
    close = 0.0
    for row in zip(
        *(x.tolist() for x in (candles.ts, candles.open, candles.high, candles.low, candles.close)), strict=True
    ):
        close = row[4]
        if row[0] < one.act_ms:
            continue
        straight.bar(*row)
        broken.bar(*row)
        broken = Stepper.restored(one, terms, json.loads(json.dumps(broken.saved())))
    straight.finish(close, candles.end_ms)
    broken.finish(close, candles.end_ms)
    assert straight.stop == broken.stop
    same(straight.path(), broken.path())


def test_a_change_fed_live_acts_like_one_known_beforehand() -> None:
    candles = bars("100 101 99 100; 100 103 100 102; 102 104 101 103; 103 104 98 99")
    known = plan("long market, stop 95, targets 110")
    live = Stepper(known, Terms(0, 0, 0))
    for i, row in enumerate(
        zip(*(x.tolist() for x in (candles.ts, candles.open, candles.high, candles.low, candles.close)), strict=True)
    ):
        if i == 2:
            live.change(Change(2 * MINUTE_MS, "stop", stop="breakeven"))
        live.bar(*row)
    assert live.path().legs[-1].price == 100.0
    assert live.path().legs[-1].reason == "breakeven"


@settings(max_examples=150, deadline=None)
@given(candle_sets(), st.integers(0, 2**40), st.integers(0, 30), st.integers(0, 60), st.sampled_from([0.1, 0.3, 0.5]))
def test_targets_that_are_said_again_sell_what_they_would_have_sold(
    candles: Candles, seed: int, closing: int, again: int, part: float
) -> None:
    """Before the fill or after it, behind targets taken and parts closed."""
    found: list[Plan] = []
    for one in many_plans(seed, 60):
        closed = Change(one.act_ms + closing * MINUTE_MS, "close", share=part)
        changes = (closed, Change(closed.act_ms + again * MINUTE_MS, "targets", targets=one.targets))
        plain = replace(one, changes=(closed,), stop=None, trail=None, tick=None, maintenance=None)
        found += [plain, replace(plain, changes=changes)] if len(one.targets) > 1 else []
    table = simulate(found, {"X": candles}, Terms(0, 0, 0))
    sold = [[(leg.target, leg.share) for leg in table.path(row).legs] for row in range(len(found))]
    for plain, edited in zip(sold[::2], sold[1::2], strict=True):
        assert edited == [(target, pytest.approx(share)) for target, share in plain]


LEVELS = st.lists(
    st.sampled_from([104.0, 106.0, 108.0, 110.0, 112.0, 115.0, 120.0]), min_size=1, max_size=4, unique=True
)
SHARES = st.sampled_from([None, None, 0.2, 0.5])
AIMED = LEVELS.flatmap(lambda levels: st.tuples(*(st.builds(Target, st.just(level), SHARES) for level in levels)))
WORDS = st.one_of(
    st.builds(lambda targets: {"kind": "change", "targets": targets}, AIMED),
    st.builds(lambda targets: {"kind": "add-targets", "targets": targets}, AIMED),
    st.builds(lambda n, level: {"kind": "change", "target": n, "targets": (Target(level),)},
              st.integers(0, 5), st.sampled_from([105.0, 109.0, 118.0])),
    st.builds(lambda n: {"kind": "move-stop", "target": n}, st.integers(0, 5)),
    st.builds(lambda price: {"kind": "change", "entries": (price,)}, st.sampled_from([97.0, 99.0, 101.0])),
    st.builds(lambda n: {"kind": "cancel", "order": n}, st.integers(1, 3)),
    st.just({"kind": "change", "stop": Distance(4, "percent")}),
)  # fmt: skip


@settings(max_examples=300, deadline=None)
@given(
    AIMED, st.lists(st.tuples(st.integers(0, 60), WORDS), max_size=6),
    st.sampled_from([EntryKind.LIMIT, EntryKind.MARKET]), st.sampled_from(["even", "last", (0.5, 0.5), (1.0,)]),
    candle_sets(),
)  # fmt: skip
def test_whatever_a_channel_says_no_target_is_taken_twice(
    targets: tuple, told: list, kind: EntryKind, shares: object, candles: Candles
) -> None:
    """And both ways of simulating make the same of it."""
    call = signal(kind, Side.LONG, () if kind is EntryKind.MARKET else (100.0,), (), Distance(5, "percent"))
    call = replace(call, setup=replace(call.setup, targets=targets), message=replace(call.message, posted_ms=0))
    updates = [said(**words) for _, words in told]
    updates = [replace(u, message=replace(u.message, posted_ms=minute * MINUTE_MS)) for u, (minute, _) in
               zip(updates, told, strict=True)]  # fmt: skip
    made = make_plan(call, strategy(exit=Exit(shares=shares)), updates)  # type: ignore[arg-type]
    assert isinstance(made, Plan)
    for change in made.changes:
        assert len(set(change.numbers)) == len(change.numbers) == len(change.targets)
        assert sum(share for _, share in change.targets) == pytest.approx(1 if change.targets else 0)
    table = simulate([made], {"BTCUSDT": candles}, Terms(0, 0, 0))
    same(table.path(0), step_path(made, candles, Terms(0, 0, 0)))
    one = Stepper(made, Terms(0, 0, 0))
    columns = (candles.ts, candles.open, candles.high, candles.low, candles.close)
    for row in zip(*(column.tolist() for column in columns), strict=True):
        if row[0] >= made.act_ms and not one.done:
            one.bar(*row)
            numbers = one.saved()["state"]["numbers"]
            assert len(set(numbers)) == len(numbers)
    assert sum(leg.share for leg in table.path(0).legs) == pytest.approx(sum(f.share for f in table.path(0).fills))

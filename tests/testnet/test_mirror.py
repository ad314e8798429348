"""A paper trade and its mirror at the double: what happens on paper happens there too."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path

import pytest

from engine.config.strategy import Market, Size, Strategy
from engine.domain import Change, OpenTrade, Order, Plan, Side, StopMove
from engine.paper.call import PaperCall
from engine.paper.ledger import Event
from engine.pipeline.errors import InputError
from engine.pipeline.paper.testnet import FRESH_MS, Mirror, mirror_of
from engine.pipeline.testnetsummary import summary
from engine.pipeline.workspace import Workspace
from engine.problem import Problem
from engine.simulate.step import Stepper
from engine.simulate.terms import Terms
from engine.testnet.client import KEY, SECRET
from tests.doubles.exchange import ExchangeDouble
from tests.testnet.conftest import Watch, pin
from tests.testnet.test_broker import held, live_stops, resting

TERMS = Terms(0.0002, 0.0006, 0.0, "stop first")
MINUTE = 60_000
MARKET = (5, 6)


def plan(**more: object) -> Plan:
    """BUY BTCUSDT at the market, TP 65000 65200, SL 64500."""
    common: dict[str, object] = {
        "signal_id": "vip/7",
        "channel": "vip",
        "symbol": "BTCUSDT",
        "side": Side.LONG,
        "act_ms": 0,
        "expire_ms": 10**12,
        "orders": (Order("market", None, 1.0),),
        "stop": 64_500.0,
        "targets": ((65_000.0, 0.5), (65_200.0, 0.5)),
        "stop_moves": (StopMove(1),),
        "leverage": 5.0,
    }
    return Plan(**common | more)  # type: ignore[arg-type]


class Trial:
    """One taken call, its mirror, and a clock of minutes."""

    def __init__(self, the_plan: Plan, quantity: float = 0.01) -> None:
        self.call = PaperCall(0, "demo", 0, 0, the_plan, Stepper(the_plan, TERMS), 1, first_ms=0, quantity=quantity)
        self.call.facts = OpenTrade("vip/7", "vip", "BTCUSDT", Side.LONG, 648.0, 130.0, 3.0)
        self.told: list[Problem] = []
        self.mirror: Mirror

    async def bar(self, ts: int, *prices: float) -> None:
        """A closed candle on paper (open, high, low, close), heard by the mirror."""
        self.call.stepper.bar(ts * MINUTE, *prices)
        await self.hear("step")

    async def hear(self, kind: str, **data: object) -> None:
        """An event of the ledger, and a round."""
        self.mirror.hear(Event("demo", kind, 0, data, 0))
        await self.mirror.round()


def strategy(double: ExchangeDouble) -> Strategy:
    """A strategy that names the double."""
    market = Market("mexc", "swap", "1m", MINUTE)
    return Strategy("demo", "demo.yaml", ("vip",), market, None, None, 1000, "USDT", 5, Size(0.01), testnet=double.url)


def keys(double: ExchangeDouble, root: Path) -> None:
    """An .env with the keys of the double's account."""
    env = root / ".env"
    env.write_text(f"{KEY}={double.key}\n{SECRET}={double.secret}\n", encoding="utf-8")
    env.chmod(0o600)


def mirrored(
    double: ExchangeDouble,
    root: Path,
    trial: Trial,
    play: Callable[[Trial], Awaitable[None]],
    now: list[int] | None = None,
) -> None:
    """Run a trial with a mirror of its own, as a new process would make it."""
    keys(double, root)
    clock = now or [0]

    async def run() -> None:
        rows = [trial.call]
        async with mirror_of(strategy(double), Workspace(root), rows, trial.told.append, lambda: clock[0]) as mirror:
            trial.mirror = mirror
            await play(trial)

    asyncio.run(run())


def test_a_trade_is_sent_once_taken_and_its_stop_follows_the_paper_trade(
    double: ExchangeDouble, tmp_path: Path
) -> None:
    async def play(trial: Trial) -> None:
        await trial.bar(0, 64_800, 64_900, 64_700, 64_850)
        assert held(double) == {("BTC_USDT", 1): 100}
        assert live_stops(double) == [(64_500.0, 100.0)]
        await pin(double, "BTC", 65_020.0)
        await trial.bar(1, 64_850, 65_050, 64_800, 65_020)
        assert (held(double), live_stops(double)[0][0]) == ({("BTC_USDT", 1): 50}, 64_800.0)
        await pin(double, "BTC", 65_210.0)
        await trial.bar(2, 65_020, 65_300, 65_000, 65_210)
        assert trial.mirror.standing(trial.call).over  # type: ignore[union-attr]

    trial = Trial(plan())
    mirrored(double, tmp_path, trial, play)
    assert (held(double), resting(double), trial.told) == ({}, {}, [])


def test_the_summary_says_how_far_the_exchange_is_from_the_record(double: ExchangeDouble, tmp_path: Path) -> None:
    path = tmp_path / "data" / "testnet.jsonl"
    assert summary(path, []) == []

    async def play(trial: Trial) -> None:
        await trial.bar(0, 64_735.2, 64_900, 64_700, 64_850)
        assert summary(path, [trial.call])[0] == "testnet: 1 trade sent, 1 open, 100 contracts held"
        assert summary(path, [trial.call], {0})[1] == (
            "testnet: vip/7 is out on paper (live) and held there: it goes out when the record's candle is over"
        )
        await pin(double, "BTC", 64_400.0)
        await trial.bar(1, 64_850, 64_900, 64_400, 64_450)

    trial = Trial(plan())
    mirrored(double, tmp_path, trial, play)
    assert summary(path, [trial.call], {0})[:2] == summary(path, [trial.call])[:2], "it is not held any more"
    assert summary(path, [trial.call]) == [
        "testnet: 1 trade sent, 0 open, 0 contracts held",
        "testnet: 1 entry, +10.0 bp at the median (+ is worse than the record)",
        "testnet: 1 exit, +15.5 bp at the median (+ is worse than the record)",
    ]


def test_a_call_taken_live_is_sent_at_its_moment_of_action(double: ExchangeDouble, tmp_path: Path) -> None:
    """Long before the candle is over; the account's own word comes later, and may be another."""
    now = [0]

    async def play(trial: Trial) -> None:
        trial.call.facts = None
        await trial.hear("live", taken=True, quantity=0.01, status="open")
        assert held(double) == {}
        now[0] = 5_000
        for _ in range(100):
            if held(double) == {("BTC_USDT", 1): 100}:
                break
            await asyncio.sleep(0.05)
        trial.call.asked = True
        await trial.hear("decided")
        assert held(double) == {}, "the account refused it after all"

    trial = Trial(plan(act_ms=5_000))
    mirrored(double, tmp_path, trial, play, now)
    assert [body["vol"] for body in double.private.sent("order/create") if body["side"] == 1] == [100]


def test_a_call_refused_live_is_not_sent(double: ExchangeDouble, tmp_path: Path) -> None:
    async def play(trial: Trial) -> None:
        trial.call.facts = None
        await trial.hear("live", taken=False, quantity=0.0, status="open")

    mirrored(double, tmp_path, Trial(plan()), play)
    assert double.private.sent("order/create") == []


def test_what_the_channel_closes_and_moves_is_closed_and_moved_there(double: ExchangeDouble, tmp_path: Path) -> None:
    changes = (
        Change(MINUTE, "close", share=0.5),
        Change(2 * MINUTE, "stop", stop=64_700.0),
        Change(3 * MINUTE, "close"),
    )

    async def play(trial: Trial) -> None:
        await trial.bar(0, 64_800, 64_900, 64_750, 64_850)
        await trial.bar(1, 64_850, 64_900, 64_750, 64_850)
        assert held(double) == {("BTC_USDT", 1): 50}
        await trial.hear("step")
        assert held(double) == {("BTC_USDT", 1): 50}
        await trial.bar(2, 64_850, 64_900, 64_750, 64_850)
        assert live_stops(double)[0][0] == 64_700.0
        await trial.bar(3, 64_850, 64_900, 64_750, 64_850)
        assert held(double) == {}

    mirrored(double, tmp_path, Trial(plan(changes=changes)), play)


class Moved:
    """A trade of bar 0 on paper and there, and a channel that speaks half way through the next minute."""

    def __init__(self, double: ExchangeDouble, root: Path, the_plan: Plan, **more: object) -> None:
        self.double, self.root, self.plan = double, root, the_plan
        self.change = Change(90_000, **more)  # type: ignore[arg-type]
        self.now = [0]

    def play(self, then: Callable[[Trial], Awaitable[None]]) -> Trial:
        """Say it a second before its moment of action, and let that come; then the rest."""

        async def all_of_it(trial: Trial) -> None:
            await trial.bar(0, 64_800, 64_900, 64_750, 64_850)
            before = held(self.double), live_stops(self.double), resting(self.double)
            self.now[0] = 89_000
            trial.call.stepper.change(self.change)
            await trial.hear("update")
            assert (held(self.double), live_stops(self.double), resting(self.double)) == before, "not before its moment"
            self.now[0] = 90_000
            await trial.mirror.round()
            await then(trial)

        trial = Trial(self.plan)
        mirrored(self.double, self.root, trial, all_of_it, self.now)
        return trial


def closings(double: ExchangeDouble) -> list[float]:
    """The contracts of each order at the market that closed something of a long."""
    return [body["vol"] for body in double.private.sent("order/create") if body["side"] == 4 and body["type"] in MARKET]


def test_what_the_channel_closes_is_closed_there_at_its_moment(double: ExchangeDouble, tmp_path: Path) -> None:
    """Not when the candle is over, a minute or two later."""

    async def then(trial: Trial) -> None:
        assert (held(double), resting(double)) == ({}, {})
        await trial.bar(1, 64_850, 64_900, 64_750, 64_850)
        await trial.bar(2, 64_850, 64_900, 64_750, 64_850)
        assert trial.call.over

    trial = Moved(double, tmp_path, plan(), kind="close").play(then)
    assert (closings(double), trial.told) == ([100], [])


def test_a_stop_and_targets_that_the_channel_names_go_there_at_their_moment(
    double: ExchangeDouble, tmp_path: Path
) -> None:
    async def then(trial: Trial) -> None:
        assert live_stops(double) == [(64_700.0, 100.0)]
        await trial.bar(1, 64_850, 64_900, 64_750, 64_850)
        await trial.bar(2, 64_850, 64_900, 64_750, 64_850)
        assert live_stops(double) == [(64_700.0, 100.0)]

    Moved(double, tmp_path, plan(), kind="stop", stop=64_700.0).play(then)


@pytest.mark.parametrize(("order", "left"), [(None, {}), (1, {64_600.0: 50}), (2, {64_700.0: 50})])
def test_orders_that_the_channel_takes_back_are_taken_back_there_at_their_moment(
    double: ExchangeDouble, tmp_path: Path, order: int | None, left: dict[float, float]
) -> None:
    async def then(trial: Trial) -> None:
        assert (held(double), resting(double)) == ({}, left)
        await trial.bar(1, 64_850, 64_900, 64_750, 64_850)
        await trial.bar(2, 64_850, 64_900, 64_750, 64_850)
        assert resting(double) == left
        await trial.mirror.round()
        assert [body["vol"] for body in double.private.sent("order/create")] == [50, 50], "nothing is ordered anew"

    ladder = (Order("limit", 64_700.0, 0.5), Order("limit", 64_600.0, 0.5))
    trial = Moved(double, tmp_path, plan(orders=ladder), kind="cancel", order=order).play(then)
    assert trial.told == []


def went_out(call: PaperCall, change: Change, at_ms: int, price: float) -> dict[str, object]:
    """How a live event says that a call stands after a change at a price."""
    side = Stepper.restored(call.plan, TERMS, call.stepper.saved())
    side.change(change)
    side.bar(at_ms, price, price, price, price)
    return {"taken": True, "quantity": 0.01, "status": side.path().status, "stands": {"stepper": side.saved()}}


def test_a_part_that_went_out_live_is_closed_there_once(double: ExchangeDouble, tmp_path: Path) -> None:
    """By the record it may be another share of what was held: it is the same part."""

    async def play(trial: Trial) -> None:
        await trial.bar(0, 64_800, 64_900, 64_750, 64_850)
        half = Change(MINUTE + 5_000, "close", share=0.5)
        await trial.hear("live", **went_out(trial.call, half, MINUTE + 6_000, 64_840))
        assert (held(double), closings(double)) == ({("BTC_USDT", 1): 50}, [50])
        trial.call.stepper.change(replace(half, share=0.49))
        await trial.bar(2, 64_850, 64_900, 64_750, 64_850)
        assert (held(double), closings(double)) == ({("BTC_USDT", 1): 50}, [50])
        trial.call.stepper.change(Change(3 * MINUTE, "close", share=0.5))
        await trial.bar(3, 64_850, 64_900, 64_750, 64_850)
        assert (held(double), closings(double)) == ({("BTC_USDT", 1): 25}, [50, 25])

    mirrored(double, tmp_path, Trial(plan()), play)


def test_what_a_later_call_ends_live_is_ended_there_and_it_is_told_where_the_record_goes_on(
    double: ExchangeDouble, tmp_path: Path
) -> None:
    async def play(trial: Trial) -> None:
        await trial.bar(0, 64_800, 64_900, 64_750, 64_850)
        turned = Change(MINUTE + 5_000, "close", by="call")
        await trial.hear("live", **went_out(trial.call, turned, MINUTE + 6_000, 64_840))
        assert (held(double), resting(double)) == ({}, {})
        await trial.hear("withdrawn", moves=[])
        assert [problem.text for problem in trial.told] == [
            "testnet: vip/7 was closed there, as live; the record goes on with it"
        ]

    mirrored(double, tmp_path, Trial(plan()), play)


def test_a_trade_that_a_rule_ends_is_ended_there(double: ExchangeDouble, tmp_path: Path) -> None:
    async def play(trial: Trial) -> None:
        await trial.bar(0, 64_800, 64_900, 64_750, 64_850)
        trial.call.closing_ms = MINUTE
        await trial.hear("closing")
        assert (held(double), resting(double)) == ({}, {})

    mirrored(double, tmp_path, Trial(plan()), play)


def test_other_entry_orders_replace_those_that_rest(double: ExchangeDouble, tmp_path: Path) -> None:
    ladder = (Order("limit", 64_700.0, 0.5), Order("limit", 64_600.0, 0.5))
    changed = (Change(MINUTE, "orders", orders=(Order("limit", 64_650.0, 1.0),)),)

    async def play(trial: Trial) -> None:
        await trial.bar(0, 64_800, 64_900, 64_750, 64_850)
        assert resting(double) == {64_700.0: 50, 64_600.0: 50}
        await trial.bar(1, 64_850, 64_900, 64_750, 64_850)
        assert resting(double) == {64_650.0: 100}
        await trial.hear("step")
        assert resting(double) == {64_650.0: 100}

    mirrored(double, tmp_path, Trial(plan(orders=ladder, changes=changed)), play)


@pytest.mark.parametrize("fault", ["refused", "late", "small", "unlisted"])
def test_what_is_not_sent_is_told_once(double: ExchangeDouble, tmp_path: Path, fault: str) -> None:
    double.futures.cash = 1.0 if fault == "refused" else 10_000.0
    the_plan = plan(symbol="NOPEUSDT") if fault == "unlisted" else plan()
    trial = Trial(the_plan, 0.00001 if fault == "small" else 0.01)

    async def play(trial: Trial) -> None:
        await trial.bar(0, 64_800, 64_900, 64_750, 64_850)
        await trial.hear("step")

    mirrored(double, tmp_path, trial, play, [FRESH_MS + 1 if fault == "late" else 0])
    words = {
        "refused": "Balance insufficient",
        "late": "too long ago",
        "small": "less than one contract",
        "unlisted": "no swap market",
    }
    assert words[fault] in trial.told[0].text
    assert len({str(problem) for problem in trial.told}) == len(trial.told)
    assert held(double) == {}


def test_a_restart_goes_on_with_what_is_at_the_exchange(double: ExchangeDouble, tmp_path: Path) -> None:
    trial = Trial(plan())

    async def first(trial: Trial) -> None:
        await trial.bar(0, 64_800, 64_900, 64_750, 64_850)

    async def second(trial: Trial) -> None:
        await trial.mirror.round()
        assert held(double) == {("BTC_USDT", 1): 100}
        await trial.bar(1, 64_850, 64_900, 64_400, 64_450)
        assert held(double) == {}, "the stop was hit on paper"

    mirrored(double, tmp_path, trial, first)
    mirrored(double, tmp_path, trial, second)
    assert len([body for body in double.private.sent("order/create") if body["side"] == 1]) == 1


def test_a_trade_that_the_ledger_does_not_know_is_told_and_left_to_its_stop(
    double: ExchangeDouble, tmp_path: Path
) -> None:
    """After ``paper reset``."""

    async def first(trial: Trial) -> None:
        await trial.bar(0, 64_800, 64_900, 64_750, 64_850)

    mirrored(double, tmp_path, Trial(plan()), first)
    told: list[Problem] = []

    async def anew() -> None:
        async with mirror_of(strategy(double), Workspace(tmp_path), [], told.append, lambda: 0) as mirror:
            for _ in range(3):
                await mirror.round()

    asyncio.run(anew())
    (problem,) = told
    assert "demo: vip/7 is open there and not in the ledger" in problem.text
    assert (held(double), live_stops(double)) == ({("BTC_USDT", 1): 100}, [(64_500.0, 100.0)])


def test_two_processes_do_not_order_from_one_journal(double: ExchangeDouble, tmp_path: Path) -> None:
    async def play(_: Trial) -> None:
        with pytest.raises(InputError, match="another process"):
            async with mirror_of(strategy(double), Workspace(tmp_path), [], print, lambda: 0):
                pass

    mirrored(double, tmp_path, Trial(plan()), play)


@pytest.mark.parametrize("address", ["https://contract.mexc.com", "https://api.mexc.com/"])
def test_a_production_host_ends_it_before_anything_is_sent(
    double: ExchangeDouble, tmp_path: Path, watch: Watch, address: str
) -> None:
    """Even where a strategy got past its checks, with keys at hand."""
    keys(double, tmp_path)

    async def run() -> None:
        bad = replace(strategy(double), testnet=address)
        async with mirror_of(bad, Workspace(tmp_path), [], print, lambda: 0):
            pass

    watch.calls.clear()
    with pytest.raises(InputError, match="not a declared test host"):
        asyncio.run(run())
    assert (watch.calls, watch.names) == ([], [])
    assert not (tmp_path / "data").exists()


def test_without_keys_it_does_not_start(double: ExchangeDouble, tmp_path: Path, watch: Watch) -> None:
    async def run() -> None:
        async with mirror_of(strategy(double), Workspace(tmp_path), [], print, lambda: 0):
            pass

    watch.calls.clear()
    with pytest.raises(InputError, match="missing"):
        asyncio.run(run())
    assert watch.calls == []

"""Fetching from an exchange: only what is missing, whatever the exchange does, and every trap of MEXC's interface.

The double's candles can be computed, so each test compares what arrived with what the exchange has.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from engine.market.checking import check_series
from engine.market.seriesfile import IMPORTED
from engine.market.store import CandleStore
from engine.market.venue import ADDRESS_VARIABLE, addresses, check_addresses, open_client, practice_address
from engine.problem import Problem
from engine.units import DAY_MS, HOUR_MS, MINUTE_MS
from tests.conftest import Run
from tests.doubles.exchange import ExchangeDouble, World
from tests.doubles.exchange.faults import KINDS
from tests.market.candles import candles
from tests.market.exchange import expected, fetch, same, stored


def ended_ms(double: ExchangeDouble, days_ago: float = 1) -> int:
    """A whole hour some days before the double's present."""
    return (double.world.clock.now_ms() - int(days_ago * DAY_MS)) // HOUR_MS * HOUR_MS


def test_candles_come_whole_and_only_once(double: ExchangeDouble, store: CandleStore) -> None:
    """5000 minutes are three pages; a second fetch asks for nothing."""
    end = ended_ms(double)
    start = end - 5000 * MINUTE_MS
    outcome = fetch(store, "BTCUSDT", start_ms=start, end_ms=end)
    assert outcome.problems == []
    assert same(stored(store, "BTCUSDT"), expected(double, "BTC", start, end))
    assert len(double.paths("kline")) == 3
    fetch(store, "BTCUSDT", start_ms=start, end_ms=end)
    assert len(double.paths("kline")) == 3


def test_a_longer_range_asks_for_its_ends_alone(double: ExchangeDouble, store: CandleStore) -> None:
    end = ended_ms(double)
    fetch(store, "BTC", start_ms=end - 300 * MINUTE_MS, end_ms=end - 200 * MINUTE_MS)
    double.requests.clear()
    fetch(store, "BTC", start_ms=end - 400 * MINUTE_MS, end_ms=end)
    asked = sorted((int(q["start"]), int(q["end"])) for q in double.paths("kline"))
    minute = 60
    at = end // 1000
    assert asked == [(at - 400 * minute, at - 301 * minute), (at - 200 * minute, at - minute)]
    assert same(stored(store, "BTCUSDT"), expected(double, "BTC", end - 400 * MINUTE_MS, end))


def test_every_question_has_a_first_and_a_last_moment(double: ExchangeDouble, store: CandleStore) -> None:
    """With a first one alone, paging drops old history without a word."""
    end = ended_ms(double)
    fetch(store, "BTC", start_ms=end - 3 * DAY_MS, end_ms=end)
    fetch(store, "BTC", start_ms=end - DAY_MS, end_ms=end, kind="spot")
    swap, spot = double.paths("contract/kline"), double.paths("api/v3/klines")
    assert all({"start", "end"} <= query.keys() for query in swap)
    assert all({"startTime", "endTime", "limit"} <= query.keys() for query in spot)
    assert max(int(query["limit"]) for query in spot) == 500


@pytest.mark.parametrize("timeframe", ["5m", "15m", "30m", "1h", "4h", "8h", "1d", "1w"])
def test_every_time_frame(double: ExchangeDouble, store: CandleStore, timeframe: str) -> None:
    from engine.market.timeframes import parse_timeframe

    step = parse_timeframe(timeframe)
    assert step is not None
    end = ended_ms(double)
    start = end - max(30 * step, DAY_MS)
    assert fetch(store, "ETH", start_ms=start, end_ms=end, timeframes=(timeframe,)).problems == []
    ours = stored(store, "ETHUSDT", timeframe)
    assert len(ours) > 20
    theirs = expected(double, "ETH", start, end, step)
    assert same(ours, theirs[theirs[:, 0] + step <= end])


def test_spot_minutes_end_without_an_error_and_a_coarser_time_frame_is_named(
    double: ExchangeDouble, store: CandleStore
) -> None:
    """The exchange keeps 30 days of spot minutes; what is older comes back empty."""
    start = ended_ms(double, 90)
    outcome = fetch(store, "BTC", start_ms=start, kind="spot")
    (done,) = outcome.candles
    assert done.begins_ms is not None
    assert abs(done.begins_ms - (double.world.clock.now_ms() - 30 * DAY_MS)) < 5 * MINUTE_MS
    assert outcome.notes == ["BTCUSDT 1m: candles of 5m reach further back (--timeframe 5m)"]
    empty = len(double.paths("klines")) - 30 * 1440 // 500
    assert empty < 20, "the empty two months are probed, not paged through"
    double.requests.clear()
    fetch(store, "BTC", start_ms=start, kind="spot")
    assert len(double.paths("klines")) <= 2


def test_a_coin_listed_later_begins_when_it_was_listed(double: ExchangeDouble, store: CandleStore) -> None:
    listing = double.world.listing("LAYER")
    assert listing is not None
    outcome = fetch(store, "LAYER", start_ms=listing.since_ms - 400 * DAY_MS, timeframes=("4h",))
    assert outcome.candles[0].begins_ms == listing.since_ms
    assert stored(store, "LAYERUSDT", "4h")[0, 0] == listing.since_ms


def test_funding_is_paged_by_number(double: ExchangeDouble, store: CandleStore) -> None:
    """ccxt's start is ignored by MEXC: 60 days of 4-hour settlements are four pages."""
    end = ended_ms(double)
    start = end - 60 * DAY_MS
    fetch(store, "SOL", start_ms=start, end_ms=end, parts=frozenset({"funding"}))
    found = store.read_funding("mexc", "swap", "SOLUSDT")
    assert found is not None
    theirs = sorted((ts, rate) for ts, rate in double.world.funding("SOL") if start <= ts < end)
    assert list(zip(found.ts.tolist(), found.rate.tolist(), strict=True)) == theirs
    assert {query.get("page_num") for query in double.paths("funding_rate/history")} == {"1", "2", "3", "4"}
    double.requests.clear()
    fetch(store, "SOL", start_ms=start, end_ms=end, parts=frozenset({"funding"}))
    assert double.paths("funding_rate/history") == []


@pytest.mark.parametrize("kind", ["short", "holes", "empty", "half"])
def test_a_broken_page_of_funding_costs_no_settlement(double: ExchangeDouble, store: CandleStore, kind: str) -> None:
    double.faults.add(kind, path="funding_rate/history")
    end = ended_ms(double)
    fetch(store, "SOL", start_ms=end - 60 * DAY_MS, end_ms=end, parts=frozenset({"funding"}))
    found = store.read_funding("mexc", "swap", "SOLUSDT")
    assert found is not None
    assert double.faults.served == [kind]
    assert set(np.diff(found.ts)) == {4 * HOUR_MS}
    assert len(found.ts) == 360


def test_contract_facts_with_both_kinds_of_tiers(double: ExchangeDouble, store: CandleStore) -> None:
    """ccxt has no maintenance rate for contracts with their own list of tiers."""
    parts = frozenset({"contracts"})
    fetch(store, "BTC", "XRP", "SOL", "1000BONK", start_ms=ended_ms(double), parts=parts)
    btc, xrp = (store.contract("mexc", "swap", name) for name in ("BTCUSDT", "XRPUSDT"))
    assert btc is not None
    assert xrp is not None
    assert (btc.contract_size, btc.tick, btc.min_contracts, btc.contract_step) == (0.0001, 0.1, 1, 1)
    assert [(t.max_base, t.maintenance_rate, t.max_leverage) for t in btc.tiers] == [
        (pytest.approx(5.0), 0.001, 500),
        (pytest.approx(31.0), 0.0025, 200),
        (pytest.approx(450.0), 0.01, 50),
    ]
    assert [(t.max_base, round(t.maintenance_rate, 4)) for t in xrp.tiers] == [
        (10_000, 0.004),
        (30_000, 0.008),
        (50_000, 0.012),
    ]
    hours = [
        contract.funding_interval_ms // HOUR_MS if contract and contract.funding_interval_ms else None
        for contract in (store.contract("mexc", "swap", f"{name}USDT") for name in ("BTC", "SOL", "1000BONK"))
    ]
    assert hours == [8, 4, 1]


def test_volume_is_in_coins(double: ExchangeDouble, store: CandleStore) -> None:
    """A contract on DOGE is 100 coins."""
    end = ended_ms(double)
    fetch(store, "DOGE", start_ms=end - HOUR_MS, end_ms=end)
    contracts = double.world.candles("DOGE", MINUTE_MS, end - HOUR_MS, end)[:, 5]
    np.testing.assert_allclose(stored(store, "DOGEUSDT")[:, 5], contracts * 100)


def test_mark_prices_lie_beside_the_traded_ones(double: ExchangeDouble, store: CandleStore) -> None:
    end = ended_ms(double)
    fetch(store, "BTC", start_ms=end - HOUR_MS, end_ms=end, parts=frozenset({"candles", "mark"}))
    assert same(stored(store, "BTCUSDT", "mark_1m"), expected(double, "BTC", end - HOUR_MS, end, kind="mark"))
    assert same(stored(store, "BTCUSDT"), expected(double, "BTC", end - HOUR_MS, end))
    assert any("fair_price" in path for _, path, _ in double.requests)


@pytest.mark.parametrize(
    "written", ["BTCUSDT", "BTC/USDT", "BTC-USDT", "BTC_USDT", "#BTC", "BTC", "BTCUSDT.P", "MEXC:BTCUSDT.P", "btc"]
)
def test_every_form_of_a_symbol_is_the_listed_market(double: ExchangeDouble, store: CandleStore, written: str) -> None:
    end = ended_ms(double)
    assert fetch(store, written, start_ms=end - 10 * MINUTE_MS, end_ms=end).problems == []
    assert len(stored(store, "BTCUSDT")) == 10


@pytest.mark.parametrize(
    ("written", "text", "hint"),
    [
        ("BONK", "mexc lists no swap market BONKUSDT", "it lists 1000BONKUSDT; one counts 1000 coins"),
        ("MATICUSDT", "mexc lists no swap market MATICUSDT", "MATIC became POL in 2024-09"),
        ("DOGEUSD", "mexc lists no swap market DOGEUSD", 'did you mean "DOGEUSDT"?'),
        ("LAYRUSDT", "mexc lists no swap market LAYRUSDT", 'did you mean "LAYER"?'),
        ("GONECOINUSDT", "mexc lists no swap market GONECOINUSDT", "delisted"),
        ("BTC/USDT:USDT-250926", '"BTC/USDT:USDT-250926" is no symbol', "such as BTCUSDT"),
    ],
)
def test_delisted_renamed_and_multiplied_symbols_are_named(
    double: ExchangeDouble, store: CandleStore, written: str, text: str, hint: str
) -> None:
    end = ended_ms(double)
    outcome = fetch(store, written, "ETH", start_ms=end - 10 * MINUTE_MS, end_ms=end)
    (problem,) = outcome.problems
    assert problem.text == text
    assert hint in problem.hint
    assert len(stored(store, "ETHUSDT")) == 10


def test_a_market_that_is_paused_is_fetched_and_noted(double: ExchangeDouble, store: CandleStore) -> None:
    end = ended_ms(double)
    outcome = fetch(store, "OLD", start_ms=end - 10 * MINUTE_MS, end_ms=end)
    assert outcome.notes == ["OLDUSDT is listed on mexc but not open for trading"]
    assert len(stored(store, "OLDUSDT")) == 10


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "delay"])
@pytest.mark.parametrize("market", ["swap", "spot"])
def test_no_fault_costs_or_invents_a_candle(
    double: ExchangeDouble, store: CandleStore, kind: str, market: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two in a row, at the first page of candles."""
    monkeypatch.setattr("engine.market.asking.BUSY_WAIT_S", 0.05)
    double.faults.add(kind, times=2)
    end = ended_ms(double)
    start = end - 900 * MINUTE_MS
    outcome = fetch(store, "BTC", start_ms=start, end_ms=end, kind=market)
    assert outcome.problems == []
    assert set(double.faults.served) == {kind}
    assert same(stored(store, "BTCUSDT", kind=market), expected(double, "BTC", start, end, kind=market))


def test_a_hole_of_the_exchange_is_told_from_one_that_was_never_fetched(
    store: CandleStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = World()
    end = (world.clock.now_ms() - DAY_MS) // HOUR_MS * HOUR_MS
    world.holes = (("BTC", end - 50 * MINUTE_MS, end - 43 * MINUTE_MS),)
    with ExchangeDouble(world, limited=False) as double:
        monkeypatch.setenv(ADDRESS_VARIABLE, double.url)
        outcome = fetch(store, "BTC", start_ms=end - 60 * MINUTE_MS, end_ms=end)
        fetch(store, "BTC", start_ms=end - 90 * MINUTE_MS, end_ms=end - 80 * MINUTE_MS)
        assert outcome.candles[0].absent == 7
        (series,) = store.list()
        holes = [(h.gap.start_ms, h.gap.bars, h.whose) for h in check_series(store, series).holes]
        assert holes == [(end - 80 * MINUTE_MS, 20, "not fetched"), (end - 50 * MINUTE_MS, 7, "none")]
        assert (series.gaps, series.missing, series.unasked) == (2, 27, 20)
        double.requests.clear()
        fetch(store, "BTC", start_ms=end - 90 * MINUTE_MS, end_ms=end)
        assert len(double.paths("kline")) == 1
        world.holes = ()
        fetch(store, "BTC", start_ms=end - 90 * MINUTE_MS, end_ms=end, again=True)
        assert same(stored(store, "BTCUSDT"), expected(double, "BTC", end - 90 * MINUTE_MS, end))


def test_a_candle_that_is_still_forming_is_not_stored(double: ExchangeDouble, store: CandleStore) -> None:
    now = double.world.clock.now_ms()
    fetch(store, "BTC", start_ms=now - 20 * MINUTE_MS)
    ours = stored(store, "BTCUSDT")
    assert ours[-1, 0] + MINUTE_MS <= double.world.clock.now_ms()
    assert same(ours, expected(double, "BTC", now - 20 * MINUTE_MS, int(ours[-1, 0]) + MINUTE_MS))


def test_the_clock_of_the_exchange_counts(store: CandleStore, monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine that is ten minutes ahead must not store ten minutes that have not happened."""
    import time

    world = World()
    world.clock.start_ms = int(time.time() * 1000) - 10 * MINUTE_MS
    with ExchangeDouble(world, limited=False) as double:
        monkeypatch.setenv(ADDRESS_VARIABLE, double.url)
        outcome = fetch(store, "BTC", start_ms=world.clock.now_ms() - 30 * MINUTE_MS)
        assert stored(store, "BTCUSDT")[-1, 0] + MINUTE_MS <= world.clock.now_ms()
        assert outcome.notes == ["this machine's clock is 600 s ahead of mexc's, whose time is used"]


def test_rate_limits_are_kept(store: CandleStore, monkeypatch: pytest.MonkeyPatch) -> None:
    with ExchangeDouble(World.many(4)) as double:
        monkeypatch.setenv(ADDRESS_VARIABLE, double.url)
        end = ended_ms(double)
        start = end - 14_000 * MINUTE_MS
        outcome = fetch(store, "TK00", "TK01", "TK02", "TK03", start_ms=start, end_ms=end)
        assert outcome.problems == []
        assert len(double.paths("kline")) == 28
        assert double.limiter.over == 0


def test_prices_of_the_practice_exchange_never_mix_with_real_ones(double: ExchangeDouble, store: CandleStore) -> None:
    end = ended_ms(double)
    fetch(store, "BTC", start_ms=end - 10 * MINUTE_MS, end_ms=end)
    real = candles([0, 1])
    problem = store.add(real, "mexc", "swap", provenance=type(IMPORTED)("mexc (api.mexc.com)"))
    assert isinstance(problem, Problem)
    assert "holds prices from http://127.0.0.1" in problem.text


def test_no_client_holds_an_address_outside_this_machine(double: ExchangeDouble) -> None:
    import asyncio

    async def opened() -> list[str]:
        found = []
        for live in (False, True):
            client = open_client("mexc", "swap", live=live)
            assert not isinstance(client, Problem)
            check_addresses(client, double.url)
            assert not client.apiKey
            assert not client.secret
            found += list(addresses(client.urls["api"]))
            await client.close()
        return found

    urls = asyncio.run(opened())
    assert len(urls) > 10
    assert all("//127.0.0.1:" in url for url in urls)


@pytest.mark.parametrize("address", ["http://10.0.0.5:80", "https://127.0.0.1:1", "127.0.0.1:80", "http://x.test"])
def test_a_practice_exchange_is_on_this_machine(monkeypatch: pytest.MonkeyPatch, address: str) -> None:
    monkeypatch.setenv(ADDRESS_VARIABLE, address)
    problem = practice_address()
    assert isinstance(problem, Problem)
    assert address in problem.text


def test_an_unknown_exchange_is_named(store: CandleStore) -> None:
    outcome = fetch(store, "BTC", start_ms=0, exchange="mxec")
    assert outcome.problems[0].hint == 'did you mean "mexc"?'


@pytest.fixture
def binance(monkeypatch: pytest.MonkeyPatch) -> Iterator[ExchangeDouble]:
    """The same market, as Binance shows it."""
    with ExchangeDouble(World(), limited=False, exchange="binance") as exchange:
        monkeypatch.setenv(ADDRESS_VARIABLE, exchange.url)
        yield exchange


@pytest.mark.parametrize("kind", ["swap", "spot"])
def test_another_exchange_through_the_same_code(binance: ExchangeDouble, store: CandleStore, kind: str) -> None:
    """Candles in coins, mark prices, funding from a start on, contract facts: all of it from Binance's answers."""
    end = ended_ms(binance)
    start = end - 3 * DAY_MS
    parts = frozenset({"candles", "mark", "funding", "contracts"})
    outcome = fetch(store, "BTC", "ETH", start_ms=start, end_ms=end, kind=kind, exchange="binance", parts=parts)
    assert outcome.problems == []
    for base in ("BTC", "ETH"):
        ours = stored(store, f"{base}USDT", kind=kind, exchange="binance")
        assert same(ours, expected(binance, base, start, end, kind=kind))
    assert store.read("mexc", kind, "BTCUSDT", "1m") is None
    (contract,) = [one for one in outcome.contracts if one.symbol == "BTCUSDT"]
    assert (contract.source, contract.listed_as, contract.tick) == ("binance", "BTCUSDT", 0.1)
    if kind == "swap":
        marks = stored(store, "BTCUSDT", "mark_1m", kind, "binance")
        assert same(marks, expected(binance, "BTC", start, end, kind="mark"))
        paid = store.read_funding("binance", "swap", "ETHUSDT")
        assert paid is not None
        settled = sorted((ts, rate) for ts, rate in binance.world.funding("ETH") if start <= ts < end)
        assert list(zip(paid.ts.tolist(), paid.rate.tolist(), strict=True)) == settled


@pytest.mark.parametrize("fault", ["drop", "502", "half", "shuffled"])
def test_faults_of_another_exchange_cost_no_candle(binance: ExchangeDouble, store: CandleStore, fault: str) -> None:
    binance.faults.plan(3, 6, 1, (fault,))
    end = ended_ms(binance)
    start = end - 2 * DAY_MS
    assert fetch(store, "SOL", start_ms=start, end_ms=end, exchange="binance").problems == []
    assert binance.faults.served == [fault] * 3
    assert same(stored(store, "SOLUSDT", exchange="binance"), expected(binance, "SOL", start, end))


def test_without_a_network_there_is_one_clear_line(run: Run, workspace: Path) -> None:
    """Nothing listens at the address of this folder's fixture."""
    result = run("market", "fetch", "BTCUSDT")
    assert result.exit_code == 2
    assert result.stderr.startswith("error: mexc cannot be reached (127.0.0.1:9: Connect")
    assert result.stderr.count("\n") == 1
    assert not (workspace / "data" / "candles" / "mexc").exists()
    nothing = run("market", "fetch")
    assert nothing.exit_code == 2
    assert nothing.stderr.count("\n") == 1
    assert "market fetch BTCUSDT" in nothing.stderr


def test_the_command_fetches_checks_and_exports(double: ExchangeDouble, run: Run, workspace: Path) -> None:
    result = run("market", "fetch", "BTC", "--timeframe", "1h", "--from", "2026-01-01", "--to", "2026-01-08")
    if double.world.clock.now_ms() < 1_767_830_400_000:
        pytest.skip("the clock of this machine is before 2026-01-08")
    assert result.exit_code == 0, result.stderr
    assert "mexc swap BTCUSDT 1h: 168 new candles" in result.stdout
    assert "mexc swap BTCUSDT funding: 21 new settlements" in result.stdout
    assert "contract facts of 1 symbols" in result.stdout
    checked = run("market", "check", "--format", "json")
    assert checked.exit_code == 0
    series = {one["series"]: one for one in json.loads(checked.stdout)}
    assert set(series) == {"1h", "mark_1h", "funding"}
    assert series["1h"]["gaps"] == []
    out = workspace / "out"
    assert run("market", "export", "BTCUSDT", "--out", out, "--series", "1h").exit_code == 0
    assert run("market", "import", out / "mexc_swap_BTCUSDT_1h.csv", "--source", "mine").exit_code == 0
    one, other = (
        CandleStore(workspace / "data" / "candles").sha256(s, "swap", "BTCUSDT", "1h") for s in ("mexc", "mine")
    )
    assert one == other
    again = run("market", "fetch")
    assert "mexc swap BTCUSDT 1h" in again.stdout


def test_an_exchange_without_live_prices_is_named() -> None:
    """Its history can be had; who wants to trade on it on paper is told, before anything else is tried."""
    import ccxt
    import ccxt.pro

    only_history = next(name for name in ccxt.exchanges if name not in ccxt.pro.exchanges)
    found = open_client(only_history, "spot", live=True)
    assert isinstance(found, Problem)
    assert found.text == f"{only_history} has no live prices here"

"""What a person makes the doubles do: prices that move, candles included, and posts from the command line."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from tests.doubles.exchange.__main__ import main as exchange_main
from tests.doubles.exchange.asking import AskedInVainError, ask, price_of
from tests.doubles.exchange.clock import Clock
from tests.doubles.exchange.double import ExchangeDouble
from tests.doubles.exchange.world import DAY, MINUTE, QUARTER, World
from tests.doubles.telegram.control import Control
from tests.doubles.telegram.practice import control_of, write_strategy, write_workspace
from tests.doubles.telegram.serving import computed
from tests.doubles.telegram.world import World as Telegram

NOON_MS = 1_780_000_000_000 // DAY * DAY + DAY // 2


def frozen(ms: int) -> World:
    """A world whose time stands still."""
    return World(clock=Clock(ms, 0.0))


@pytest.mark.parametrize("second", [0, 7, 15, 20, 44, 59])
def test_a_moved_price_holds_at_once_and_goes_on_from_there(second: int) -> None:
    world, plain = frozen(NOON_MS + second * 1000), frozen(NOON_MS + second * 1000)
    world.move("BTC", 65_000.0)
    assert world.price("BTC") == 65_000.0
    assert plain.price("BTC", at_ms=NOON_MS - 1) == world.price("BTC", at_ms=NOON_MS - 1)
    moved, before = (w.candles("BTC", MINUTE, NOON_MS - 5 * MINUTE, NOON_MS + 1) for w in (world, plain))
    np.testing.assert_array_equal(moved[:-1], before[:-1])
    assert moved[-1, 4] == 65_000.0
    assert moved[-1, 1] == (65_000.0 if second == 0 else before[-1, 1])
    world.clock.start_ms = plain.clock.start_ms = NOON_MS + 10 * MINUTE
    moved, before = (w.candles("BTC", MINUTE, NOON_MS, NOON_MS + 10 * MINUTE) for w in (world, plain))
    np.testing.assert_allclose(moved[1:, 1:5] / before[1:, 1:5], moved[-1, 4] / before[-1, 4], rtol=1e-5)
    assert moved[1, 1] == pytest.approx(moved[0, 4], rel=1e-5)
    assert (moved[:, 5] == before[:, 5]).all()


def test_a_candle_of_a_moved_minute_holds_every_price_that_was_told() -> None:
    world = frozen(NOON_MS + 20_000)
    world.move("ETH", 3_000.0)
    world.clock.start_ms = NOON_MS + 50_000
    world.move("ETH", 1_500.0)
    world.clock.start_ms = NOON_MS + MINUTE
    (row,) = world.candles("ETH", MINUTE, NOON_MS, NOON_MS + MINUTE)
    told = [world.price("ETH", at_ms=NOON_MS + at) for at in range(0, MINUTE, 1000)]
    assert (row[1], row[2], row[3], row[4]) == (told[0], max(told), min(told), told[-1])
    forming = world.forming("ETH", at_ms=NOON_MS + 2 * QUARTER)
    assert forming[-1, 2] == max(told[:31])


def test_prices_are_moved_from_the_command_line() -> None:
    with ExchangeDouble(frozen(NOON_MS)) as exchange:
        run = CliRunner()

        def said(*words: str) -> str:
            return run.invoke(exchange_main, ["price", *words, "--at", exchange.url]).output.strip()

        assert said("BTCUSDT", "65000") == "BTCUSDT 65000.0"
        assert said("BTCUSDT", "-1%") == "BTCUSDT 64350.0"
        assert said("btc") == "BTC 64350.0"
        assert "soon is no price; write 65000, +1% or -1%" in said("BTCUSDT", "soon")
        assert "no price of NIX; there are BTC ETH" in said("NIX")
        assert said("BTC", "0") == "Error: 0 is no price; write 65000, +1% or -1%"
        assert said("BTCUSDT", "-5") == "Error: -5 is no price; write 65000, +1% or -1%"
    assert "is it running?" in said("BTC")
    with pytest.raises(AskedInVainError, match="is not on this machine"):
        price_of("BTC", "http://prices.example.org")


def test_both_doubles_know_one_price() -> None:
    with ExchangeDouble() as exchange:
        there, decimals = price_of("BTC", exchange.url)
    assert computed("BTC") == (pytest.approx(there, rel=0.01), decimals)


def test_people_post_edit_and_delete() -> None:
    async def play() -> list[str]:
        world, told = Telegram(), list[str]()
        channel = world.channel("alpha_signals")
        world.channel("beta_calls")
        control = await Control(world, told.append).start()

        async def does(what: str, **given: object) -> str:
            return await asyncio.to_thread(ask, f"{control.url}/{what}", json.dumps(given).encode())

        await does("post", text="one")
        await does("post", text="two", number=1)
        await does("post", text="three", channel="@beta_calls")
        await does("edit", number=1, text="other")
        await does("delete", number=2)
        with pytest.raises(AskedInVainError, match="no post 2 in @alpha_signals"):
            await does("edit", number=2, text="gone")
        with pytest.raises(AskedInVainError, match="no channel nix; there are alpha_signals beta_calls"):
            await does("post", channel="nix", text="lost")
        await does("remove")
        assert channel.closed
        await does("readmit")
        assert not channel.closed
        await control.stop()
        assert [(e.kind, e.message_id, e.text) for e in world.record] == [
            ("post", 1, "one"), ("post", 2, "two"), ("post", 1, "three"), ("edit", 1, "other"), ("deletion", 2, None),
        ]  # fmt: skip
        return told

    assert len(asyncio.run(play())) == 7


def test_files_that_a_person_changed_stay(tmp_path: Path) -> None:
    channels = {"alpha_signals": "Alpha Signals"}
    write_workspace(tmp_path, "PRACTICE_TELEGRAM=http://127.0.0.1:1\n", channels)
    write_strategy(tmp_path, channels)
    files = [tmp_path / "channels" / "alpha_signals.channel", tmp_path / "strategies" / "practice.yaml"]
    for file in files:
        file.write_text("mine")
    write_workspace(tmp_path, "PRACTICE_TELEGRAM=http://127.0.0.1:2\n", channels)
    write_strategy(tmp_path, channels)
    assert [file.read_text() for file in files] == ["mine", "mine"]
    assert control_of(tmp_path) == "http://127.0.0.1:2"
    assert control_of(tmp_path / "nowhere") == ""

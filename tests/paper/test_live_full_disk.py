"""The disk of a live account fills up again and again: it stops, says so, and goes on when there is room.

As ``test_live_kills.py``, with a file system of its own for the account's data. In the end its statement is that of an
account that always had room: nothing was filled that was not written, nothing was written that did not happen.
"""

from __future__ import annotations

import os
import random
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from engine.collect.archive import Archive
from engine.paper.statement import disagreements
from engine.units import HOUR_MS, MINUTE_MS
from tests.paper.doubled import Doubles, doubles
from tests.paper.test_live_kills import CHANNELS, FEED, PACE, RULES, SPEED, STRATEGY, Posts, comes_to, over
from tests.paper.trader import Trader

TIMES = int(os.environ.get("SIGNALPROOF_FULL_DISKS", "2"))
ROOM = "16m"
FULL = ("the disk is full", "database or disk is full", "No space left on device")


@contextmanager
def disk(folder: Path) -> Iterator[None]:
    """A small file system in a folder; the test is skipped where none may be mounted."""
    folder.mkdir(parents=True)
    done = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={ROOM}", "tmpfs", folder], capture_output=True)
    if done.returncode:
        pytest.skip(f"no file system can be mounted here: {done.stderr.decode().strip()}")
    try:
        yield
    finally:
        subprocess.run(["umount", "-l", folder], check=True)


def fill(folder: Path) -> None:
    """Take all the room that is left."""
    with suppress(OSError), (folder / "filler").open("ab", buffering=0) as filler:
        while True:
            filler.write(bytes(4096))


def until(both: Doubles, posts: Posts, ms: int, chance: random.Random, trader: Trader, *, ended: bool = False) -> None:
    """Let the channels post until a moment of market time, or until the account's process has ended."""
    post_at = time.monotonic()
    while both.clock.now_ms() < ms and not (ended and not trader.lives):
        if time.monotonic() >= post_at:
            both.call(posts.act)
            post_at = time.monotonic() + chance.uniform(0.1, 0.4)
        time.sleep(0.01)


def up_to_date(both: Doubles, trader: Trader) -> None:
    """Start, and let time stand still meanwhile."""
    both.clock.held = True
    trader.start()
    end = time.monotonic() + 120
    while trader.said().count("is up to date") < CHANNELS:
        assert trader.lives, trader.screen()[-3000:]
        assert time.monotonic() < end, trader.screen()[-3000:]
        time.sleep(0.05)
    both.clock.awaited |= {trader.place}
    both.clock.held = False


def test_an_account_whose_disk_fills_up_comes_to_what_another_does(tmp_path: Path) -> None:
    chance = random.Random(int(os.environ.get("SIGNALPROOF_SEED", "4")))
    data = tmp_path / "victim" / "data"
    with disk(data), doubles(tmp_path, SPEED, CHANNELS) as both:
        both.clock.held = True
        files = {"steady": STRATEGY}, {"steady": RULES}, PACE, FEED
        quiet, victim = both.trader(tmp_path / "quiet", *files), both.trader(tmp_path / "victim", *files)
        posts, stops = Posts(both, chance, [quiet, victim]), 0
        try:
            for trader in (quiet, victim):
                up_to_date(both, trader)
            while stops < TIMES:
                until(both, posts, both.clock.now_ms() + chance.randrange(5 * MINUTE_MS), chance, victim)
                fill(data)
                until(both, posts, both.clock.now_ms() + 90_000, chance, victim, ended=True)
                (data / "filler").unlink()
                if victim.lives:  # what it wrote had room in what it had
                    continue
                both.clock.awaited -= {victim.place}
                stops += 1
                assert victim.process.exitcode == 2, victim.screen()[-3000:]
                assert any(words in victim.said() for words in FULL), victim.said()
                assert "paper trading has stopped" in victim.said()
                assert "Traceback" not in victim.said()
                up_to_date(both, victim)
            end_ms = both.clock.now_ms() + HOUR_MS
            while not all(over(trader) for trader in (quiet, victim)):
                assert all(trader.lives for trader in (quiet, victim)), "none ends of itself"
                assert both.clock.now_ms() < end_ms, "calls never end"
                time.sleep(0.5)
            time.sleep(3 * 60 / SPEED)
            assert [quiet.stop(), victim.stop()] == [0, 0]
        finally:
            quiet.end()
            victim.end()
        theirs, mine = comes_to(quiet), comes_to(victim)
        posted = {(c.username, number) for c in both.telegram.channels.values() for number in c.posts}
        assert sum(call.get("facts") is not None for call in theirs.values()) >= TIMES
        assert [str(one) for one in disagreements(mine, theirs)] == []
        archived = {(m.channel, m.message_id) for m in Archive(data / "signals_raw.jsonl").read()}
        assert posted <= archived, "no message is lost"

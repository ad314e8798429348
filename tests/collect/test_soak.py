"""Ten channels, bursts, faults and kills: the archive is compared with what truly happened.

``SIGNALPROOF_SOAK=1`` runs it whole (10,000 posts, 1,000 edits, 300 deletions, 50 faults, 20 kills); the default is a
tenth.
"""

from __future__ import annotations

import asyncio
import os
import random
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

from engine.collect.archive import Archive
from tests.collect.live import Scene, scene
from tests.conftest import ROOT
from tests.doubles.telegram.world import Channel, World

SHARE = float(os.environ.get("SIGNALPROOF_SOAK", "0.1"))
CHANNELS = 10
POSTS, EDITS, DELETIONS, FAULTS, KILLS = (round(n * SHARE) for n in (10_000, 1_000, 300, 50, 20))
SEED = 20250504


class Worker:
    """The collector's process."""

    def __init__(self, s: Scene) -> None:
        names = [str(channel.username) for channel in s.world.channels.values()]
        self._command = [sys.executable, "-m", "tests.collect.soak_worker", str(s.server.port), str(s.folder), *names]
        self._log = s.folder / "worker.log"
        self.start()

    def start(self) -> None:
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(self._command, cwd=ROOT, stderr=log)

    def kill(self) -> None:
        self._process.kill()
        self._process.wait(10)

    @property
    def last_words(self) -> str:
        """How the process ended by itself; nothing while it lives."""
        return "" if self._process.poll() is None else self._log.read_text()[-3000:]


async def fault(s: Scene, chance: random.Random) -> str:
    """Something goes wrong; what."""
    kind = chance.choice(["drop", "lost", "restart", "too long", "flood"])
    if kind == "drop":
        s.server.drop_connections()
    elif kind == "lost":
        s.server.lost_pushes += chance.randint(1, 30)
    elif kind == "restart":
        await s.restart(chance.uniform(0, 0.3))
    elif kind == "too long":
        s.world.longest_difference = 3
        s.server.lost_pushes += chance.randint(5, 150)
        s.server.drop_connections()
    else:
        s.server.fail(chance.choice(["GetHistory", "GetMessages"]), 420, "FLOOD_WAIT_1")
    return kind


def something(channels: list[Channel], kind: str, chance: random.Random) -> None:
    """A post, an edit or a deletion."""
    channel = chance.choice(channels)
    if kind == "post":
        channel.post(f"BUY BTCUSDT @ {chance.randint(60_000, 70_000)} number {chance.random()}")
        return
    recent = sorted(channel.posts)[-80:]
    if not recent:
        return
    if kind == "edit":
        channel.edit(chance.choice(recent), f"edited {chance.random()}")
    else:
        channel.delete(chance.choice(recent))


async def grown(archive: Path, from_bytes: int) -> None:
    """Wait until the archive's files hold more than so many bytes: the collector is up."""
    end = time.monotonic() + 60
    while size(archive) <= from_bytes:
        assert time.monotonic() < end, "the collector never came up"
        await asyncio.sleep(0.05)


def size(archive: Path) -> int:
    """Bytes in all files of the archive."""
    return sum(path.stat().st_size for path in archive.parent.glob("signals_raw*.jsonl"))


async def soak(folder: Path) -> tuple[World, Scene, Counter[str]]:
    """Let it all happen."""
    chance, done = random.Random(SEED), Counter[str]()
    plan = ["post"] * POSTS + ["edit"] * EDITS + ["deletion"] * DELETIONS + ["fault"] * FAULTS + ["kill"] * KILLS
    chance.shuffle(plan)
    async with scene(folder / "data") as s:
        channels = [s.channel(f"channel_{number}") for number in range(CHANNELS)]
        channels[0].post("the first")
        worker = Worker(s)
        try:
            burst = 0
            await grown(s.archive, 0)
            for kind in plan:
                if kind == "fault":
                    done[await fault(s, chance)] += 1
                elif kind == "kill":
                    worker.kill()
                    await asyncio.sleep(chance.uniform(0, 0.5))
                    worker.start()
                    done["kill"] += 1
                    if chance.random() < 0.7:  # else it is killed, or met by a fault, while it begins
                        channels[0].post("somebody there?")
                        await grown(s.archive, size(s.archive))
                else:
                    something(channels, kind, chance)
                    burst -= 1
                    if burst <= 0:
                        burst = chance.randint(1, 40)
                        await asyncio.sleep(chance.uniform(0.05, 0.35))
            await asyncio.sleep(2)
            assert worker.last_words == ""
        finally:
            worker.kill()
        s.server.lost_pushes = 0
        assert await s.collector().once()
        return s.world, s, done


def test_nothing_is_lost_nothing_is_twice(tmp_path: Path) -> None:
    began = time.monotonic()
    world, s, done = asyncio.run(asyncio.wait_for(soak(tmp_path), 900))
    records = list(Archive(s.archive).read())
    happened = {(e.chat_id, e.message_id, e.text) for e in world.record if e.kind != "deletion"}
    versions: dict[tuple[int, int], list] = {}
    for record in records:
        versions.setdefault((record.chat_id, record.message_id), []).append(record)
    overtaken = 0
    for post, found in versions.items():
        assert [m.version for m in found] == list(range(1, len(found) + 1)), "each record once"
        texts = [(m.kind, m.text, m.edited_ms) for m in found if m.kind != "deletion"]
        for again, times in Counter(texts).items():
            if times > 1:  # two edits within a second: news of the first came after the second was seen
                between = texts[texts.index(again) + 1 : len(texts) - 1 - texts[::-1].index(again)]
                order = [e.text for e in world.record if (e.chat_id, e.message_id) == post and e.kind == "edit"]
                assert between, "nothing twice"
                assert {edited_ms for _, _, edited_ms in between} == {again[2]}, "nothing twice"
                assert all(order.index(text) < order.index(again[1]) for _, text, _ in between), "nothing twice"
                overtaken += 1
        assert sum(m.kind == "deletion" for m in found) <= 1
        assert all((m.chat_id, m.message_id, m.text) in happened for m in found if m.kind != "deletion")
    standing = {(c.chat_id, n): m.message for c in world.channels.values() for n, m in c.posts.items()}
    for post, text in standing.items():
        assert post in versions, "nothing lost"
        newest = max((m for m in versions[post] if m.kind != "deletion"), key=lambda m: (m.known_ms, m.version))
        assert newest.text == text, "the last edit was seen"
        assert all(m.kind != "deletion" for m in versions[post])
    gone = {(e.chat_id, e.message_id) for e in world.record if e.kind == "deletion"}
    unseen = gone - versions.keys()  # came and went while nobody could look
    for post in gone - unseen:
        assert versions[post][-1].kind == "deletion", "the deletion was seen"
    edits = [e for e in world.record if e.kind == "edit"]
    seen = {(m.chat_id, m.message_id, m.text) for m in records}
    passed = sum((e.chat_id, e.message_id, e.text) not in seen for e in edits)
    counts = Counter(e.kind for e in world.record)
    print(
        f"\n{dict(counts)}, {dict(done)}; {len(records)} records in {time.monotonic() - began:.0f} s; overwritten or "
        f"deleted before anybody could look: {passed} edits, {len(unseen)} posts; told again because an edit of the "
        f"same second had overtaken it: {overtaken}; {len(list(s.folder.glob('signals_raw.*.jsonl')))} full files"
    )
    assert counts["post"] >= POSTS
    assert len(unseen) < len(gone)

"""``cli.py parse`` of a whole archive of 200,000 messages: ``python -m benchmarks.parse_archive [MESSAGES]``.

The messages are those of ``reading.py`` (30% calls in seven layouts, 10% calls with a line missing, 60% chat), in four
channels of one profile. The archive is written by the program's own encoder. Measured from outside: the clock, the
processor time of the process, and the most memory that it held; then the same again with nothing new to read.
"""

from __future__ import annotations

import random
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.reading import LAYOUTS, mixed, profile_text
from engine.collect.record import encode
from engine.domain import Message

CHANNELS = ("north", "east", "south", "west")
MESSAGES = 200_000
BEGIN_MS = 1_700_000_000_000
EVERY_MS = 20_000
SEED = 7


def lay_out(folder: Path, count: int) -> None:
    """A workspace with the profiles and an archive of so many messages."""
    (folder / "channels").mkdir(parents=True)
    (folder / "data").mkdir()
    for name in CHANNELS:
        (folder / "channels" / f"{name}.channel").write_text(profile_text(name, LAYOUTS), encoding="utf-8")
    dice = random.Random(SEED)
    with (folder / "data" / "signals_raw.jsonl").open("w", encoding="utf-8") as file:
        for number, text in enumerate(mixed(dice, count)):
            at = BEGIN_MS + number * EVERY_MS
            channel = number % len(CHANNELS)
            message = Message(
                CHANNELS[channel], -1_001_000_000_000 - channel, number // len(CHANNELS) + 1, 1, "post",
                at, None, at + 1_000, text, sender="Admin",
            )  # fmt: skip
            file.write(encode(message) + "\n")


def measured(folder: Path) -> tuple[str, float, float]:
    """What one run of the command printed last, its seconds by the clock and of the processor."""
    before = _processor()
    start = time.perf_counter()
    command = [sys.executable, "cli.py", "parse", "--workspace", str(folder)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return done.stdout.strip().splitlines()[-1], time.perf_counter() - start, _processor() - before


def _processor() -> float:
    """Seconds of processor that the programs started from here took so far."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def main(count: int) -> None:
    """Print the figures."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        lay_out(folder, count)
        size = (folder / "data" / "signals_raw.jsonl").stat().st_size / 1e6
        for what in ("everything", "nothing new"):
            last, wall, processor = measured(folder)
            print(f"{count:,} messages ({size:.0f} MB), {what}: {wall:.1f} s, {processor:.1f} s of processor; {last}")
        peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
        print(f"at most {peak:.0f} MB of memory")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else MESSAGES)

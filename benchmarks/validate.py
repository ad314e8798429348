"""How long ``cli.py validate`` takes as a whole process: 50 channels, 20 rule files, 30 strategies.

    python benchmarks/validate.py [--library]

Prints the first run (everything is checked), a second one (nothing has changed), one after an edit of a single file,
and ``cli.py --help``; the last three as the best and the median of ten. With --library every profile takes over
library/common, which costs much more to check.
"""

from __future__ import annotations

import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).parent.parent
CLI = [sys.executable, str(ROOT / "cli.py")]
CHANNELS, RULES, STRATEGIES = 50, 20, 30


def make(folder: Path, library: bool) -> None:
    templates = ROOT / "engine" / "pipeline" / "templates"
    for name in ("channels", "rules", "strategies"):
        (folder / name).mkdir()
    if library:
        shutil.copytree(ROOT / "channels" / "library", folder / "channels" / "library")
    for i in range(CHANNELS):
        text = (templates / "channel.channel").read_text(encoding="utf-8").replace("NAME", f"channel_{i}")
        if library:
            text = text.replace("\ndefaults\n", '\nlike "library/common"\n\ndefaults\n', 1)
        (folder / "channels" / f"channel_{i}.channel").write_text(text, encoding="utf-8")
    for i in range(RULES):
        text = (ROOT / "rules" / "default.yaml").read_text(encoding="utf-8")
        (folder / "rules" / f"rules_{i}.yaml").write_text(f"{text}# {i}\n", encoding="utf-8")
    for i in range(STRATEGIES):
        text = (templates / "strategy.yaml").read_text(encoding="utf-8").replace("NAME", f"strategy-{i}")
        text = text.replace("CHANNEL", f"channel_{i}").replace("RULES", f"rules: [rules_{i % RULES}]")
        (folder / "strategies" / f"strategy_{i}.yaml").write_text(text, encoding="utf-8")


def seconds(*words: str) -> float:
    begin = time.perf_counter()
    done = subprocess.run([*CLI, *words], capture_output=True, text=True, check=False)
    took = time.perf_counter() - begin
    if done.returncode != 0:
        raise SystemExit(done.stdout + done.stderr)
    return took


def told(what: str, took: list[float]) -> None:
    print(f"{what:38} best {min(took):6.3f} s   median {statistics.median(took):6.3f} s")


def main() -> None:
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        make(folder, "--library" in sys.argv)
        words = ("validate", "--workspace", place)
        print(f"{CHANNELS} channels, {RULES} rule files, {STRATEGIES} strategies")
        told("first run, everything is checked", [seconds(*words)])
        told("nothing has changed", [seconds(*words) for _ in range(10)])
        edited = []
        for i in range(10):
            path = folder / "channels" / "channel_7.channel"
            path.write_text(path.read_text(encoding="utf-8") + f"# {i}\n", encoding="utf-8")
            edited.append(seconds(*words))
        told("one profile was edited", edited)
        told("cli.py --help", [seconds("--help") for _ in range(10)])


if __name__ == "__main__":
    main()

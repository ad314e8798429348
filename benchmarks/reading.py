"""How fast messages are read: ``python -m benchmarks.reading``, from the folder of the program.

1. 20,000 messages (30% calls in seven layouts, 10% calls with a line missing, 60% chat) against a profile of the seven
   layouts, on one core; the best of several rounds in processor time, and the median. The same messages against
   ``library/common``, which reads by labels and phrases in all its languages and notations, and how long that loads.
2. For both profiles the slowest of 5,000 hostile texts of 4,000 characters, made of the profile's own words, lines and
   numbers; each text is read up to three times and its quickest reading counts.

Everything is made from a seed. The figures are those of the machine at hand: compare them within one run.
"""

from __future__ import annotations

import gc
import random
import re
import statistics
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from engine.channel import Profile, load_profile, read
from engine.config.text import SourceText

MESSAGES = 20_000
HOSTILE = 5_000
HOSTILE_LENGTH = 4_000
ROUNDS = 7
CHANNELS = Path("channels")
COMMON = "library/common"
SEED = 7

LAYOUTS = (
    "{side: BUY} {symbol: #BTC} @ {entry: 64800}, TP {target: 65300}, SL {stop: 64300}",
    "{symbol: BTC/USDT} {side: Long}\nEntry: {entry: 64500 - 64800}\n"
    "TP1: {target: 65300}\nTP2: {target: 65800}\nSL: {stop: 64000}",
    "Pair: {symbol: BTC/USDT}\nDirection: {side: Long}\n{? Leverage: {leverage: 10x} }\nZone: {entry: 64500 - 64800}\n"
    "Goals: {target: 65300} - {target: 65800}\nExit: {stop: 64000}",
    "Signal {any: 12}\n{symbol: $BTC} {side: LONG}\nEntry Targets:\n1) {entry: 64800}\n2) {entry: 64500}\n"
    "Take-Profit Targets:\n1) {target: 65300}\n2) {target: 65800}\nStop Targets:\n1) {stop: 64000}",
    "{side: Long} {symbol: BTC} from {entry: 64800} up for {target: 65300}, out below {stop: 64000}",
    "Swing: {symbol: BTC} {side: long}\nBuy at {entry: 64800}\nTake {target: 65300}\nRisk to {stop: 64000}",
    "{symbol: BTCUSDT}\n{side: LONG} now at {entry market: 64800}\nTarget {target: 65300}\nStop {stop: 64000}",
)
CHAT = ("gm everyone", "BTC looks strong today, be patient", "who is in the room?", "65k soon, I think", "nice 🔥🔥",
        "Good morning!\nThe market is quiet, we wait for the news at 14:30.", "thanks admin, +4% today",
        "read the rules: 2% of your account at most", "https://example.com/chart/123456", "lol")  # fmt: skip


def profile_text(name: str, layouts: Sequence[str]) -> str:
    """A profile of some layouts."""
    text = f'channel "{name}"\nsource: export {name}\nnumbers: 1234.56\n\ndefaults\nquote: USDT\n\n'
    return text + "".join(f'signal "layout {n}"\n<<<\n{layout}\n>>>\n\n' for n, layout in enumerate(layouts, 1))


def bench_profile() -> Profile:
    """The profile of the seven layouts."""
    profile, found = load_profile(SourceText("bench", profile_text("bench", LAYOUTS)), "bench")
    if profile is None:
        raise SystemExit("\n".join(f"{one.line}: {one.message}" for one in found))
    return profile


def call(dice: random.Random) -> str:
    """A call in one of the layouts, with values of its own."""
    price = dice.uniform(0.1, 900)
    sign = dice.choice((1, -1))
    sample = re.sub(r"\{\? (.*?\}) \}", lambda m: m[1] if dice.random() < 0.5 else "", dice.choice(LAYOUTS))
    levels = iter(f"{price * (1 + sign * step):.4f}" for step in (0.02, 0.04, 0.06))
    entries = iter(f"{price * (1 - sign * step):.4f}" for step in (0.0, 0.005))

    def value(mark: re.Match[str]) -> str:
        field, written = mark[1], mark[2]
        made = {
            "side": lambda: "long" if sign > 0 else "short",
            "symbol": lambda: written.replace("BTC", dice.choice(("SOL", "ARB", "INJ", "LTC"))),
            "entry market": lambda: f"{price:.4f}",
            "entry": lambda: " - ".join(next(entries) for _ in written.split(" - ")),
            "target": lambda: next(levels),
            "stop": lambda: f"{price * (1 - sign * 0.03):.4f}",
        }
        return made[field]() if field in made else written

    return re.sub(r"\{([a-z ]+): ([^}]*)\}", value, sample)


def mixed(dice: random.Random, count: int) -> list[str]:
    """The mixture of a channel."""
    made = []
    for _ in range(count):
        kind = dice.random()
        if kind < 0.3:
            made.append(call(dice))
        elif kind < 0.4:
            lines = call(dice).split("\n")
            if len(lines) > 1:
                del lines[dice.randrange(len(lines))]
            made.append("\n".join(lines) if len(lines) > 1 else lines[0].rsplit(",", 1)[0])
        else:
            made.append(dice.choice(CHAT))
    return made


def library(name: str) -> SourceText | None:
    """The text of a profile that comes with the program."""
    path = CHANNELS / f"{name}.channel"
    return SourceText(str(path), path.read_text(encoding="utf-8")) if path.is_file() else None


def common_profile() -> Profile:
    """The profile that joins all the layouts, forms and phrases of the library."""
    source = library(COMMON)
    assert source is not None
    profile, found = load_profile(source, COMMON, library)
    if profile is None:
        raise SystemExit("\n".join(f"{one.path}:{one.line}: {one.message}" for one in found))
    return profile


def fragments(profile: Profile) -> list[str]:
    """The words, numbers and half lines of a profile's samples, the words of its forms, and what never matters."""
    samples = [layout.sample.text for layout in profile.layouts]
    pieces = [word for sample in samples for word in re.findall(r"\S+\s*", sample)]
    pieces += [line[: len(line) // 2 + 1] for sample in samples for line in sample.split("\n")]
    pieces += [phrase.shown + " " for phrase in (*profile.never, *profile.ignore)]
    pieces += [word + " " for form in profile.forms for words in form.groups.values() for word in words]
    return [
        *pieces,
        "9",
        "9.9",
        "9,999",
        "9 000 ",
        " ",
        "\n",
        "- ",
        "1) ",
        "%",
        "x",
        "(",
        "\u200b",
        "①",
        "🔥",
        "t.me/x ",
    ]


def hostile(dice: random.Random, pieces: Sequence[str]) -> str:
    """A text of pieces, repeated until it is long enough."""
    unit = "".join(dice.choices(pieces, k=dice.randint(1, 5)))
    head = "".join(dice.choices(pieces, k=dice.randint(0, 5)))
    return (head + unit * HOSTILE_LENGTH)[:HOSTILE_LENGTH]


def seconds(work: Callable[[], object]) -> float:
    """Processor time of one run."""
    gc.collect()
    gc.disable()
    start = time.process_time()
    work()
    took = time.process_time() - start
    gc.enable()
    return took


def main() -> None:
    """Print the figures."""
    start = time.process_time()
    common = common_profile()
    print(f"{COMMON} loads in {time.process_time() - start:.2f} s")
    texts = mixed(random.Random(SEED), MESSAGES)
    for name, profile in (("seven layouts", bench_profile()), (COMMON, common)):
        calls = sum(bool(read(profile, text).setups) for text in texts)
        rounds = [seconds(lambda p=profile: [read(p, text) for text in texts]) for _ in range(ROUNDS)]  # type: ignore[misc]
        best, middle = min(rounds), statistics.median(rounds)
        print(
            f"{name}: {MESSAGES:,} messages, {calls:,} read as calls: "
            f"{MESSAGES / best:,.0f}/s best, {MESSAGES / middle:,.0f}/s median"
        )
        dice, pieces = random.Random(SEED), fragments(profile)
        slowest = max(seconds_of_one(profile, hostile(dice, pieces)) for _ in range(HOSTILE))
        print(f"{name}: slowest of {HOSTILE:,} hostile texts of {HOSTILE_LENGTH:,} characters: {slowest * 1000:.1f} ms")


def seconds_of_one(profile: Profile, text: str) -> float:
    """Processor time of one reading, the least of up to three."""
    best = float("inf")
    for _ in range(3):
        start = time.process_time()
        read(profile, text)
        best = min(best, time.process_time() - start)
        if best < 0.002:
            break
    return best


if __name__ == "__main__":
    main()

"""Reading is linear in the length of a message, whatever a stranger posts.

Hostile texts are made of each shipped profile's own fragments: cut short, repeated, spoilt at the end. Twice the
length may take about twice the time; a quadratic step would take four times, a backtracking one for ever.
"""

from __future__ import annotations

import gc
import random
import re
import time
from itertools import product
from pathlib import Path

import pytest

from engine.channel import Profile, load_profile, read
from engine.channel.layout.pattern import Found, walk
from engine.channel.text.fold import fold
from engine.config.text import SourceText
from tests.channel.helpers import ROOT, load, shipped

SHIPPED = sorted((ROOT / "channels").rglob("*.channel"))
COMMON = ["9", "9.9", "9,999", " ", "  ", "\n", "1) ", "a", "-", "%", "x", "(", "\u200b", "①", "🔥", "t.me/x "]


def fragments(loaded: Profile) -> list[str]:
    """The words, numbers and half lines of a profile's samples, and its phrases."""
    samples = [layout.sample.text for layout in loaded.layouts]
    words = [word for sample in samples for word in re.findall(r"\S+\s*", sample)]
    halves = [line[: len(line) // 2 + 1] for sample in samples for line in sample.splitlines()]
    phrases = [phrase.shown for phrase in (*loaded.never, *loaded.ignore)]
    labels = [word + " " for form in loaded.forms for words in form.groups.values() for word in words]
    return [*words, *halves, *phrases, *labels, *COMMON]


def test_a_message_of_very_many_lines_is_not_even_tried() -> None:
    loaded, _ = load_profile(SourceText(SHIPPED[0].name, SHIPPED[0].read_text(encoding="utf-8")), SHIPPED[0].stem)
    assert loaded is not None
    refusal = read(loaded, "9\n" * 301).refusal
    assert refusal is not None
    assert (refusal.code, refusal.text) == ("too-long", "more than 300 lines")


def hostile(pieces: list[str], dice: random.Random) -> tuple[str, str, str]:
    """A head, a unit to repeat and an end that spoils the match."""
    unit = "".join(dice.choices(pieces, k=dice.randint(1, 4)))
    return "".join(dice.choices(pieces, k=dice.randint(0, 4))), unit, dice.choice(["!", "9", "\n", "x", "(", "%"])


def seconds(loaded: Profile, message: str, tries: int = 3) -> float:
    """Processor time of one reading, the least of several: what other programs do meanwhile does not count."""
    best = float("inf")
    gc.disable()
    for _ in range(tries):
        start = time.process_time()
        read(loaded, message)
        best = min(best, time.process_time() - start)
    gc.enable()
    return best


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_a_line_goes_on_behind_its_head_as_if_it_were_walked_whole(path: Path) -> None:
    loaded, _ = load_profile(SourceText(path.name, path.read_text(encoding="utf-8")), path.stem, shipped)
    assert loaded is not None
    dice = random.Random(7)
    pieces = [piece for piece in fragments(loaded) if "\n" not in piece]
    ends = 0
    for layout in loaded.layouts:
        said = fold(layout.sample.text).text.splitlines()
        noise = [fold("".join(dice.choices(pieces, k=4))).text for _ in range(20)]
        for line, text in product(layout.lines, [*said, *(one + dice.choice(pieces) for one in said), *noise]):
            found: list[Found] = []
            again: list[Found] = []
            whole = walk(line.links, text, 0, len(text), found)
            head = line.head.match(text)
            if head is None:
                assert whole[2] is not None, (line.beginning, text)
            else:
                assert line.walk(head, text, len(text), again) == whole
                assert again == found
                ends += whole[2] is None
    assert ends >= len(loaded.layouts)


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_eight_times_the_text_takes_about_eight_times_as_long(path) -> None:
    loaded, _ = load_profile(SourceText(path.name, path.read_text(encoding="utf-8")), path.stem, shipped)
    assert loaded is not None
    dice = random.Random(7)
    pieces = fragments(loaded)
    for _ in range(60 if not loaded.forms else 30):
        grows_in_proportion(loaded, *hostile(pieces, dice))


@pytest.mark.parametrize(
    ("head", "unit"),
    [
        ("", "- "), ("", "."), ("", "kademehatir"), ("", "8 unter "), ("BTC ", "5 "), ("tp 5 sl 4 ", "#a "),
        ("tp 5 sl 4 ", "coin: a "), ("BTC long stop 4h close ", "if "), ("BTC long entry 5 sl 4 tp ", "6 5% "),
        ("BTC\nlong 5\nsl 4\ntp 6\n", "1 000 "), ("BTC long 5 sl 4 tp 6 ", "closes "), ("", "BTC\n5\n"),
        ("BTC long tp 5 sl 4 ", "at "), ("close ", "half "), ("", "⛔ "),
        ("move stop BTC ", "①"), ("sl to ", "be "), ("✅ ", "✅ "), ("", "("), ("", "> "),
    ],
)  # fmt: skip
def test_what_would_tempt_the_common_layouts_to_look_back(head: str, unit: str) -> None:
    grows_in_proportion(load("library/common"), head, unit, "!")


def grows_in_proportion(loaded: Profile, head: str, unit: str, end: str) -> None:
    """Read a short and a long text of one kind, and compare the times."""
    short, long = (head + unit * (size // len(unit)) + end for size in (500, 4000))  # whole units: read alike
    limit = 32 * max(seconds(loaded, short), 100e-6)  # 8 in theory, 64 if quadratic
    took = seconds(loaded, long)
    if took >= limit:  # a busy machine? look again, longer
        took = seconds(loaded, long, 15)
    assert took < limit, (head, unit, end)

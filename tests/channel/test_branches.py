"""The tree of a profile's phrases finds what trying each phrase by itself finds, at every place of a text."""

from __future__ import annotations

import random

import pytest

from engine.channel.layout.pattern import walk
from engine.channel.text.fold import fold
from engine.channel.updates.branches import End, Phrase, branches_of, ends_along
from tests.channel.helpers import load


def one_by_one(phrases: list[tuple[int, Phrase]], text: str, at: int) -> list[tuple[int, int]]:
    """How far each phrase takes a text from an offset, and its place: for those that fit."""
    reached = [(walk(line.links, text, at, len(text), []), place) for place, (_, line) in phrases]
    return [(behind, place) for (behind, _, failed), place in reached if failed is None]


@pytest.mark.parametrize("name", ["library/common", "library/updates"])
def test_a_tree_of_phrases_finds_what_each_phrase_finds(name: str) -> None:
    layouts = [layout for layout in load(name).layouts if layout.phrases]
    phrases = [*enumerate((layout, line) for layout in layouts for line in layout.lines)]
    branches = branches_of(phrases)
    samples = [line for layout in layouts for line in layout.sample.text.splitlines()]
    words = [word for sample in samples for word in sample.split()]
    dice = random.Random(7)
    met = 0
    for _ in range(40):
        said = [dice.choice(samples), *dice.choices(words, k=3)]
        dice.shuffle(said)
        text = fold(" ".join(said)).text
        for at in range(len(text) + 1):
            found: list[End] = []
            ends_along(branches, text, at, len(text), found)
            assert sorted((behind, place) for behind, place, _ in found) == sorted(one_by_one(phrases, text, at)), text
            met += len(found)
    assert len(branches) < len(phrases)  # some begin alike
    assert met > 100

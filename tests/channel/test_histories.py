"""A profile of five layouts in turn, and a draft made by the program, on the history of a real channel.

The history stands outside the project; without it these tests are skipped. What a new signal is, is settled by
patterns, one for each generation of the channel's layout; some posts that match are talk or results, which counts
against the profile. No reading may hold a word for a result.
"""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from engine.channel import Profile, load_profile, read
from engine.channel.suggest.draft import HistoryPost, draft_profile
from engine.config.text import SourceText
from tests.channel.helpers import ROOT
from tests.conftest import Run

HISTORY = ROOT.parent / "shared" / "history" / "ninjas_undated.jsonl"
PROFILE = Path(__file__).parent / "styles" / "five_layouts.channel"
GENERATIONS = {
    "alert": r"New Signal Alert[\s\S]*\bSL\b",
    "setup": r"(?i)\b(long|short) setup[\s\S]*\bSL\b",
    "numbered": r"(?i)SIGNAL ID ?: ?#",
    "sentence": r"(?im)^\W*(?:buy|long|short) \w+ .*entry [\d.]+[\s\S]*^\W*SL\b",
    "order": r"(?i)\b(LONG|SHORT) ORDER\b[\s\S]*\bSL\b",
    "bullets": r"\b(LONG|SHORT)\b[^\n]*\$\w+[\s\S]*\b(SL|Sl)\b",
}
RESULT = re.compile(r"(?i)\d[^\w\n]*✅|\bhit\b|\+ ?\d+(?:[.,]\d+)? ?[%R]|move sl|closed? \d+%")
needs_history = pytest.mark.skipif(not HISTORY.is_file(), reason="the history of the real channel is not here")


def posts() -> list[HistoryPost]:
    records = map(json.loads, HISTORY.read_text(encoding="utf-8").splitlines())
    return [HistoryPost(str(record["id"]), record["text"]) for record in records]


def loaded(text: str) -> Profile:
    profile, found = load_profile(SourceText("five.channel", text), "five")
    assert profile is not None, found
    return profile


def read_by(profile: Profile, history: list[HistoryPost]) -> list[HistoryPost]:
    return [post for post in history if read(profile, post.text).setups]


def test_the_profile_of_five_layouts_passes_its_own_tests() -> None:
    assert len(loaded(PROFILE.read_text(encoding="utf-8")).layouts) >= 5


@needs_history
def test_five_layouts_read_most_new_signals_and_no_result() -> None:
    history = posts()
    got = read_by(loaded(PROFILE.read_text(encoding="utf-8")), history)
    new = [post for post in history if any(re.search(pattern, post.text) for pattern in GENERATIONS.values())]
    ids = {post.id for post in got}
    for pattern in GENERATIONS.values():
        assert any(post.id in ids for post in history if re.search(pattern, post.text)), pattern
    assert len(new) > 800
    assert sum(post.id in ids for post in new) >= 0.9 * len(new)
    assert [post.text for post in got if RESULT.search(post.text.split("Disclaimer")[0])] == []


@needs_history
def test_coverage_names_the_calls_that_were_not_read(workspace: Path, run: Run) -> None:
    (workspace / "channels" / "five.channel").write_bytes(PROFILE.read_bytes())
    found = json.loads(run("channel", "coverage", "five", HISTORY, "--format", "json").stdout)
    listed = {identity for group in found["look_alikes"] for identity in group["ids"]}
    ids = {post.id for post in read_by(loaded(PROFILE.read_text(encoding="utf-8")), posts())}
    new = {post.id for post in posts() if any(re.search(pattern, post.text) for pattern in GENERATIONS.values())}
    assert len((new - ids) & listed) >= 0.8 * len(new - ids)
    assert all(group["looks_like_a_call"] for group in found["look_alikes"][:20])


@needs_history
def test_a_draft_reads_at_least_half_of_what_the_written_profile_reads() -> None:
    history = posts()
    draft = draft_profile("five", history)
    got = read_by(loaded(draft.text), history)
    written = {post.id for post in read_by(loaded(PROFILE.read_text(encoding="utf-8")), history)}
    assert len(got) == draft.read
    assert sum(post.id in written for post in got) >= 0.5 * len(written)
    assert [post.text for post in got if RESULT.search(post.text.split("Disclaimer")[0])] == []

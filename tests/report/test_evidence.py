"""The file of what stands behind calls comes back as it was, whatever characters a message has."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from engine.report.evidence import (
    Chart,
    Evidence,
    Move,
    Version,
    packed_evidence,
    packed_moves,
    read_evidence,
    write_evidence,
)
from engine.report.packing import packed_stories
from engine.report.tables import UnreadableRunError


@pytest.mark.parametrize("text", ["BUY BTCUSDT", "İş \N{ROCKET}\n\x00\u2028", "half a rocket \ud83d"])
def test_what_is_written_is_read(tmp_path: Path, text: str) -> None:
    found = [
        Evidence(
            "vip/1",
            (Version(1_700_000_000_000, "post", text, (("side", 0, 3),)),),
            (Move(1_700_000_060_000, 1e-07, 1 / 3, "entry"),),
            Chart(1_700_000_000_000, 60_000, ((0, 1e-07, 2.5e22, 1e-07, 0.1),)),
        ),
        Evidence("vip/2"),
    ]
    data = packed_evidence(found)
    assert data == packed_evidence(found), "the same evidence gives the same bytes"
    write_evidence(tmp_path / "evidence.jsonl.gz", data)
    assert read_evidence(tmp_path / "evidence.jsonl.gz") == found


def test_what_the_account_did_stands_instead_of_what_its_call_did(tmp_path: Path) -> None:
    """A rule ended one of three trades: in the file and in the page its moves are the account's, and nothing else."""
    chart = Chart(1_700_000_000_000, 60_000, ((0, 1.0, 2.0, 1.0, 1.5),))
    calls = [
        Evidence(
            f"vip/{number}",
            (Version(1_700_000_000_000, "post", "İş BUY \ud83d", ()),),
            (Move(1_700_000_060_000, 1.0, 1.0, "entry"), Move(1_700_000_120_000, 2.0, 1.0, "target 1")),
            chart if number < 3 else None,
        )
        for number in (1, 2, 3)
    ]
    ended = {1: replace(calls[1], versions=(), moves=(calls[1].moves[0], Move(1_700_000_090_000, 1.2, 1.0, "rule")))}
    told = [calls[0], replace(calls[1], moves=ended[1].moves), calls[2]]
    path = tmp_path / "evidence.jsonl.gz"
    write_evidence(path, packed_evidence(calls) + packed_moves(ended.values()))
    assert read_evidence(path) == told
    zone = "Europe/Sofia"
    assert packed_stories(calls, zone).with_moves(ended, zone) == packed_stories(told, zone)
    write_evidence(path, packed_moves(ended.values()))
    with pytest.raises(UnreadableRunError, match="cannot be used"):
        read_evidence(path)

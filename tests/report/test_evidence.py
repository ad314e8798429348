"""The file of what stands behind calls comes back as it was, whatever characters a message has."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.report.evidence import Chart, Evidence, Move, Version, packed_evidence, read_evidence, write_evidence


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

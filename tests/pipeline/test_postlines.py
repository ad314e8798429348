"""The message in the story of a call: its versions, and those of them that are not followed."""

from __future__ import annotations

from engine.domain import Message
from engine.pipeline.postlines import post_lines
from engine.pipeline.workspace import Workspace
from tests.conftest import ROOT

CALL = "📈 BUY BTCUSDT @ 64800, TP 65300 / 65800, SL 64300"


def test_a_version_that_is_not_followed_says_why_and_what_to_do() -> None:
    texts = [CALL, CALL.replace("64300", "64900"), CALL.replace("BTC", "ETH"), "CANCELLED, sorry"]
    versions = [Message("demo_keel", 1, 7, n + 1, "edit" if n else "post", 60_000, n * 60_000 + 60_000 if n else None,
                        0, text) for n, text in enumerate(texts)]  # fmt: skip
    told = "\n".join(post_lines(Workspace(ROOT), "demo_keel", versions, None, "UTC"))
    after = told[told.index("edited") :].strip().splitlines()
    assert after[0].endswith(", SL 64900"), "this one moves the stop"
    assert after[1].startswith("edited 1970-01-01 00:03:00: 📈 BUY ETHUSDT")
    assert after[2] == "  not followed, another coin: the call is on BTCUSDT, this version on ETHUSDT"
    assert after[3].startswith("  hint: the call stays as it was called")
    assert after[4].endswith(": CANCELLED, sorry")
    assert after[5].startswith("  not followed, read as nothing: ")
    assert after[6].startswith("  hint: where it ends or changes the call, add an update layout")
    assert len(after) == 7

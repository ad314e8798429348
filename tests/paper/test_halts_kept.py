"""What the ledger says of an account is what the account knows, at every moment at which it may be killed."""

from __future__ import annotations

import json
from pathlib import Path

from engine.paper.codec import books_data
from tests.paper.livestage import LiveStage

RULES = """rules:
  - name: a-bad-run
    when: {drawdown over: 0.1%}
    then: {halt: 2m}
"""


def written(stage: LiveStage) -> dict:
    """The account as a start would find it."""
    return stage.events("account")[-1].data["books"]


def test_a_pause_that_follows_on_another_is_written(tmp_path: Path) -> None:
    """The second pause begins as the first is over, so there is one as before; a start has to know the new one."""
    more = {"size: {fixed: 1000 USDT}": "size: {fixed: 10000 USDT}", "repeat: ignore": "repeat: add"}
    stage = LiveStage(tmp_path, strategy=more, rules=RULES)
    stage.post(0.5, "BUY BTCUSDT NOW @ 64800, TP 65000, SL 64500")
    stage.candle(0, 64800, 64810, 64790, 64800)
    stage.candle(1, 64800, 64810, 64400, 64400)
    pauses = set()
    for minute in range(2, 14):
        stage.post(minute * 60 + 6, "BUY BTCUSDT NOW @ 64400, TP 64600, SL 64200")
        stage.candle(minute, 64400, 64410, 64390, 64400)
        known = json.loads(json.dumps(books_data(stage.desk.books.books)))
        assert written(stage)["halts"] == known["halts"], f"minute {minute}"
        assert written(stage)["open"] == known["open"]
        pauses |= {halt["until_ms"] for halt in known["halts"]}
    assert len(pauses) == len(stage.events("alarm")) >= 4, "pauses followed on one another"

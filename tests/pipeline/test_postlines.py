"""The message in the story of a call: its versions, and those of them that are not followed."""

from __future__ import annotations

import pytest

from engine.domain import Change, Fill, Leg, Message, Order, Path, PathStatus
from engine.domain import ExitReason as Out
from engine.pipeline.postlines import change_words, post_lines, standing_at
from engine.pipeline.workspace import Workspace
from tests.conftest import ROOT
from tests.simulate.world import plan

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


HALF, WHOLE = (Fill(60_000, 100.0, 0.5, True),), (Fill(60_000, 100.0, 1.0, True),)
TAKEN = (Leg(120_000, 110.0, 0.5, Out.TARGET, True, 1),)


@pytest.mark.parametrize(
    ("change", "fills", "legs", "words"),
    [
        (Change(180_000, "close", share=0.5), (), (), "closes 50% of it (nothing was filled, so nothing closes)"),
        (Change(180_000, "close", share=0.5), HALF, (), "closes 50% of it"),
        (Change(60_000, "close"), WHOLE, (), "takes its orders away (nothing was filled)"),
        (Change(60_001, "close"), WHOLE, (), "closes it"),
        (Change(180_000, "cancel"), WHOLE, (), "takes its orders away (none was resting)"),
        (Change(180_000, "cancel", order=2), HALF, (), "takes its order 2 away"),
        (Change(180_000, "orders", orders=(Order("limit", 99.0, 1.0),)), WHOLE, (),
         "changes the entries to 99 (all of it was filled)"),
        (Change(180_000, "orders", orders=(Order("limit", 99.0, 1.0),)), (), (), "changes the entries to 99"),
        (Change(180_000, "stop", stop=98.0, unfilled=True), (), (), "moves the stop to 98"),
        (Change(180_000, "stop", stop=98.0, unfilled=True), HALF, (),
         "leaves the stop as the trade has it, for it was in"),
        (Change(180_000, "targets", targets=((102.0, 1.0),), unfilled=True), WHOLE, (),
         "leaves the targets as the trade has them, for it was in"),
        (Change(180_000, "stop", stop="breakeven"), (), (),
         "moves the stop to breakeven (nothing was filled, so it stays)"),
        (Change(180_000, "targets", targets=((110.0, 1.0),)), WHOLE, TAKEN,
         "changes the targets to 110 (none of them was ahead, so those that are stay)"),
        (Change(120_000, "targets", targets=((110.0, 1.0),)), WHOLE, TAKEN, "changes the targets to 110"),
        (Change(180_000, "targets", targets=((110.0, 0.5), (115.0, 0.5))), WHOLE, TAKEN,
         "changes the targets to 110 / 115, as far as they are ahead"),
    ],
)  # fmt: skip
def test_the_words_of_a_change_tell_what_the_trade_had_no_use_for(
    change: Change, fills: tuple[Fill, ...], legs: tuple[Leg, ...], words: str
) -> None:
    made = plan("long 100, stop 95, targets 110 120")
    path = Path(made, PathStatus.OPEN, fills, legs, False)
    assert change_words(change, standing_at(change, made, path, retargeted=False)) == words


def test_where_the_record_is_not_there_yet_the_words_leave_it_open() -> None:
    change = Change(180_000, "stop", stop=98.0, unfilled=True)
    assert change_words(change) == "moves the stop to 98, unless the trade was in before"

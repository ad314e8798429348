"""The line of candles: in order, each once, whole ones from the socket, the rest from history."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from engine.market.candleline import CandleLine, Row
from engine.market.ranges import Range


def row(ts: int, state: int = 3) -> Row:
    """A state of the candle at a minute; 3 is its last."""
    return (ts, 1.0, 1.0 + state, 1.0, 1.0 + state, float(state))


def test_a_candle_watched_from_its_beginning_comes_from_the_socket() -> None:
    line = CandleLine(10, 0)
    for news in (row(0, 2), row(10, 0), row(10, 3), row(20, 0)):
        line.push(news)
    assert line.take() == [], "the first one was not watched from its beginning, and it comes first"
    assert line.due(25, 1) == Range(0, 10)
    assert line.fill(Range(0, 10), [row(0)]) == [row(0)]
    assert line.take() == [row(10, 3)]


def test_after_a_break_the_candle_comes_from_history() -> None:
    line = CandleLine(10, 0)
    line.push(row(-10))
    line.push(row(0, 1))
    line.break_()
    line.push(row(10, 1))
    line.push(row(20, 0))
    assert line.take() == []
    assert line.due(22, 1) == Range(0, 20)
    assert line.fill(Range(0, 20), [row(0), row(10)]) == [row(0), row(10)]


def test_old_news_is_counted_and_dropped() -> None:
    line = CandleLine(10, 100)
    for news in (row(90), row(100), row(110), row(90), row(100)):
        line.push(news)
    assert line.stale == 3
    assert line.take() == []


def test_a_candle_that_the_exchange_does_not_have_is_waited_for_and_then_skipped() -> None:
    line = CandleLine(10, 0)
    assert line.fill(Range(0, 30), [row(0), row(20)]) == [row(0)]
    assert line.due(31, 1) == Range(10, 30)
    for _ in range(2):
        assert line.fill(Range(10, 30), [row(20)], 1_000) == [], "an answer may be cut"
    assert line.fill(Range(10, 30), [row(20)], 1_000) == [row(20)]
    assert line.next_ms == 30


def test_an_answer_without_any_known_candle_says_nothing_about_one_that_is_missing() -> None:
    line = CandleLine(10, 0)
    assert line.fill(Range(0, 10), [row(0)]) == [row(0)]
    for _ in range(9):
        assert line.fill(Range(10, 20), [], 1_000) == []
    assert line.next_ms == 10
    for _ in range(3):
        line.fill(Range(10, 20), [row(0)], 1_000)
    assert line.next_ms == 20, "the exchange knows the candle before, and has no other"


@given(st.lists(st.sampled_from(["state", "minute", "break", "ask", "early", "stale"]), max_size=80))
def test_whatever_happens_each_candle_comes_once_whole_and_in_order(happenings: list[str]) -> None:
    """An exchange that pushes every state while connected; ``break`` loses the states until the next push."""
    line, now, state, out = CandleLine(10, 0), 0, 0, []
    connected_push = True
    for what in happenings:
        if what == "state":
            state = min(state + 1, 3)
            line.push(row(now, state))
        elif what == "minute":
            if connected_push:
                line.push(row(now, 3))
            now, state = now + 10, 0
            line.push(row(now, 0))
            connected_push = True
        elif what == "break":
            line.break_()
            connected_push = False
        elif what == "stale":
            line.push(row(now - 20, 1))
        else:  # early: the minute is over, the history knows it, and the socket has not said so yet
            due = line.due(now + (11 if what == "early" else 1), 1)
            if due is not None:
                out += line.fill(due, [row(ts) for ts in range(due.start_ms, due.end_ms, 10)])
        out += line.take()
    while (due := line.due(now + 1, 1)) is not None:
        out += line.fill(due, [row(ts) for ts in range(due.start_ms, due.end_ms, 10)]) + line.take()
    assert out == [row(ts) for ts in range(0, now + 10 * ("early" in happenings), 10)][: len(out)]
    assert len(out) >= now // 10

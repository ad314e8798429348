"""When a channel is judged again, and which verdict stands at a moment."""

from __future__ import annotations

import numpy as np
import pytest

from engine.domain import NOTHING_KNOWN, Opinion
from engine.verdict.asof import Course, moments


@pytest.mark.parametrize(
    ("closed", "judged_after"),
    [
        (0, []),
        (9, []),
        (10, [10]),
        (134, [10, 20, 30, 40, 50, 60, 70, 80, 90, 100, 110, 121, 134]),
    ],
)
def test_a_channel_is_judged_again_when_a_tenth_more_have_closed(closed, judged_after) -> None:
    ends = np.random.default_rng(1).permutation(np.arange(1, closed + 1) * 1000)
    assert moments(ends).tolist() == [1000 * number for number in judged_after]


def test_thousands_of_calls_are_judged_some_dozens_of_times() -> None:
    assert len(moments(np.arange(5000))) < 60


def test_calls_that_close_together_are_seen_together() -> None:
    assert moments(np.array([5] * 30)).tolist() == [5]


def test_the_verdict_stands_from_its_moment_to_the_next() -> None:
    poor, good = Opinion("NOT ENOUGH DATA", 10), Opinion("FOLLOW", 300)
    course = Course(np.array([1000, 2000]), [poor, good], 21)
    assert course.at(np.array([999, 1000, 1999, 2000, 9999])) == [NOTHING_KNOWN, poor, poor, good, good]
    assert Course(np.array([], np.int64), [], 0).at(np.array([5])) == [NOTHING_KNOWN]

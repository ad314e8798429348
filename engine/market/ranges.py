"""Sets of time as half-open ranges: what was asked for, what is there, what is missing."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np

from engine.market.candles import Ints


class Range(NamedTuple):
    """``[start_ms, end_ms)``, UTC epoch milliseconds."""

    start_ms: int
    end_ms: int

    @property
    def length_ms(self) -> int:
        """How long it is."""
        return self.end_ms - self.start_ms


Ranges = tuple[Range, ...]
"""Sorted, not touching each other, none empty."""


def merged(ranges: Iterable[Range]) -> Ranges:
    """The union."""
    found: list[Range] = []
    for one in sorted(r for r in ranges if r.end_ms > r.start_ms):
        if found and one.start_ms <= found[-1].end_ms:
            found[-1] = Range(found[-1].start_ms, max(found[-1].end_ms, one.end_ms))
        else:
            found.append(one)
    return tuple(found)


def without(ranges: Iterable[Range], taken: Iterable[Range]) -> Ranges:
    """What is in ``ranges`` and not in ``taken``."""
    found: list[Range] = []
    cuts = merged(taken)
    for one in merged(ranges):
        start = one.start_ms
        for cut in cuts:
            if cut.end_ms <= start or cut.start_ms >= one.end_ms:
                continue
            if cut.start_ms > start:
                found.append(Range(start, cut.start_ms))
            start = max(start, cut.end_ms)
        if start < one.end_ms:
            found.append(Range(start, one.end_ms))
    return tuple(found)


def common(ranges: Iterable[Range], others: Iterable[Range]) -> Ranges:
    """What is in both."""
    ours = merged(ranges)
    return without(ours, without(ours, others))


def runs(ts: Ints, step_ms: int) -> Ranges:
    """The stretches that candles cover without a hole."""
    if not len(ts):
        return ()
    breaks = np.flatnonzero(np.diff(ts) != step_ms)
    starts = ts[np.concatenate([[0], breaks + 1])]
    ends = ts[np.concatenate([breaks, [len(ts) - 1]])] + step_ms
    return tuple(Range(int(start), int(end)) for start, end in zip(starts, ends, strict=True))


def total_ms(ranges: Iterable[Range]) -> int:
    """How much time they hold together."""
    return sum(one.length_ms for one in ranges)

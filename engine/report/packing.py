"""Packing for one file: gzip and base64, and the candles of thousands of calls in a few bytes each."""

from __future__ import annotations

import base64
import gzip
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import chain
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np

from engine.report.evidence import Chart, Evidence, Version
from engine.units import show_time

STEPS = 1023  # a chart's prices are told apart in this many steps: finer than its pixels
PACKED = 5  # how hard gzip tries: a report is hardly smaller with more, and takes twice the time
PACKED_CANDLES = 2  # they are a hundredth smaller with 5, in twice the time
LONGEST_MESSAGE = 1_500
SHOWN_VERSIONS = 5
_CONTROL = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")


def packed(data: bytes, level: int = PACKED) -> str:
    """Bytes as gzip in base64; the same bytes give the same text."""
    return base64.b64encode(gzip.compress(data, level, mtime=0)).decode()


@dataclass(frozen=True, slots=True)
class Stories:
    """What the page shows of each call, packed: see ``story_data``."""

    stories: str
    candles: str

    def with_moves(self, others: Mapping[int, Evidence], zone: str) -> Stories:
        """The same with the moves of some calls, by their places, instead of those there."""
        stories = json.loads(gzip.decompress(base64.b64decode(self.stories)))
        for place, (_, moves, _) in zip(others, story_data([*others.values()], zone)[0], strict=True):
            stories[place][1] = moves
        return replace(self, stories=_packed_stories(stories))


def packed_stories(evidence: Sequence[Evidence | None], zone: str) -> Stories:
    """The stories of calls, in the order of the page's rows."""
    stories, candles = story_data(evidence, zone)
    return Stories(_packed_stories(stories), packed(candles, PACKED_CANDLES))


def _packed_stories(stories: list[Any]) -> str:
    return packed(json.dumps(stories, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace"))


def story_data(evidence: Sequence[Evidence | None], zone: str) -> tuple[list[Any], bytes]:
    """What the page shows of each call: versions and moves as JSON values, and all candles as little-endian uint16.

    A call is [versions, moves, chart]: a version [when, kind, text, [[field, start, end], ...]], a move [ms, price,
    share, what], a chart [start in ms of the zone's clock, step in ms, candles, lowest price, highest price] or null. A
    candle is five numbers: its place in steps, then open, high, low and close between lowest (0) and highest (1023).
    """
    charts = [one.chart for one in evidence if one is not None and one.chart is not None]
    bounds, candles = _quantised(charts)
    stories: list[Any] = []
    for one in evidence:
        if one is None:
            stories.append(None)
            continue
        shift = 0 if one.chart is None else _offset(one.chart.start_ms, zone)
        moves = [[m.at_ms + shift, float(f"{m.price:.10g}"), round(m.share, 4), m.what] for m in one.moves]
        place = one.chart and [one.chart.start_ms + shift, one.chart.step_ms, len(one.chart.candles), *next(bounds)]
        stories.append([[_version(v, zone) for v in one.versions[:SHOWN_VERSIONS]], moves, place])
    return stories, candles


def _version(version: Version, zone: str) -> list[Any]:
    """One version, its text without control characters other than line breaks."""
    text = _CONTROL.sub(" ", version.text[:LONGEST_MESSAGE])  # one for one: the marks keep their places
    marks = [list(mark) for mark in version.marks if mark[2] <= LONGEST_MESSAGE]
    return [show_time(version.at_ms, zone), version.kind, text, marks]


def _quantised(charts: Sequence[Chart]) -> tuple[Iterator[tuple[float, float]], bytes]:
    """The lowest and the highest price of each chart, and the candles of all as whole numbers."""
    figures = chain.from_iterable(chain.from_iterable(chart.candles for chart in charts))
    values = np.fromiter(figures, np.float64).reshape(-1, 5)
    if not charts:
        return iter(()), b""
    counts = np.array([len(chart.candles) for chart in charts])
    first = np.cumsum(counts) - counts
    low, high = np.minimum.reduceat(values[:, 3], first), np.maximum.reduceat(values[:, 2], first)
    height = np.where(high > low, high - low, 1.0)
    values[:, 1:] -= np.repeat(low, counts)[:, None]
    values[:, 1:] = np.round(values[:, 1:] / np.repeat(height, counts)[:, None] * STEPS)
    return zip(low.tolist(), high.tolist(), strict=True), values.astype("<u2").tobytes()


def _offset(ms: int, zone: str) -> int:
    """By how much the zone's clock is ahead of UTC."""
    offset = datetime.fromtimestamp(ms / 1000, ZoneInfo(zone)).utcoffset()
    return 0 if offset is None else int(offset.total_seconds() * 1000)

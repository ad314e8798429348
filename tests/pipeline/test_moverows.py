"""The order of what happened in one candle: an exit at its open, its fills, its other exits."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from engine.domain import ExitReason, Fill, Leg
from engine.pipeline.moverows import _exits, _fills, _of_paths
from engine.simulate.table import REASON
from engine.simulate.terms import Terms

TERMS = Terms(0.0, 0.0, 0.0, "stop first")


@pytest.mark.parametrize(
    ("reason", "order"),
    [
        (ExitReason.CHANNEL, [101.0, 100.0]),
        (ExitReason.REPLACED, [101.0, 100.0]),
        (ExitReason.STOP, [100.0, 101.0]),
        (ExitReason.TARGET, [100.0, 101.0]),
    ],
)
def test_a_close_at_the_open_comes_before_what_its_candle_fills(reason: ExitReason, order: list[float]) -> None:
    fill, leg = Fill(60_000, 100.0, 0.5, True), Leg(60_000, 101.0, 0.5, reason, True)
    table = SimpleNamespace(
        fill_ms=np.array([[60_000]]), fill_maker=np.array([[True]]), fill_price=np.array([[100.0]]),
        fill_share=np.array([[0.5]]), leg_ms=np.array([[60_000]]), leg_maker=np.array([[True]]),
        leg_price=np.array([[101.0]]), leg_share=np.array([[0.5]]), leg_reason=np.array([[REASON[reason]]]),
        leg_target=np.array([[0]]),
    )  # fmt: skip
    usual, place = np.ones(1, np.bool_), np.zeros(1, np.int64)
    parts = [_fills(table, TERMS, usual, place), _exits(table, TERMS, usual, place)]
    columns = {name: np.concatenate([part[name] for part in parts]) for name in ("rank", "price")}
    assert columns["price"][np.argsort(columns["rank"])].tolist() == order
    own = _of_paths([(0, SimpleNamespace(fills=[fill], legs=[leg]))], TERMS)
    assert own["price"][np.argsort(own["rank"])].tolist() == order

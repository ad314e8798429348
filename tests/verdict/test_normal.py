"""The normal distribution, held against another implementation."""

from __future__ import annotations

from statistics import StatisticsError

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import special

from engine.verdict.normal import below, quantile


@given(st.floats(-37, 8))
def test_the_share_below_is_that_of_scipy_far_into_the_tail(z: float) -> None:
    assert below(z) == pytest.approx(special.ndtr(z), rel=1e-12)


@given(st.floats(1e-300, 1, exclude_max=True))
def test_quantiles_are_those_of_scipy(share: float) -> None:
    assert quantile(share) == pytest.approx(special.ndtri(share), rel=1e-12, abs=1e-15)


@pytest.mark.parametrize("share", [0.0, 1.0, -0.1, 1.1])
def test_there_is_no_quantile_of_nothing_and_of_all(share: float) -> None:
    with pytest.raises(StatisticsError):
        quantile(share)

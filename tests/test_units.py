"""People's text for durations, percent, money and times."""

from __future__ import annotations

import pytest

from engine.units import duration_ms, fraction, iso, moment_ms, money, show_duration, show_names, show_time


@pytest.mark.parametrize(
    ("text", "ms"),
    [("500ms", 500), ("5s", 5000), ("15m", 900_000), ("1.5h", 5_400_000), ("7d", 604_800_000), ("2w", 1_209_600_000)],
)
def test_durations(text: str, ms: int) -> None:
    assert duration_ms(text) == ms


@pytest.mark.parametrize("text", ["", "5", "5 minutes", "-5s", "5M", "1h30m", "٥s "])
def test_what_is_no_duration(text: str) -> None:
    with pytest.raises(ValueError, match="is not a duration"):
        duration_ms(text)


@pytest.mark.parametrize(("text", "value"), [("1%", 0.01), ("0.5%", 0.005), ("2bp", 0.0002), ("-1%", -0.01)])
def test_fractions(text: str, value: float) -> None:
    assert fraction(text) == pytest.approx(value)


@pytest.mark.parametrize("text", ["1", "0.01", "one%", "1 %%"])
def test_what_is_no_percentage(text: str) -> None:
    with pytest.raises(ValueError, match="is not a percentage"):
        fraction(text)


def test_money() -> None:
    assert money("1_000.5 USDT") == (1000.5, "USDT")
    with pytest.raises(ValueError, match="is not an amount"):
        money("1000")


def test_moments_are_utc_unless_they_say_otherwise() -> None:
    assert iso(moment_ms("2025-05-04")) == "2025-05-04T00:00:00Z"
    assert iso(moment_ms("2025-05-04 15:30")) == "2025-05-04T15:30:00Z"
    assert iso(moment_ms("2025-05-04T15:30:00+03:00")) == "2025-05-04T12:30:00Z"
    assert iso(1) == "1970-01-01T00:00:00.001Z"


def test_times_are_shown_in_the_zone() -> None:
    assert show_time(moment_ms("2025-05-04 21:30"), "Europe/Sofia") == "2025-05-05 00:30:00"


@pytest.mark.parametrize(
    ("ms", "text"),
    [(0, "0s"), (45_000, "45s"), (720_000, "12m"), (12_000_000, "3h 20m"), (187_200_000, "2d 4h"), (90_000, "1m 30s")],
)
def test_durations_for_people(ms: int, text: str) -> None:
    assert show_duration(ms) == text


def test_many_names_are_cut() -> None:
    assert show_names({"B", "A"}) == "A, B"
    assert show_names([*"ABCDEFGHI"]) == "A, B, C, D, E, F, G, H ..."

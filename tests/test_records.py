"""A quick frozen dataclass is the one that ``dataclass`` makes, only quicker."""

from __future__ import annotations

import copy
import inspect
import pickle
from dataclasses import FrozenInstanceError, dataclass, field, is_dataclass, replace
from typing import Any

import pytest

from engine import domain
from engine.records import quick


@dataclass(frozen=True, slots=True)
class Slow:
    """As ``dataclass`` makes it."""

    first: int
    second: str = "b"
    third: tuple[int, ...] = ()


@quick
@dataclass(frozen=True, slots=True)
class Quick:
    """The same fields."""

    first: int
    second: str = "b"
    third: tuple[int, ...] = ()


@pytest.mark.parametrize(
    ("given", "named"), [((1,), {}), ((1, "x"), {}), ((), {"first": 1, "third": (2, 3)}), ((1, "x", (2,)), {})]
)
def test_it_is_made_as_the_dataclass_is(given: tuple[Any, ...], named: dict[str, Any]) -> None:
    slow, made = Slow(*given, **named), Quick(*given, **named)
    assert repr(made) == repr(slow).replace("Slow", "Quick")
    assert made == Quick(slow.first, slow.second, slow.third)
    assert hash(made) == hash(slow)
    assert replace(made, second="y") == Quick(made.first, "y", made.third)


def test_its_signature_is_that_of_the_dataclass() -> None:
    assert inspect.signature(Quick) == inspect.signature(Slow)


@pytest.mark.parametrize(("given", "named"), [((), {}), ((1, "x", (), 4), {}), ((1,), {"fourth": 2})])
def test_it_refuses_what_the_dataclass_refuses(given: tuple[Any, ...], named: dict[str, Any]) -> None:
    for kind in (Slow, Quick):
        with pytest.raises(TypeError):
            kind(*given, **named)


def test_nobody_changes_it() -> None:
    one = Quick(1)
    with pytest.raises(FrozenInstanceError):
        one.first = 2  # type: ignore[misc]
    with pytest.raises(FrozenInstanceError):
        del one.second
    with pytest.raises((AttributeError, TypeError)):
        one.fourth = 4  # type: ignore[attr-defined]


def test_it_comes_back_from_another_process_and_from_a_copy() -> None:
    one = Quick(1, "x", (2, 3))
    for protocol in range(2, pickle.HIGHEST_PROTOCOL + 1):
        assert pickle.loads(pickle.dumps(one, protocol)) == one
    assert copy.deepcopy(one) == one
    assert copy.copy(one) == one


def test_what_is_more_than_its_fields_is_no_quick_one() -> None:
    @dataclass(frozen=True, slots=True)
    class Made:
        items: list[int] = field(default_factory=list)

    @dataclass(frozen=True, slots=True)
    class Checked:
        item: int

        def __post_init__(self) -> None:
            """Look at it."""

    @dataclass(frozen=True, slots=True)
    class Named:
        item: int = field(kw_only=True)

    for kind in (Made, Checked, Named):
        with pytest.raises(TypeError, match="more than its fields"):
            quick(kind)


def test_the_vocabulary_is_frozen_whether_quick_or_not() -> None:
    kinds = [kind for kind in vars(domain).values() if isinstance(kind, type) and is_dataclass(kind)]
    frozen = [kind for kind in kinds if kind.__dataclass_params__.frozen]  # type: ignore[attr-defined]
    assert {domain.Message, domain.Setup, domain.Plan, domain.Path, domain.Trade} <= {*frozen}
    for kind in frozen:
        one = kind.__new__(kind)
        with pytest.raises(FrozenInstanceError):
            setattr(one, next(iter(kind.__dataclass_fields__)), None)

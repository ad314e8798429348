"""Frozen dataclasses that are quick to make, and to hand from one process to another.

A run makes hundreds of thousands of messages, values, setups and plans. What ``dataclass(frozen=True)`` writes puts
each field with ``object.__setattr__``, which looks the name up every time. Here an object is of a twin class while its
fields are put, one with the same slots that lets them be set: a message is made in a quarter of the time. Pickled, an
object is its class and its fields in their order. Nothing else differs: fields, defaults, equality, hash, ``replace``,
and that nobody can change one.
"""

from __future__ import annotations

import copyreg
from dataclasses import MISSING, fields
from typing import Any, TypeVar

T = TypeVar("T")
_CLASS = object.__dict__["__class__"]


def quick(cls: type[T]) -> type[T]:
    """The same frozen dataclass with slots, its ``__init__`` written anew.

    Raises TypeError where that would do less: ``__post_init__``, fields made by a factory, fields without a place.
    """
    known = fields(cls)  # type: ignore[arg-type]  # a dataclass, which the type does not say
    plain = all(one.init and not one.kw_only and one.default_factory is MISSING for one in known)
    if not plain or hasattr(cls, "__post_init__"):
        raise TypeError(f"{cls.__name__} is more than its fields")
    names = [one.name for one in known]
    twin = type(cls.__name__, (), {"__slots__": names})
    space: dict[str, Any] = {"_turn": _CLASS.__set__, "_twin": twin, "_kind": cls}
    put = "".join(f"\n    self.{name} = {name}" for name in names)
    got = "".join(f"self.{name}, " for name in names)
    text = f"""
def __init__(self, {", ".join(names)}):
    _turn(self, _twin){put}
    _turn(self, _kind)
def reduced(self):
    return type(self), ({got})
"""
    exec(text, space)  # noqa: S102 - as dataclass itself writes it
    made, old = space["__init__"], cls.__init__
    made.__defaults__, made.__annotations__, made.__qualname__ = old.__defaults__, old.__annotations__, old.__qualname__
    cls.__init__ = made  # type: ignore[method-assign]
    copyreg.pickle(cls, space["reduced"])
    return cls

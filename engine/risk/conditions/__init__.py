"""The conditions, one module each; the docstring of a module is the condition's manual page.

A module here defines ``CONDITION``; it is found by itself. The form of its value stands under ``definitions/condition``
in ``engine/config/schemas/rules.schema.json``.
"""

from __future__ import annotations

from importlib import import_module
from pkgutil import iter_modules

from engine.risk.condition import Condition

_ALL: list[Condition] = [import_module(f"{__name__}.{module.name}").CONDITION for module in iter_modules(__path__)]
CONDITIONS = {condition.key: condition for condition in _ALL}
"""Every condition by the key that stands in a rule file."""

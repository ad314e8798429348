"""What of a faulty strategy its own tests can still be asked of.

A test is one call with a price path: it hangs on entries, exits, costs, market and leverage, and on the overrides of
its channel. Errors in what no test looks at change no answer, and errors in a channel's overrides only those about that
channel. An error anywhere else, a key that is not known among them, may change every answer, so nothing is asked then.
"""

from __future__ import annotations

from copy import deepcopy
from dataclasses import dataclass
from typing import Any

from engine.config.building import build_strategy
from engine.config.document import Document
from engine.config.strategy import Strategy
from engine.config.yamlfile import Path

UNASKED: tuple[Path, ...] = (
    ("name",), ("period",), ("size",), ("calls",), ("rules",), ("seed",), ("testnet",), ("paper",), ("tests",),
    ("account", "equity"), ("account", "margin"), ("account", "compounding"),
    ("market", "source"), ("market", "seed"), ("costs", "funding"), ("costs", "impact"),
)  # fmt: skip
STANDS_IN = {"name": "tests", "size": {"fixed": "1 USDT"}}


@dataclass(frozen=True, slots=True)
class Sound:
    """A strategy as its tests see it, and the ``unsure`` channels, whose own settings are faulty."""

    strategy: Strategy
    unsure: frozenset[str] = frozenset()


def sound_strategy(document: Document) -> Sound | None:
    """What the tests of a checked strategy can be asked of; None where an error may change every answer."""
    data = document.file.data
    if not document.failed:
        return Sound(build_strategy(data, document.source.path))
    if not isinstance(data, dict) or document.is_torn:
        return None
    unsure = set()
    for path in document.wrong:
        if path[:1] == ("overrides",) and len(path) > 1 and path[1] in document.get("channels", default=()):
            unsure.add(str(path[1]))
        elif path[:1] == ("channels",) and document.sound("channels"):
            pass  # a name that stands there twice
        elif not any(path[: len(place)] == place for place in UNASKED):
            return None
    return Sound(build_strategy(_without(data, unsure), document.source.path), frozenset(unsure))


def _without(data: dict[str, Any], unsure: set[str]) -> dict[str, Any]:
    """The data of a strategy with something plain in place of what no test looks at."""
    kept = {key: deepcopy(value) for key, value in data.items() if (key,) not in UNASKED}
    for block, key in (place for place in UNASKED if len(place) > 1):
        kept.get(str(block), {}).pop(key, None)
    kept["account"]["equity"], kept["market"]["source"] = "1000 USDT", "imported"
    overrides = kept.get("overrides", {})
    return kept | STANDS_IN | {"overrides": {name: own for name, own in overrides.items() if name not in unsure}}

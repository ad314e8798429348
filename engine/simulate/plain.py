"""What plain data (``dataclasses.asdict``, also after a way through JSON) says of levels and changes."""

from __future__ import annotations

from typing import Any

from engine.domain import Change, Distance, Order


def level_from(data: Any) -> Any:
    """A price, a word or nothing as it is; a Distance where the data are one."""
    return Distance(**data) if isinstance(data, dict) else data


def levels_from(data: Any) -> list[tuple[Any, float]]:
    """Levels with their shares."""
    return [(level_from(level), share) for level, share in data]


def change_from(data: dict[str, Any]) -> Change:
    """The change that the data were made of."""
    orders = tuple(Order(**order) for order in data["orders"])
    targets = tuple(levels_from(data["targets"]))
    known = {name: value for name, value in data.items() if name in Change.__dataclass_fields__}
    numbered = {name: tuple(data.get(name, ())) for name in ("numbers", "stay")}
    found = {"stop": level_from(data["stop"]), "orders": orders, "targets": targets} | numbered
    return Change(**(known | found))

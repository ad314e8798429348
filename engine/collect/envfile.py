"""``.env``: the one place for secrets, read as plain ``NAME=value`` lines; nothing in it is run or expanded."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from engine.collect.private import NotPrivateError, keep_private
from engine.problem import Problem


def read_env(
    env: Path, names: Sequence[str], environment: Mapping[str, str] | None = None
) -> tuple[dict[str, str], Problem | None] | Problem:
    """The values of some names ("" where there is none) and a note when the file had to be narrowed to its owner.

    The file need not exist; variables of the environment (default: the process's own) go before it.
    """
    from dotenv import dotenv_values

    try:
        note = keep_private(env, "the file with your secrets")
        found: dict[str, str | None] = dict(dotenv_values(env, interpolate=False)) if env.is_file() else {}
    except NotPrivateError as error:
        return error.problem
    except (OSError, UnicodeDecodeError) as error:
        return Problem(f"cannot be read: {error}", env.name)
    own = os.environ if environment is None else environment
    return {name: (own.get(name) or found.get(name) or "").strip() for name in names}, note

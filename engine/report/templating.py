"""Jinja as all pages use it: everything escaped, the words of a language at hand, templates compiled once."""

from __future__ import annotations

import sys
from contextlib import suppress
from importlib.util import cache_from_source
from pathlib import Path

import jinja2
from jinja2.bccache import Bucket

from engine.report.reasons import reason
from engine.report.spoken import Spoken
from engine.report.tables import clean
from engine.report.words import Words

TEMPLATES = Path(__file__).with_name("templates")


def _compilers() -> tuple[int, ...]:
    """When Jinja, and what is asked of it here, came to stand as they do: with others the bytecode is another one."""
    return tuple(Path(file).stat().st_mtime_ns for file in (jinja2.__file__, __file__))


class _Compiled(jinja2.FileSystemBytecodeCache):
    """Templates as bytecode, where Python keeps that of this module; a template that was changed is compiled anew."""

    def __init__(self) -> None:
        super().__init__(str(Path(cache_from_source(__file__)).parent), "template-%s.cache")
        self._made_by = _compilers()

    def get_source_checksum(self, source: str) -> str:
        """What tells whether bytecode is that of a template as it is now, and compiled as it is now."""
        return super().get_source_checksum(f"{self._made_by} {source}")

    def load_bytecode(self, bucket: Bucket) -> None:
        """Take a template that is kept; a file that is broken counts as none."""
        try:
            super().load_bytecode(bucket)
        except Exception:  # whatever pickle makes of it
            bucket.reset()

    def dump_bytecode(self, bucket: Bucket) -> None:
        """Keep a template, as far as the program may write there."""
        if not sys.dont_write_bytecode:
            with suppress(OSError):
                super().dump_bytecode(bucket)


def environment(words: Words) -> jinja2.Environment:
    """Jinja, escaping everything, with the words of a language."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES),
        bytecode_cache=_Compiled(),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=lambda value: clean(value) if type(value) is str else value,
    )
    environment.globals |= {"show": Spoken(words), "t": words, "say": words.line, "reasoned": reason}
    return environment

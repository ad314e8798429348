"""Templates are kept as bytecode where Python keeps its own, and a page never hangs on that."""

from __future__ import annotations

from pathlib import Path

import jinja2
import pytest
from jinja2.bccache import bc_magic

from engine.report import templating
from engine.report.templating import environment
from engine.report.words import Words


@pytest.fixture
def kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of bytecode; the only template greets."""
    templates, kept = tmp_path / "templates", tmp_path / "kept"
    templates.mkdir()
    kept.mkdir()
    (templates / "hello.j2").write_text("Hello {{ name }}", encoding="utf-8")
    monkeypatch.setattr(templating, "TEMPLATES", templates)
    monkeypatch.setattr(templating, "cache_from_source", lambda _: str(kept / "module.pyc"))
    monkeypatch.setattr("sys.dont_write_bytecode", False)
    return kept


def hello() -> str:
    """The page."""
    return environment(Words("en")).get_template("hello.j2").render(name="<you>")


def test_a_template_is_compiled_once_and_anew_when_it_changes(kept: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    compiled: list[str] = []
    compile_ = jinja2.Environment.compile
    monkeypatch.setattr(
        jinja2.Environment,
        "compile",
        lambda self, source, *rest: compiled.append(source) or compile_(self, source, *rest),
    )
    assert [hello(), hello()] == ["Hello &lt;you&gt;"] * 2
    assert compiled == ["Hello {{ name }}"]
    (templating.TEMPLATES / "hello.j2").write_text("Bye {{ name }}", encoding="utf-8")
    assert hello() == "Bye &lt;you&gt;"
    monkeypatch.setattr(templating, "_compilers", lambda: (1, 2))
    assert hello() == "Bye &lt;you&gt;"
    assert compiled == ["Hello {{ name }}", "Bye {{ name }}", "Bye {{ name }}"], "a newer Jinja compiles it anew"
    assert len(list(kept.iterdir())) == 1


@pytest.mark.parametrize("broken", [b"", b"j2", b"\x00" * 100, bc_magic, bc_magic + b"\x80", bc_magic + b"\x00" * 99])
def test_a_broken_file_of_bytecode_is_made_anew(kept: Path, broken: bytes) -> None:
    hello()
    (file,) = kept.iterdir()
    file.write_bytes(broken)
    assert hello() == "Hello &lt;you&gt;"
    assert file.read_bytes() != broken


def test_pages_are_made_where_no_bytecode_can_be_kept(kept: Path) -> None:
    kept.rmdir()
    assert hello() == "Hello &lt;you&gt;"
    assert not kept.exists()

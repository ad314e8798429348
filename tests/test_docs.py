"""The docs are true: links lead somewhere, commands exist, the README's profile is one, the map shows every room."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import click
import pytest

from cli import cli
from engine.channel import load_profile
from engine.config.text import SourceText
from engine.config.yamlfile import load_yaml
from engine.market.fees import TABLE, FeeQuote, fees_of
from engine.pipeline.shell import Either
from engine.units import moment_ms
from tests.conftest import ROOT

PAGES = [ROOT / "README.md", ROOT / "README.tr.md", *sorted((ROOT / "docs").glob("*.md"))]
COMMANDS = [
    (page.name, line)
    for page in PAGES
    for line in re.findall(r"(?:python )?cli\.py ([^\n`]*)", page.read_text(encoding="utf-8"))
]
README = (ROOT / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.name)
def test_links_lead_somewhere(page: Path) -> None:
    links = re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8"))
    for link in links:
        assert link.startswith("http") or (page.parent / link).exists(), f"{page.name}: {link}"


def headings(page: Path) -> set[str]:
    """The anchors of a page, as GitHub makes them."""
    prose = re.sub(r"^ *```.*?^ *```$", "", page.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
    lines = re.findall(r"^#+ (.*)$", prose, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", line.lower()).replace(" ", "-") for line in lines}


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.name)
def test_anchors_are_headings(page: Path) -> None:
    links = re.findall(r"\]\(((?!http)[^)#]*)#([^)]*)\)", page.read_text(encoding="utf-8"))
    for path, anchor in links:
        assert anchor in headings(page.parent / path if path else page), f"{page.name}: {path}#{anchor}"


def test_there_are_commands_to_check() -> None:
    assert len(COMMANDS) > 20


@pytest.mark.parametrize(("page", "line"), COMMANDS, ids=[f"{page}-{i}" for i, (page, _) in enumerate(COMMANDS)])
def test_commands_in_the_docs_exist(page: str, line: str) -> None:
    words = shlex.split(re.split(r"\s{2,}|[|;&>]|\.\.\.", line, maxsplit=1)[0].rstrip(".,:)"))
    found: click.Command = cli
    while isinstance(found, click.Group) and words and not words[0].startswith("-"):
        if isinstance(found, Either) and words[0] not in found.commands:
            words.insert(0, "run")
        assert words[0] in found.commands, f"{page}: {line}"
        found = found.commands[words.pop(0)]
    options = {name for parameter in found.params for name in parameter.opts} | {"--help", "-h"}
    for word in words:
        if word.startswith("--"):
            assert word.split("=")[0] in options, f"{page}: {line}"


def test_every_command_is_in_the_docs_and_shows_an_example() -> None:
    text = "".join(page.read_text(encoding="utf-8") for page in PAGES)

    def walk(group: click.Group, path: str) -> None:
        for name, found in group.commands.items():
            here = path if isinstance(group, Either) and name == "run" else f"{path} {name}"
            if isinstance(found, click.Group):
                walk(found, here)
            else:
                assert here in text, f"{here} is in no page"
                assert f"cli.py{here.removeprefix('cli.py')}" in (found.help or ""), f"{here} --help has no example"

    walk(cli, "cli.py")


def test_the_readme_has_the_two_commands_and_their_windows_forms() -> None:
    start = "python3 -m venv .venv && .venv/bin/python -m pip install -c constraints.txt -e "
    assert f"\n{start}. && .venv/bin/python cli.py backtest strategies/demo.yaml\n" in README
    assert f'\n{start}".[test]" && .venv/bin/python -m pytest\n' in README
    assert README.count(r".venv\Scripts\python") == 4


def test_the_readmes_profile_is_one() -> None:
    (block,) = re.findall(r" *```channel\n(.*?) *```", README, re.DOTALL)
    text = "\n".join(line.removeprefix("   ") for line in block.splitlines()) + "\n"
    profile, found = load_profile(SourceText("README.md", text), "my_channel")
    assert found == []
    assert profile is not None


def test_the_map_shows_every_room() -> None:
    text = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    for room in sorted(p.parent.name for p in (ROOT / "engine").glob("*/__init__.py")):
        assert f"`engine/{room}/`" in text


def test_no_dependency_without_a_reason() -> None:
    project = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    text = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    needed = re.findall(r'^    "([a-z0-9_-]+)>=', project, re.MULTILINE)
    assert len(needed) > 10
    for package in needed:
        assert re.search(rf"\b{package}\b", text), package


def test_constraints_are_exact_and_name_no_registry() -> None:
    for line in (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines():
        assert re.fullmatch(r'#.*|[A-Za-z0-9_.-]+==[^\s/:@]+(?: ; sys_platform == "win32")?', line), line


def section(page: str, title: str) -> str:
    """The text of a page below a heading, up to the next of its level."""
    text = (ROOT / "docs" / page).read_text(encoding="utf-8")
    return re.split(r"^## ", text.split(f"\n## {title}\n", 1)[1], maxsplit=1, flags=re.MULTILINE)[0]


SUMS = re.findall(r"\| ([^|=]+) = (-?[\d.]+) \|", section("realism.md", "A trade by hand"))


def worked_out(terms: str) -> float:
    """A sum of the docs: numbers, percentages and signs, from left to right with the usual precedence."""
    plain = re.sub(r"([\d.]+)%", r"(\1/100)", terms).replace("×", "*")
    assert re.fullmatch(r"[\d.()*/+\- ]+", plain), terms
    return float(eval(plain))


@pytest.mark.parametrize(("terms", "result"), SUMS)
def test_a_trade_by_hand_adds_up(terms: str, result: str) -> None:
    digits = len(result.partition(".")[2])
    assert worked_out(terms) == pytest.approx(float(result), abs=0.51 * 10**-digits)


def test_a_trade_by_hand_is_the_simulated_one() -> None:
    """Each figure of its table is one of the story above it, which tests/simulate/test_scenarios.py holds."""
    text = section("realism.md", "A trade by hand")
    rows = [line.split("|") for line in text.splitlines() if "=" in line]
    found = {cells[1].strip(): float(cells[2].split("=")[1]) for cells in rows}
    (gross, fees, net) = re.findall(r"gross (\S+), fees (\S+), net (\S+)", text)[0]
    assert (found["result"], found["fees"], found["net"]) == (float(gross), float(fees), float(net))
    assert f"R {found['R']:+.2f}," in text
    assert len(SUMS) == 15
    maker, taker = re.findall(r"maker (\S+)%, taker (\S+)%", text)[0]
    quote = fees_of("mexc", "swap", moment_ms("2026-12-01"))
    assert isinstance(quote, FeeQuote)
    assert (float(maker) / 100, float(taker) / 100) == pytest.approx((quote.fees.maker, quote.fees.taker))


def test_the_docs_have_the_fee_table() -> None:
    rows = re.findall(r"\| `(\w+)` \| `(\w+)` \| (\S+) \| (\S+)% \| (\S+)% \|", section("market-data.md", "Fees"))
    for exchange, market, since, maker, taker in rows:
        quote = fees_of(exchange, market, moment_ms(since))
        assert isinstance(quote, FeeQuote)
        assert quote.note == ""
        assert (float(maker) / 100, float(taker) / 100) == pytest.approx((quote.fees.maker, quote.fees.taker))
        before = fees_of(exchange, market, moment_ms(since) - 1)
        assert isinstance(before, FeeQuote)
        assert before.note or before.fees != quote.fees
    table = load_yaml(SourceText(TABLE.name, TABLE.read_text(encoding="utf-8")))[0].data
    assert len(rows) == sum(len(entries) for markets in table.values() for entries in markets.values())

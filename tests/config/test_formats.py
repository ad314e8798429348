"""What machines read: SARIF against its schema, GitHub's workflow commands against their grammar, JSON with a version.

Every bad file of tests/config/bad is shown in each form.
"""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from jsonschema import Draft7Validator

from engine.channel import load_profile
from engine.config.diagnostics import Diagnostic
from engine.config.render import render
from engine.config.text import SourceText
from tests.channel.helpers import shipped
from tests.config.examples import LOADERS
from tests.config.test_golden import BAD, PROFILES

SARIF = json.loads(Path(__file__).with_name("sarif.schema.json").read_text(encoding="utf-8"))
# A workflow command: ``::name key=value,key=value::message``, one line; % and line ends are percent-encoded, in values
# also : and , (docs.github.com: Workflow commands for GitHub Actions; actions/toolkit, command.ts).
VALUE = r"(?:[^%\r\n:,]|%25|%0D|%0A|%3A|%2C)*"
COMMAND = re.compile(
    rf"::(?:error|warning) file={VALUE},line=\d+,col=\d+,endColumn=\d+,title=[A-Z]\d{{3}}::(?:[^%\r\n]|%25|%0D|%0A)+"
)
HOSTILE = [
    Diagnostic("rules/a b,c:d%.yaml", 1, 1, 2, "Y001", "error", "100%\r\nof: it, ::error::", "\u2028 so\nwhat"),
    Diagnostic("channels/\u0440\u0443\u0441 \U0001f4c8.channel", 1, 1, 2, "D501", "warning", "\x1b[31m", ""),
]


def found_in(path: Path) -> list[Diagnostic]:
    source = SourceText(path.name, path.read_text(encoding="utf-8"))
    if path.suffix == ".channel":
        return load_profile(source, path.stem, shipped, ("library/labels", "library/cornix"))[1]
    return LOADERS[path.stem.partition("-")[0]](source)[1]


@pytest.fixture(scope="module")
def everything() -> list[Diagnostic]:
    return [finding for path in [*BAD, *PROFILES] for finding in found_in(path)] + HOSTILE


def test_sarif_is_valid(everything: list[Diagnostic]) -> None:
    Draft7Validator.check_schema(SARIF)
    validator = Draft7Validator(SARIF)
    for found in (everything, []):
        log = json.loads(render(found, {}, "sarif"))
        assert [error.message for error in validator.iter_errors(log)] == []
        assert len(log["runs"][0]["results"]) == len(found)
    # the schema is no rubber stamp
    log["runs"][0]["results"] = [{"level": "error"}]
    assert not validator.is_valid(log)
    log["runs"][0]["results"] = [{"message": {"text": "x"}, "level": "fatal"}]
    assert not validator.is_valid(log)


def test_every_rule_of_a_sarif_result_is_described(everything: list[Diagnostic]) -> None:
    (run,) = json.loads(render(everything, {}, "sarif"))["runs"]
    rules = {rule["id"]: rule["shortDescription"]["text"] for rule in run["tool"]["driver"]["rules"]}
    assert {result["ruleId"] for result in run["results"]} == set(rules)
    assert all(text.startswith(f"{code}: ") for code, text in rules.items())


def test_github_commands_follow_their_grammar(everything: list[Diagnostic]) -> None:
    lines = render(everything, {}, "github").split("\n")
    assert len(lines) == len(everything)
    for line in lines:
        assert COMMAND.fullmatch(line), line


def test_json_says_its_version_and_holds_every_field(everything: list[Diagnostic]) -> None:
    shown = json.loads(render(everything, {}, "json"))
    assert shown["version"] == 1
    keys = {"path", "line", "column", "end_column", "code", "severity", "message", "hint", "related"}
    assert {frozenset(each) for each in shown["diagnostics"]} == {frozenset(keys)}

"""Findings as people and machines get them."""

from __future__ import annotations

import json

import pytest

from engine.config.diagnostics import Related, diagnose
from engine.config.render import FORMS, render
from engine.config.text import SourceText, Span

SOURCE = SourceText("rules/a b.yaml", "one\n\tzwei 📈 drei\ncafe\u0301 vier\n")
RELATED = (Related("rules/a b.yaml", 1, 1, "first set here"),)
START = SOURCE.text.index("drei")
FOUND = [
    diagnose(SOURCE, Span(START, START + 4), "Y002", '"drei" is 100% wrong', "write: vier, fünf", related=RELATED),
    diagnose(SOURCE, Span(0, 3), "R202", "no test", severity="warning"),
]


def show(form: str) -> str:
    """The two findings in a form."""
    return render(FOUND, {SOURCE.path: SOURCE}, form)


def test_text() -> None:
    assert show("text") == (
        'rules/a b.yaml:2:9: error[Y002] "drei" is 100% wrong\n'
        " 2 |     zwei 📈 drei\n"
        "   |             ^^^^\n"
        "   = rules/a b.yaml:1:1: first set here\n"
        "   = hint: write: vier, fünf\n"
        "\n"
        "rules/a b.yaml:1:1: warning[R202] no test\n"
        " 1 | one\n"
        "   | ^^^"
    )


def test_carets_stand_under_cells_and_not_under_code_points() -> None:
    start = SOURCE.text.index("vier")
    shown = render([diagnose(SOURCE, Span(start, start + 4), "Y001", "here")], {SOURCE.path: SOURCE}, "text")
    assert shown.splitlines()[1:] == [" 3 | cafe\u0301 vier", "   |      ^^^^"]


def test_concise() -> None:
    assert show("concise") == (
        'rules/a b.yaml:2:9: error[Y002] "drei" is 100% wrong (write: vier, fünf)\n'
        "rules/a b.yaml:1:1: warning[R202] no test"
    )


def test_github_commands_are_escaped() -> None:
    assert show("github") == (
        '::error file=rules/a b.yaml,line=2,col=9,endColumn=13,title=Y002::"drei" is 100%25 wrong (write: vier, fünf)\n'
        "::warning file=rules/a b.yaml,line=1,col=1,endColumn=4,title=R202::no test"
    )
    hostile = diagnose(SourceText("a,b:c%.yaml", "x"), Span(0, 1), "Y001", "two\nlines")
    assert render([hostile], {}, "github") == (
        "::error file=a%2Cb%3Ac%25.yaml,line=1,col=1,endColumn=2,title=Y001::two%0Alines"
    )


def test_json() -> None:
    shown = json.loads(show("json"))
    assert shown["version"] == 1
    assert shown["diagnostics"][0] == {
        "path": "rules/a b.yaml",
        "line": 2,
        "column": 9,
        "end_column": 13,
        "code": "Y002",
        "severity": "error",
        "message": '"drei" is 100% wrong',
        "hint": "write: vier, fünf",
        "related": [{"path": "rules/a b.yaml", "line": 1, "column": 1, "message": "first set here"}],
    }
    assert len(shown["diagnostics"]) == 2


def test_sarif() -> None:
    log = json.loads(show("sarif"))
    assert log["version"] == "2.1.0"
    (run,) = log["runs"]
    assert run["columnKind"] == "unicodeCodePoints"
    rules = run["tool"]["driver"]["rules"]
    assert [rule["id"] for rule in rules] == ["R202", "Y002"]
    assert rules[1]["shortDescription"]["text"] == "Y002: a key stands twice"
    first, second = run["results"]
    assert (first["ruleId"], first["level"], second["level"]) == ("Y002", "error", "warning")
    assert first["locations"][0]["physicalLocation"] == {
        "artifactLocation": {"uri": "rules/a%20b.yaml"},
        "region": {"startLine": 2, "startColumn": 9, "endColumn": 13},
    }
    assert first["relatedLocations"][0]["message"] == {"text": "first set here"}


@pytest.mark.parametrize("form", ["json", "sarif"])
def test_without_findings_machines_still_get_a_document(form: str) -> None:
    assert json.loads(render([], {}, form))


@pytest.mark.parametrize("form", ["text", "concise", "github"])
def test_without_findings_people_get_nothing(form: str) -> None:
    assert render([], {}, form) == ""


def test_a_long_line_is_cut_around_the_place() -> None:
    source = SourceText("x", "a" * 500 + "BAD" + "b" * 500)
    _, line, carets = render([diagnose(source, Span(500, 503), "Y001", "here")], {"x": source}, "text").splitlines()
    assert len(line) < 140
    assert line.startswith(" 1 | …aaa")
    assert line.endswith("bbb…")
    assert line[carets.index("^") : carets.rindex("^") + 1] == "BAD"


def test_a_file_cannot_steer_the_terminal() -> None:
    source = SourceText("x", "key: \x1b[31mred\u202e\n")
    finding = diagnose(source, Span(5, 8), "S103", '"\x1b[31mred\u202e" is not one of the choices')
    for form in FORMS:
        assert "\x1b" not in render([finding], {"x": source}, form)


def test_a_finding_in_a_file_that_is_not_at_hand_is_shown_without_its_line() -> None:
    assert render(FOUND[1:], {}, "text") == "rules/a b.yaml:1:1: warning[R202] no test"

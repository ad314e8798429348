"""Load a rule file: read it, hold it against the schema, check what a schema cannot say, build the rules, test them."""

from __future__ import annotations

from typing import Any

from engine.config.diagnostics import Diagnostic
from engine.config.document import Document, read_document
from engine.config.schema import load_schema, show_yaml
from engine.config.text import SourceText, Span
from engine.config.workspace import Groups, read_groups
from engine.config.yamlfile import Path
from engine.risk.rules import Rule, RuleAction, RuleFile, Scope
from engine.risk.spelling import check_symbols
from engine.risk.testing import run_tests
from engine.risk.tree import Tree, build_tree
from engine.units import duration_ms, fraction, money


def load_rules(source: SourceText, shared: Groups = ()) -> tuple[RuleFile | None, list[Diagnostic]]:
    """A rule file, None when it has errors (a failing test is one), and everything found in it. Never raises.

    ``shared`` are the groups of symbols of the workspace; a group of the same name in the file wins.
    """
    document = read_document(source, "rules")
    groups = tuple({**dict(shared), **read_groups(document)}.items())
    rules: list[Path] = [("rules", i) for i in range(document.count("rules"))]
    document.refuse_repeats("rule", [(*path, "name") for path in rules])
    document.refuse_repeats("test", [("tests", i, "name") for i in range(document.count("tests"))])
    for path in rules:
        _check_together(document, path)
    check_symbols(document)
    built = [_build_rule(document, path, groups) for path in rules if document.sound(*path)]
    currency = _currency(document)
    run_tests(document, built, currency)
    if document.failed:
        return None, document.ordered
    return RuleFile(source, tuple(built), _channel_spans(document), currency), document.ordered


def _build_rule(document: Document, path: Path, groups: Groups) -> Rule:
    """The rule at a path; what cannot be meant is reported."""
    data: dict[str, Any] = document.get(*path)

    def out_of_range(at: Path, allowed: str) -> None:
        message = f'"{show_yaml(document.get(*at))}" is out of range: {allowed}'
        document.report(at, "R104", message, f"write {_example_of(str(at[-1]))}")

    when = build_tree(data["when"], (*path, "when"), groups, out_of_range)
    only = Scope(**{key: tuple(names) for key, names in data.get("only", {}).items()})
    line = document.source.place(document.file.values[path].start).line
    rule = Rule(
        name=data["name"],
        where=f"{document.source.path}:{line}",
        when=when,
        then=_build_action(data["then"]),
        only=only,
        why=data.get("why", "").strip().rstrip("."),
    )
    _check_action(document, path, rule, when)
    return rule


def _example_of(condition: str) -> str:
    """A condition as its schema shows it."""
    (example, *_) = load_schema("rules")["definitions"]["condition"]["properties"][condition]["examples"]
    return f"{condition}: {show_yaml(example)}"


def _build_action(data: str | dict[str, str]) -> RuleAction:
    """What a ``then:`` says."""
    if isinstance(data, str):
        return RuleAction("reject" if data == "reject" else "warn")
    if "scale" in data:
        return RuleAction("scale", factor=fraction(data["scale"]))
    if "halt" in data:
        halt = data["halt"]
        return RuleAction("halt", 1.0, None if halt == "until next day" else duration_ms(halt), "close" in data)
    return RuleAction("close", closes=True) if "close" in data else RuleAction("resize")


def _check_together(document: Document, path: Path) -> None:
    """One action, or a halt that also closes."""
    then = (*path, "then")
    several = document.keys(*then)
    if document.sound(*then) and len(several) > 1 and set(several) != {"halt", "close"}:
        message = f"{' and '.join(several)} do not go together"
        hint = "make two rules of it; only a halt may also close"
        document.report((*then, several[1]), "R208", message, hint, at_key=True)


def _check_action(document: Document, path: Path, rule: Rule, when: Tree) -> None:
    """The action can be done, and does something."""
    then = (*path, "then")
    if rule.then.kind == "scale" and not 0 < rule.then.factor < 1:
        message = "a scale must be more than 0% and less than 100%"
        document.report((*then, "scale"), "R104", message, "write scale: 50%; to refuse the trade write then: reject")
    if rule.then.halt_ms is not None and rule.then.halt_ms <= 0:
        document.report((*then, "halt"), "R104", "a halt must be longer than 0s", "write halt: 4h")
    if rule.then.kind == "resize" and not when.resizable:
        message = "a smaller size cannot mend this condition, so there is no limit to resize to"
        hint = "write then: reject, then: warn or then: {scale: 50%}"
        document.report((*then, "resize"), "R203", message, hint)
    if rule.then.kind == "halt" and rule.only.sides:
        message = "a halt stops channels, symbols or the account, never one side alone"
        document.report((*path, "only", "sides"), "R206", message, "delete sides, or write then: reject", at_key=True)


def _currency(document: Document) -> str | None:
    """The currency of the amounts in the rules, None when there are none; one in another currency is reported."""
    currency: str | None = None
    for at in [at for at in document.file.values if at and at[-1] == "notional over" and document.sound(*at)]:
        amount, found = money(document.get(*at))
        currency = currency or found
        if found != currency:
            message = f"this amount is in {found}, the one before it in {currency}"
            document.report(at, "R109", message, f"write {at[-1]}: {amount:g} {currency}")
    return currency


def _channel_spans(document: Document) -> dict[str, Span]:
    """The channels named under ``only`` and in conditions, each where it stands first."""
    spans: dict[str, Span] = {}
    for at in [
        at
        for at in document.file.values
        if at[-1:] in (("channel in",), ("channel not in",)) or at[-2:] == ("only", "channels")
    ]:
        for name, span in document.spans(*at).items():
            spans.setdefault(name, span)
    return spans

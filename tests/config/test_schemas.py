"""The schemas serve the user's editor: draft-07 only, and every key says what it is and shows an example."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from jsonschema import Draft7Validator

from engine.config.schema import SCHEMAS, load_schema
from engine.config.text import SourceText
from engine.config.yamlfile import load_yaml
from tests.config.examples import LOADERS

KINDS = sorted(path.name.partition(".")[0] for path in SCHEMAS.glob("*.schema.json"))
DRAFT_07 = {
    "$schema", "$ref", "title", "description", "examples", "definitions", "type", "enum", "anyOf", "properties",
    "patternProperties", "additionalProperties", "required", "minProperties", "maxProperties", "items", "minItems",
    "maxItems", "pattern", "minLength", "minimum", "maximum", "exclusiveMinimum",
}  # fmt: skip


def subschemas(schema: dict[str, Any], path: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every schema inside a schema, with its path."""
    yield path, schema
    for keyword in ("properties", "patternProperties", "definitions"):
        for key, inner in schema.get(keyword, {}).items():
            yield from subschemas(inner, f"{path}/{key}")
    for keyword in ("items", "additionalProperties"):
        if isinstance(schema.get(keyword), dict):
            yield from subschemas(schema[keyword], f"{path}/{keyword}")
    for i, inner in enumerate(schema.get("anyOf", ())):
        yield from subschemas(inner, f"{path}/{i}")


def test_there_is_a_schema_for_every_kind_of_file() -> None:
    assert sorted(LOADERS) == KINDS


@pytest.mark.parametrize("kind", KINDS)
def test_a_schema_is_draft_07_and_nothing_newer(kind: str) -> None:
    schema = load_schema(kind)
    Draft7Validator.check_schema(schema)
    assert schema["$schema"] == "http://json-schema.org/draft-07/schema#"
    assert {keyword for _, inner in subschemas(schema, kind) for keyword in inner} <= DRAFT_07


@pytest.mark.parametrize("kind", KINDS)
def test_every_key_has_a_description_and_examples_that_are_valid(kind: str) -> None:
    schema = load_schema(kind)
    inner = [(p, s) for p, s in subschemas(schema, kind) if p != kind and "$ref" not in s and not p[-1].isdigit()]
    assert inner
    for path, sub in inner:
        assert sub.get("description"), path
        assert sub.get("examples"), path
        validator = Draft7Validator({"definitions": schema.get("definitions", {}), **sub})
        for example in sub["examples"]:
            assert validator.is_valid(example), (path, example)


@pytest.mark.parametrize("kind", KINDS)
def test_no_block_takes_unknown_keys(kind: str) -> None:
    for path, sub in subschemas(load_schema(kind), kind):
        assert ("additionalProperties" in sub) == (sub.get("type") == "object"), path


def test_a_pattern_ends_where_the_text_ends() -> None:
    text = 'name: "demo\\n"\nchannels: [a]\nmarket: {source: mexc, type: swap, timeframe: 1m}\n'
    source = SourceText("x", text + "account: {equity: 10 USDT}\nsize: {risk: 1%}\n")
    assert load_yaml(source)[0].data["name"] == "demo\n"
    assert [d.code for d in LOADERS["strategy"](source)[1]] == ["S105"]

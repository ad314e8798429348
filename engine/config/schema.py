"""JSON Schema errors in people's words: what is wrong at which place, and a corrected example.

The schemas (``schemas/*.schema.json``, draft-07 keywords only) serve two readers: the user's editor, and this module.
Descriptions and examples in them become the hints here. Where a value may have several shapes (``anyOf``), the
branch that fits the value's type speaks, so no error talks about branches.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path as FilePath
from typing import Any

from jsonschema import Draft7Validator
from jsonschema.exceptions import ValidationError
from jsonschema.validators import extend

from engine.config.diagnostics import Diagnostic, diagnose, did_you_mean
from engine.config.text import Span
from engine.config.yamlfile import Path, YamlFile

SCHEMAS = FilePath(__file__).with_name("schemas")
TYPES = {
    "object": "a block of keys",
    "array": "a list",
    "string": "text",
    "integer": "a whole number",
    "number": "a number",
}
FEW = 8  # so many choices are named in a message
LIMITS = {
    "minimum": "must be at least {:g}",
    "maximum": "must be at most {:g}",
    "exclusiveMinimum": "must be more than {:g}",
}


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing wrong with the data: the path of the value and what to tell the user."""

    path: Path
    finding: Diagnostic


def check_schema(file: YamlFile, name: str) -> list[Fault]:
    """All faults of a file's data against ``schemas/<name>.schema.json``; an empty list when there are none."""
    validator = _validator(name)
    translator = _Translator(file, load_schema(name))
    return [fault for error in validator.iter_errors(file.data) for fault in translator.faults(error)]


@cache
def load_schema(name: str) -> dict[str, Any]:
    """A shipped schema as plain data (shared: not to be changed)."""
    loaded: dict[str, Any] = json.loads((SCHEMAS / f"{name}.schema.json").read_text(encoding="utf-8"))
    return loaded


def show_yaml(value: Any) -> str:
    """A small value as it would stand in a YAML file, on one line."""
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{key}: {show_yaml(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(show_yaml(item) for item in value) + "]"
    if isinstance(value, bool):
        return "true" if value else "false"
    return f'"{value}"' if isinstance(value, str) and re.search(r"[,\[\]{}#]|: |^$", value) else str(value)


@cache
def _validator(name: str) -> Draft7Validator:
    """The compiled schema of a kind of file."""
    kind = extend(Draft7Validator, {"pattern": _whole_pattern})  # type: ignore[no-untyped-call]
    validator: Draft7Validator = kind(load_schema(name))
    return validator


def _whole_pattern(_validator: Any, pattern: str, instance: Any, _schema: Any) -> Iterator[ValidationError]:
    """``pattern`` as ECMA 262 means it: ``$`` is the very end, not also the place before a final line break."""
    if isinstance(instance, str) and not re.search(re.sub(r"\$$", r"\\Z", pattern), instance):
        yield ValidationError("wrong form")


@dataclass(frozen=True, slots=True)
class _Translator:
    """Turns schema errors of one file into faults."""

    file: YamlFile
    root: dict[str, Any]

    def faults(self, error: ValidationError, above: Path = ()) -> Iterator[Fault]:
        """One schema error as the faults that a person would name; ``above`` is where an ``anyOf`` stands."""
        path: Path = (*above, *error.relative_path)
        keyword = str(error.validator)
        found: Any = error.instance
        wanted: Any = error.validator_value
        schema: Any = error.schema
        hint = _hint(path, schema)
        match keyword:
            case "additionalProperties":
                yield from self._unknown_keys(path, found, schema)
            case "required":
                yield from self._missing_keys(path, found, schema, error.message)
            case "anyOf":
                yield from self._of_branch(path, error, schema)
            case "enum":
                choices = "choose from: " + ", ".join(show_yaml(choice) for choice in wanted)
                near = did_you_mean(found, wanted) if isinstance(found, str) else ""
                yield self._fault(path, "S103", f"{_say(found)} is not one of the choices", near or choices)
            case "type":
                yield self._fault(path, "S104", f"expected {TYPES[wanted]}, found {_say(found)}", hint)
            case "pattern":
                examples = [example for example in schema.get("examples", ()) if isinstance(example, str)]
                near = did_you_mean(found, examples, cutoff=0.8)
                yield self._fault(path, "S105", f"{_say(found)} has the wrong form", near or hint)
            case "minLength":
                yield self._fault(path, "S105", "an empty text", hint)
            case "minimum" | "maximum" | "exclusiveMinimum":
                message = f"{_say(found)} is out of range: it {LIMITS[keyword].format(wanted)}"
                yield self._fault(path, "S107", message, hint)
            case _:  # minItems, maxItems, minProperties, maxProperties
                message = _count_message(keyword, wanted, found, schema)
                yield self._fault(path, "S106", message, hint, self.file.key_span(path))

    def _fault(self, path: Path, code: str, message: str, hint: str, span: Span | None = None) -> Fault:
        """A fault at the value of a path, or at another span."""
        return Fault(path, diagnose(self.file.source, span or self.file.span(path), code, message, hint))

    def _unknown_keys(self, path: Path, found: Mapping[str, Any], schema: Mapping[str, Any]) -> Iterator[Fault]:
        """Each key that a block may not have, with the one that was perhaps meant."""
        free = [key for key in schema["properties"] if key not in found]
        for key in found:
            if not _is_known(key, schema):
                hint = did_you_mean(key, free) or ("keys that may stand here: " + ", ".join(free) if free else "")
                at = (*path, key)
                yield self._fault(at, "S101", f'unknown key "{key}"', hint or "delete it", self.file.key_span(at))

    def _missing_keys(
        self, path: Path, found: Mapping[str, Any], schema: Mapping[str, Any], message: str
    ) -> Iterator[Fault]:
        """The key that a block must have, unless a slip of the pen hides it: that is one fault, not two."""
        missing = next(key for key in schema["required"] if message.startswith(f"'{key}' "))
        slips = [key for key in found if not _is_known(key, schema) and did_you_mean(key, [missing])]
        if not slips:
            hint = f"add {_example(missing, self._resolve(schema['properties'][missing]))}"
            span = self.file.key_span(path)
            yield self._fault((*path, missing), "S102", f'"{missing}" is missing here', hint, span)

    def _of_branch(self, path: Path, error: ValidationError, schema: Mapping[str, Any]) -> Iterator[Fault]:
        """What is wrong according to the branch of an ``anyOf`` that has the value's type (branches differ by type)."""
        branches: dict[Any, list[ValidationError]] = {}
        for nested in error.context or ():
            branches.setdefault(nested.schema_path[0], []).append(nested)
        for found in branches.values():
            if not any(e.validator == "type" and not e.relative_path for e in found):
                for fault in (fault for each in found for fault in self.faults(each, path)):
                    hint = fault.finding.hint or _hint(path, schema)
                    yield Fault(fault.path, replace(fault.finding, hint=hint))
                return
        kinds = " or ".join(TYPES[branch["type"]] for branch in schema["anyOf"])
        yield self._fault(path, "S104", f"expected {kinds}, found {_say(error.instance)}", _hint(path, schema))

    def _resolve(self, schema: Mapping[str, Any]) -> Mapping[str, Any]:
        """The definition that a schema refers to, or the schema itself."""
        name = str(schema.get("$ref", "")).rpartition("/")[2]
        resolved: Mapping[str, Any] = self.root["definitions"][name] if name else schema
        return resolved


def _is_known(key: str, schema: Mapping[str, Any]) -> bool:
    """Whether a block may have this key."""
    return key in schema["properties"] or any(re.search(form, key) for form in schema.get("patternProperties", ()))


def _count_message(keyword: str, wanted: int, found: Any, schema: Mapping[str, Any]) -> str:
    """Too few or too many items or keys, in words."""
    if schema.get("minProperties") == schema.get("maxProperties") == 1:
        choices = schema["properties"]
        named = f"of {', '.join(choices)}" if len(choices) <= FEW else "key"
        return f"exactly one {named} belongs here, found {', '.join(found) or 'none'}"
    what = "key" if keyword.endswith("Properties") else "item"
    bound = "at least" if keyword.startswith("min") else "at most"
    return f"{bound} {wanted} {what}{'' if wanted == 1 else 's'} must stand here, found {len(found) or 'none'}"


def _hint(path: Path, schema: Mapping[str, Any]) -> str:
    """The description of a value with its first example, written as in the file."""
    description = str(schema.get("description", ""))
    key = str(path[-1]) if path and isinstance(path[-1], str) else ""
    return f"{description}; such as {_example(key, schema)}" if schema.get("examples") else description


def _example(key: str, schema: Mapping[str, Any]) -> str:
    """``key: value`` with the first example of a schema (the value alone for a list item)."""
    example = show_yaml(schema["examples"][0])
    return f"{key}: {example}" if key else example


def _say(value: Any) -> str:
    """A value in a sentence."""
    if isinstance(value, dict):
        return "a block of keys"
    if isinstance(value, list):
        return "a list"
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return show_yaml(value)
    if isinstance(value, str):
        return f'"{value}"' if len(value) <= 60 else f'"{value[:57]}..."'
    return f"the number {value}"

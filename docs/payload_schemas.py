"""JSON Schemas of the payloads, as strict as what we publish: docs/schemas/, and the schemas of docs/asyncapi.yaml.

A payload of ours has every field but those that are left out when they say nothing, and no other; so a schema refuses
an unknown field. Programs that read must ignore what they do not know: a later version may add fields.
"""

import inspect
import json
from collections.abc import Iterable, Iterator
from typing import Any

from pydantic import BaseModel

from shared import messages
from shared.conditions import Reason
from shared.messages import VERSION, Message
from shared.topics import COMMANDS, TOPICS

Schema = dict[str, Any]

DRAFT = "https://json-schema.org/draft/2020-12/schema"


def payloads() -> list[type[Message]]:
    """Return the payload types of all topics."""
    return list(dict.fromkeys(topic.payload for topic in TOPICS))


def schema_files() -> dict[str, str]:
    """Return a schema a payload, and which topic has which, by the paths of their files."""
    by_topic = {topic.template: f"{topic.payload.__name__}.json" for topic in TOPICS}
    files = {f"docs/schemas/{payload.__name__}.json": _file(payload) for payload in payloads()}
    return files | {"docs/schemas/topics.json": json.dumps(by_topic, indent=2) + "\n"}


def schema_of(payload: type[Message], ref_template: str = "#/$defs/{model}") -> Schema:
    """Return the strict schema of a payload, with its parts in $defs."""
    schema = payload.model_json_schema(mode="serialization", ref_template=ref_template)
    parts = {name: _part(name, part) for name, part in schema.get("$defs", {}).items()}
    return _strict(schema, payload) | ({"$defs": parts} if parts else {})


def _file(payload: type[Message]) -> str:
    head = {"$schema": DRAFT, "$id": f"{payload.__name__}.json"}
    return json.dumps(head | schema_of(payload), indent=2, ensure_ascii=False) + "\n"


def _part(name: str, part: Schema) -> Schema:
    kind = Reason if name == Reason.__name__ else getattr(messages, name)
    return _strict(part, kind) if issubclass(kind, BaseModel) else part


def _strict(schema: Schema, kind: type[BaseModel]) -> Schema:
    """Return a schema of an object with its required fields, its version, and no others."""
    fields = {name: _without_default(field) for name, field in schema["properties"].items()}
    if issubclass(kind, Message):
        fields["v"] = {"const": VERSION, "description": "The version of the schema."}
    return schema | {
        "description": inspect.cleandoc(kind.__doc__ or ""),
        "properties": fields,
        "required": list(_required(kind)),
        "additionalProperties": False,
    }


def _without_default(field: Schema) -> Schema:
    return {key: value for key, value in field.items() if key != "default"}


def _required(kind: type[BaseModel]) -> Iterator[str]:
    for name, field in kind.model_fields.items():
        # any client may send a command, and leave out what has a default
        may_be_left_out = field.exclude_if is not None or (kind in COMMANDS and not field.is_required())
        if name in ("at", "v") or not may_be_left_out:
            yield name


def parts(kinds: Iterable[type[Message]]) -> dict[str, Schema]:
    """Return the schema of every payload and of every part, each once, as AsyncAPI has them."""
    found: dict[str, Schema] = {}
    for kind in kinds:
        schema = schema_of(kind, "#/components/schemas/{model}")
        found |= schema.pop("$defs", {}) | {kind.__name__: schema}
    return dict(sorted(found.items()))

"""Writes every generated file; `--check` reports the stale ones.

docs/topics.md, docs/asyncapi.yaml and mosquitto/acl from shared/topics.py, the systemd units from deploy/units.py, and
what docs/generate_settings.py renders from the settings classes.
"""

import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import yaml

from deploy.units import units
from docs.generate_settings import settings_files
from shared import messages
from shared.topics import TOPICS, Topic
from shared.version import program_version

ROOT = Path(__file__).parent.parent
SERVICES = ("poller", "bms", "schedule", "recorder", "bot", "tuya", "dashboard", "homeassistant")
VIEWER = "viewer"
MADE = "made by docs/generate.py from shared/topics.py; `make docs` makes it anew"


def acl() -> str:
    """Each service reads everything and writes what is its own; the viewer only reads, the broker's figures too."""
    lines = [f"# {MADE}", "# One writer a fact: a service may write what is its own and nothing else."]
    for account in SERVICES:
        lines += ["", f"user {account}", "topic read #"]
        lines += [f"topic write {topic}" for topic in _writable(account)]
    lines += ["", f"user {VIEWER}", "topic read #", "topic read $SYS/#", ""]
    return "\n".join(lines)


def _writable(account: str) -> Iterator[str]:
    for topic in TOPICS:
        if account in topic.writers:
            yield topic.filter
        elif "%u" in topic.writers:
            yield topic.named(account)


def markdown() -> str:
    """A table of the topics, and one of every payload's fields."""
    rows = [
        f"| `{topic.template.replace('{name}', '<name>')}` | {'yes' if topic.retain else 'no'} "
        f"| [`{topic.payload.__name__}`](#{topic.payload.__name__.lower()}) | {_writers(topic)} | {topic.about} |"
        for topic in TOPICS
    ]
    payloads = dict.fromkeys(topic.payload for topic in TOPICS)
    head = f"""# Topics

<!-- {MADE} -->

Payloads are JSON, sent with QoS 1. `MQTT_TOPIC_PREFIX` goes in front when it is set. Every payload carries `at` (UTC,
ISO 8601, the moment it was measured) and `v` (the version of its schema). A field that is unknown is `null`, never 0.
A retained message may be old: look at `at` before acting on it.

| topic | retained | payload | written by | what for |
|---|---|---|---|---|
"""
    return head + "\n".join(rows) + "\n" + "".join(_payload(payload) for payload in payloads) + _parts(payloads)


def _writers(topic: Topic[Any]) -> str:
    return "each service, and its will" if "%u" in topic.writers else ", ".join(topic.writers)


def _parts(payloads: Iterable[type[Any]]) -> str:
    """Describe what payloads are made of, each part once."""
    schemas = [payload.model_json_schema(mode="serialization").get("$defs", {}) for payload in payloads]
    names = sorted({name for schema in schemas for name, part in schema.items() if "properties" in part})
    return "".join(_payload(getattr(messages, name)) for name in names)


def _payload(payload: type[Any]) -> str:
    schema = payload.model_json_schema(mode="serialization")
    fields = "\n".join(f"| `{name}` | {_kind(field, schema)} |" for name, field in schema["properties"].items())
    about = "\n\n".join(" ".join(part.split()) for part in (payload.__doc__ or "").split("\n\n"))
    return f"\n## {payload.__name__}\n\n{about}\n\n| field | type |\n|---|---|\n{fields}\n"


def _kind(field: dict[str, Any], schema: dict[str, Any]) -> str:
    if "anyOf" in field:
        return " or ".join(_kind(part, schema) for part in field["anyOf"])
    if "$ref" in field:
        name = field["$ref"].rsplit("/", 1)[1]
        choices = schema["$defs"][name].get("enum")
        if choices is None:
            return f"[{name}](#{name.lower()})"
        return ", ".join(f"`{choice}`" for choice in choices)
    if field.get("type") == "array":
        return f"list of {_kind(field['items'], schema)}"
    return str(field.get("type", "anything"))


def asyncapi() -> str:
    """AsyncAPI 3.0: a channel a topic, an operation a channel, a schema a payload."""
    document = {
        "asyncapi": "3.0.0",
        "info": {
            "title": "easun-bridge",
            "version": program_version(),
            "description": f"What travels on the broker; {MADE}.",
            "license": {"name": "MIT"},
        },
        "defaultContentType": "application/json",
        "channels": {_key(topic): _channel(topic) for topic in TOPICS},
        "operations": {f"receive_{_key(topic)}": _operation(topic) for topic in TOPICS},
        "components": {"messages": {topic.payload.__name__: _message(topic.payload) for topic in TOPICS}},
    }
    return f"# {MADE}\n" + yaml.safe_dump(document, sort_keys=False, width=120, allow_unicode=True)


def _key(topic: Topic[Any]) -> str:
    return topic.template.replace("{name}/", "").replace("/", "_")


def _channel(topic: Topic[Any]) -> dict[str, Any]:
    channel: dict[str, Any] = {
        "address": topic.template,
        "description": topic.about,
        "messages": {topic.payload.__name__: {"$ref": f"#/components/messages/{topic.payload.__name__}"}},
    }
    if "{name}" in topic.template:
        channel["parameters"] = {"name": {"description": "The name of the device or service."}}
    return channel


def _operation(topic: Topic[Any]) -> dict[str, Any]:
    return {
        "action": "receive",
        "channel": {"$ref": f"#/channels/{_key(topic)}"},
        "bindings": {"mqtt": {"qos": 1, "retain": topic.retain, "bindingVersion": "0.2.0"}},
    }


def _message(payload: type[Any]) -> dict[str, Any]:
    schema = payload.model_json_schema(mode="serialization", ref_template="#/$defs/{model}")
    return {"name": payload.__name__, "payload": _inlined(schema, schema.get("$defs", {}))}


def _inlined(part: Any, definitions: dict[str, Any]) -> Any:
    """Put the few enums where they are used, so that every schema stands for itself."""
    if isinstance(part, list):
        return [_inlined(item, definitions) for item in part]
    if not isinstance(part, dict):
        return part
    if "$ref" in part:
        return _inlined(definitions[part["$ref"].rsplit("/", 1)[1]], definitions)
    return {key: _inlined(value, definitions) for key, value in part.items() if key != "$defs"}


def main() -> None:
    """Write the files, or with --check fail where one of them is stale."""
    topics = {"docs/topics.md": markdown(), "docs/asyncapi.yaml": asyncapi(), "mosquitto/acl": acl()}
    files = topics | units() | settings_files(ROOT)
    stale = [name for name, text in files.items() if not _same(ROOT / name, text)]
    if "--check" in sys.argv:
        sys.exit(f"Stale: {', '.join(stale)}. Run `make docs`." if stale else 0)
    for name in stale:
        (ROOT / name).write_text(files[name], encoding="utf-8")


def _same(file: Path, text: str) -> bool:
    return file.exists() and file.read_text(encoding="utf-8") == text


if __name__ == "__main__":
    main()

"""Renders docs/topics.md, docs/asyncapi.yaml, docs/schemas/ and mosquitto/acl from shared/topics.py."""

import re
from collections.abc import Iterable, Iterator
from typing import Any

import yaml

from docs.payload_schemas import parts, schema_files
from shared import messages
from shared.topics import DISCOVERY_TOPICS, TOPICS, Topic
from shared.version import program_version

SERVICES = ("poller", "bms", "schedule", "recorder", "bot", "tuya", "outlook", "dashboard", "homeassistant")
HASS = "hass"
"""The account of Home Assistant itself."""
VIEWER = "viewer"
DISCOVERY = "@discovery@"
"""Stands for HOMEASSISTANT_PREFIX in mosquitto/acl; start.sh puts it in."""
ANGLES = str.maketrans("{}", "<>")
PARAMETERS = {"name": "The name of the device or service.", "setting": "The name of the setting."}
MADE = "generated from shared/topics.py by `make docs`"


def topic_files() -> dict[str, str]:
    """Return the files by their paths."""
    made = {"docs/topics.md": markdown(), "docs/asyncapi.yaml": asyncapi(), "mosquitto/acl": acl()}
    return made | schema_files()


def acl() -> str:
    """Return Mosquitto's access list: a service reads everything and writes its own topics; the viewer only reads."""
    lines = [f"# {MADE}", "# Each fact has one writer: a service may write its own topics and no others."]
    for account in (*SERVICES, HASS):
        lines += ["", f"user {account}", "topic read #"]
        lines += [f"topic read {DISCOVERY}/#"] if any(account in one.writers for one in DISCOVERY_TOPICS) else []
        lines += [f"topic write {topic}" for topic in _writable(account)]
    lines += ["", f"user {VIEWER}", "topic read #", f"topic read {DISCOVERY}/#", "topic read $SYS/#", ""]
    return "\n".join(lines)


def _writable(account: str) -> Iterator[str]:
    for topic in TOPICS:
        if account in topic.writers:
            yield topic.filter
        elif "%u" in topic.writers and account in SERVICES:
            yield topic.named(account)
    yield from (one.filter(DISCOVERY) for one in DISCOVERY_TOPICS if account in one.writers)


def markdown() -> str:
    """Return docs/topics.md: a table of the topics, and one of every payload's fields."""
    rows = [
        f"| `{topic.template.translate(ANGLES)}` | {'yes' if topic.retain else 'no'} "
        f"| [`{topic.payload.__name__}`](#{topic.payload.__name__.lower()}) | {_writers(topic)} | {topic.about} |"
        for topic in TOPICS
    ]
    payloads = dict.fromkeys(topic.payload for topic in TOPICS)
    head = f"""# Topics

<!-- {MADE} -->

Payloads are JSON, sent with QoS 1. `MQTT_TOPIC_PREFIX` goes in front when it is set. Every payload carries `at` (UTC,
ISO 8601, the moment it was measured) and `v` (the version of its schema). A field that is unknown is `null`, never 0.
A retained message may be old: look at `at` before acting on it.

Every explanation is a [`Reason`](#reason): the code of a [condition](conditions.md) with its parameters
and its text in English. Version 1 had bare sentences there.

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
    return "".join(_payload(_part(name)) for name in names)


def _part(name: str) -> type[Any]:
    """Return a part of payloads by its name; messages imports all of them."""
    part: type[Any] = getattr(messages, name)
    return part


def _payload(payload: type[Any]) -> str:
    schema = payload.model_json_schema(mode="serialization")
    schema |= schema.get("$defs", {}).get(payload.__name__, {})  # a part that may hold itself is among its own parts
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
    if isinstance(values := field.get("additionalProperties"), dict):
        return f"object of {_kind(values, schema)}"
    return str(field.get("type", "anything"))


SECURITY = [{"$ref": "#/components/securitySchemes/account"}]
REPLIES = {"plug/{name}/set": "plug/{name}/state", "plug/{name}/setup": "plug/{name}/info"}
"""By the topic of a command: where its outcome is seen. There is no other answer."""


def asyncapi() -> str:
    """Return the topics as AsyncAPI 3.0, from our point of view: we send state, and receive commands."""
    payloads = dict.fromkeys(topic.payload for topic in TOPICS)
    document = {
        "asyncapi": "3.0.0",
        "info": {
            "title": "easun-bridge",
            "version": program_version(),
            "description": f"What travels on the broker; {MADE}.",
            "license": {"name": "MIT"},
        },
        "defaultContentType": "application/json",
        "servers": {
            "home": _server("mqtt", "1883", "The broker in the home network."),
            "tls": _server("secure-mqtt", "8883", "The same with TLS, where MQTT_TLS_PORT is set."),
        },
        "channels": {_key(topic): _channel(topic) for topic in TOPICS},
        "operations": dict(operation for topic in TOPICS for operation in _operations(topic)),
        "components": {
            "messages": {payload.__name__: _message(payload) for payload in payloads},
            "schemas": parts(payloads),
            "securitySchemes": {
                "account": {
                    "type": "userPassword",
                    "description": "An account of the broker; docs/broker.md says which one may do what.",
                }
            },
        },
    }
    return f"# {MADE}\n" + yaml.safe_dump(document, sort_keys=False, width=120, allow_unicode=True)


def _server(protocol: str, port: str, about: str) -> dict[str, Any]:
    return {
        "host": "{host}:{port}",
        "protocol": protocol,
        "protocolVersion": "5",
        "description": f"{about} MQTT 3.1.1 works as well.",
        "variables": {"host": {"default": "127.0.0.1"}, "port": {"default": port}},
        "security": SECURITY,
    }


def _key(topic: Topic[Any]) -> str:
    return re.sub(r"/{\w+}", "", topic.template).replace("/", "_")


def _channel(topic: Topic[Any]) -> dict[str, Any]:
    channel: dict[str, Any] = {
        "address": topic.template,
        "description": f"{topic.about} Written by: {_writers(topic)}.",
        "messages": {topic.payload.__name__: {"$ref": f"#/components/messages/{topic.payload.__name__}"}},
    }
    known = {name: PARAMETERS[name] for name in re.findall(r"{(\w+)}", topic.template)}
    if known:
        channel["parameters"] = {name: {"description": about} for name, about in known.items()}
    return channel


def _operations(topic: Topic[Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield what we do: everything is sent by one of us, and commands and their outcomes go both ways."""
    key, bindings = _key(topic), {"mqtt": {"qos": 1, "retain": topic.retain, "bindingVersion": "0.2.0"}}
    about: dict[str, Any] = {"channel": {"$ref": f"#/channels/{key}"}, "bindings": bindings}
    reply = REPLIES.get(topic.template)
    if reply:
        outcome = {"channel": {"$ref": f"#/channels/{_key(BY_TEMPLATE[reply])}"}}
        yield f"receive_{key}", {"action": "receive", **about, "reply": outcome}
    yield f"send_{key}", {"action": "send", **about}


BY_TEMPLATE = {topic.template: topic for topic in TOPICS}


def _message(payload: type[Any]) -> dict[str, Any]:
    return {"name": payload.__name__, "payload": {"$ref": f"#/components/schemas/{payload.__name__}"}}

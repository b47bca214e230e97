"""Renders a device as Home Assistant's discovery payload: one message per device. Pure.

One fault makes Home Assistant reject the whole device: an unknown key at the root, no origin, no identifiers, an entity
without unique_id. An unknown key in a component is dropped silently.
"""

import json
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from services.homeassistant.controls import Control
from services.homeassistant.devices import OURS, Device, Part, Switch, slug
from services.homeassistant.entities import DIAGNOSTIC, GRID_TRIGGERS, ICONS, UNITS, Entity
from shared import topics
from shared.freshness import STATUS_HOLDS
from shared.messages import VERSION, ServiceHealth
from shared.texts.catalogue import say, service_name
from shared.texts.language import Language

Payload = dict[str, Any]

SERVICE = "homeassistant"
ORIGIN = "easun-bridge"
STATE_OF = "{{ value_json.state }}"
BY = "homeassistant"
"""The sender of our commands, as the state shows it."""


@dataclass(frozen=True)
class Home:
    """What all payloads of a house have in common: MQTT_TOPIC_PREFIX, the language of names, our version."""

    prefix: str
    language: Language
    version: str
    scope: str = field(init=False)
    """Distinguishes the ids of several homes at one broker."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "scope", slug(self.prefix.strip("/")))

    def id(self, device: str) -> str:
        """Return the id of a device in Home Assistant."""
        return "_".join(filter(None, (OURS, self.scope, device.removeprefix(f"{OURS}_"))))

    def topic(self, topic: str) -> str:
        """Return one of our topics, with its prefix."""
        return self.prefix + topic

    @property
    def status_topic(self) -> str:
        """The topic of our own status, which is in every payload of this house."""
        return self.topic(topics.SERVICE_STATUS.named(SERVICE))


def payload(device: Device, home: Home, before: Collection[str] = ()) -> Payload:
    """Return the discovery payload; `before` are the components that Home Assistant already has.

    A value that was known once keeps its entity.
    """
    components = {key: one for part in device.parts for key, one in _entities(device, part, home, before)}
    components |= {key: one for switch in device.switches for key, one in _switch(device, switch, home)}
    components |= {one.key: _control(device, one, home) for one in device.controls}
    components |= {key: one for name in device.services for key, one in _service(device, name, home)}
    if device.has_triggers:
        components |= dict(_triggers(home))
    return {
        "device": {"identifiers": [home.id(device.id)], "name": device.name, "manufacturer": ORIGIN} | device.facts,
        "origin": {"name": ORIGIN, "sw_version": home.version},
        "components": components,
        "availability": [
            {
                "topic": home.status_topic,
                "value_template": "{{ 'offline' if value_json.state == 'offline' else 'online' }}",
            },
            {"topic": home.topic(topics.LIVE.named(home.id(device.id))), "value_template": STATE_OF},
        ],
        "availability_mode": "all",
    }


def with_removals(payload: Payload, before: Mapping[str, str]) -> Payload:
    """Return the payload that also removes the components of an earlier one: a bare platform does that."""
    gone = {key: {"platform": platform} for key, platform in before.items() if key not in payload["components"]}
    return payload | {"components": payload["components"] | gone} if gone else payload


def components_in(config: bytes, home: Home) -> dict[str, str] | None:
    """Return the components of a retained payload with their platforms, or None if it is not of this house."""
    try:
        known = json.loads(config)
        if known["availability"][0]["topic"] != home.status_topic:
            return None
        return {key: one["platform"] for key, one in known["components"].items() if len(one) > 1}
    except (ValueError, RecursionError, TypeError, KeyError, IndexError, AttributeError):
        return None


def to_json(payload: Payload) -> bytes:
    """Return a payload as it is published: the same device gives the same bytes."""
    return json.dumps(payload, ensure_ascii=False, separators=(",", ":")).encode()


def _entities(device: Device, part: Part, home: Home, before: Collection[str]) -> Iterator[tuple[str, Payload]]:
    for entity in part.entities:
        values = [getattr(part.message, name, None) for name in entity.needs] if part.message else []
        if entity.key in before or all(value is not None for value in values):
            yield entity.key, _entity(device, part, entity, home)


def _entity(device: Device, part: Part, entity: Entity, home: Home) -> Payload:
    topic = home.topic(part.topic)
    name = say(home.language, f"ha.{entity.text or entity.key}", number=entity.number)
    one = _component(device, entity.key, entity.platform, name, home)
    one |= {"state_topic": topic, "value_template": entity.template}
    if entity.platform == "sensor":
        one |= _measured(entity)
    if part.expires_s and entity.platform in ("sensor", "binary_sensor"):
        one["expire_after"] = part.expires_s
    one |= entity.more
    attributes = [entity.attributes] if entity.attributes else []
    if entity.meaning:
        attributes.append(_meanings(entity.meaning, entity.more["options"], entity.expression, home))
    if attributes:
        one |= _attributes(topic, *attributes)
    if icon := ICONS.get(entity.key):
        one["icon"] = icon
    if entity.diagnostic:
        one["entity_category"] = DIAGNOSTIC
    if entity.hidden:
        one["enabled_by_default"] = False
    return one


def _meanings(key: str, options: Iterable[str], value: str, home: Home) -> str:
    """Return the attribute that says what a state means, in the language of names."""
    texts = {option: say(home.language, key.format(option)) for option in options}
    said = {option: text[:1].upper() + text[1:] for option, text in texts.items()}
    return f"'meaning': {json.dumps(said, ensure_ascii=False)}.get({value})"


def _attributes(topic: str, *attributes: str) -> Payload:
    listed = ", ".join(attributes)
    return {"json_attributes_topic": topic, "json_attributes_template": f"{{{{ {{{listed}}} | to_json }}}}"}


def _measured(entity: Entity) -> Payload:
    unit, device_class, digits = UNITS.get(entity.key.rsplit("_", 1)[-1], (None, None, None))
    facts = {
        "unit_of_measurement": unit,
        "device_class": device_class,
        "state_class": entity.state_class,
        "suggested_display_precision": digits,
    }
    return {key: value for key, value in facts.items() if value is not None}


def _component(device: Device, key: str, platform: str, name: str | None, home: Home) -> Payload:
    unique_id = f"{home.id(device.id)}_{key}"
    return {
        "platform": platform,
        "unique_id": unique_id,
        # the second is the name of the first since 2025.10
        "object_id": unique_id,
        "default_entity_id": f"{platform}.{unique_id}",
        "name": name,
    }


def _switch(device: Device, switch: Switch, home: Home) -> Iterator[tuple[str, Payload]]:
    """Yield a switch, or, if it may not be switched, an entity that only shows its state."""
    gang = switch.gang
    known = f"value_json.gangs[{json.dumps(gang)}] | default(none)" if gang else "value_json.on"
    state = f"{{% set on = {known} %}}{{{{ none if on is none else 'ON' if on else 'OFF' }}}}"
    platform, key = ("switch", "switch") if switch.may_switch else ("binary_sensor", "state")
    key = key if gang is None else f"{key}_{slug(gang)}"
    one = _component(device, key, platform, switch.name, home)
    one |= {"state_topic": home.topic(switch.topic), "value_template": state}
    if switch.may_switch:
        told = f', "gang": {json.dumps(gang)}' if gang else ""
        one |= {
            "command_topic": home.topic(switch.command_topic),
            "command_template": _command(f'"on": value == "ON"{told}'),
            "device_class": "outlet",
            "qos": 1,
        }
    else:
        one["device_class"] = "plug"
    yield key, one


def _control(device: Device, control: Control, home: Home) -> Payload:
    topic = home.topic(control.topic)
    one = _component(device, control.key, control.platform, control.name, home) | {
        "command_topic": home.topic(control.command_topic),
        "command_template": _command(control.command),
        "qos": 1,
    }
    if control.topic:
        one |= {"state_topic": topic, "value_template": f"{{{{ {control.value} }}}}"}
    attributes = {"json_attributes_topic": topic} if "json_attributes_template" in control.more else {}
    return one | attributes | dict(control.more)


def _command(fields: str) -> str:
    """Return the template of a command: the time, the sender, and these fields."""
    return f'{{{{ {{"v": {VERSION}, "at": utcnow().isoformat(), {fields}, "by": "{BY}"}} | to_json }}}}'


def _service(device: Device, name: str, home: Home) -> Iterator[tuple[str, Payload]]:
    key = f"service_{slug(name)}"
    topic = home.topic(topics.SERVICE_STATUS.named(name))
    options = [one.value for one in ServiceHealth]
    yield (
        key,
        _component(device, key, "sensor", service_name(home.language, name), home)
        | {
            "state_topic": topic,
            "value_template": STATE_OF,
            "device_class": "enum",
            "options": options,
            "expire_after": int(STATUS_HOLDS.total_seconds()),
            "entity_category": DIAGNOSTIC,
            "icon": "mdi:cog-transfer",
        }
        | _attributes(
            topic,
            "'version': value_json.version, 'reasons': value_json.reasons | map(attribute='text') | list",
            _meanings("service.{}", options, "value_json.state", home),
        ),
    )


def _triggers(home: Home) -> Iterator[tuple[str, Payload]]:
    for kind, change in GRID_TRIGGERS.items():
        yield (
            kind,
            {
                "platform": "device_automation",
                "automation_type": "trigger",
                "topic": home.topic(topics.GRID_EVENT.named()),
                "value_template": "{{ value_json.change }}",
                "payload": change,
                "type": kind,
                "subtype": ORIGIN,
            },
        )

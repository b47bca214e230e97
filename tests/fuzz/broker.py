"""What arrives on the broker, from an account that may write there: is it refused, or does everybody cope with it?"""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any
from zlib import crc32
from zoneinfo import ZoneInfo

from dash.development.base_component import Component

from services.bot.alerts.rules import PlugEvent, next_alerts, plug_alerts
from services.bot.alerts.state import AlertState
from services.bot.alerts.troubles import Limits
from services.bot.texts import replies
from services.bot.texts.alerts import alert_text, digest_text
from services.bot.texts.html import escape_html
from services.bot.texts.inverter import inverter_text
from services.bot.texts.outlook import outlook_text
from services.bot.texts.schedule import schedule_text
from services.dashboard import metrics
from services.dashboard.battery.view import view as battery_view
from services.dashboard.inverter.view import view as inverter_view
from services.dashboard.now.view import view as now_view
from services.dashboard.outages.view import view as outages_view
from services.dashboard.pages import View
from services.dashboard.system.view import view as system_view
from services.homeassistant.devices import devices
from services.homeassistant.discovery import Home, components_in, payload, to_json
from services.homeassistant.energy import Counters, Meter
from services.homeassistant.grid_events import KnownTransition, after
from services.homeassistant.next_outage import outage_ahead
from services.recorder.rows import UndatedMessageError, to_dead_letter, to_row, to_undated
from services.tuya.commands import refusal, setup_refusal
from services.tuya.grid_rules import Rules, on_grid
from services.tuya.journal import Journal
from services.tuya.plug import Plug
from shared.broker_state import SECTIONS, BrokerState
from shared.errors import BadMessageError
from shared.freshness import READING_HOLDS
from shared.messages import (
    ChargeAheadCommand,
    EnergyState,
    Grid,
    GridState,
    InverterState,
    Message,
    OutageSchedule,
    PlugAction,
    PlugCommand,
    PlugSetup,
    ProfileCommand,
    SettingCommand,
)
from shared.outage_calendar import calendar_text
from shared.texts.language import Language
from shared.texts.localizer import Localizer
from shared.topics import TOPICS, Topic
from shared.trusted_time import ClockTrack, by_clock
from tests.dashboard.full_house import house
from tests.fuzz import deciders
from tests.fuzz.inputs import near_bytes, near_json
from tests.fuzz.target import Target
from tests.support.samples import sample

NOW = datetime(2026, 11, 30, 2, tzinfo=UTC)
KYIV = ZoneInfo("Europe/Kyiv")
HOME = Home("", Language.UK, "0.1.0")
KNOWN = tuple(topic for topic in TOPICS if not topic.template.startswith("replay/"))
Reader = Callable[[BrokerState, Message], None]
PLUG = Plug(id="x", name="Kettle")
RULES = Rules(turn_off=True, turn_on=True, restore_delay=timedelta(), restore_pause=timedelta())
LOCALIZERS = tuple(Localizer(language, NOW, KYIV, escape_html) for language in Language)


@cache
def whole_house() -> BrokerState:
    """Return a home in which everything is there."""
    return house(NOW)


@cache
def _clock() -> ClockTrack:
    started = NOW - timedelta(hours=1)
    return ClockTrack("boot-1", started, 3600.0, trusted=True, synchronised=True, proven=started)


def read(topic: Topic[Any]) -> Callable[[bytes], None]:
    """Return what takes a payload of a topic as every service takes it."""
    name = "x" if "{" in topic.template else ""

    def take(data: bytes) -> None:
        try:
            to_row(topic.named(name), data, NOW, _dated)
        except UndatedMessageError as error:
            to_undated(topic.named(name), data, error.stamp)
        except BadMessageError as error:
            to_dead_letter(topic.named(name), data, error, NOW)
        message = by_clock(topic.parse(data), _clock())
        said = message.model_dump_json()
        assert type(message).model_validate_json(said).model_dump_json() == said
        everybody(topic, name, message, crc32(data))

    return take


def _dated(message: Message) -> Message:
    if message.clock:
        raise UndatedMessageError(message.clock)
    return message


def everybody(topic: Topic[Any], name: str, message: Message, chosen: int) -> None:
    """Let one reader see a home in which this was said last, and let those act who do; `chosen` says which reader."""
    state = whole_house()
    for section in SECTIONS:
        if section.topic is topic:
            state = section.updated(state, name, message, NOW)
            state = section.replaced(state, name, message)
    READERS[chosen % len(READERS)](state, message)
    acted_on(message)


def _shown(view: Callable[..., View], localizer: Localizer) -> Reader:
    """Return what draws a page."""

    def show(state: BrokerState, _: Message) -> None:
        drawn = view(state, replace(localizer, escape=str), READING_HOLDS)
        json.dumps([drawn.text, drawn.state, drawn.parts, drawn.extra], default=_component, allow_nan=False)

    return show


def _component(part: object) -> Any:
    assert isinstance(part, Component), part
    return part.to_plotly_json()


def _alerted(state: BrokerState, message: Message) -> None:
    """Let the bot find what is new, save it, and write all of it."""
    known, alerts = next_alerts(AlertState(), whole_house(), NOW - timedelta(seconds=30), Limits())
    known, new = next_alerts(known, state, NOW, Limits(), (30,))
    if isinstance(message, PlugAction):
        known, more = plug_alerts(known, state, PlugEvent("x", message), NOW)
        new += more
    saved = known.model_dump_json()
    assert AlertState.model_validate_json(saved).model_dump_json() == saved
    for localizer in LOCALIZERS:
        for alert in (*alerts, *new):
            alert_text(localizer, alert)
        digest_text(localizer, [*alerts, *new])


def _answered(state: BrokerState, _: Message) -> None:
    """Let the bot answer every command."""
    for localizer in LOCALIZERS:
        for text in (
            replies.status_text, replies.battery_text, replies.plugs_text, replies.plug_setup_text,
            outlook_text, inverter_text, schedule_text,
        ):  # fmt: skip
            text(localizer, state)


def _measured(state: BrokerState, _: Message) -> None:
    metrics.exposition(state, NOW, READING_HOLDS)


def _discovered(state: BrokerState, _: Message) -> None:
    for device in devices(state, NOW, Language.EN).values():
        to_json(payload(device, HOME))


def _decided(decide: Callable[[BrokerState, datetime], None]) -> Reader:
    return lambda state, _: decide(state, NOW)


VIEWS = (now_view, battery_view, outages_view, inverter_view, system_view)
READERS: tuple[Reader, ...] = (
    *(_shown(view, localizer) for view in VIEWS for localizer in LOCALIZERS),
    *(_alerted, _alerted, _answered, _answered, _measured, _discovered),
    *map(_decided, (deciders.shed_plugs, deciders.charge_ahead, deciders.make_forecast)),
)
"""Who sees a home: all but the smallest cost milliseconds, so each input goes to one of them."""


def acted_on(message: Message) -> None:
    """Let those act who do."""
    if isinstance(message, GridState):
        journal = on_grid(Journal(handled="y"), message, {PLUG.id: PLUG}, RULES, NOW, stable_for=timedelta(hours=1))
        assert Journal.model_validate_json(journal.model_dump_json()) == journal
        known, _ = after(KnownTransition(transition_id="y", state=Grid.ON, since=NOW), message, NOW)
        known.model_dump_json()
    if isinstance(message, InverterState):
        meter = Meter(Counters()).add("x", message, 0.0).add("x", message, 10.0)
        assert Counters.model_validate_json(meter.counters.model_dump_json()) == meter.counters
    if isinstance(message, EnergyState):
        Counters().at_least(message).state(NOW)
    if isinstance(message, OutageSchedule):
        outage_ahead(message, NOW)
        calendar_text(message, outage="o", possible="p", emergency="e")
    if isinstance(message, SettingCommand | ProfileCommand | ChargeAheadCommand):
        deciders.obey(message, NOW)
    if isinstance(message, PlugCommand):
        refusal(PLUG, message, RULES, NOW)
    if isinstance(message, PlugSetup):
        setup_refusal(PLUG, message, NOW)


def topic_names(data: bytes) -> None:
    """Ask every topic whether a name is one of its own, and record what arrives there."""
    name = data.decode(errors="replace")
    for topic in TOPICS:
        found = topic.name_in(name)
        assert found is None or topic.named(found) == name
    try:
        to_row(name, b"{}", NOW)
    except BadMessageError as error:
        to_dead_letter(name, data, error, NOW)


def discovery_config(data: bytes) -> None:
    """Read what Home Assistant was shown before our start."""
    components_in(data, HOME)


def _seeds(topic: Topic[Any]) -> tuple[bytes, ...]:
    full = sample(topic.payload).model_dump_json().encode()
    fresh = json.loads(full) | {"at": NOW.isoformat()}
    bare = {name: value for name, value in fresh.items() if _is_needed(topic.payload, name)}
    return full, json.dumps(fresh).encode(), json.dumps(bare).encode()


def _is_needed(kind: type[Message], name: str) -> bool:
    return name in kind.model_fields and kind.model_fields[name].is_required()


def _target(topic: Topic[Any]) -> Target:
    seeds = _seeds(topic)
    return Target(f"MQTT: {topic.template}", read(topic), seeds, near_json(seeds))


NAMES = tuple(topic.named("main/x" if "setting}" in topic.template else "main").encode() for topic in KNOWN)
CONFIG = json.dumps(
    {"availability": [{"topic": HOME.status_topic}], "components": {"a": {"platform": "sensor", "name": "A"}}}
).encode()

BROKER = (
    *(_target(topic) for topic in KNOWN),
    Target("MQTT: names of topics", topic_names, NAMES, near_bytes(NAMES, 80), is_bytes=True),
    Target("MQTT: Home Assistant's discovery", discovery_config, (CONFIG,), near_json((CONFIG,))),
)

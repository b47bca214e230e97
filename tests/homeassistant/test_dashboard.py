"""The ready dashboard names entities that there are, and cards of Home Assistant's core."""

from collections.abc import Iterator
from typing import Any

import yaml

from services.homeassistant.devices import devices
from services.homeassistant.discovery import payload
from shared.messages import BatteryState, EnergyState, ServiceHealth, ServiceStatus
from shared.texts.language import Language
from tests.homeassistant.facts import HOME, NOW, house, inverter
from tests.support.broker import ROOT
from tests.support.samples import sample

CORE_CARDS = {"glance", "gauge", "entities", "history-graph", "logbook", "statistics-graph"}


def named(part: Any) -> Iterator[str]:
    """Yield the entities in a part of the dashboard."""
    if isinstance(part, dict):
        for value in part.values():
            yield from named(value)
    elif isinstance(part, list):
        for value in part:
            yield from named(value)
    elif isinstance(part, str) and ".easun_" in part:
        yield part


def test_every_entity_of_the_dashboard_exists() -> None:
    status = ServiceStatus(at=NOW, state=ServiceHealth.ONLINE, since=NOW, version="0.1")
    state = house(
        inverters={"main": inverter(inverter_temperature_c=30)},
        batteries={"all": sample(BatteryState)},
        energy=sample(EnergyState),
        services=dict.fromkeys(("poller", "bms", "homeassistant"), status),
    )
    found = [payload(one, HOME)["components"] for one in devices(state, NOW, Language.EN).values()]
    there = {part.get("default_entity_id") for components in found for part in components.values()}
    dashboard = yaml.safe_load((ROOT / "deploy/homeassistant/dashboard.yaml").read_text(encoding="utf-8"))
    entities = set(named(dashboard))
    assert len(entities) > 20
    assert entities - there == set()
    assert {card["type"] for view in dashboard["views"] for card in view["cards"]} == CORE_CARDS

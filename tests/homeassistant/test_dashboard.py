"""The ready dashboards name entities that there are, and cards of Home Assistant's core."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from services.homeassistant.devices import devices
from services.homeassistant.discovery import payload
from shared.messages import BatteryState, EnergyState, ServiceHealth, ServiceStatus
from shared.texts.language import Language
from tests.homeassistant.facts import HOME, NOW, house, inverter
from tests.support.broker import ROOT
from tests.support.samples import sample

CORE_CARDS = {"gauge", "grid", "heading", "history-graph", "logbook", "markdown", "statistics-graph", "tile"}
ENTITY = re.compile(r"\b[a-z_]+\.easun_[a-z0-9_]+")
TEXTS = {"title", "name", "heading", "content"}


def dashboard(name: str) -> Any:
    return yaml.safe_load((ROOT / "deploy/homeassistant" / name).read_text(encoding="utf-8"))


def parts(of: Any) -> Iterator[dict[str, Any]]:
    """Yield every mapping in a part of the dashboard."""
    if isinstance(of, dict):
        yield of
        of = list(of.values())
    if isinstance(of, list):
        for one in of:
            yield from parts(one)


def components() -> dict[str, dict[str, Any]]:
    """Return what Home Assistant is shown of a house, by entity."""
    status = ServiceStatus(at=NOW, state=ServiceHealth.ONLINE, since=NOW, version="0.1")
    state = house(
        inverters={"main": inverter(inverter_temperature_c=30, load_percent=8)},
        batteries={"all": sample(BatteryState)},
        energy=sample(EnergyState),
        services=dict.fromkeys(("poller", "bms", "schedule", "homeassistant"), status),
    )
    found = [payload(one, HOME)["components"] for one in devices(state, NOW, Language.EN).values()]
    return {one["default_entity_id"]: one for group in found for one in group.values() if "default_entity_id" in one}


@pytest.mark.parametrize("name", ["dashboard.yaml", "dashboard.en.yaml"])
def test_every_entity_of_the_dashboard_exists(name: str) -> None:
    there = components()
    shown = dashboard(name)
    entities = set(ENTITY.findall(yaml.safe_dump(shown, allow_unicode=True, width=10_000)))
    assert len(entities) > 20
    assert entities - there.keys() == set()
    assert {one["type"] for one in parts(shown["views"]) if "type" in one} == CORE_CARDS | {"sections"}
    for tile in parts(shown):
        if tile.get("state_content") == "meaning":
            assert "'meaning'" in there[tile["entity"]]["json_attributes_template"]


def test_both_dashboards_show_the_same() -> None:
    def bare(of: Any) -> Any:
        if isinstance(of, dict):
            return {key: bare(value) for key, value in of.items() if key not in TEXTS}
        return [bare(one) for one in of] if isinstance(of, list) else of

    ukrainian, english = dashboard("dashboard.yaml"), dashboard("dashboard.en.yaml")
    assert bare(ukrainian) == bare(english)
    assert not re.search("[а-яіїєґ]", yaml.safe_dump(english, allow_unicode=True).lower())

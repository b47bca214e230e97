"""What Prometheus is told: only what is known of now."""

import json
import re
from datetime import UTC, datetime, timedelta

from prometheus_client.parser import text_string_to_metric_families

from services.dashboard.metrics import exposition
from shared.broker_state import BrokerState
from shared.freshness import READING_HOLDS
from shared.messages import EnergyState, Grid, GridState
from tests.dashboard.full_house import house
from tests.support.broker import ROOT

NOW = datetime(2026, 11, 23, 18, tzinfo=UTC)


def told(state: BrokerState, now: datetime = NOW) -> dict[str, float]:
    """Return the samples by name and labels."""
    text = exposition(state, now, READING_HOLDS).decode()
    return {
        f"{one.name}{json.dumps(one.labels, sort_keys=True) if one.labels else ''}": one.value
        for family in text_string_to_metric_families(text)
        for one in family.samples
    }


def test_only_live_figures_are_exported() -> None:
    energy = EnergyState(at=NOW, since=NOW, pv_kwh=1.5)
    samples = told(house(NOW, energy=energy))
    assert samples["easun_grid_on"] == 0
    assert samples['easun_inverter_power_watts{"flow": "pv", "inverter": "main"}'] >= 0
    assert samples['easun_battery_cell_volts{"battery": "pack1", "cell": "16"}'] > 3
    assert samples['easun_energy_kwh_total{"flow": "pv"}'] == 1.5
    assert not any("pack2" in name for name in samples), "it has been silent for an hour"
    assert not any("Pump" in name for name in samples), "it cannot be reached"
    assert 'easun_energy_kwh_total{"flow": "load"}' not in samples
    later = told(house(NOW, energy=energy), NOW + timedelta(hours=1))
    assert {name for name in later if not name.startswith(("easun_energy", "easun_service_up"))} == set()
    assert {value for name, value in later.items() if name.startswith("easun_service_up")} == {0.0}


def test_an_unknown_grid_is_neither_on_nor_off() -> None:
    state = house(NOW, grid=GridState(at=NOW, state=Grid.UNKNOWN, since=NOW))
    assert "easun_grid_on" not in told(state)


def test_the_grafana_dashboard_asks_for_what_there_is() -> None:
    there = {name.partition("{")[0] for name in told(house(NOW, energy=EnergyState(at=NOW, since=NOW, pv_kwh=1)))}
    dashboard = json.loads((ROOT / "deploy/grafana/dashboard.json").read_text(encoding="utf-8"))
    asked = {target["expr"] for panel in dashboard["panels"] for target in panel["targets"]}
    names = {name for expression in asked for name in re.findall(r"easun_\w+", expression)}
    assert len(names) > 5
    assert names - there == set()

"""A house in which everything is there, as the tests of discovery need it."""

from datetime import UTC, datetime, timedelta
from typing import Any

from services.homeassistant.discovery import Home
from services.homeassistant.next_outage import outage_ahead
from shared.broker_state import BrokerState
from shared.messages import (
    BatteryInfo,
    BatteryState,
    DayState,
    EnergyState,
    Grid,
    GridState,
    InverterInfo,
    InverterState,
    Mode,
    OutageSchedule,
    PlannedDay,
    PlugInfo,
    PlugState,
    ServiceHealth,
    ServiceStatus,
    Window,
)
from shared.texts.language import Language
from tests.support.inverter_controls import ahead, profiles, settings
from tests.support.outlooks import outlook

NOW = datetime(2026, 11, 29, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
HOME = Home("", Language.EN, "0.1")


def inverter(at: datetime = NOW, **changes: Any) -> InverterState:
    """Return a reading of an inverter that discharges the battery by 500 W."""
    known: dict[str, Any] = {
        "mode": Mode.OFF_GRID,
        "pv_power_w": 1200,
        "load_power_w": 1700,
        "grid_power_w": 0,
        "grid_voltage_v": 0.0,
        "battery_power_w": -500,
        "battery_soc_percent": 71,
        "faults": (),
        "warnings": (),
    }
    return InverterState(at=at, **known | changes)


def house(**changes: Any) -> BrokerState:
    """Return everything that may be known; any field may be given."""
    schedule = OutageSchedule(
        at=NOW,
        queue="5.2",
        days=(PlannedDay(day=NOW.date(), state=DayState.PLANNED, confirmed_at=NOW),),
        windows=(Window(start=NOW + HOUR, end=NOW + 4 * HOUR),),
        fetched_at=NOW,
    )
    known: dict[str, Any] = {
        "connected": True,
        "grid": GridState(at=NOW, state=Grid.OFF, since=NOW - HOUR, voltage_v=0.0, transition_id="a"),
        "schedule": schedule,
        "next_outage": outage_ahead(schedule, NOW),
        "energy": EnergyState(at=NOW, since=NOW, pv_kwh=1, load_kwh=2, grid_in_kwh=3, battery_in_kwh=0),
        "inverters": {"main": inverter()},
        "inverter_infos": {"main": InverterInfo(at=NOW, model="SMG", layout="classic", interval_s=10)},
        "inverter_settings": {"main": settings(NOW)},
        "inverter_profiles": {"main": profiles(NOW)},
        "charge_ahead": {"main": ahead(NOW)},
        "outlook": outlook("short", NOW),
        "batteries": {"c1": BatteryState(at=NOW, soc_percent=71, power_w=-500.0, cell_voltages_v=(3.3, None, 3.2))},
        "battery_infos": {"c1": BatteryInfo(at=NOW, address="C8", name="Cellar", interval_s=5)},
        "plugs": {
            "boiler": PlugState(at=NOW, name="Boiler", on=True, reachable=True),
            "strip": PlugState(at=NOW, name="Strip", gangs={"switch_1": True, "switch_2": None}, reachable=True),
            "router": PlugState(at=NOW, name="Router", on=True, reachable=False, protected=True),
        },
        "plug_infos": {
            "strip": PlugInfo(
                at=NOW,
                name="Strip",
                gangs={"switch_1": "Lamp", "switch_2": ""},
                enabled=True,
                protected=False,
                follows_grid=True,
                priority=1,
            )
        },
        "services": {
            name: ServiceStatus(at=NOW, state=ServiceHealth.ONLINE, since=NOW, version="0.1")
            for name in ("poller", "bms", "tuya")
        },
    }
    return BrokerState(**known | changes)

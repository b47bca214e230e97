"""A house in which everything is there: what the pages look like when all services have something to say."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from services.dashboard import web_server
from services.dashboard.app import application
from services.dashboard.pages import Send, discard_command
from services.dashboard.paging import Kind
from services.dashboard.settings import DashboardSettings
from shared.broker_state import BrokerState
from shared.conditions import battery, dashboard, inverter, inverter_settings, system
from shared.history.engine import reader
from shared.live_figures import ALL
from shared.messages import (
    Availability,
    BatteryInfo,
    BatteryState,
    Certainty,
    Contact,
    DayState,
    Grid,
    GridState,
    InverterInfo,
    OutageSchedule,
    PackHealth,
    PlannedDay,
    PlugInfo,
    PlugState,
    ServiceHealth,
    ServiceStatus,
    SettingChange,
    SettingOutcome,
    Via,
    Window,
)
from tests.dashboard.harness import reading
from tests.support.inverter_controls import ahead, profiles, settings
from tests.support.outlooks import outlook
from tests.support.ports import free_port


def house(now: datetime, **changes: Any) -> BrokerState:
    """Return everything that may be known; any field may be given."""
    hour = timedelta(hours=1)
    online = Availability(at=now, state=Contact.ONLINE, since=now - 5 * hour)
    offline = Availability(at=now, state=Contact.OFFLINE, since=now - hour, reason=system.TIMED_OUT())
    known: dict[str, Any] = {
        "connected": True,
        "grid": GridState(at=now, state=Grid.OFF, since=now - hour, voltage_v=0.0),
        "schedule": _plan(now),
        "outlook": outlook("short", now),
        "inverters": {"main": reading(now, warnings=(inverter.MAINS_LOST(),))},
        "inverter_infos": {
            "main": InverterInfo(
                at=now,
                model="SMG 6200",
                layout="classic",
                serial_number="SN62001234",
                firmware="6.28",
                rated_power_w=6200,
            )
        },
        "inverter_availability": {"main": online},
        "inverter_settings": {"main": settings(now)},
        "inverter_profiles": {"main": profiles(now)},
        "charge_ahead": {"main": ahead(now)},
        "setting_changes": {
            "main/buzzer_mode": SettingChange(
                at=now,
                value="mute",
                before="fault",
                by="dashboard",
                outcome=SettingOutcome.REFUSED,
                reason=inverter_settings.MODE_REFUSED(),
            )
        },
        "batteries": {
            "all": _pack(now),
            "pack1": _pack(now),
            "pack2": _pack(now - hour, alarms=(battery.CELL_VOLTAGE_TOO_LOW(),)),
        },
        "battery_infos": {
            name: BatteryInfo(
                at=now,
                address=f"C8:47:80:00:00:0{name[-1]}",
                name=name,
                model="JK_PB2A16S15P",
                serial_number="40110480",
            )
            for name in ("pack1", "pack2")
        },
        "battery_availability": {"pack1": online, "pack2": offline},
        "plugs": {
            "boiler": PlugState(at=now, name="Boiler", on=True, reachable=True, confirmed=True, via=Via.LOCAL),
            "kettle": PlugState(at=now, name="Kettle", on=False, reachable=True, dry_run=True, via=Via.CLOUD),
            "router": PlugState(at=now, name="Router", on=True, reachable=True, protected=True),
            "pump": PlugState(at=now, name="Pump", reachable=False, reason=system.TIMED_OUT()),
        },
        "plug_infos": {
            "boiler": PlugInfo(
                at=now,
                name="Boiler",
                gangs={"switch_1": "switch_1"},
                enabled=True,
                protected=False,
                follows_grid=True,
                priority=20,
            ),
            "strip": PlugInfo(
                at=now,
                name="Подовжувач",
                gangs={"switch_1": "Лампа", "switch_2": "Чайник"},
                enabled=False,
                protected=False,
                follows_grid=False,
                priority=100,
            ),
        },
        "services": {name: _status(now, state) for name, state in zip(SERVICES, ServiceHealth, strict=False)},
    }
    return BrokerState(**known | changes)


SERVICES = ("poller", "schedule", "tuya", "bot")


def _status(now: datetime, state: ServiceHealth) -> ServiceStatus:
    reasons = () if state is ServiceHealth.ONLINE else (dashboard.NO_PASSWORD(),)
    return ServiceStatus(at=now, state=state, since=now, reasons=reasons, version="0.1.0")


def _pack(at: datetime, **more: Any) -> BatteryState:
    cells = tuple(3.28 + number / 1000 for number in range(16))
    usual: dict[str, Any] = {
        "voltage_v": 52.6,
        "current_a": -12.3,
        "power_w": -647.0,
        "soc_percent": 76.4,
        "soh_percent": 98,
        "remaining_ah": 214.0,
        "full_ah": 280.0,
        "nominal_ah": 280.0,
        "cycles": 143,
        "cell_voltages_v": cells,
        "cell_resistances_ohm": (0.0004,) * 16,
        "cell_min_v": cells[0],
        "cell_max_v": cells[-1],
        "cell_delta_v": 0.015,
        "cell_min_number": 1,
        "cell_max_number": 16,
        "temperatures_c": (21.0, 22.5),
        "mosfet_temperature_c": 28.0,
        "alarms": (),
        "health": PackHealth.GREEN,
        "rssi_dbm": -62,
    }
    return BatteryState(at=at, **usual | more)


def _plan(now: datetime) -> OutageSchedule:
    today = now.date()
    days = [PlannedDay(day=today + timedelta(days=ahead), state=DayState.PLANNED, confirmed_at=now) for ahead in (0, 1)]
    windows = (
        Window(start=now - timedelta(hours=1), end=now + timedelta(hours=2)),
        Window(start=now + timedelta(hours=8), end=now + timedelta(hours=11), certainty=Certainty.POSSIBLE),
    )
    return OutageSchedule(at=now, queue="5.2", source="be_svitlo", days=tuple(days), windows=windows, fetched_at=now)


def crowded(known: BrokerState, kind: Kind, count: int) -> BrokerState:
    """Return a house with so many devices of a kind, all like the first one."""
    many: dict[str, Any] = {}
    for field in kind.fields:
        given = getattr(known, field)
        whole = {name: value for name, value in given.items() if name == ALL}
        others = [value for name, value in sorted(given.items()) if name != ALL]
        many[field] = whole | ({f"one{number:04}": others[0] for number in range(count)} if others else {})
    return replace(known, **many)


@contextmanager
def served(path: Path, send: Send = discard_command, **settings: Any) -> Iterator[str]:
    """Serve the furnished house over the database at a path; yield the address."""
    port = free_port()
    given = DashboardSettings(_env_file=None, dashboard_port=port, db_path=path, **settings)
    app = application(lambda: house(datetime.now(UTC)), reader(path), given, send)
    server = web_server.listen(app, "127.0.0.1", port, given.dashboard_trusted_proxy)
    threading.Thread(target=server.run, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        server.close()

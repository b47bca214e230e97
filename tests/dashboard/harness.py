"""What the browser tests need around the page: a publisher, the dashboard as a process, recorded history."""

import re
import urllib.error
import urllib.request
from datetime import UTC, datetime, timedelta
from math import pi, sin
from pathlib import Path
from typing import Any, Self
from zoneinfo import ZoneInfo

from paho.mqtt import client as mqtt
from paho.mqtt.enums import CallbackAPIVersion

from services.recorder.rows import to_row
from services.recorder.store import open_store
from services.recorder.upkeep import Upkeep
from shared.conditions import Reason
from shared.history.derived import rollup_due
from shared.messages import (
    Availability,
    Contact,
    Grid,
    GridState,
    InverterState,
    Message,
    Mode,
    ServiceHealth,
    ServiceStatus,
)
from shared.topics import GRID_STATE, INVERTER_AVAILABILITY, INVERTER_STATE, SERVICE_STATUS
from tests.support.broker import Broker
from tests.support.ports import free_port
from tests.support.stack import Process
from tests.support.waiting import PATIENCE_S, eventually


def reading(at: datetime, **fields: Any) -> InverterState:
    """Return a plausible reading; any field may be given."""
    usual: dict[str, Any] = {
        "mode": Mode.OFF_GRID,
        "grid_voltage_v": 231.4,
        "grid_frequency_hz": 49.98,
        "grid_power_w": 0,
        "output_voltage_v": 230.1,
        "output_frequency_hz": 50.0,
        "load_power_w": 643,
        "load_percent": 10,
        "battery_voltage_v": 52.7,
        "battery_current_a": 11.3,
        "battery_power_w": 598,
        "battery_soc_percent": 76,
        "pv_power_w": 1241,
        "pv_energy_today_kwh": 5.3,
        "inverter_temperature_c": 38,
        "warnings": (),
        "faults": (),
    }
    return InverterState(at=at, **usual | fields)


def token_of(page: str) -> str:
    """Return the token in a page, which a command or a download must carry."""
    found = re.search(r'name="csrf" (?:value|content)="([^"]+)"', page)
    assert found
    return found[1]


class Publisher:
    """Speaks for the poller and the other services, in plain paho."""

    def __init__(self, broker: Broker, account: str = "poller") -> None:
        self._client = mqtt.Client(CallbackAPIVersion.VERSION2, protocol=mqtt.MQTTv5)
        self._client.username_pw_set(account, (broker.secrets_dir / account).read_text().strip())
        self._client.reconnect_delay_set(1, 1)
        self._client.connect("127.0.0.1", broker.port)
        self._client.loop_start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._client.disconnect()
        self._client.loop_stop()

    def send(self, topic: str, message: Message) -> None:
        self._client.publish(topic, message.model_dump_json(), qos=1, retain=True).wait_for_publish(PATIENCE_S)

    def inverter(self, name: str = "smg2", *, at: datetime | None = None, **fields: Any) -> None:
        self.send(INVERTER_STATE.named(name), reading(at or datetime.now(UTC), **fields))

    def grid(
        self, state: Grid = Grid.ON, *, at: datetime | None = None, since: datetime | None = None, **fields: Any
    ) -> None:
        at = at or datetime.now(UTC)
        self.send(GRID_STATE.named(), GridState(at=at, state=state, since=since or at, **fields))

    def offline(self, name: str, why: str) -> None:
        now = datetime.now(UTC)
        self.send(
            INVERTER_AVAILABILITY.named(name),
            Availability(at=now, state=Contact.OFFLINE, since=now, reason=Reason.sentence(why)),
        )

    def status(self, state: ServiceHealth, *, at: datetime | None = None, reason: str = "") -> None:
        at = at or datetime.now(UTC)
        reasons = (Reason.sentence(reason),) if reason else ()
        status = ServiceStatus(at=at, state=state, since=at, reasons=reasons, version="0.1.0")
        self.send(SERVICE_STATUS.named("poller"), status)


class Dashboard:
    """The dashboard as a process of its own."""

    def __init__(self, broker: Broker, db_path: Path, **settings: str) -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        env = broker.env("dashboard") | {"DASHBOARD_PORT": str(self.port), "DB_PATH": str(db_path)}
        env |= {"DASHBOARD_STATE_DIR": str(db_path.parent / "dashboard")} | settings
        self._process = Process("dashboard", "services.dashboard", env, db_path.parent / f"dashboard-{self.port}.log")
        self._process.start()

    def __enter__(self) -> Self:
        eventually(lambda: self.status() == 200, "the dashboard is healthy")
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def status(self) -> int:
        try:
            with urllib.request.urlopen(f"{self.url}/healthz", timeout=PATIENCE_S) as answer:
                return int(answer.status)
        except urllib.error.HTTPError as error:
            return error.code
        except OSError:
            return 0

    def exit_code(self) -> int:
        return self._process.exit_code()

    @property
    def log(self) -> str:
        return self._process.log

    def stop(self) -> None:
        self._process.stop()


def record(
    path: Path,
    until: datetime,
    *,
    days: float,
    device: str = "smg2",
    every: timedelta = timedelta(minutes=1),
    summed_up: bool = False,
) -> None:
    """Write a plausible history with a gap and two outages into a new database; not summed up, it has no energy."""
    moments = [until - index * every for index in range(int(timedelta(days=days) / every))][::-1]
    quiet = (until - timedelta(hours=9), until - timedelta(hours=8))
    kept = [at for at in moments if not quiet[0] <= at < quiet[1]]
    readings = [(INVERTER_STATE.named(device), InverterState(at=at, mode=Mode.OFF_GRID, **_then(at))) for at in kept]
    grid = [(GRID_STATE.named(), _grid_then(at, until)) for at in kept]
    store = open_store(path)
    store.write([to_row(topic, message.model_dump_json().encode()) for topic, message in [*readings, *grid]])
    if summed_up:
        Upkeep(store, ZoneInfo("Europe/Kyiv"), 400).finish(until)
    store.run(lambda connection: connection.execute(rollup_due.delete()))  # tests add the outages that they want
    store.close()


def _then(at: datetime) -> dict[str, Any]:
    hour = at.hour + at.minute / 60 + 2
    sun = max(0.0, sin((hour - 7) / 10 * pi)) * 3200 if 7 < hour < 17 else 0.0
    load = 420 + 380 * max(0.0, sin((hour - 17) / 5 * pi)) * (17 < hour < 22) + 900 * (at.minute < 6 and 7 <= hour < 22)
    battery = max(-2000.0, min(2500.0, sun - load)) if 7 < hour < 23 else 300
    soc = 55 + 40 * sin((hour - 12) / 12 * pi)
    return {
        "pv_power_w": round(sun),
        "load_power_w": round(load),
        "battery_power_w": round(battery),
        "grid_power_w": round(load + battery - sun),
        "battery_soc_percent": round(soc),
    }


def _grid_then(at: datetime, until: datetime) -> GridState:
    ago = (until - at) / timedelta(hours=1)
    off = 2 <= ago < 5 or 12 <= ago < 13
    began = next((edge for edge in (2, 5, 12, 13) if ago < edge), 1000)
    return GridState(at=at, state=Grid.OFF if off else Grid.ON, since=until - timedelta(hours=began))

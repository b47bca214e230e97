"""The simulator's settings."""

from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated

from pydantic import BeforeValidator, Field
from pydantic_settings import NoDecode

from shared.settings import MqttSettings, Settings
from shared.topics import NAME
from simulators.house import House
from simulators.live import FASTEST
from simulators.mains import KYIV, GridMode, Window, windows
from simulators.registers import Layout
from simulators.transports.dongle import DongleFraming
from simulators.transports.transport import TransportKind


def _timetable(given: object) -> object:
    return windows(given) if isinstance(given, str) else given


Timetable = Annotated[tuple[Window, ...], NoDecode, BeforeValidator(_timetable)]
Port = Annotated[int, Field(ge=0, le=65535)]


class TimetableSettings(Settings):
    """The timetable of outages."""

    house_outages: Timetable = windows("08:00-11:00,18:00-21:30")


class WorldSettings(TimetableSettings):
    """The house itself: the same settings and the same span always give the same state."""

    house_seed: int = Field(default=1, ge=0, le=2**31 - 1)
    house_days: int = Field(default=1, ge=0, le=92)
    house_layout: Layout = Layout.CLASSIC

    def new_house(self, now: datetime, days: int | None = None) -> House:
        """Return the house as it was at the local midnight so many days ago."""
        midnight = now.astimezone(KYIV).replace(hour=0, minute=0, second=0, microsecond=0)
        days = self.house_days if days is None else days
        return House(midnight - timedelta(days=days), seed=self.house_seed, outages=self.house_outages)


class ServeSettings(WorldSettings):
    """The process that serves the house."""

    house_transport: TransportKind = TransportKind.TCP
    house_modbus_bind: str = "127.0.0.1"
    house_modbus_port: Port = 5020
    house_modbus_unit: int = Field(default=1, ge=1, le=247)
    house_serial_link: str = ""
    house_dongle_bind: str = "127.0.0.1"
    house_dongle_port: Port = 58899
    house_dongle_framing: DongleFraming = DongleFraming.EYBOND
    house_latency: float = Field(default=0.0, ge=0, le=600)
    house_control_bind: str = "127.0.0.1"
    house_control_port: Port = 8502
    house_speed: float = Field(default=1.0, gt=0, le=FASTEST)
    house_grid: GridMode = GridMode.AUTO
    house_replay: str = ""
    house_ready_file: Path | None = None


class BatteriesSettings(Settings):
    """The batteries on the virtual radio."""

    house_batteries: int = Field(default=2, ge=0, le=16)
    house_battery_kinds: str = Field(default="12", pattern="^[123]+$")
    house_radio_bind: str = "127.0.0.1"
    house_radio_port: int = Field(default=8503, ge=1, le=65535)
    house_radio_control_port: Port = 8504
    house_radio_ready_file: Path | None = None
    house_control_url: str = Field(default="http://127.0.0.1:8502", pattern="^https?://")

    def kind(self, number: int) -> int:
        """Return the kind of a battery, both counted from 0; the kinds repeat."""
        return int(self.house_battery_kinds[number % len(self.house_battery_kinds)]) - 1


class OutagesSettings(TimetableSettings):
    """The web sites that publish planned outages."""

    house_queue: str = Field(default="5.2", pattern=r"^[1-6]\.[12]$")
    house_schedule_bind: str = "127.0.0.1"
    house_schedule_port: Port = 8505
    house_schedule_control_port: Port = 8506
    house_schedule_ready_file: Path | None = None


class PlugsSettings(Settings):
    """The plugs and their cloud."""

    house_plugs: int = Field(default=5, ge=0, le=64)
    house_plugs_bind: str = "127.0.0.1"
    house_plugs_port: Port = 16668
    house_plugs_control_port: Port = 8508
    house_plugs_announce_port: Port = 6667
    house_cloud_port: Port = 8507
    house_plugs_file: Path | None = None
    house_plugs_ready_file: Path | None = None


class TelegramSettings(Settings):
    """The simulated Bot API; if a token is set, it accepts no other."""

    house_telegram_bind: str = "127.0.0.1"
    house_telegram_port: Port = 8081
    house_telegram_token: str = ""
    house_telegram_ready_file: Path | None = None


class ClientSettings(Settings):
    """The address of the control API."""

    house_control_url: str = Field(default="http://127.0.0.1:8502", pattern="^https?://")


class HistorySettings(MqttSettings, WorldSettings):
    """The broker and inverter name of the published past."""

    inverter_name: str = Field(default="main", pattern=f"^{NAME}$")

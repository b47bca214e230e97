"""The simulator's settings."""

from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated, ClassVar

from pydantic import BeforeValidator, Field, PlainSerializer
from pydantic_settings import NoDecode

from shared.settings import InverterNameSettings, MqttSettings, Settings
from shared.settings_metadata import InCompose, Section
from simulators.house import House
from simulators.live import FASTEST
from simulators.mains import KYIV, GridMode, Window, windows
from simulators.registers import Layout
from simulators.transports.dongle import DongleFraming
from simulators.transports.transport import TransportKind


def _timetable(given: object) -> object:
    return windows(given) if isinstance(given, str) else given


def _text(timetable: tuple[Window, ...]) -> str:
    minutes = ((window.begin_min, window.end_min) for window in timetable)
    return ",".join(f"{_time(begin)}-{_time(end)}" for begin, end in minutes) or "none"


def _time(minute: int) -> str:
    return f"{minute // 60:02}:{minute % 60:02}"


Timetable = Annotated[tuple[Window, ...], NoDecode, BeforeValidator(_timetable), PlainSerializer(_text)]
Port = Annotated[int, Field(ge=0, le=65535)]
Bind = Annotated[str, InCompose("0.0.0.0")]  # noqa: S104  # all addresses of the container
ReadyFile = Annotated[Path | None, InCompose("/tmp/healthy")]  # noqa: S108  # a tmpfs of the container
READY = "A file that is written when {} listen, in JSON with the ports."


class SimulatorSettings(Settings):
    """The timetable of outages."""

    section = Section.SIMULATORS
    handed_over: ClassVar[bool] = False


class TimetableSettings(SimulatorSettings):
    """The timetable of outages."""

    house_outages: Timetable = Field(
        default=windows("08:00-11:00,18:00-21:30"), description="The daily outages in local time, or none."
    )


class QueueSettings(TimetableSettings):
    """The queue of the house."""

    house_queue: str = Field(
        default="5.2",
        pattern=r"^[1-6]\.[12]$",
        description="The queue that HOUSE_OUTAGES belongs to; all others have the same outages shifted.",
    )


class WorldSettings(TimetableSettings):
    """The house itself: the same settings and the same span always give the same state."""

    house_seed: int = Field(
        default=1, ge=0, le=2**31 - 1, description="The seed of everything random: the same seed gives the same house."
    )
    house_days: Annotated[int, InCompose("3")] = Field(
        default=1, ge=0, le=92, description="Days of history that the house begins with."
    )
    house_layout: Layout = Field(default=Layout.CLASSIC, description="The inverter's register layout, classic or k11.")

    def new_house(self, now: datetime, days: int | None = None) -> House:
        """Return the house as it was at the local midnight so many days ago."""
        midnight = now.astimezone(KYIV).replace(hour=0, minute=0, second=0, microsecond=0)
        days = self.house_days if days is None else days
        return House(midnight - timedelta(days=days), seed=self.house_seed, outages=self.house_outages)


class ServeSettings(WorldSettings):
    """The process that serves the house."""

    house_speed: float = Field(
        default=1.0, gt=0, le=FASTEST, description="How many times faster than real time the house lives."
    )
    house_grid: Annotated[GridMode, InCompose("on")] = Field(
        default=GridMode.AUTO, description="The grid at the start: on, off or auto (follows HOUSE_OUTAGES)."
    )
    house_replay: str = Field(
        default="",
        description="A captured inverter instead of the house: FILE or FILE#ID, in the format of docs/inverter.md.",
    )
    house_transport: TransportKind = Field(
        default=TransportKind.TCP, description="How the inverter is reached: tcp, rtu_over_tcp, serial or dongle."
    )
    house_modbus_bind: Bind = Field(
        default="127.0.0.1", description="The address on which tcp and rtu_over_tcp listen."
    )
    house_modbus_port: Annotated[Port, InCompose("502")] = Field(
        default=5020, description="The port on which tcp and rtu_over_tcp listen; 0 takes a free one."
    )
    house_modbus_unit: int = Field(
        default=1, ge=1, le=247, description="The inverter's Modbus unit; all others stay silent."
    )
    house_serial_link: str = Field(
        default="",
        description="A link to the pseudo terminal of serial, created at the start and after every unplug. Empty: "
        "none, the path is logged.",
    )
    house_dongle_bind: str = Field(
        default="127.0.0.1",
        description="The address on which the dongle receives redirects by UDP. With 127.0.0.1 it connects only to "
        "servers on this machine.",
    )
    house_dongle_port: Port = Field(default=58899, description="The UDP port for redirects.")
    house_dongle_framing: DongleFraming = Field(
        default=DongleFraming.EYBOND,
        description="What the dongle speaks: eybond, raw (AT commands and plain RTU), or pi30 (an EyeBond dongle on an "
        "inverter that knows no Modbus).",
    )
    house_numbered: bool = Field(
        default=False, description="Whether the apparent load is the number of the reading: for tests that count them."
    )
    house_latency: float = Field(default=0.0, ge=0, le=600, description="Seconds that every answer takes.")
    house_control_bind: Bind = Field(default="127.0.0.1", description="The address of the house's control server.")
    house_control_port: Port = Field(default=8502, description="The port of the house's control server.")
    house_ready_file: ReadyFile = Field(default=None, description=READY.format("the inverter and the control server"))
    house_kept_grid: Annotated[Path | None, InCompose(None)] = Field(
        default=None,
        description="A file in which the house notes at its start when its grid last changed, as the poller keeps it.",
    )


class ClientSettings(SimulatorSettings):
    """Where the house's control server is."""

    house_control_url: Annotated[str, InCompose("http://house:8502")] = Field(
        default="http://127.0.0.1:8502",
        pattern="^https?://",
        description="The house's control server, as the batteries and the commands of `python -m simulators` reach it.",
    )


class PacksSettings(SimulatorSettings):
    """How many batteries the house has."""

    house_batteries: int = Field(default=2, ge=0, le=16, description="How many virtual JK batteries there are.")


class BatteriesSettings(PacksSettings, ClientSettings):
    """The batteries on the virtual radio."""

    house_battery_kinds: str = Field(
        default="12",
        pattern="^[123]+$",
        description="Their kinds, one digit each and repeated: 1 JK02_32S, 2 JK02_24S, 3 JK04.",
    )
    house_tower_packs: int = Field(
        default=0,
        ge=0,
        le=15,
        description="How many JK packs there are on an RS485 line, at addresses 1, 2 and so on.",
    )
    house_tower_port: Port = Field(
        default=8505, description="The raw TCP port of the gateway to that line, on the address of the radio."
    )
    house_gps_port: int = Field(
        default=0,
        ge=0,
        le=65535,
        description="The raw TCP port of a gateway to the GPS port of an older board, on the address of the radio. 0: "
        "there is none.",
    )
    house_display_port: int = Field(
        default=0, ge=0, le=65535, description="The same for the display port of that board. 0: there is none."
    )
    house_radio_bind: Bind = Field(
        default="127.0.0.1", description="The address of their radio and its control server."
    )
    house_radio_port: int = Field(default=8503, ge=1, le=65535, description="The port of their radio.")
    house_radio_control_port: Port = Field(default=8504, description="The port of the radio's control server.")
    house_radio_ready_file: ReadyFile = Field(
        default=None, description=READY.format("the radio and its control server")
    )

    def kind(self, number: int) -> int:
        """Return the kind of a battery, both counted from 0; the kinds repeat."""
        return int(self.house_battery_kinds[number % len(self.house_battery_kinds)]) - 1


class OutagesSettings(QueueSettings):
    """The web sites that publish planned outages."""

    house_schedule_bind: Bind = Field(
        default="127.0.0.1",
        description="The address of the web sites that publish the outages, and of their control server.",
    )
    house_schedule_port: Port = Field(default=8505, description="The port of the web sites.")
    house_schedule_control_port: Port = Field(default=8506, description="The port of their control server.")
    house_schedule_ready_file: ReadyFile = Field(
        default=None, description=READY.format("the web sites and their control server")
    )


class PlugsSettings(SimulatorSettings):
    """The plugs and their cloud."""

    house_plugs: int = Field(default=5, ge=0, le=64, description="How many virtual Tuya plugs there are.")
    house_plugs_bind: Bind = Field(
        default="127.0.0.1", description="The address of the plugs, their cloud and their control server."
    )
    house_plugs_port: Port = Field(
        default=16668, description="The port from which on the plugs listen; 0 takes free ones."
    )
    house_plugs_control_port: Port = Field(default=8508, description="The port of their control server.")
    house_plugs_announce_port: Port = Field(
        default=6667, description="The UDP port of this machine to which plugs announce themselves; 0: they do not."
    )
    house_cloud_port: Port = Field(default=8507, description="The port of the plugs' cloud.")
    house_plugs_file: Path | None = Field(
        default=None, description="Where a list of the plugs is written for the plug service. Empty: nowhere."
    )
    house_plugs_version: str = Field(
        default="",
        pattern=r"^(3\.[1-5])?$",
        description="The protocol version of all plugs. Empty: a different one for each.",
    )
    house_plugs_ready_file: ReadyFile = Field(
        default=None, description=READY.format("the plugs, their cloud and their control server")
    )


class TelegramSettings(SimulatorSettings):
    """The simulated Bot API; if a token is set, it accepts no other."""

    house_telegram_bind: Bind = Field(
        default="127.0.0.1", description="The address of the simulated Bot API and its page."
    )
    house_telegram_port: Port = Field(default=8081, description="The port of the simulated Bot API and its page.")
    house_telegram_token: str = Field(default="", description="The only bot token that is accepted. Empty: any.")
    house_telegram_ready_file: ReadyFile = Field(default=None, description=READY.format("the Bot API and its page"))
    house_telegram_chat_file: Path | None = Field(
        default=None, description="Where the simulated Telegram keeps its chats over a restart. Empty: nowhere."
    )


class HistorySettings(InverterNameSettings, MqttSettings, WorldSettings, QueueSettings, PacksSettings):
    """The broker, the inverter's name, the queue and the batteries of the published past."""

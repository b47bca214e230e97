"""What the poller reads from the environment."""

from datetime import timedelta
from enum import StrEnum
from ipaddress import IPv4Address
from pathlib import Path
from typing import Annotated, Self

from pydantic import AfterValidator, Field, model_validator

from services.poller.grid import GridLimits
from services.poller.quiet_hours import quiet_hours
from shared.conditions import Reason, poller, values
from shared.messages import InverterControl
from shared.settings import InverterNameSettings, ServiceSettings, Settings, ZoneSettings
from shared.settings_metadata import ESSENTIAL, InCompose, Section
from shared.validation import HOST, InvalidValueError, form

MODELS = {
    "auto": None,
    "ISOLAR_SMG_II_4K": "classic",
    "ISOLAR_SMG_II_6K": "classic",
    "ISOLAR_SMG_II_11K": "k11",
}
"""Trade names that people know, and the register layout of each. What the device reports takes precedence."""


class TransportKind(StrEnum):
    """How the inverter is connected."""

    TCP = "tcp"
    RTU_OVER_TCP = "rtu_over_tcp"
    SERIAL = "serial"
    DONGLE = "dongle"


PORTS = {TransportKind.TCP: 502, TransportKind.RTU_OVER_TCP: 8899, TransportKind.SERIAL: 0, TransportKind.DONGLE: 8899}
"""The default of MODBUS_PORT. With a dongle it is our port, to which the dongle connects."""


def _ipv4(address: str) -> str:
    try:
        return str(IPv4Address(address)) if address else ""
    except ValueError:
        raise InvalidValueError(values.NOT_AN_IP_ADDRESS()) from None


def _known_model(model: str) -> str:
    if model not in MODELS:
        raise InvalidValueError(values.one_of(choices=", ".join(MODELS)))
    return model


def _hours(text: str) -> str:
    quiet_hours(text)
    return text


Host = Annotated[str, form(HOST, "192.168.1.20")]
Port = Annotated[int, Field(ge=0, le=65535)]
UdpPort = Annotated[int, Field(ge=1, le=65535)]
UnitId = Annotated[int, Field(ge=1, le=247)]
Baudrate = Annotated[int, Field(ge=300, le=921_600)]
Timeout = Annotated[float, Field(ge=0.1, le=60)]
Interval = Annotated[float, Field(ge=0.5, le=3600)]
Ipv4 = Annotated[str, AfterValidator(_ipv4)]
Model = Annotated[str, AfterValidator(_known_model)]
"""The valid values of these settings, in `.env` and in the list of inverters."""


class ModbusSettings(Settings):
    """How the inverter is reached."""

    section = Section.INVERTER

    modbus_transport: TransportKind = Field(
        default=TransportKind.TCP,
        description="How the inverter is connected: tcp (a gateway that speaks Modbus TCP), rtu_over_tcp (Elfin, "
        "ser2net: the bare serial line over TCP), serial (a serial or USB port of this machine) or dongle (the "
        "inverter's own Wi-Fi dongle).",
    )
    modbus_host: Annotated[Host, ESSENTIAL] = Field(
        default="",
        description="Address of the gateway or dongle. Empty: a dongle is found by broadcast; with tcp and "
        "rtu_over_tcp there is no inverter, and the poller reports that it is disabled and waits.",
    )
    modbus_port: Port | None = Field(
        default=None,
        description="The gateway's port; with a dongle, our port that it connects to. Empty: 502 with tcp, 8899 with "
        "rtu_over_tcp and dongle.",
    )
    modbus_serial_port: str = Field(
        default="",
        description="The serial port, such as /dev/ttyUSB0 or, better, its name under /dev/serial/by-id/.",
    )
    modbus_baudrate: Baudrate = Field(
        default=9600, description="The serial port's baud rate. These inverters use 9600."
    )
    modbus_unit_id: UnitId = Field(
        default=1, description="The inverter's Modbus unit: 1 unless you changed it on the inverter."
    )
    modbus_timeout: Timeout = Field(default=3.0, description="Seconds to wait for an answer.")
    local_ip: Ipv4 = Field(
        default="",
        description="The address of this machine that the dongle can reach. Empty: derived from the route to the "
        "dongle.",
    )
    dongle_port: UdpPort = Field(default=58899, description="The UDP port on which dongles listen.")
    dongle_broadcast: Ipv4 = Field(
        default="255.255.255.255", description="The broadcast address that reaches all dongles."
    )

    @property
    def port(self) -> int:
        """MODBUS_PORT, or the default of the transport."""
        return PORTS[self.modbus_transport] if self.modbus_port is None else self.modbus_port

    @property
    def not_configured(self) -> Reason | None:
        """What must be set before there is an inverter to read; None if there is one."""
        match self.modbus_transport:
            case TransportKind.DONGLE:
                return None
            case TransportKind.SERIAL:
                return None if self.modbus_serial_port else poller.SERIAL_PORT_NOT_SET()
            case TransportKind.TCP | TransportKind.RTU_OVER_TCP:
                return None if self.modbus_host else poller.HOST_NOT_SET()


class GridSettings(Settings):
    """When the grid counts as present."""

    section = Section.GRID

    grid_present_v: float = Field(
        default=160,
        ge=50,
        le=300,
        description="Voltage from which the grid counts as present. The defaults of both voltages are for 220 to "
        "240 V; they are lowered in proportion where the inverter is set to 100 to 127 V.",
    )
    grid_lost_v: float = Field(default=100, ge=10, le=300, description="Voltage below which the grid counts as lost.")
    grid_unknown_after: float = Field(
        default=15,
        ge=1,
        le=600,
        description="Seconds without an answer from the inverter until the grid is reported as unknown (at least three "
        "readings).",
    )

    @model_validator(mode="after")
    def _lost_is_lower(self) -> Self:
        if self.grid_lost_v >= self.grid_present_v:
            raise InvalidValueError(poller.LOST_VOLTAGE_NOT_LOWER())
        return self


class PollerSettings(InverterNameSettings, ModbusSettings, GridSettings, ZoneSettings, ServiceSettings):
    """Which inverter it is, what it is called, and how often it is read."""

    section = Section.INVERTER

    inverters_file: Annotated[Path, InCompose("/data/inverters.yaml")] = Field(
        default=Path("data/inverters.yaml"),
        description="The list of inverters, for homes that have several: see docs/inverter.md. While there is no such "
        "file, or nothing in it, there is one inverter, the one that these settings describe.",
    )
    inverter_model: Model = Field(
        default="auto",
        description=f"auto asks the inverter itself; or {', '.join(name for name in MODELS if name != 'auto')}.",
    )
    poll_interval: Interval = Field(default=5.0, description="Seconds between readings.")
    inverter_control: InverterControl = Field(
        default=InverterControl.OFF,
        description="Whether settings of the inverter may be changed by the page, the bot and Home Assistant: off, "
        "settings, or automatic, which also charges the battery from the mains before an outage that needs it, and "
        "sets the inverter's clock. Only those are changed that are proven for your very model: see docs/inverter.md.",
    )
    inverter_profiles_file: Annotated[Path, InCompose("/data/inverter_profiles.yaml")] = Field(
        default=Path("data/inverter_profiles.yaml"),
        description="Named sets of settings that are applied as a whole, such as winter night: see docs/inverter.md.",
    )
    buzzer_quiet_hours: Annotated[str, AfterValidator(_hours)] = Field(
        default="",
        description="Hours in which the inverter's buzzer is silent, such as 22:00-07:00; then it is as before. Needs "
        "INVERTER_CONTROL. Empty: never.",
    )
    charge_ahead_dry_run_days: float = Field(
        default=7,
        ge=0,
        le=365,
        description="For so many days after it was turned on, charging before outages only says what it would do. 0: "
        "it acts at once.",
    )
    charge_ahead_percent: float = Field(
        default=90,
        ge=20,
        le=100,
        description="The charge to have when an outage begins, for which there is no forecast of the outlook.",
    )
    inverter_journal_dir: Annotated[Path, InCompose("/data/inverter_journal")] = Field(
        default=Path("data/inverter_journal"),
        description="What was changed on the inverter, by whom, and what is being changed; and when power last went or "
        "came. Do not edit it.",
    )
    invert_battery_current: bool = Field(
        default=False,
        description="Set to true if charging is shown as discharging. Few units have been seen discharging; please "
        "report yours.",
    )

    def grid_limits(self, nominal_v: float | None = None) -> GridLimits:
        """When the grid counts as present, lost or unknown; fewer than three missing readings are no silence.

        Voltages that the user has set are used as they are, the defaults in proportion to the nominal voltage.
        """
        silence = timedelta(seconds=max(self.grid_unknown_after, 3 * self.poll_interval))
        limits = GridLimits(present_v=self.grid_present_v, lost_v=self.grid_lost_v, silence=silence)
        is_set = {"grid_present_v", "grid_lost_v"} & self.model_fields_set
        return limits if is_set else limits.scaled(nominal_v)

"""Every setting there is: the fields of the settings classes, and what Mosquitto and Docker Compose read."""

import inspect
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from pydantic.fields import FieldInfo

from services.bms.settings import BmsSettings
from services.bot.settings import BotSettings
from services.dashboard.settings import DashboardSettings
from services.homeassistant.settings import HomeAssistantSettings
from services.outlook.settings import OutlookSettings
from services.poller.settings import PollerSettings
from services.recorder.settings import RecorderSettings
from services.recorder.tools.settings import ToolSettings
from services.schedule.settings import ScheduleSettings
from services.tuya.settings import TuyaSettings
from shared.settings import LanguageSettings, ServiceSettings, Settings
from shared.settings_metadata import ESSENTIAL, InCompose, Section
from simulators.settings import (
    BatteriesSettings,
    HistorySettings,
    OutagesSettings,
    PlugsSettings,
    ServeSettings,
    TelegramSettings,
)

SERVICES: dict[str, tuple[type[Settings], ...]] = {
    "poller": (PollerSettings,),
    "bms": (BmsSettings,),
    "schedule": (ScheduleSettings,),
    "tuya": (TuyaSettings,),
    "recorder": (RecorderSettings,),
    "outlook": (OutlookSettings,),
    "dashboard": (DashboardSettings,),
    "bot": (BotSettings,),
    "homeassistant": (HomeAssistantSettings,),
}
TOOLS: dict[str, tuple[type[Settings], ...]] = {
    "poller": (LanguageSettings,),
    "bms": (LanguageSettings,),
    "schedule": (LanguageSettings,),
    "tuya": (LanguageSettings,),
    "recorder": (ToolSettings, LanguageSettings),
}
"""What the tools in a service's container read besides; the service itself does without."""
SIMULATORS: dict[str, tuple[type[Settings], ...]] = {
    "house": (ServeSettings,),
    "batteries": (BatteriesSettings,),
    "outages": (OutagesSettings,),
    "plugs": (PlugsSettings,),
    "telegram": (TelegramSettings,),
    "history": (HistorySettings,),
    "history-bms": (HistorySettings,),
    "history-schedule": (HistorySettings,),
}
PROGRAMS = {name: kinds + TOOLS.get(name, ()) for name, kinds in (SERVICES | SIMULATORS).items()}
"""The containers of docker-compose.yml that run our own programs, and the settings classes that are loaded in them."""
BROKER = "mosquitto"


@dataclass(frozen=True)
class Variable:
    """An environment variable; in_compose is what it is set to in the containers of its readers, None: nothing.

    restarts are the readers that run all the time and have to start again when it changes.
    """

    name: str
    section: Section
    description: str
    default: str = ""
    readers: tuple[str, ...] = ()
    restarts: tuple[str, ...] = ()
    in_compose: str | None = None
    essential: bool = False

    @property
    def handed_over(self) -> bool:
        """Whether its value in a container is the one in .env."""
        return self.in_compose == from_env_file(self.name)


def from_env_file(name: str) -> str:
    """Return what Compose replaces by the value in .env."""
    return f"${{{name}:-}}"


def _mosquitto(name: str, description: str, default: str = "", in_compose: str | None = None) -> Variable:
    return Variable(name, Section.MOSQUITTO, description, default, (BROKER,), (BROKER,), in_compose)


WITHOUT_CLASS = (
    _mosquitto(
        "MQTT_BIND",
        "Where it listens besides 127.0.0.1: 0.0.0.0 lets MQTT Explorer and Home Assistant in from other machines (the "
        "default in Compose), :: does so by IPv6 too.",
        "127.0.0.1",
        "0.0.0.0",  # noqa: S104  # all addresses of the container
    ),
    _mosquitto(
        "MQTT_TLS_PORT",
        "A second port, with TLS (8883 is usual; the default in Compose with docker-compose.tls.yml). Empty: no TLS.",
    ),
    _mosquitto("MQTT_TLS_BIND", "Where it listens with TLS.", "0.0.0.0"),  # noqa: S104
    _mosquitto(
        "MQTT_TLS_CERT",
        "The certificate file. Empty: a home CA is created, tls/ca.crt in MQTT_STATE_DIR; see docs/operations.md.",
    ),
    _mosquitto("MQTT_TLS_KEY", "The certificate's key file; set both or neither."),
    _mosquitto(
        "MQTT_TLS_NAMES",
        'The names and addresses by which clients reach this machine, such as "pi.local 192.168.1.10". Empty: its '
        "own; in Compose with docker-compose.tls.yml they are required.",
    ),
    _mosquitto(
        "MQTT_PASSWORD_VIEWER",
        "The password of the account viewer, which may read everything. Empty: generated at the first start and kept "
        "in MQTT_SECRETS_DIR.",
        in_compose=from_env_file("MQTT_PASSWORD_VIEWER"),
    ),
    _mosquitto(
        "MQTT_PASSWORD_HOMEASSISTANT",
        "The password of the account homeassistant, which our service for Home Assistant uses. Empty: generated in "
        "the same way.",
        in_compose=from_env_file("MQTT_PASSWORD_HOMEASSISTANT"),
    ),
    _mosquitto(
        "MQTT_PASSWORD_HASS",
        "The password of the account hass, for Home Assistant itself. Empty: generated in the same way.",
        in_compose=from_env_file("MQTT_PASSWORD_HASS"),
    ),
    _mosquitto("MQTT_STATE_DIR", "Where the broker keeps everything.", "data/mosquitto", "/mosquitto/data"),
    _mosquitto(
        "MQTT_SHARES_DIR",
        "A directory with one subdirectory per account, which gets a copy of that account's password; Compose mounts "
        "each of them into its service only.",
        in_compose="/mosquitto/shares",
    ),
    _mosquitto("MQTT_PLUGIN_DIR", "Where Mosquitto's plugins are. Empty: they are searched for below /usr."),
    Variable(
        "SECRETS_DIR",
        Section.COMMON,
        "A directory of files named like settings (telegram_bot_token), read for settings that are not set "
        "otherwise, such as /run/secrets, where Docker puts its secrets. It is ignored if it does not exist.",
        readers=tuple(SERVICES),
        restarts=tuple(SERVICES),
        in_compose="/run/secrets",
    ),
    Variable(
        "COMPOSE_FILE",
        Section.COMPOSE,
        "The files to use: docker-compose.yml:docker-compose.dongle.yml for a dongle, "
        "docker-compose.yml:docker-compose.serial.yml for an inverter at a serial port, "
        "docker-compose.yml:docker-compose.batteries.yml for batteries at one, "
        "docker-compose.yml:docker-compose.tls.yml for TLS.",
        "docker-compose.yml",
    ),
    Variable("EASUN_TAG", Section.COMPOSE, "The tag of the images to run.", "local"),
    Variable("EASUN_VARIANT", Section.COMPOSE, "The variant of the image: -demo has the simulators.", ""),
    Variable(
        "DASHBOARD_BIND",
        Section.COMPOSE,
        "The address of the host at which the dashboard is published: 127.0.0.1 is the host only.",
        "0.0.0.0",  # noqa: S104
    ),
)
"""What no settings class knows. A default here is the one of whoever reads it."""
ALSO_READ_BY_BROKER = ("MQTT_PORT", "MQTT_TOPIC_PREFIX", "MQTT_SECRETS_DIR", "HOMEASSISTANT_PREFIX")
"""Settings of the services that mosquitto/start.sh reads too."""
OF_LIBRARIES = {"bot": {"MPLCONFIGDIR": "/tmp"}}  # noqa: S108
"""Variables that a library needs in a container: matplotlib wants a directory that it can write."""


def variables() -> list[Variable]:
    """Return all variables, section by section, in the order in which they are declared."""
    found: dict[str, Variable] = {}
    owners: dict[str, type[Settings]] = {}
    for program, kinds in PROGRAMS.items():
        for kind in kinds:
            for name, owner, variable in _fields(kind):
                if owners.setdefault(name, owner) is not owner:
                    raise ValueError(f"{name} is declared twice: in {owner.__name__} and {owners[name].__name__}")
                known = found.get(name, variable)
                found[name] = _read_by(known, program, in_passing=kind in TOOLS.get(program, ()))
    for name in ALSO_READ_BY_BROKER:
        found[name] = _read_by(found[name], BROKER)
    everything = [*found.values(), *WITHOUT_CLASS]
    return [variable for section in Section for variable in everything if variable.section is section]


def _read_by(variable: Variable, program: str, *, in_passing: bool = False) -> Variable:
    """Return a variable with one more reader; in_passing: only its tools are."""
    restarts = variable.restarts if in_passing else (*variable.restarts, program)
    return replace(
        variable,
        readers=tuple(dict.fromkeys((*variable.readers, program))),
        restarts=tuple(dict.fromkeys(restarts)),
    )


def _fields(kind: type[Settings]) -> Iterator[tuple[str, type[Settings], Variable]]:
    defaults = kind.model_construct().model_dump(mode="json")
    for field_name, field in kind.model_fields.items():
        name = field_name.upper()
        owner = next(base for base in kind.__mro__ if field_name in inspect.get_annotations(base))
        yield name, owner, _variable(name, owner, field, _text(defaults[field_name]))


def _variable(name: str, owner: type[Settings], field: FieldInfo, default: str) -> Variable:
    if not field.description:
        raise ValueError(f"{name} needs a description: Field(description=...) in {owner.__name__}")
    fixed = [part.value for part in field.metadata if isinstance(part, InCompose)]
    usual = from_env_file(name) if owner.handed_over else None
    return Variable(
        name,
        owner.section,
        field.description,
        default,
        in_compose=fixed[0] if fixed else usual,
        essential=ESSENTIAL in field.metadata,
    )


def _text(default: Any) -> str:
    """Return a default as it is written in .env."""
    if default is None:
        return ""
    if isinstance(default, bool):
        return str(default).lower()
    return f"{default:g}" if isinstance(default, float) else str(default)


def environment(program: str, known: list[Variable]) -> dict[str, str]:
    """Return the environment of a container: what its program reads, as far as it has a value there."""
    handed = {one.name: one.in_compose for one in known if program in one.readers and one.in_compose is not None}
    if program == BROKER:  # what a service's container fixes is not meant for the broker's
        own = {one.name for one in known if one.section is Section.MOSQUITTO or one.handed_over}
        handed = {name: value for name, value in handed.items() if name in own}
    return handed | OF_LIBRARIES.get(program, {})


def common_environment(known: list[Variable]) -> dict[str, str]:
    """Return what the environments of all services have in common."""
    common = {name.upper() for name in ServiceSettings.model_fields} | {"SECRETS_DIR"}
    return {one.name: one.in_compose for one in known if one.name in common and one.in_compose is not None}

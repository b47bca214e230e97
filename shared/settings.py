"""Settings that several services share. Nothing else reads a setting from os.environ."""

import os
import re
import ssl
import stat
from contextvars import ContextVar
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal, Self, TypeVar
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import (
    BaseSettings,
    DotEnvSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    SettingsError,
)

from shared import env_file
from shared.conditions import Reason, files, poller
from shared.conditions import settings as conditions
from shared.conditions.system import os_reason
from shared.errors import ConfigError
from shared.live_figures import ALL
from shared.settings_metadata import NOT_IN_COMPOSE, InCompose, Section
from shared.texts.language import Language
from shared.topics import NAME
from shared.validation import HOST, Fault, InvalidValueError, faults, form

S = TypeVar("S", bound="Settings")

SECRET = re.compile("password|token|secret|key|database_url|ntfy_url", re.IGNORECASE)
"""Variables whose values are never repeated."""


def no_sum(name: str) -> str:
    """Return an inverter's name, which must not be that of the sum of all."""
    if name.casefold() == ALL:
        raise InvalidValueError(poller.RESERVED_NAME())
    return name


_FILE: ContextVar[Path | str | None] = ContextVar("settings file", default=None)
"""The file being read. pydantic-settings must not see it: python-dotenv would read it too, without limits."""


class Settings(BaseSettings):
    """Base of every settings class.

    Read from the environment, else from the file named by ENV_FILE (default .env), else from a file in SECRETS_DIR.
    A setting is described only by its field: `make docs` writes .env.example, the environment in docker-compose.yml and
    docs/settings.md from the fields.
    """

    section: ClassVar[Section]
    """The section in which the fields declared by a class are listed."""
    handed_over: ClassVar[bool] = True
    """Whether docker-compose.yml passes these fields on from .env."""

    model_config = SettingsConfigDict(extra="ignore", env_ignore_empty=True, hide_input_in_errors=True)

    def __init__(self, *, _env_file: Path | str | None = None, **given: Any) -> None:
        file = _FILE.set(_env_file)
        try:
            super().__init__(_env_file=None, **given)
        finally:
            _FILE.reset(file)

    @field_validator("*")
    @classmethod
    def _no_home_directory(cls, value: Any) -> Any:
        """Refuse `~`, which each reader of the settings file would replace by a different home, or not at all."""
        first = value.parts[:1] if isinstance(value, Path) else ()
        if first and first[0].startswith("~") and not Path(first[0]).exists():
            raise InvalidValueError(conditions.HOME_DIRECTORY())
        return value

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Read the settings file by our own rules."""
        return init_settings, env_settings, _SettingsFile(settings_cls, _FILE.get()), file_secret_settings


class _SettingsFile(DotEnvSettingsSource):
    """The settings file, read by `shared.env_file`. Raises ConfigError for an open quote."""

    def _read_env_file(self, file_path: Path) -> dict[str, str | None]:
        found: dict[str, str | None] = {}
        for line in env_file.lines(file_path.read_text(encoding="utf-8"), os.environ):
            if line.name and line.value is None:
                raise ConfigError(conditions.open_quote(file=str(file_path), line=line.number, name=line.name))
            if line.name and (line.value or not self.env_ignore_empty):
                found[line.name.lower()] = line.value
        return found


class MqttSettings(Settings):
    """The broker, and our account there."""

    section = Section.BROKER

    mqtt_host: Annotated[str, InCompose("mosquitto"), form(HOST, "192.168.1.20")] = Field(
        default="127.0.0.1",
        description="The broker's host. Our own broker is started on this machine when this is empty or 127.0.0.1.",
    )
    mqtt_port: Annotated[int, NOT_IN_COMPOSE] = Field(
        default=1883, ge=1, le=65535, description="The broker's port; in Compose the one that is published on the host."
    )
    mqtt_tls: Annotated[bool, NOT_IN_COMPOSE] = Field(
        default=False,
        description="true makes the services use TLS to the broker. Our own broker on this machine does not need it.",
    )
    mqtt_ca_file: Annotated[Path | None, NOT_IN_COMPOSE] = Field(
        default=None,
        description="The certificate authority to trust, such as the ca.crt of a home CA. Empty: those the system "
        "trusts.",
    )
    mqtt_username: Annotated[str, NOT_IN_COMPOSE] = Field(
        default="", description="Only for a broker that is not ours: the account that all services use there."
    )
    mqtt_password: Annotated[SecretStr, NOT_IN_COMPOSE] = Field(
        default=SecretStr(""), description="The password of MQTT_USERNAME."
    )
    mqtt_secrets_dir: Annotated[Path, InCompose("/secrets")] = Field(
        default=Path("data/mosquitto/secrets"),
        description="Where our own broker keeps one password file per account, and where the services read theirs.",
    )
    mqtt_topic_prefix: Annotated[str, form(r"[A-Za-z0-9_/-]*", "home/")] = Field(
        default="", description="A prefix for every topic, such as home/; without the slash, home makes homegrid/state."
    )
    mqtt_outbox: int = Field(
        default=30_000,
        ge=100,
        le=1_000_000,
        description="How many messages a service keeps while the broker is unreachable.",
    )

    clock_trust: Literal["auto", "always"] = Field(
        default="auto",
        description="auto: until this machine's clock is set from the network, readings are kept aside and recorded "
        "with their true times later; see docs/operations.md. always: for a machine that is never synchronised but "
        "whose clock is right.",
    )

    @model_validator(mode="after")
    def _no_false_safety(self) -> Self:
        if self.mqtt_ca_file and not self.mqtt_tls:
            raise InvalidValueError(conditions.CA_WITHOUT_TLS())
        return self

    @property
    def instance(self) -> str:
        """The name of one of several processes of a service; empty for the first, which has the status topic."""
        return ""

    def tls_context(self) -> ssl.SSLContext | None:
        """Return the TLS context with the trusted certificates, or None if MQTT_TLS is off."""
        if not self.mqtt_tls:
            return None
        try:
            return ssl.create_default_context(cafile=self.mqtt_ca_file)
        except ssl.SSLError:
            raise ConfigError(conditions.no_certificate(file=str(self.mqtt_ca_file))) from None
        except OSError as error:
            unreadable = files.unreadable(name="MQTT_CA_FILE", file=str(self.mqtt_ca_file), cause=os_reason(error))
            raise ConfigError(unreadable) from None

    def password_for(self, account: str) -> str:
        """Return MQTT_PASSWORD, or else the account's password that mosquitto/start.sh keeps in MQTT_SECRETS_DIR."""
        given = self.mqtt_password.get_secret_value()
        if given:
            return given
        file = self.mqtt_secrets_dir / account
        try:
            password, cause = file.read_text().strip(), files.EMPTY()
        except (OSError, UnicodeDecodeError) as error:
            password, cause = "", os_reason(error)
        if not password:
            raise ConfigError(conditions.no_password(file=str(file), cause=cause))
        return password


class DatabaseSettings(Settings):
    """Where the database is: a file, or a PostgreSQL server."""

    section = Section.HISTORY

    db_path: Annotated[Path, NOT_IN_COMPOSE] = Field(
        default=Path("data/easun.db"), description="The SQLite database file."
    )
    database_url: SecretStr = Field(
        default=SecretStr(""),
        description="A PostgreSQL server instead of the file, such as postgresql://easun:PASSWORD@127.0.0.1/easun; "
        "see docs/operations.md.",
    )

    @field_validator("database_url")
    @classmethod
    def _address(cls, url: SecretStr) -> SecretStr:
        if not re.match(r"(postgres(ql)?(\+psycopg)?://.+)?$", url.get_secret_value()):
            raise InvalidValueError(conditions.NOT_A_DATABASE_URL())
        return url

    @property
    def database(self) -> Path | str:
        """The server if there is one, otherwise the file."""
        return self.database_url.get_secret_value() or self.db_path


class HistorySettings(DatabaseSettings):
    """The home whose history is read."""

    section = Section.HISTORY

    database_home: Annotated[str, form(f"({NAME})?", "home1")] = Field(
        default="",
        description="In a database of many homes: the one that is shown; see docs/fleet.md.",
    )


class ZoneSettings(Settings):
    """The time zone of days."""

    section = Section.HISTORY

    time_zone: str = Field(
        default="Europe/Kyiv", description="The time zone in which times are shown and at whose midnight days begin."
    )

    @field_validator("time_zone")
    @classmethod
    def _known_zone(cls, name: str) -> str:
        try:
            ZoneInfo(name)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            raise InvalidValueError(conditions.NOT_A_TIME_ZONE()) from None
        return name

    @property
    def zone(self) -> ZoneInfo:
        """The zone in which days begin and times are shown."""
        return ZoneInfo(self.time_zone)


class LanguageSettings(Settings):
    """The language for people who have not chosen one."""

    section = Section.COMMON

    bot_language: Language = Field(
        default=Language.UK,
        description="The language, uk or en, of chats that have not chosen one with /settings, and of the "
        "command-line tools.",
    )


class InverterNameSettings(Settings):
    """The name of the inverter."""

    section = Section.INVERTER

    inverter_name: Annotated[str, form(NAME, "main"), AfterValidator(no_sum)] = Field(
        default="main",
        max_length=64,
        description="The inverter's name in topics and charts: no slashes, no spaces.",
    )


class ServiceSettings(MqttSettings):
    """What every service reads."""

    section = Section.COMMON

    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field(
        default="INFO", description="DEBUG, INFO, WARNING or ERROR."
    )
    log_dir: Annotated[Path | None, NOT_IN_COMPOSE] = Field(
        default=None,
        description="A directory in which every service also writes <service>.log, rotated at 5 MB with three files at "
        "most; install.sh uses /var/log/easun-bridge. Empty: no files, only the journal.",
    )
    health_file: Annotated[Path | None, InCompose("/tmp/healthy")] = Field(  # noqa: S108  # a tmpfs of the container
        default=None,
        description="A file that a service touches every 30 s while it works, for the health checks of containers.",
    )
    simulated_clock: Annotated[Path | None, NOT_IN_COMPOSE] = Field(
        default=None, description="Only for tests: a file that describes how this machine's clock is wrong."
    )


def load(kind: type[S]) -> S:
    """Read settings, or raise ConfigError with one sentence that names the variable and never repeats a secret."""
    file = os.environ.get("ENV_FILE", ".env")
    given = os.environ.get("SECRETS_DIR")
    secrets = given if given and Path(given).is_dir() else None
    try:
        if "ENV_FILE" in os.environ and file and not stat.S_ISREG(Path(file).stat().st_mode):
            raise ConfigError(conditions.file_missing(file=file))
        return kind(_env_file=file or None, _secrets_dir=secrets)
    except ValidationError as error:
        wrong = tuple(map(_reason, faults(error)))
        where = conditions.wrong(faults=wrong, file=file) if file else conditions.wrong_in_environment(faults=wrong)
        raise ConfigError(where) from None
    except (FileNotFoundError, NotADirectoryError):
        raise ConfigError(conditions.file_missing(file=file)) from None
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(conditions.unreadable(file=file, cause=os_reason(error))) from None
    except SettingsError as error:
        if not isinstance(error.__cause__, OSError | UnicodeDecodeError):
            raise
        name = getattr(error.__cause__, "filename", None) or given
        raise ConfigError(conditions.unreadable_secret(file=str(name), cause=os_reason(error.__cause__))) from None


def _reason(fault: Fault) -> Reason:
    if not fault.location:  # several settings that do not fit together
        return fault.reason
    name = str(fault.location[0]).upper()
    if SECRET.search(name):
        return conditions.value(name=name, fault=fault.reason)
    return conditions.shown_value(name=name, given=str(fault.given)[:60], fault=fault.reason)

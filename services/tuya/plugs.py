"""The file of plugs: which may be switched, how they are reached, and which must never be touched."""

import re
from enum import StrEnum
from pathlib import Path
from typing import Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError, field_validator, model_validator

from shared.errors import ConfigError
from shared.files import OURS_ALONE, replace_atomically

HEAD = """\
# The plugs of easun-bridge. Those found in the account are added at the end, disabled; what you write here stays.
# For each: enabled, protected (true: never switched by anybody; router, host), mode (local, cloud, auto), host, version
# (3.1 to 3.5), local_key, gangs ([switch_1]), priority (the lowest is restored first), name.
plugs:
"""
GANG = re.compile(r"[a-z][a-z0-9_]{0,39}")
KEY_LENGTH = 16
LED_DP = 20
TUYA_PORT = 6668
ANYWHERE = {"auto", "0.0.0.0"}  # noqa: S104 - tinytuya would search the network for it, for 18 s
QUOTED = re.compile(r" '(?=[^<'][^'])")
"""Where a reason of the YAML parser begins to quote the file: it may be a key."""
NEEDS_QUOTES = "a text with signs such as * & ! @ % in it needs quotes"
REASONS = {
    "extra_forbidden": "there is no such setting",
    "model_type": "a plug is settings, such as `id: ...`",
    "string_pattern_mismatch": "only letters, digits, _ and -, at most 40",
    "string_type": "put it in quotes",
}


class Mode(StrEnum):
    """Which ways to a plug may be taken: auto tries the home network first."""

    LOCAL = "local"
    CLOUD = "cloud"
    AUTO = "auto"


def data_point(gang: str) -> int:
    """Return the usual data point of a switch code: switch_2 is 2, a bulb's switch_led is 20, anything else 1."""
    number = re.fullmatch(r"switch_(\d)", gang)
    return int(number[1]) if number else LED_DP if gang == "switch_led" else 1


class Plug(BaseModel):
    """One plug as the file has it; gangs are switch codes with their local data points."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str = Field(pattern=r"^[A-Za-z0-9_-]{1,40}$")
    name: str = ""
    enabled: bool = True
    protected: bool = False
    mode: Mode = Mode.AUTO
    host: str = ""
    port: int = Field(default=TUYA_PORT, ge=1, le=65535)
    version: Literal["3.1", "3.2", "3.3", "3.4", "3.5"] = "3.3"
    local_key: SecretStr = SecretStr("")
    gangs: dict[str, int] = Field(default={"switch_1": 1}, min_length=1)
    priority: int = Field(default=100, ge=0, le=10_000)

    @field_validator("version", mode="before")
    @classmethod
    def _as_text(cls, version: Any) -> Any:
        return str(version) if isinstance(version, float) else version

    @field_validator("host")
    @classmethod
    def _is_one_place(cls, host: str) -> str:
        if host.lower() in ANYWHERE:
            raise ValueError("host is the address of the plug; python -m services.tuya scan shows it")
        return host

    @field_validator("gangs", mode="before")
    @classmethod
    def _with_data_points(cls, gangs: Any) -> Any:
        listed = gangs if isinstance(gangs, list | dict) else [gangs]
        if not all(isinstance(gang, str) and GANG.fullmatch(gang) for gang in listed):
            raise ValueError("gangs are switch codes such as switch_1")
        return gangs if isinstance(gangs, dict) else {gang: data_point(gang) for gang in listed}

    @field_validator("gangs")
    @classmethod
    def _each_its_own(cls, gangs: dict[str, int]) -> dict[str, int]:
        if len(set(gangs.values())) < len(gangs):
            raise ValueError("two gangs have the same data point; {switch_1: 1, switch: 101} tells them apart")
        return gangs

    @model_validator(mode="after")
    def _can_be_reached(self) -> "Plug":
        if self.local_key.get_secret_value() and len(self.local_key.get_secret_value().encode()) != KEY_LENGTH:
            raise ValueError(f"local_key has {KEY_LENGTH} characters (put it in quotes)")
        if self.mode is Mode.LOCAL and not self.is_local:
            raise ValueError("mode local needs host and local_key")
        return self

    @property
    def is_local(self) -> bool:
        """Whether it can be asked over the home network."""
        return self.mode is not Mode.CLOUD and bool(self.host and self.local_key.get_secret_value())

    @property
    def title(self) -> str:
        """What people call it."""
        return self.name or self.id


def read(file: Path) -> list[Plug]:
    """Return the plugs of the file, none where there is no file, or raise ConfigError with one sentence."""
    try:
        text = file.read_text(encoding="utf-8")
    except FileNotFoundError:
        return []
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"TUYA_PLUGS_FILE {file} cannot be read: {error}.") from None
    return _plugs(file, text)


def stamp(file: Path) -> tuple[int, int, int] | None:
    """Return what tells one version of a file from another, None where there is no file."""
    try:
        status = file.stat()
    except OSError:
        return None
    return status.st_ino, status.st_mtime_ns, status.st_size


def add(file: Path, plugs: list[Plug]) -> None:
    """Add plugs at the end, all or none, even if the power goes meanwhile. Raises ConfigError."""
    try:
        text = file.read_text(encoding="utf-8") if file.exists() else HEAD
        before = _plugs(file, text)
        longer = _with_more(text, plugs)
        if not _holds(file, longer, [*before, *plugs]):
            raise ConfigError(
                f"New plugs of the account cannot be added to TUYA_PLUGS_FILE {file}: its last line must be of the "
                "list under `plugs:`, which has a line beginning with `- ` for each plug."
            )
        replace_atomically(file, longer, mode=OURS_ALONE)
    except OSError as error:
        raise ConfigError(f"TUYA_PLUGS_FILE {file} cannot be written: {error.strerror}.") from None


def _with_more(text: str, plugs: list[Plug]) -> str:
    """Return the text with plugs at its end, as far to the right as the ones before."""
    text = text.rstrip()
    if text.endswith("plugs: []"):
        text = text.removesuffix(" []")
    elif not re.search(r"^plugs:", text, re.MULTILINE):
        text = f"{text}\nplugs:".lstrip()
    items = re.search(r"^( *)- ", text[text.index("plugs:") :], re.MULTILINE)
    indent = items[1] if items else "  "
    return text + "\n" + "".join(_block(plug, indent) for plug in plugs)


def _block(plug: Plug, indent: str) -> str:
    told = {"id": plug.id, "name": plug.name, "enabled": plug.enabled, "gangs": list(plug.gangs)}
    told |= {"local_key": plug.local_key.get_secret_value()} if plug.local_key.get_secret_value() else {}
    lines = yaml.safe_dump(told, sort_keys=False, allow_unicode=True).splitlines()
    return "".join(f"{indent}{'  ' if number else '- '}{line}\n" for number, line in enumerate(lines))


def _holds(file: Path, text: str, plugs: list[Plug]) -> bool:
    try:
        return _plugs(file, text) == plugs
    except ConfigError:
        return False


def _plugs(file: Path, text: str) -> list[Plug]:
    try:
        content = yaml.safe_load(text) or {}
    except yaml.YAMLError as error:
        raise ConfigError(f"TUYA_PLUGS_FILE {file} is not valid YAML{_where(error)}. It is left as it is.") from None
    listed = content.get("plugs") if isinstance(content, dict) else content
    if not isinstance(content, dict) or set(content) - {"plugs"} or not isinstance(listed, list | None):
        raise ConfigError(f"TUYA_PLUGS_FILE {file} needs a list under `plugs:`, and nothing else. It is left as it is.")
    plugs = [_plug(file, number, given) for number, given in enumerate(listed or [], start=1)]
    ids = [plug.id for plug in plugs]
    if twice := next((id_ for id_ in ids if ids.count(id_) > 1), None):
        raise ConfigError(f"TUYA_PLUGS_FILE {file} has two plugs with the id {twice}. It is left as it is.")
    return plugs


def _where(error: yaml.YAMLError) -> str:
    """Return where and why, without a word of what is written there."""
    mark = getattr(error, "problem_mark", None)
    place = f" in line {mark.line + 1}" if mark else ""
    reason, *quoted = QUOTED.split(getattr(error, "problem", None) or "it cannot be understood", maxsplit=1)
    hint = f" ({NEEDS_QUOTES})" if quoted or "start any token" in reason else ""
    return f"{place}: {reason}{hint}"


def _plug(file: Path, number: int, given: object) -> Plug:
    try:
        return Plug.model_validate(given)
    except ValidationError as error:
        fault = error.errors(include_url=False, include_input=False)[0]
        key = ".".join(str(part) for part in fault["loc"]) or "the whole"
        reason = REASONS.get(fault["type"], fault["msg"].removeprefix("Value error, "))
        raise ConfigError(f"TUYA_PLUGS_FILE {file}, plug {number}, {key}: {reason}. It is left as it is.") from None

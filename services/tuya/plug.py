"""A plug as it is listed: whether it may be switched, and how it is reached. Pure."""

import re
from collections.abc import Iterable
from enum import StrEnum
from typing import Any, Literal, get_args

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator, model_validator

from services.tuya.essentials import sounds_essential
from shared.conditions import plugs
from shared.validation import InvalidValueError

ID = re.compile(r"[A-Za-z0-9_-]{1,40}")
GANG = re.compile(r"[a-z][a-z0-9_]{0,39}")
KEY_LENGTH = 16
Version = Literal["3.1", "3.2", "3.3", "3.4", "3.5"]
VERSIONS = get_args(Version)
TUYA_PORT = 6668
ANY_HOST = {"auto", "0.0.0.0"}  # noqa: S104 - tinytuya would search the network for it, for 18 s


def is_key(text: str) -> bool:
    """Whether this can be a local key: 16 bytes. A cloud may send letters that are none (half of a pair)."""
    try:
        return len(text.encode()) == KEY_LENGTH
    except UnicodeEncodeError:
        return False


class Mode(StrEnum):
    """Which connections to a plug may be used: auto tries the home network first."""

    LOCAL = "local"
    CLOUD = "cloud"
    AUTO = "auto"


RELAY = re.compile(r"switch(?:_led)?(?:_(\d{1,2}))?|switch_usb(\d)")
"""The codes of switches with a load behind them, unlike a child lock or a backlight."""
DIMMER_STEP = 6
USB_BEFORE = 6
POINTS_OF_BULBS = {"switch_led": 20}


def data_point(gang: str) -> int:
    """Return the usual data point of a switch code: 2 of switch_2, 20 of a bulb's switch_led, 7 of switch_led_2."""
    if gang in POINTS_OF_BULBS:
        return POINTS_OF_BULBS[gang]
    found = RELAY.fullmatch(gang)
    if found and found[2]:
        return USB_BEFORE + int(found[2])
    number = int(found[1]) if found and found[1] else 1
    return 1 + DIMMER_STEP * (number - 1) if gang.startswith("switch_led_") else number


def usual_gangs(codes: Iterable[str]) -> dict[str, int]:
    """Return the relays among a device's codes with their data points; a main switch above its gangs is none."""
    gangs: dict[str, int] = {}
    for code in sorted(codes, key=lambda one: (not re.search(r"\d$", one), data_point(one), one)):
        if RELAY.fullmatch(code) and data_point(code) not in gangs.values():
            gangs[code] = data_point(code)
    return gangs


class Plug(BaseModel):
    """One plug of the list; gangs are switch codes with their local data points, `names` what their owner calls them.

    `seen` is false of a plug that was enabled by itself, until its owner has decided about it. One that is `excluded`
    is not switched even by a setting that switches all.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str
    name: str = ""
    enabled: bool = True
    protected: bool = False
    mode: Mode = Mode.AUTO
    host: str = ""
    port: int = Field(default=TUYA_PORT, ge=1, le=65535)
    version: Version = "3.3"
    local_key: SecretStr = SecretStr("")
    gangs: dict[str, int] = Field(default={"switch_1": 1}, min_length=1)
    names: dict[str, str] = Field(default_factory=dict)
    seen: bool = True
    excluded: bool = False
    priority: int = Field(default=100, ge=0, le=10_000)

    @field_validator("id")
    @classmethod
    def _fits_a_topic(cls, id_: str) -> str:
        if not ID.fullmatch(id_):
            raise InvalidValueError(plugs.BAD_ID())
        return id_

    @field_validator("version", mode="before")
    @classmethod
    def _float_to_text(cls, version: Any) -> Any:
        return str(version) if isinstance(version, float) else version

    @field_validator("host")
    @classmethod
    def _not_any_host(cls, host: str) -> str:
        if host.lower() in ANY_HOST:
            raise InvalidValueError(plugs.HOST_NOT_AN_ADDRESS())
        return host

    @field_validator("gangs", mode="before")
    @classmethod
    def _with_data_points(cls, gangs: Any) -> Any:
        listed = gangs if isinstance(gangs, list | dict) else [gangs]
        if not all(isinstance(gang, str) and GANG.fullmatch(gang) for gang in listed):
            raise InvalidValueError(plugs.GANGS_NOT_CODES())
        return gangs if isinstance(gangs, dict) else {gang: data_point(gang) for gang in listed}

    @field_validator("gangs")
    @classmethod
    def _distinct_data_points(cls, gangs: dict[str, int]) -> dict[str, int]:
        if len(set(gangs.values())) < len(gangs):
            raise InvalidValueError(plugs.SAME_DATA_POINT())
        return gangs

    @model_validator(mode="after")
    def _reachable(self) -> "Plug":
        if (key := self.local_key.get_secret_value()) and not is_key(key):
            raise InvalidValueError(plugs.KEY_LENGTH())
        if self.mode is Mode.LOCAL and not self.is_local:
            raise InvalidValueError(plugs.LOCAL_WITHOUT_KEY())
        return self

    @property
    def is_local(self) -> bool:
        """Whether it can be reached over the home network."""
        return self.mode is not Mode.CLOUD and bool(self.host and self.local_key.get_secret_value())

    @property
    def sounds_essential(self) -> bool:
        """Whether its name, or that of a gang, is one of a router, a computer or a fridge."""
        return sounds_essential([self.name, *self.names.values()])

    @property
    def title(self) -> str:
        """Its name, else its id."""
        return self.name or self.id

"""What the schedule service reads from the environment."""

from ipaddress import ip_address
from pathlib import Path
from typing import Self
from urllib.parse import urlsplit

from pydantic import Field, field_validator, model_validator

from shared.settings import ServiceSettings

PROVIDERS = ("be_svitlo", "gpv_json", "yasno")
POLITE_S = 60
"""No public source is asked more often than this."""


class ScheduleSettings(ServiceSettings):
    """The home's queue, where its plan comes from, and how often it is asked for."""

    queue_number: str = Field(default="", pattern=r"^[0-9A-Za-z._-]{0,20}$")
    schedule_providers: str = "be_svitlo,gpv_json"
    schedule_interval: float = Field(default=300, ge=1, le=86_400)
    schedule_raw_dir: Path = Path("data/schedule")
    be_svitlo_url: str = "https://be-svitlo.oe.if.ua"
    gpv_json_url: str = (
        "https://raw.githubusercontent.com/yaroslav2901/OE_OUTAGE_DATA/main/data/Prykarpattiaoblenerho.json"
    )
    gpv_json_group: str = Field(default="", pattern=r"^[0-9A-Za-z._-]{0,20}$")
    yasno_url: str = "https://app.yasno.ua"
    yasno_region: int = Field(default=25, ge=0, le=1_000_000)
    yasno_dso: int = Field(default=902, ge=0, le=1_000_000)

    @field_validator("schedule_providers")
    @classmethod
    def _known(cls, given: str) -> str:
        names = [name.strip() for name in given.split(",")]
        if unknown := [name for name in names if name not in PROVIDERS]:
            raise ValueError(f'"{unknown[0]}" is no provider; there are {", ".join(PROVIDERS)}')
        return ",".join(dict.fromkeys(names))

    @field_validator("be_svitlo_url", "gpv_json_url", "yasno_url")
    @classmethod
    def _an_address(cls, given: str) -> str:
        try:
            parts = urlsplit(given)
            fine = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
        except ValueError:
            fine = False
        if not fine:
            raise ValueError("an address such as https://example.org is needed")
        return given

    @model_validator(mode="after")
    def _polite(self) -> Self:
        if self.schedule_interval < POLITE_S and not all(_is_here(url) for url in self._asked):
            raise ValueError(f"SCHEDULE_INTERVAL must be at least {POLITE_S}: the sources are public services")
        return self

    @model_validator(mode="after")
    def _one_region(self) -> Self:
        both = {"yasno", "gpv_json"} <= set(self.provider_names)
        if both and self.gpv_json_url == type(self).model_fields["gpv_json_url"].default:
            raise ValueError("GPV_JSON_URL names Ivano-Frankivsk, YASNO does not: set it to the file of your region")
        return self

    @property
    def provider_names(self) -> list[str]:
        """The providers in the order in which they are tried."""
        return self.schedule_providers.split(",")

    @property
    def _asked(self) -> list[str]:
        urls = {"be_svitlo": self.be_svitlo_url, "gpv_json": self.gpv_json_url, "yasno": self.yasno_url}
        return [urls[name] for name in self.provider_names]


def _is_here(url: str) -> bool:
    """Whether an address is on this machine: a simulator."""
    try:
        return ip_address(urlsplit(url).hostname or "").is_loopback
    except ValueError:
        return False

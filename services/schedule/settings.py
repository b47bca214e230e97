"""What the schedule service reads from the environment."""

import re
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, Self
from urllib.parse import urlsplit

from pydantic import Field, ValidationInfo, field_validator, model_validator

from services.schedule.answer import QUEUE
from shared.conditions import schedule
from shared.schedule_regions import REGIONS, region
from shared.settings import ServiceSettings
from shared.settings_metadata import InCompose, Section
from shared.validation import InvalidValueError, form

WORDS_OF_A_QUEUE = re.compile(r"(?i)\b(?:під)?(?:черга|група)\b|\bqueue\b|\bgroup\b|\b(?:GPV|ГПВ)(?=[\s\d])|№")
PROVIDERS = ("be_svitlo", "gpv_json", "yasno")
POLITE_S = 60
"""In seconds; no public source is asked more often."""


class ScheduleSettings(ServiceSettings):
    """The home's queue, the sources of its plan, and how often they are asked."""

    section = Section.SCHEDULE

    queue_number: str = Field(
        default="",
        description="The queue of your address, such as 5.2. Empty: the service reports that it is disabled and waits.",
    )
    schedule_region: str = Field(
        default="",
        description="Your region as docs/schedule.md spells it, such as kyiv or dnipro-cek: it chooses the sources. "
        "Empty: SCHEDULE_PROVIDERS and the addresses below do, by default the operator of Ivano-Frankivsk.",
    )
    schedule_unlicensed: bool = Field(
        default=False,
        description="Whether to use a region's mirrors whose authors state no licence (docs/schedule.md names them).",
    )
    schedule_providers: str = Field(
        default="be_svitlo",
        description="The sources, tried in this order: be_svitlo (Prykarpattiaoblenergo itself), gpv_json (a community "
        "mirror, GPV_JSON_URL), yasno (Kyiv and Dnipro).",
    )
    schedule_interval: float = Field(
        default=300,
        ge=1,
        le=86_400,
        description="Seconds between requests, at least 60; between 19:45 and 20:30 requests are more frequent.",
    )
    schedule_raw_dir: Annotated[Path, InCompose("/data/schedule")] = Field(
        default=Path("data/schedule"), description="Raw answers of the last seven days, for bug reports."
    )
    be_svitlo_url: str = Field(default="https://be-svitlo.oe.if.ua", description="The address of be_svitlo.")
    gpv_json_url: str = Field(
        default="",
        description="The mirror's file for your region. docs/schedule.md lists them; there is none by default.",
    )
    gpv_json_group: Annotated[str, form(r"[0-9A-Za-z._-]{0,20}", "GPV5.2")] = Field(
        default="",
        description="Your group in that file, if it is not the queue's number (GPV1001.1 for TsEK in Dnipro).",
    )
    yasno_url: str = Field(default="https://app.yasno.ua", description="The address of yasno.")
    yasno_region: int = Field(default=25, ge=0, le=1_000_000, description="YASNO's region: 25 Kyiv, 3 Dnipro.")
    yasno_dso: int = Field(
        default=902,
        ge=0,
        le=1_000_000,
        description="YASNO's grid operator: 902 Kyiv, 301 DnEM in Dnipro, 303 TsEK in Dnipro.",
    )

    @field_validator("queue_number")
    @classmethod
    def _a_queue(cls, given: str) -> str:
        """Return the queue as sources name it: its number, without the words that operators write before it."""
        queue = WORDS_OF_A_QUEUE.sub("", given).strip(" .,;:").replace(",", ".")
        if given.strip() and not QUEUE.fullmatch(queue):
            raise InvalidValueError(schedule.NOT_A_QUEUE())
        return queue

    @field_validator("schedule_region")
    @classmethod
    def _a_region(cls, given: str) -> str:
        if given and region(given) is None:
            known = ", ".join(one.slug for one in REGIONS)
            raise InvalidValueError(schedule.unknown_region(given=given, known=known))
        return given

    @field_validator("schedule_providers")
    @classmethod
    def _known(cls, given: str) -> str:
        names = [name.strip() for name in given.split(",")]
        if unknown := [name for name in names if name not in PROVIDERS]:
            raise InvalidValueError(schedule.unknown_provider(given=unknown[0], known=", ".join(PROVIDERS)))
        return ",".join(dict.fromkeys(names))

    @field_validator("be_svitlo_url", "gpv_json_url", "yasno_url")
    @classmethod
    def _an_address(cls, given: str, info: ValidationInfo) -> str:
        if not given and info.field_name == "gpv_json_url":
            return given
        try:
            parts = urlsplit(given)
            fine = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
        except ValueError:
            fine = False
        if not fine:
            raise InvalidValueError(schedule.NO_ADDRESS())
        return given

    @model_validator(mode="after")
    def _polite(self) -> Self:
        is_public = bool(self.schedule_region) or not all(_is_here(url) for url in self._asked)
        if self.schedule_interval < POLITE_S and is_public:
            raise InvalidValueError(schedule.too_often(seconds=POLITE_S))
        return self

    @property
    def provider_names(self) -> list[str]:
        """The providers in the order in which they are tried."""
        return self.schedule_providers.split(",")

    @property
    def _asked(self) -> list[str]:
        urls = {"be_svitlo": self.be_svitlo_url, "gpv_json": self.gpv_json_url, "yasno": self.yasno_url}
        return [urls[name] for name in self.provider_names if urls[name]]


def _is_here(url: str) -> bool:
    """Whether an address is on this machine: a simulator."""
    try:
        return ip_address(urlsplit(url).hostname or "").is_loopback
    except ValueError:
        return False

"""Settings of the outlook."""

from pathlib import Path
from typing import Annotated

from pydantic import Field

from shared.charge import RESERVE_PERCENT
from shared.settings import HistorySettings, ServiceSettings, ZoneSettings
from shared.settings_metadata import InCompose, Section


class OutlookSettings(ServiceSettings, HistorySettings, ZoneSettings):
    """The reserve of charge, and where forecasts are remembered."""

    section = Section.BATTERIES

    reserve_soc: float = Field(
        default=RESERVE_PERCENT,
        ge=0,
        le=90,
        description="The charge in percent that the outlook keeps in reserve: an outage lasts if the charge stays "
        "above it.",
    )
    outlook_state_dir: Annotated[Path, InCompose("/data/outlook")] = Field(
        default=Path("data/outlook"),
        description="Where the outlook keeps the forecasts that stood when outages began, to grade itself by them.",
    )

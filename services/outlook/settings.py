"""Settings of the outlook."""

from pydantic import Field

from services.outlook.forecast import RESERVE_PERCENT
from shared.settings import HistorySettings, ServiceSettings, ZoneSettings
from shared.settings_metadata import Section


class OutlookSettings(ServiceSettings, HistorySettings, ZoneSettings):
    """The charge that is to be kept."""

    section = Section.BATTERIES

    reserve_soc: float = Field(
        default=RESERVE_PERCENT,
        ge=0,
        le=90,
        description="The charge in percent that the outlook keeps in reserve: an outage lasts if the charge stays "
        "above it.",
    )

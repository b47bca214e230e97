"""What the dashboard reads from the environment."""

from datetime import timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import Field, field_validator

from shared.settings import DatabaseSettings, ServiceSettings


class DashboardSettings(ServiceSettings, DatabaseSettings):
    """Where the page is served, where the history lies, whose time is shown, and when a reading is old news."""

    dashboard_host: str = "127.0.0.1"
    dashboard_port: int = Field(default=8000, ge=1, le=65535)
    dashboard_fresh_s: float = Field(default=20, ge=1, le=86400)
    time_zone: str = "Europe/Kyiv"

    @field_validator("time_zone")
    @classmethod
    def _known(cls, name: str) -> str:
        try:
            ZoneInfo(name)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            raise ValueError("not a time zone such as Europe/Kyiv") from None
        return name

    @property
    def zone(self) -> ZoneInfo:
        """The zone in which times are shown."""
        return ZoneInfo(self.time_zone)

    @property
    def fresh_for(self) -> timedelta:
        """How long a reading counts as live."""
        return timedelta(seconds=self.dashboard_fresh_s)

"""What the dashboard reads from the environment."""

from datetime import timedelta

from pydantic import Field

from shared.settings import DatabaseSettings, ServiceSettings, ZoneSettings


class DashboardSettings(ServiceSettings, DatabaseSettings, ZoneSettings):
    """Where the page is served, where the history lies, whose time is shown, and when a reading is old news."""

    dashboard_host: str = "127.0.0.1"
    dashboard_port: int = Field(default=8000, ge=1, le=65535)
    dashboard_fresh_s: float = Field(default=20, ge=1, le=86400)

    @property
    def fresh_for(self) -> timedelta:
        """How long a reading counts as live."""
        return timedelta(seconds=self.dashboard_fresh_s)

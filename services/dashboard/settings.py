"""What the dashboard reads from the environment."""

from datetime import timedelta
from pathlib import Path

from pydantic import Field, SecretStr

from services.dashboard.tariff import Tariff
from shared.settings import DatabaseSettings, ServiceSettings, ZoneSettings


class DashboardSettings(ServiceSettings, DatabaseSettings, ZoneSettings):
    """Where the page is served and to whom, where the history lies, whose time is shown, when a reading is old news.

    dashboard_password is plain or a hash of werkzeug's; without one only this machine is served.
    """

    dashboard_host: str = "127.0.0.1"
    dashboard_port: int = Field(default=8000, ge=1, le=65535)
    dashboard_password: SecretStr = SecretStr("")
    dashboard_trusted_proxy: str = Field(default="", pattern=r"^[0-9A-Fa-f.:]*$|^\*$")
    dashboard_state_dir: Path = Path("data/dashboard")
    dashboard_fresh_s: float = Field(default=20, ge=1, le=86400)

    tariff_day: float | None = Field(default=None, ge=0, le=1000)
    tariff_night: float | None = Field(default=None, ge=0, le=1000)
    tariff_night_from: int = Field(default=23, ge=0, le=23)
    tariff_night_to: int = Field(default=7, ge=0, le=23)
    tariff_currency: str = Field(default="₴", max_length=8)

    @property
    def tariff(self) -> Tariff | None:
        """What a kWh from the grid costs, where that is set; by night the same where no other price is."""
        if self.tariff_day is None:
            return None
        night = self.tariff_day if self.tariff_night is None else self.tariff_night
        return Tariff(self.tariff_day, night, self.tariff_night_from, self.tariff_night_to, self.tariff_currency)

    @property
    def fresh_for(self) -> timedelta:
        """How long a reading counts as live."""
        return timedelta(seconds=self.dashboard_fresh_s)

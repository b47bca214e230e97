"""The dashboard's settings."""

from datetime import timedelta
from pathlib import Path
from typing import Annotated

from pydantic import Field, SecretStr

from services.dashboard.tariff import Tariff
from shared.settings import HistorySettings, ServiceSettings, ZoneSettings
from shared.settings_metadata import ESSENTIAL, NOT_IN_COMPOSE, InCompose, Section
from shared.validation import HOST, form


class DashboardSettings(ServiceSettings, HistorySettings, ZoneSettings):
    """Address, access, history, time zone, freshness of readings, tariff."""

    section = Section.DASHBOARD

    dashboard_host: Annotated[str, InCompose("0.0.0.0"), form(HOST, "0.0.0.0")] = Field(  # noqa: S104  # all addresses of the container
        default="127.0.0.1",
        description="Where the dashboard listens: 127.0.0.1 is this machine only; 0.0.0.0 and a password let your "
        "phone in, :: by IPv6 too (in Compose: DASHBOARD_BIND).",
    )
    dashboard_port: Annotated[int, NOT_IN_COMPOSE] = Field(
        default=8000,
        ge=1,
        le=65535,
        description="The dashboard's port; in Compose the one that is published on the host.",
    )
    dashboard_password: Annotated[SecretStr, ESSENTIAL] = Field(
        default=SecretStr(""),
        description="The password to see the dashboard and switch plugs. Empty: only this machine itself (127.0.0.1) "
        "is served; all others, including phones and everybody in Compose, get a page that says to set it. A new "
        "password ends all sessions. It may be a hash: see docs/dashboard.md.",
    )
    dashboard_trusted_proxy: Annotated[str, form(r"[0-9A-Fa-f.:]*|\*", "192.168.1.20")] = Field(
        default="",
        description="The address of a reverse proxy that is trusted to report the visitor's address and https (`*` "
        "if only the proxy can reach the dashboard). Empty: none.",
    )
    dashboard_state_dir: Annotated[Path, InCompose("/data/dashboard")] = Field(
        default=Path("data/dashboard"),
        description="Where the key that signs sessions is kept, which of them have ended, and the guests' links.",
    )
    dashboard_fresh_s: float = Field(
        default=20,
        ge=1,
        le=86400,
        description="Seconds after which a reading is shown as old; should be more than two POLL_INTERVALs.",
    )

    tariff_day: float | None = Field(
        default=None,
        ge=0,
        le=1000,
        description="What a kWh from the grid costs by day, such as 4.32. Empty: no cost is shown.",
    )
    tariff_night: float | None = Field(
        default=None,
        ge=0,
        le=1000,
        description="What a kWh costs at night, such as 2.16. Empty: the same as by day.",
    )
    tariff_night_from: int = Field(
        default=23, ge=0, le=23, description="The hour, in local time, at which the night tariff begins."
    )
    tariff_night_to: int = Field(
        default=7, ge=0, le=23, description="The hour, in local time, at which the night tariff ends."
    )
    tariff_currency: str = Field(default="₴", max_length=8, description="The currency of both prices.")

    @property
    def tariff(self) -> Tariff | None:
        """The price of a kWh from the grid, None if it is not set; the night price defaults to the day price."""
        if self.tariff_day is None:
            return None
        night = self.tariff_day if self.tariff_night is None else self.tariff_night
        return Tariff(self.tariff_day, night, self.tariff_night_from, self.tariff_night_to, self.tariff_currency)

    @property
    def fresh_for(self) -> timedelta:
        """How long a reading counts as live."""
        return timedelta(seconds=self.dashboard_fresh_s)

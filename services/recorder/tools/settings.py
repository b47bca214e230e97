"""What the tools read from the environment: less than the service, so that they work without a broker."""

from zoneinfo import ZoneInfo

from shared.errors import ConfigError
from shared.settings import DatabaseSettings


class ToolSettings(DatabaseSettings):
    """Where the database is, whose days are meant, and what the inverter is called."""

    time_zone: str = "Europe/Kyiv"
    inverter_name: str = "main"

    @property
    def zone(self) -> ZoneInfo:
        """The zone of dates and times without one."""
        try:
            return ZoneInfo(self.time_zone)
        except (KeyError, OSError, ValueError):  # not found; a directory of the list; a path outside it
            raise ConfigError(f'TIME_ZONE is "{self.time_zone[:60]}": there is no such time zone.') from None

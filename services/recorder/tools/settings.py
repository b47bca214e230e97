"""What the tools read from the environment: less than the service, so that they work without a broker."""

from shared.settings import DatabaseSettings, InverterNameSettings, ZoneSettings


class ToolSettings(InverterNameSettings, DatabaseSettings, ZoneSettings):
    """Where the database is, which time zone days follow, and what the inverter is called."""

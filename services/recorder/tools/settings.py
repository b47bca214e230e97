"""What the tools read from the environment: less than the service, so that they work without a broker."""

from shared.settings import DatabaseSettings, ZoneSettings


class ToolSettings(DatabaseSettings, ZoneSettings):
    """Where the database is, whose days are meant, and what the inverter is called."""

    inverter_name: str = "main"

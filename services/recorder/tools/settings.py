"""Settings of the tools: fewer than the service needs, so that they work without a broker."""

from shared.settings import DatabaseSettings, InverterNameSettings, ZoneSettings


class ToolSettings(InverterNameSettings, DatabaseSettings, ZoneSettings):
    """The database, the time zone, and the name of the inverter."""

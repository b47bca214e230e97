"""Settings of the recorder."""

from pydantic import Field

from shared.settings import DatabaseSettings, ServiceSettings, ZoneSettings

NAME = r"^[A-Za-z0-9_-]*$"


class RecorderSettings(ServiceSettings, DatabaseSettings, ZoneSettings):
    """Batching, retention, and how several recorders share the work."""

    batch_size: int = Field(default=500, ge=1, le=500)
    batch_seconds: float = Field(default=1.0, ge=0.05, le=60)
    raw_days: int = Field(default=400, ge=7, le=36500)
    recorder_share: str = Field(default="", pattern=NAME)
    recorder_name: str = Field(default="", pattern=NAME)

    @property
    def instance(self) -> str:
        """The name of this recorder among several."""
        return self.recorder_name

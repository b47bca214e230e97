"""What the recorder reads from the environment."""

from pydantic import Field

from shared.settings import DatabaseSettings, ServiceSettings

NAME = r"^[A-Za-z0-9_-]*$"


class RecorderSettings(ServiceSettings, DatabaseSettings):
    """When a batch is written, and how several recorders share the work."""

    batch_size: int = Field(default=500, ge=1, le=500)
    batch_seconds: float = Field(default=1.0, ge=0.05, le=60)
    recorder_share: str = Field(default="", pattern=NAME)
    recorder_name: str = Field(default="", pattern=NAME)

    @property
    def instance(self) -> str:
        """The name of this recorder among several."""
        return self.recorder_name

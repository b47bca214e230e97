"""What the recorder reads from the environment."""

from pathlib import Path

from pydantic import Field

from shared.settings import ServiceSettings


class RecorderSettings(ServiceSettings):
    """Where the database is, and when a batch is written."""

    db_path: Path = Path("data/easun.db")
    batch_size: int = Field(default=500, ge=1, le=500)
    batch_seconds: float = Field(default=1.0, ge=0.05, le=60)

"""Settings of the recorder."""

from pathlib import Path
from typing import Annotated

from pydantic import Field

from shared.settings import DatabaseSettings, ServiceSettings, ZoneSettings
from shared.settings_metadata import Section
from shared.validation import form

Name = Annotated[str, form(r"[A-Za-z0-9_-]*", "second")]


class RecorderSettings(ServiceSettings, DatabaseSettings, ZoneSettings):
    """Batching, retention, and how several recorders share the work."""

    section = Section.HISTORY

    batch_size: int = Field(
        default=500, ge=1, le=500, description="A batch is committed when it holds this many messages."
    )
    batch_seconds: float = Field(
        default=1.0, ge=0.05, le=60, description="A batch is committed when it is this many seconds old."
    )
    raw_days: int = Field(
        default=400,
        ge=7,
        le=36500,
        description="Days for which every single reading is kept. Averages (5 minutes, hours, days), energy and "
        "outages are kept forever.",
    )
    recorder_homes: bool = Field(
        default=False,
        description="true: record many homes, each with its name in front of its topics (after MQTT_TOPIC_PREFIX); see "
        "docs/fleet.md.",
    )
    recorder_share: Name = Field(
        default="",
        description="For several recorders on one broker: recorders with the same share divide the messages among "
        "them.",
    )
    recorder_name: Name = Field(
        default="",
        description="For several recorders on one broker: a unique name for every recorder but the first.",
    )

    backup_nightly: bool = Field(
        default=True,
        description="true: every night, and before a new version changes the schema, a checked copy of the database "
        "file is made; those of 7 days and 4 weeks are kept. false: neither. A PostgreSQL server has pg_dump instead.",
    )
    backup_dir: Path | None = Field(
        default=None,
        description="Where these copies go, best on another disk. Empty: the directory backups beside the database.",
    )

    @property
    def backups(self) -> Path | None:
        """Where the nightly backups go, None if there are none."""
        if not self.backup_nightly or isinstance(self.database, str):
            return None
        return self.backup_dir or self.database.parent / "backups"

    @property
    def instance(self) -> str:
        """The name of this recorder among several."""
        return self.recorder_name

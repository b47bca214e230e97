"""What must survive a cut of the power: which change was acted on, what is still to be done, what was switched off."""

from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from shared.errors import ConfigError
from shared.files import OURS_ALONE, replace_atomically
from shared.messages import Moment


class Want(BaseModel):
    """What a gang of a plug should become; by_grid tells the grid's wishes from people's.

    transition_id is the change of the grid that it is for, or that was heard of last when somebody wished it.
    """

    model_config = ConfigDict(frozen=True)

    plug: str
    gang: str
    on: bool
    by: str
    since: Moment
    not_before: Moment
    by_grid: bool = False
    transition_id: str | None = None

    @property
    def key(self) -> str:
        """What it is kept under."""
        return key(self.plug, self.gang)

    def waits(self, now: datetime) -> bool:
        """Whether its turn has not come; a clock that was set back since lets it wait for nothing."""
        return self.since <= now < self.not_before


class Journal(BaseModel):
    """The memory of the service.

    handled is the last change of the grid that was acted on; cut are the gangs that were on before we switched them off
    for the grid, and only these are ever restored; fights counts how often one came back by itself.
    """

    model_config = ConfigDict(frozen=True)

    handled: str | None = None
    wants: dict[str, Want] = Field(default_factory=dict)
    cut: dict[str, Moment] = Field(default_factory=dict)
    fights: dict[str, int] = Field(default_factory=dict)


def key(plug: str, gang: str) -> str:
    """Return the name of a gang in the journal."""
    return f"{plug}/{gang}"


def peek(file: Path) -> Journal:
    """Return what is saved, and touch nothing. Raises ConfigError."""
    try:
        return Journal.model_validate_json(file.read_bytes()) if file.exists() else Journal()
    except (OSError, ValidationError):
        raise ConfigError(f"TUYA_JOURNAL_FILE {file} cannot be read, or is damaged.") from None


def load(file: Path, damaged: Callable[[str], None]) -> Journal:
    """Return what was saved. A damaged file is said and put aside: then nothing is known, so nothing is switched."""
    try:
        return Journal.model_validate_json(file.read_bytes())
    except FileNotFoundError:
        return Journal()
    except OSError as error:
        raise ConfigError(f"TUYA_JOURNAL_FILE {file} cannot be read: {error.strerror}.") from None
    except ValidationError:
        aside = file.with_suffix(".damaged")
        with suppress(OSError):  # where it cannot be put aside it cannot be written either, which is said next
            file.replace(aside)
        damaged(
            f"The journal of the plugs is damaged and now called {aside}: what was switched off before stays off. "
            "Look after your plugs; the next outage is handled again."
        )
        return Journal()


def save(file: Path, journal: Journal) -> None:
    """Have it on the disk. Raises ConfigError, for without a journal nothing may be switched."""
    try:
        replace_atomically(file, journal.model_dump_json(indent=1), mode=OURS_ALONE)
    except OSError as error:
        raise ConfigError(f"TUYA_JOURNAL_FILE {file} cannot be written: {error.strerror}.") from None

"""The bot's own files: read at the start, written whole before anything is sent."""

import logging
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from shared.errors import ConfigError, StorageError
from shared.files import replace_atomically

log = logging.getLogger("bot")

M = TypeVar("M", bound=BaseModel)


def load(file: Path, kind: type[M], lost: str) -> M:
    """Return what a file holds. A damaged one is put aside, and `lost` says what that means. Raises ConfigError."""
    try:
        return kind.model_validate_json(file.read_bytes())
    except FileNotFoundError:
        return kind()
    except OSError as error:
        raise ConfigError(f"{file} cannot be read ({error.strerror}): see BOT_STATE_DIR.") from None
    except ValidationError:
        log.warning("%s is damaged and was put aside as .bad: %s.", file, lost)
        file.replace(file.with_suffix(".bad"))  # kept to be looked at; without it everything is new
        return kind()


def save(file: Path, content: BaseModel) -> None:
    """Have it on the disk. Raises StorageError."""
    try:
        replace_atomically(file, content.model_dump_json())
    except OSError as error:
        raise StorageError(
            f"{file} cannot be written ({error.strerror}): the bot may forget what it has told."
        ) from None

"""A small state file that survives a power loss, as JSON of a pydantic model."""

import os
from collections.abc import Callable
from itertools import count
from pathlib import Path
from typing import Generic, TypeVar

from pydantic import BaseModel, ValidationError

from shared.conditions import files, system
from shared.errors import ConfigError, StorageError
from shared.files import draft_of, move_into_place, replace_atomically

M = TypeVar("M", bound=BaseModel)


class DamagedStateError(ConfigError):
    """The file does not hold what it should."""


class StateFile(Generic[M]):
    """The setting that names the file, the file, the model of its content, and the mode it gets.

    All fields of the model have defaults: a file that is missing or damaged is read as these.
    """

    def __init__(self, setting: str, path: Path, model: type[M], *, mode: int = 0o666) -> None:
        self._setting = setting
        self._path = path
        self._model = model
        self._mode = mode

    def peek(self) -> M:
        """Return the content, or the defaults where there is no file. Raises ConfigError."""
        try:
            return self._model.model_validate_json(self._path.read_bytes())
        except FileNotFoundError:
            return self._model()
        except ValidationError:
            raise DamagedStateError(files.damaged(name=self._setting, file=str(self._path))) from None
        except OSError as error:
            cause = system.os_reason(error)
            raise ConfigError(files.unreadable(name=self._setting, file=str(self._path), cause=cause)) from None

    def load(self, on_damaged: Callable[[Path], None]) -> M:
        """Return the content. A damaged file is set aside: on_damaged gets its new name. Raises ConfigError."""
        self._take_over_draft()
        try:
            return self.peek()
        except DamagedStateError:
            try:
                aside = self._rename("damaged")
            except OSError as error:
                cause = system.os_reason(error)
                reason = files.damaged_and_stuck(name=self._setting, file=str(self._path), cause=cause)
                raise ConfigError(reason) from None
            on_damaged(aside)
            return self._model()

    def save(self, content: M) -> None:
        """Replace the content; it is on disk when this returns. Raises StorageError."""
        try:
            replace_atomically(self._path, content.model_dump_json(indent=1), mode=self._mode)
        except OSError as error:
            cause = system.os_reason(error)
            raise StorageError(files.unwritable(name=self._setting, file=str(self._path), cause=cause)) from None

    def set_aside(self, mark: str) -> None:
        """Give the file a free name with a mark in it. Raises StorageError."""
        try:
            self._rename(mark)
        except OSError as error:
            cause = system.os_reason(error)
            raise StorageError(files.unwritable(name=self._setting, file=str(self._path), cause=cause)) from None

    def take_over(self, other: Path) -> None:
        """Give another file this name, in place of what is there. Raises StorageError."""
        try:
            draft_of(other).unlink(missing_ok=True)  # or it would be taken for the newest content under the other name
            move_into_place(other, self._path)
        except OSError as error:
            cause = system.os_reason(error)
            raise StorageError(files.unwritable(name=self._setting, file=str(self._path), cause=cause)) from None

    def _take_over_draft(self) -> None:
        """Finish a save that a kill interrupted while it waited for the disk: what was written whole counts."""
        draft = draft_of(self._path)
        try:
            self._model.model_validate_json(draft.read_bytes())
            move_into_place(draft, self._path)
        except (ValidationError, OSError):  # there is none, or half of one
            return

    def _rename(self, mark: str) -> Path:
        """Rename the file to a name that is free, and return it. Raises OSError."""
        names = (self._path.with_name(f"{self._path.name}.{mark}-{number}") for number in count(1))
        aside = next(name for name in names if not os.path.lexists(name))
        move_into_place(self._path, aside)
        return aside

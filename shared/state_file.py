"""A small state file that survives a power cut: a pydantic model as JSON."""

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
    """The content of the file is not valid."""


class StateFile(Generic[M]):
    """The setting that names the file, the file, the model of its content, and its mode.

    All fields of the model have defaults, which stand in for a missing or damaged file.
    """

    def __init__(self, setting: str, path: Path, model: type[M], *, mode: int = 0o666) -> None:
        self._setting = setting
        self._path = path
        self._model = model
        self._mode = mode

    def peek(self) -> M:
        """Return the content, or the defaults if there is no file. Raises ConfigError."""
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
        """Replace the content, and wait until it is on disk. Raises StorageError."""
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
        """Give another file this name, replacing the present one. Raises StorageError."""
        try:
            draft_of(other).unlink(missing_ok=True)  # else it would be the newest content of the other
            move_into_place(other, self._path)
        except OSError as error:
            cause = system.os_reason(error)
            raise StorageError(files.unwritable(name=self._setting, file=str(self._path), cause=cause)) from None

    def _take_over_draft(self) -> None:
        """Finish a save that a kill interrupted while it waited for the disk, if it is complete."""
        draft = draft_of(self._path)
        try:
            self._model.model_validate_json(draft.read_bytes())
            move_into_place(draft, self._path)
        except (ValidationError, OSError):  # there is none, or it is incomplete
            return

    def _rename(self, mark: str) -> Path:
        """Rename the file to a free name, and return that. Raises OSError."""
        names = (self._path.with_name(f"{self._path.name}.{mark}-{number}") for number in count(1))
        aside = next(name for name in names if not os.path.lexists(name))
        move_into_place(self._path, aside)
        return aside

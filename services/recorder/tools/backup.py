"""A consistent copy of the database, even while the recorder writes."""

from pathlib import Path
from stat import S_IMODE

from services.recorder.sqlite_files import SHARED, copy_checked, side_files
from services.recorder.tools.files import (
    ToolError,
    plain_errors,
    require_another,
    require_database,
    written_atomically,
)
from services.recorder.tools.progress import steps
from shared.conditions import recorder_tools as tools
from shared.errors import UsageError
from shared.history.engine import Place
from shared.texts.localizer import Localizer


def backup(place: Place, file: Path, localizer: Localizer, *, force: bool) -> str:
    """Copy the database to a file and return a sentence about it."""
    if isinstance(place, str):
        raise UsageError(tools.SERVER_BACKUP())
    require_database(place)
    require_another(file, place)
    log = side_files(file)[0]
    if log.exists():  # SQLite would apply it to the copy
        raise UsageError(tools.used_database(file=str(file), log=log.name))
    with plain_errors(f"backup {file}"), written_atomically(file, force=force) as part:
        copy(place, part)
        part.chmod(S_IMODE(place.stat().st_mode))  # readable by the same users
    size = localizer.number("system.megabytes", file.stat().st_size / 1e6, 1)
    return localizer("tool.backed_up", place=place, file=file, size=size)


def copy(source: Path, target: Path, mode: str = SHARED) -> None:
    """Copy a database and check the copy; raises ToolError if it is damaged."""
    with steps(source.name) as advance:
        fault = copy_checked(source, target, advance, mode)
    if fault:
        raise ToolError(tools.copy_damaged(file=str(source), fault=fault))

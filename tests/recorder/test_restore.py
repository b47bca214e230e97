"""A restore that is killed before any of its operations on files leaves the old or the new data, never neither."""

import os
import shutil
import sqlite3
import sys
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from services.recorder.tools.restore import restore
from shared.texts.language import Language
from shared.texts.localizer import Localizer
from tests.support.recorded import ask

NOW = datetime(2026, 11, 23, 19, tzinfo=UTC)
ENGLISH = Localizer(Language.EN, NOW)
OPERATIONS = ("os.rename", "os.remove", "os.link", "os.chmod", "os.chown", "open", "sqlite3.connect", "shutil.copyfile")
LOADS = "SELECT load_power_w FROM inverter_state"


def with_load(path: Path, load: int, *, crash: bool = False) -> None:
    child = os.fork()
    if not child:
        connection = sqlite3.connect(path)
        connection.execute("PRAGMA journal_mode=WAL")
        with connection:
            connection.execute("INSERT INTO inverter_state (device, at, load_power_w) VALUES ('main', 1, ?)", (load,))
        if not crash:
            connection.close()
        os._exit(0)  # the commit of a killed recorder stays in its log
    os.waitpid(child, 0)


def killed_before(number: int, place: Path, backup: Path) -> bool:
    """Restore in a process that is killed before an operation; return whether it had so many."""
    child = os.fork()
    if not child:
        seen = 0

        def count(event: str, _arguments: object) -> None:
            nonlocal seen
            if event in OPERATIONS:
                seen += 1
                if seen > number:
                    os._exit(9)

        sys.addaudithook(count)
        try:
            restore(place, backup, NOW, ENGLISH)
        finally:
            os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 9


@pytest.mark.parametrize("damaged", [False, True], ids=["sound", "damaged"])
def test_killed_at_any_step(empty: Path, tmp_path: Path, damaged: bool) -> None:
    backup = Path(shutil.copy(empty, tmp_path / "backup.db"))
    with_load(backup, 2)
    with closing(sqlite3.connect(backup)) as connection:
        connection.execute("PRAGMA journal_mode=DELETE")
    number, outcomes = 0, []
    while True:
        home = tmp_path / str(number)
        home.mkdir()
        place = Path(shutil.copy(empty, home / "easun.db"))
        if damaged:
            place.write_bytes(b"x" * 100 + place.read_bytes()[100:])
        else:
            with_load(place, 1, crash=True)
        old = place.read_bytes()
        killed = killed_before(number, place, backup)
        if damaged:
            outcomes.append(2 if place.read_bytes()[:16] == b"SQLite format 3\0" else 1)
            assert outcomes[-1] == 2 or place.read_bytes() == old
        else:
            ((load,),) = ask(place, LOADS)
            outcomes.append(load)
        if outcomes[-1] == 2:
            assert list(home.glob("easun.db.before-restore-*Z")), "the old one is still there"
        if not killed:
            break
        number += 1
    assert outcomes == sorted(outcomes)
    assert outcomes[0] == 1
    assert outcomes[-1] == 2
    assert number > 5

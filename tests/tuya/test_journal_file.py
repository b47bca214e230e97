"""The journal on disk: it comes back as it was saved, and what is wrong with it is reported."""

import json
from pathlib import Path

import pytest

from services.tuya.journal import Journal
from services.tuya.journal_file import JournalFile, peek
from services.tuya.settings import TuyaSettings
from shared.conditions import plugs
from shared.errors import ConfigError, StorageError
from shared.health import Health
from shared.messages import Grid, ServiceHealth
from tests.tuya.facts import KNOWN, NOW, changed, grid


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "journal.json"


def codes(health: Health) -> list[str]:
    return [reason.code for reason in health.status(NOW).reasons]


def journal_file(file: Path, health: Health, *, dry_run: bool = False) -> JournalFile:
    return JournalFile(TuyaSettings(tuya_journal_file=file, tuya_dry_run=dry_run, _env_file=None), health)


def test_it_comes_back_as_it_was(file: Path) -> None:
    health = Health()
    lost = changed(KNOWN, grid(Grid.OFF, "t2"))
    journal_file(file, health).save(lost)
    assert journal_file(file, health).load() == peek(file) == lost
    assert health.status(NOW).state is ServiceHealth.ONLINE


def test_a_damaged_one_is_set_aside_and_reported(file: Path) -> None:
    health = Health()
    file.write_text('{"handled": ')
    with pytest.raises(ConfigError):
        peek(file)
    assert journal_file(file, health).load() == Journal()
    (reason,) = health.status(NOW).reasons
    assert reason.code == plugs.journal_damaged.code
    aside = Path(str(reason.params["file"]))
    assert aside.read_text() == '{"handled": '
    assert "is damaged and now called" in reason.text


def test_one_that_cannot_be_written_stops_the_start_and_later_the_switching(file: Path) -> None:
    health = Health()
    journal = journal_file(file, health)
    journal.load()
    obstacle = file.with_name(f".{file.name}.new")
    obstacle.mkdir()
    with pytest.raises(StorageError):
        journal.save(KNOWN)
    assert codes(health) == [plugs.journal_unwritable.code]
    other = file.with_name("other.json")
    other.with_name(".other.json.new").mkdir()
    with pytest.raises(ConfigError, match="cannot be written"):
        journal_file(other, Health()).load()
    obstacle.rmdir()
    journal.save(KNOWN)
    assert codes(health) == []


def test_a_dry_run_has_its_own(file: Path) -> None:
    journal_file(file, Health()).save(KNOWN)
    assert journal_file(file, Health(), dry_run=True).load() == Journal()
    assert peek(file) == KNOWN


def test_an_upgrade_from_0_1_in_an_outage_still_restores(tmp_path: Path) -> None:
    file = tmp_path / "journal.json"
    want = {"plug": "a", "gang": "switch_1", "on": False, "by": "grid", "by_grid": True, "transition_id": "t"}
    moment = "2026-11-29T10:00:00.000Z"
    file.write_text(
        json.dumps(
            {
                "handled": "t",
                "wants": {"a/switch_1": want | {"since": moment, "not_before": moment}},
                "cut": {"b/switch_1": moment},
                "fights": {"b/switch_1": 2},
            }
        )
    )
    journal = peek(file)
    assert (list(journal.targets), list(journal.to_restore), journal.returns) == (
        ["a/switch_1"],
        ["b/switch_1"],
        {"b/switch_1": 2},
    )

"""Real files with pages damaged on purpose: what is on the other pages is saved, and nothing is made up."""

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.recorder import salvage as module
from services.recorder.salvage import Salvage, is_ours, report_of, salvage
from services.recorder.sqlite_pages import Image
from shared.history import migration
from shared.history.migration import FIRST, HEAD, revision
from tests.support.damaged import PAGE, READINGS, Rows, contents, fill, owners, zeroed

IGNORED = ("alembic_version", "salvage_report", "boot_clock")
ALIKE = ("inverter_rollup", "battery_rollup")
"""Without the schema their rows cannot be told apart; they are made anew from the readings."""


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return fill(tmp_path_factory.mktemp("whole") / "easun.db")


@pytest.fixture(scope="module")
def true_rows(whole: Path) -> Rows:
    return contents(whole)


@pytest.fixture(scope="module")
def blank(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("blank") / "easun.db"
    migration.create(path, HEAD)
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA journal_mode=DELETE")
    return path


def saved(data: bytes | bytearray, blank: Path, directory: Path) -> Rows:
    """Return what is saved of a damaged file; creating the new one each time would take longer than the rest."""
    damaged, target = directory / "damaged.db", Path(shutil.copy(blank, directory / "target.db"))
    damaged.write_bytes(data)
    with damaged.open("rb") as file, closing(sqlite3.connect(target, isolation_level=None)) as connection:
        connection.execute("BEGIN")
        Salvage(Image(file), connection, lambda: None).run()
        connection.execute("COMMIT")
    return contents(target)


def on_good_pages(true_rows: Rows, kept: Rows, tables: set[str]) -> None:
    """Check that tables without a damaged page are complete, and that nothing else than the truth is in any table."""
    for name, rows in true_rows.items():
        if name not in IGNORED:
            assert kept[name] <= rows, name
            if name not in tables and not (name in ALIKE and "sqlite_schema" in tables):
                assert kept[name] == rows, name


@settings(max_examples=12)
@given(chance=st.data())
def test_any_pages_that_are_zeroed_cost_only_what_was_on_them(
    whole: Path, true_rows: Rows, blank: Path, tmp_path: Path, chance: st.DataObject
) -> None:
    data = bytearray(whole.read_bytes())
    pages = chance.draw(st.sets(st.integers(1, len(data) // PAGE), max_size=6))
    zeroed(data, pages)
    known = owners(whole)
    kept = saved(data, blank, tmp_path)
    if {1, 2} <= pages:  # neither the schema nor the map of pages: tables of the same shape cannot be told apart
        on_good_pages(true_rows, kept, set(true_rows))
    else:
        on_good_pages(true_rows, kept, {known.get(page, "") for page in pages})
    per_page = max(len(rows) for rows in true_rows.values())
    for name in ("inverter_state", "battery_state", "grid_state"):
        mine = [page for page in pages if known.get(page) == name]
        assert len(true_rows[name] - kept[name]) <= len(mine) * min(per_page, 130), name


@settings(max_examples=8)
@given(chance=st.data())
def test_any_cut_leaves_what_was_before_it(
    whole: Path, true_rows: Rows, blank: Path, tmp_path: Path, chance: st.DataObject
) -> None:
    data = whole.read_bytes()
    size = chance.draw(st.integers(0, len(data)))
    kept = saved(data[:size], blank, tmp_path)
    gone = range(size // PAGE + 1, len(data) // PAGE + 1)
    on_good_pages(true_rows, kept, {name for page, name in owners(whole).items() if page in gone})


@settings(max_examples=12)
@given(chance=st.data())
def test_any_bits_that_flip_cost_only_rows_of_their_pages(
    whole: Path, true_rows: Rows, blank: Path, tmp_path: Path, chance: st.DataObject
) -> None:
    data = bytearray(whole.read_bytes())
    flipped = chance.draw(st.sets(st.integers(2 * PAGE * 8, len(data) * 8 - 1), min_size=1, max_size=8))
    for bit in flipped:
        data[bit // 8] ^= 1 << bit % 8
    known = owners(whole)
    touched = {known.get(bit // 8 // PAGE + 1, "") for bit in flipped}
    kept = saved(data, blank, tmp_path)
    for name in READINGS:
        if name not in touched:
            assert kept[name] == true_rows[name]
        assert len(kept[name] - true_rows[name]) <= 8, "no more rows than flipped bits are wrong"


def test_an_undamaged_file_is_saved_in_whole(whole: Path, true_rows: Rows, tmp_path: Path) -> None:
    report = salvage(whole, tmp_path / "new.db")
    assert report == report_of(tmp_path / "new.db")
    assert (report.saved, report.lost, report.derived_whole) == (2 * 3 * 240, 0, True)
    kept = contents(tmp_path / "new.db")
    assert {name: rows for name, rows in kept.items() if name != "salvage_report"} == true_rows


def test_what_is_lost_is_counted(whole: Path, tmp_path: Path) -> None:
    known = owners(whole)
    data = bytearray(whole.read_bytes())
    pages = [page for page, name in known.items() if name == "inverter_state"]
    zeroed(data, pages[-2:])
    (tmp_path / "easun.db").write_bytes(data)
    report = salvage(tmp_path / "easun.db", tmp_path / "new.db")
    assert report.saved < 2 * 3 * 240
    assert abs(report.saved + report.lost - 2 * 3 * 240) < 60
    assert report.derived_whole


def test_commits_in_the_log_are_saved_too(whole: Path, tmp_path: Path) -> None:
    file = tmp_path / "easun.db"
    shutil.copy(whole, file)
    with closing(sqlite3.connect(file, isolation_level=None)) as connection:
        connection.execute("PRAGMA wal_autocheckpoint=0")
        connection.execute("UPDATE inverter_state SET load_power_w = -7")
        connection.execute("BEGIN")
        connection.execute("PRAGMA cache_size=1")
        connection.execute("UPDATE inverter_state SET load_power_w = -8")  # never committed
        shutil.copy(file, tmp_path / "damaged.db")
        shutil.copy(tmp_path / "easun.db-wal", tmp_path / "damaged.db-wal")
    data = bytearray((tmp_path / "damaged.db").read_bytes())
    zeroed(data, range(3, len(data) // PAGE))  # they are in the log, as far as they changed
    (tmp_path / "damaged.db").write_bytes(data)
    salvage(tmp_path / "damaged.db", tmp_path / "new.db")
    loads = {row[0] for row in _ask(tmp_path / "new.db", "SELECT load_power_w FROM inverter_state")}
    assert loads == {-7}


def test_a_file_of_version_0_1_keeps_its_schema(tmp_path: Path) -> None:
    migration.create(tmp_path / "easun.db", FIRST)
    with closing(sqlite3.connect(tmp_path / "easun.db")) as connection, connection:
        connection.execute(
            'INSERT INTO plug_action (device, at, "on", gang, "by", outcome, why) VALUES '
            "('boiler', 1795456800000, 1, '', 'grid', 'refused', 'It is protected.')"
        )
    salvage(tmp_path / "easun.db", tmp_path / "new.db")
    assert revision(tmp_path / "new.db") == FIRST
    assert _ask(tmp_path / "new.db", "SELECT why FROM plug_action") == [("It is protected.",)]


@pytest.mark.parametrize(
    ("content", "ours"),
    [
        pytest.param(bytes(3 * PAGE), True, id="zeros"),
        pytest.param(b"SQLite format 3\0" + b"x" * 100, True, id="the-beginning-of-one"),
        pytest.param(b"a letter to my aunt\n" * 900, False, id="a-text"),
        pytest.param(b"\xff\xd8\xff\xe0" + bytes(range(256)) * 64, False, id="a-picture"),
    ],
)
def test_whose_file_it_is(tmp_path: Path, content: bytes, ours: bool) -> None:
    (tmp_path / "file").write_bytes(content)
    assert is_ours(tmp_path / "file") is ours


def test_a_database_without_its_head_is_ours_and_another_programs_is_not(whole: Path, tmp_path: Path) -> None:
    data = bytearray(whole.read_bytes())
    data[:PAGE] = b"\xff" * PAGE
    (tmp_path / "ours.db").write_bytes(data)
    assert is_ours(tmp_path / "ours.db")
    with closing(sqlite3.connect(tmp_path / "other.db")) as connection, connection:
        connection.execute("CREATE TABLE shopping (item TEXT)")
    assert not is_ours(tmp_path / "other.db")


def _ask(file: Path, query: str) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(file)) as connection:
        return connection.execute(query).fetchall()


def test_every_recorded_table_is_counted() -> None:
    assert {"inverter_state", "grid_state", "compressed_hour", "dead_letter", "undated_message"} <= module.KEPT
    assert not {"inverter_rollup", "outage", "grid_run", "rollup_due", "upkeep_note"} & module.KEPT

"""The tools against real files: what they write, what they refuse, and what they leave alone."""

import csv
import json
import os
import resource
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from io import StringIO
from pathlib import Path
from shutil import copy
from zoneinfo import ZoneInfo

import psutil
import pytest

from services.recorder.rows import to_row
from services.recorder.store import open_store
from services.recorder.tools.backup import backup
from services.recorder.tools.check import check
from services.recorder.tools.eamoon import Tally, to_state
from services.recorder.tools.export import ExportRequest, export, is_time, overview
from services.recorder.tools.import_eamoon import import_eamoon
from services.recorder.tools.period import Period, parse_time, period
from services.recorder.tools.restore import restore
from services.recorder.upkeep import Upkeep
from shared.conditions import Reason
from shared.errors import EasunError, StorageError, UsageError
from shared.history.engine import Place
from shared.history.migration import HEAD
from shared.history.tables import inverter_state, metadata
from shared.messages import GridState, InverterState, Mode, iso
from shared.texts.language import Language
from shared.texts.localizer import Localizer
from shared.topics import GRID_STATE, INVERTER_STATE
from tests.support.databases import Databases
from tests.support.fork_server import run_module
from tests.support.recorded import a_reading_a_day, ask
from tests.support.waiting import PROGRAM_S

START = datetime(2026, 11, 23, 18, tzinfo=UTC)
NOW = START + timedelta(hours=1)
ENGLISH = Localizer(Language.EN, NOW)
KYIV = ZoneInfo("Europe/Kyiv")
ALWAYS = Period()
ENVIRONMENT = {"DATABASE_URL": "", "ENV_FILE": "", "BOT_LANGUAGE": "en", "TIME_ZONE": "Europe/Kyiv"}
WARNINGS = (Reason.sentence("a, b"), Reason.sentence("ї"))


def fill(path: Path, seconds: range, device: str = "main") -> Path:
    store = open_store(path)
    for begin in seconds[::500]:
        some = range(begin, min(begin + 500 * seconds.step, seconds.stop), seconds.step)
        store.write([to_row(INVERTER_STATE.named(device), reading(second)) for second in some])
    store.close()
    return path


def reading(second: int) -> bytes:
    at = START + timedelta(seconds=second)
    state = InverterState(at=at, mode=Mode.MAINS, load_power_w=second, grid_voltage_v=230.4, warnings=WARNINGS)
    return state.model_dump_json().encode()


@pytest.fixture(scope="module")
def hundred(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database with a hundred readings, migrated once for all tests."""
    return fill(tmp_path_factory.mktemp("once") / "easun.db", range(100))


@pytest.fixture
def database(hundred: Path, tmp_path: Path) -> Path:
    path = tmp_path / "data" / "easun.db"
    path.parent.mkdir()
    copy(hundred, path)
    return path


def loads(path: Path) -> list[object]:
    return [load for (load,) in ask(path, "SELECT load_power_w FROM inverter_state ORDER BY at")]


def tool(*words: object, path: Path, prepare: Callable[[], None] | None = None) -> subprocess.CompletedProcess[str]:
    env = os.environ | ENVIRONMENT | {"DB_PATH": str(path)}
    if prepare is None:
        return run_module("services.recorder", *map(str, words), env=env)
    command = [sys.executable, "-m", "services.recorder", *map(str, words)]
    return subprocess.run(
        command, env=env, capture_output=True, text=True, timeout=PROGRAM_S, preexec_fn=prepare, check=False
    )


@contextmanager
def untouched(directory: Path) -> Iterator[None]:
    """Say that no file in a directory comes, goes or changes."""
    before = contents(directory)
    yield
    assert contents(directory) == before


def contents(directory: Path) -> dict[Path, bytes]:
    return {file: file.read_bytes() for file in directory.rglob("*") if file.is_file() and file.suffix[-4:] != "-shm"}


# periods


@pytest.mark.parametrize(
    ("text", "ends", "expected"),
    [
        pytest.param("2026-11-20", False, "2026-11-19T22:00:00.000Z", id="a-day-begins-at-its-own-midnight"),
        pytest.param("2026-07-20", False, "2026-07-19T21:00:00.000Z", id="in-summer-too"),
        pytest.param("2026-11-20", True, "2026-11-20T22:00:00.000Z", id="a-day-ends-at-the-next-midnight"),
        pytest.param("2026-10-25", True, "2026-10-25T22:00:00.000Z", id="a-day-of-25-hours"),
        pytest.param("2026-11-20T18:30", True, "2026-11-20T16:30:00.000Z", id="local-time"),
        pytest.param("2026-11-20T18:30:05Z", False, "2026-11-20T18:30:05.000Z", id="utc"),
        pytest.param("2026-11-20 18:30+01:00", False, "2026-11-20T17:30:00.000Z", id="an-offset"),
    ],
)
def test_a_moment(text: str, ends: bool, expected: str) -> None:
    assert iso(parse_time(text, KYIV, ends=ends)) == expected


@pytest.mark.parametrize("text", ["", "yesterday", "2026-13-01", "2026-11-20T25:00", "9999-12-31"])
def test_what_is_no_moment_is_reported(text: str) -> None:
    with pytest.raises(UsageError, match="not a day or time"):
        parse_time(text, KYIV, ends=True)


@pytest.mark.parametrize("last", ["2026-11-19", "2026-11-20T00:00"])
def test_a_period_that_ends_before_it_begins_is_reported(last: str) -> None:
    with pytest.raises(UsageError, match="ends before it begins"):
        period("2026-11-20", last, KYIV)


def test_one_day_is_a_period() -> None:
    day = period("2026-11-20", "2026-11-20", KYIV)
    assert day.start
    assert day.end
    assert day.end - day.start == timedelta(days=1)


# export


def exported(path: Path, tmp_path: Path, format: str = "csv", span: Period = ALWAYS) -> str:
    file = tmp_path / "out"
    export(path, ExportRequest("inverter_state", span, format, str(file), force=True), ENGLISH)
    return file.read_text(encoding="utf-8")


def test_csv(database: Path, tmp_path: Path) -> None:
    rows = list(csv.DictReader(StringIO(exported(database, tmp_path))))
    assert len(rows) == 100
    assert list(rows[0]) == inverter_state.columns.keys()
    chosen = {name: rows[7][name] for name in ("device", "at", "load_power_w", "grid_voltage_v", "pv_power_w")}
    assert chosen == {
        "device": "main",
        "at": "2026-11-23T18:00:07.000Z",
        "load_power_w": "7",
        "grid_voltage_v": "230.4",
        "pv_power_w": "",
    }
    assert json.loads(rows[7]["warnings"]) == [reason.model_dump() for reason in WARNINGS]


def test_json_lines(database: Path, tmp_path: Path) -> None:
    rows = [json.loads(line) for line in exported(database, tmp_path, "jsonl").splitlines()]
    assert len(rows) == 100
    assert rows[7]["at"] == "2026-11-23T18:00:07.000Z"
    assert rows[7]["warnings"] == [reason.model_dump() for reason in WARNINGS]
    assert rows[7]["pv_power_w"] is None


def test_json_lines_are_messages_again(database: Path, tmp_path: Path) -> None:
    for second, line in enumerate(exported(database, tmp_path, "jsonl").splitlines()):
        assert InverterState.model_validate_json(line) == InverterState.model_validate_json(reading(second))


def test_a_period_ends_before_its_end(database: Path, tmp_path: Path) -> None:
    span = Period(START + timedelta(seconds=10), START + timedelta(seconds=13))
    rows = list(csv.DictReader(StringIO(exported(database, tmp_path, span=span))))
    assert [row["load_power_w"] for row in rows] == ["10", "11", "12"]


@pytest.mark.parametrize("name", sorted(metadata.tables))
@pytest.mark.parametrize("format", ["csv", "jsonl"])
def test_every_table_can_be_exported(database: Path, tmp_path: Path, name: str, format: str) -> None:
    assert f"rows of {name}" in export(database, ExportRequest(name, ALWAYS, format, str(tmp_path / "out")), ENGLISH)


def test_moments_are_told_from_numbers_by_their_names() -> None:
    grid = {column.name for column in metadata.tables["grid_state"].columns if is_time(column)}
    assert grid == {"at", "since", "last_known_since"}
    assert not any(is_time(column) for column in inverter_state.columns if "_bits" in column.name)
    outage = metadata.tables["outage"].columns
    assert {column.name for column in outage if is_time(column)} == {"start", "end", "plan_start", "plan_end"}
    assert is_time(metadata.tables["outage_schedule"].c.fetched_at)


def test_the_list(database: Path) -> None:
    store = open_store(database)
    store.write([to_row(GRID_STATE.named(), GridState(at=START, since=START, state="on").model_dump_json().encode())])
    lines = {line.split()[0]: line.split()[1:] for line in overview(database, ENGLISH).splitlines()}
    assert lines["inverter_state"] == ["100", "2026-11-23T18:00:00.000Z", "2026-11-23T18:01:39.000Z"]
    assert lines["grid_state"][0] == "1"
    assert lines["plug_state"] == ["0", "-", "-"]


def test_a_file_that_is_there_stays(database: Path, tmp_path: Path) -> None:
    (tmp_path / "out").write_text("mine")
    with pytest.raises(UsageError, match="--force"):
        export(database, ExportRequest("inverter_state", ALWAYS, "csv", str(tmp_path / "out")), ENGLISH)
    assert (tmp_path / "out").read_text() == "mine"
    with pytest.raises(UsageError, match="the database itself"):
        export(database, ExportRequest("inverter_state", ALWAYS, "csv", str(database), force=True), ENGLISH)


def test_many_rows_with_flat_memory(database: Path, tmp_path: Path) -> None:
    count = 80_000
    with closing(sqlite3.connect(database)) as connection, connection:
        connection.execute(
            "INSERT INTO inverter_state (device, at, mode, load_power_w, warnings) WITH RECURSIVE n(i) AS "
            f"(SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {count}) "
            "SELECT 'many', i * 1000, 'mains', i, '[]' FROM n"
        )
    process = psutil.Process()
    exported(database, tmp_path, span=Period(None, datetime(1970, 1, 2, tzinfo=UTC)))  # what Python loads for it
    before, most = process.memory_info().rss, 0
    stop = threading.Event()

    def watch() -> None:
        nonlocal most
        while not stop.wait(0.02):
            most = max(most, process.memory_info().rss)

    watcher = threading.Thread(target=watch)
    watcher.start()
    lines = exported_lines(database, tmp_path)
    stop.set()
    watcher.join()
    assert lines == count + 101  # the head, and the rows that were there
    assert most - before < 30e6


def exported_lines(path: Path, tmp_path: Path) -> int:
    export(path, ExportRequest("inverter_state", ALWAYS, "csv", str(tmp_path / "all.csv")), ENGLISH)
    with (tmp_path / "all.csv").open() as file:
        return sum(1 for _ in file)


# backup and restore


def test_a_backup_while_the_recorder_writes(database: Path, tmp_path: Path) -> None:
    fill(database, range(100, 5_000))
    stop, written = threading.Event(), []

    def write() -> None:
        store, second = open_store(database), 5_000
        while not stop.is_set():
            store.write([to_row(INVERTER_STATE.named("main"), reading(second + n)) for n in range(10)])
            second += 10
            written.append(second)
        store.close()

    writer = threading.Thread(target=write)
    writer.start()
    try:
        for number in range(5):
            file = tmp_path / f"backup-{number}.db"
            backup(database, file, ENGLISH, force=False)
            found = loads(file)
            assert found == list(range(len(found)))  # whole batches, nothing missing between
            assert len(found) % 10 == 0
            assert ask(file, "PRAGMA integrity_check") == [("ok",)]
    finally:
        stop.set()
        writer.join()
    assert len(written) > 2
    assert not list(tmp_path.glob(".*")), "something half written was left"


def test_a_backup_is_one_plain_file(database: Path, tmp_path: Path) -> None:
    database.chmod(0o600)
    backup(database, tmp_path / "backup.db", ENGLISH, force=False)
    assert (tmp_path / "backup.db").stat().st_mode & 0o777 == 0o600
    assert ask(tmp_path / "backup.db", "PRAGMA journal_mode") == [("delete",)]
    assert [file.name for file in tmp_path.iterdir() if file.is_file()] == ["backup.db"]


def test_a_backup_replaces_only_when_told_to(database: Path, tmp_path: Path) -> None:
    file = tmp_path / "backup.db"
    file.write_text("mine")
    with pytest.raises(UsageError, match="--force"):
        backup(database, file, ENGLISH, force=False)
    assert file.read_text() == "mine"
    backup(database, file, ENGLISH, force=True)
    assert len(loads(file)) == 100
    with pytest.raises(UsageError, match="the database itself"):
        backup(database, database, ENGLISH, force=True)
    file.with_name("backup.db-wal").write_bytes(b"")
    with pytest.raises(UsageError, match="a database in use"):
        backup(database, file, ENGLISH, force=True)


def test_a_server_has_its_own_tools(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="pg_dump"):
        backup("postgresql://nobody@127.0.0.1/x", tmp_path / "b", ENGLISH, force=False)
    with pytest.raises(UsageError, match="pg_restore"):
        restore("postgresql://nobody@127.0.0.1/x", tmp_path / "b", NOW, ENGLISH)


def test_there_and_back(database: Path, tmp_path: Path) -> None:
    file = tmp_path / "backup.db"
    backup(database, file, ENGLISH, force=False)
    fill(database, range(100, 150))
    database.chmod(0o640)
    said = restore(database, file, NOW, ENGLISH)
    aside = database.with_name("easun.db.before-restore-20261123T190000Z")
    assert str(aside) in said
    assert loads(database) == list(range(100))
    assert loads(aside) == list(range(150))
    assert database.stat().st_mode & 0o777 == 0o640
    fill(database, range(100, 110))  # the recorder goes on
    assert len(loads(database)) == 110


def test_a_restore_to_an_empty_place(database: Path, tmp_path: Path) -> None:
    backup(database, tmp_path / "backup.db", ENGLISH, force=False)
    restore(tmp_path / "new" / "easun.db", tmp_path / "backup.db", NOW, ENGLISH)
    assert len(loads(tmp_path / "new" / "easun.db")) == 100
    assert [file.name for file in (tmp_path / "new").iterdir()] == ["easun.db"]


@pytest.mark.processes
def test_a_restore_takes_commits_of_a_killed_recorder_aside(database: Path, tmp_path: Path) -> None:
    backup(database, tmp_path / "backup.db", ENGLISH, force=False)
    script = (
        "import os, sqlite3, sys\n"
        "c = sqlite3.connect(sys.argv[1])\n"
        'c.execute("UPDATE inverter_state SET load_power_w = -1")\n'
        "c.commit()\n"
        "os._exit(0)"  # as kill -9: the commit stays in the write-ahead log
    )
    subprocess.run([sys.executable, "-c", script, database], check=True, timeout=PROGRAM_S)
    assert database.with_name("easun.db-wal").stat().st_size
    restore(database, tmp_path / "backup.db", NOW, ENGLISH)
    assert loads(database) == list(range(100))
    (aside,) = (file for file in database.parent.glob("*before-restore*") if file.name.endswith("Z"))
    assert set(loads(aside)) == {-1}


@pytest.mark.processes
def test_a_restore_refuses_while_a_recorder_runs(database: Path, tmp_path: Path) -> None:
    """Idle between two batches: the recorder holds no transaction, only the file."""
    backup(database, tmp_path / "backup.db", ENGLISH, force=False)
    script = (
        "import sys\n"
        "from pathlib import Path\n"
        "from services.recorder.store import open_store\n"
        "from tests.recorder.test_tools import INVERTER_STATE, reading, to_row\n"
        "store = open_store(Path(sys.argv[1]))\n"
        "store.write([to_row(INVERTER_STATE.named('main'), reading(100))])\n"
        "print('idle', flush=True)\n"
        "input()"
    )
    command = [sys.executable, "-c", script, str(database)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as recorder:
        assert recorder.stdout
        assert recorder.stdout.readline() == "idle\n"
        with pytest.raises(UsageError, match="in use: stop the recorder"):
            restore(database, tmp_path / "backup.db", NOW, ENGLISH)
        assert len(loads(database)) == 101
        recorder.communicate("\n", timeout=PROGRAM_S)
    restore(database, tmp_path / "backup.db", NOW, ENGLISH)
    assert len(loads(database)) == 100


def test_a_recorder_that_waits_goes_on_in_the_restored_file(database: Path, tmp_path: Path) -> None:
    backup(database, tmp_path / "backup.db", ENGLISH, force=False)
    store = open_store(database)  # no batch yet, so no open connection
    restore(database, tmp_path / "backup.db", NOW, ENGLISH)
    store.write([to_row(INVERTER_STATE.named("main"), reading(100))])
    store.close()
    assert len(loads(database)) == 101


def test_a_restore_in_place_of_a_damaged_database(database: Path, tmp_path: Path) -> None:
    backup(database, tmp_path / "backup.db", ENGLISH, force=False)
    cut(database)
    restore(database, tmp_path / "backup.db", NOW, ENGLISH)
    assert len(loads(database)) == 100


def newer(file: Path) -> None:
    with closing(sqlite3.connect(file)) as connection, connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")


def cut(file: Path) -> None:
    file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])


def foreign(file: Path) -> None:
    file.unlink()
    with closing(sqlite3.connect(file)) as connection, connection:
        connection.execute("CREATE TABLE shopping (item TEXT)")


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        pytest.param(lambda file: file.unlink(), "There is no file", id="missing"),
        pytest.param(lambda file: (file.unlink(), file.mkdir()), "is not a file", id="a-directory"),
        pytest.param(lambda file: file.write_bytes(b""), "is empty", id="empty"),
        pytest.param(lambda file: file.write_text("no database" * 99), "not a SQLite database", id="text"),
        pytest.param(cut, "damaged", id="truncated"),
        pytest.param(newer, "newer version", id="newer"),
        pytest.param(foreign, "not a database of this program", id="foreign"),
    ],
)
def test_a_restore_of_something_else_changes_nothing(
    database: Path, tmp_path: Path, spoil: Callable[[Path], object], says: str
) -> None:
    file = tmp_path / "backup.db"
    backup(database, file, ENGLISH, force=False)
    spoil(file)
    with untouched(tmp_path), pytest.raises(EasunError, match=says):
        restore(database, file, NOW, ENGLISH)


def test_a_bare_copy_of_a_running_database_is_no_backup(database: Path, tmp_path: Path) -> None:
    file = tmp_path / "backup.db"
    backup(database, file, ENGLISH, force=False)
    file.with_name("backup.db-wal").write_bytes(b"commits")
    with untouched(tmp_path), pytest.raises(UsageError, match="not a finished backup"):
        restore(database, file, NOW, ENGLISH)


def test_a_damaged_database_gives_no_backup(database: Path, tmp_path: Path) -> None:
    fill(database, range(100, 2000))
    cut(database)
    with pytest.raises(StorageError, match=r"malformed|is damaged"):
        backup(database, tmp_path / "backup.db", ENGLISH, force=False)
    assert [file.name for file in tmp_path.iterdir()] == ["data"]


# the predecessor


def predecessor(file: Path, rows: list[tuple[object, object, object]]) -> Path:
    with closing(sqlite3.connect(file)) as connection, connection:
        connection.execute(
            "CREATE TABLE readings (id INTEGER PRIMARY KEY AUTOINCREMENT, created_at TEXT NOT NULL, payload TEXT, "
            "error TEXT)"
        )
        connection.executemany("INSERT INTO readings (created_at, payload, error) VALUES (?, ?, ?)", rows)
    return file


SAID = {
    "grid_voltage": "231.4",
    "grid_power": "512",
    "grid_current": "2.21",
    "ac_output_voltage": "230.0",
    "ac_output_freq": "50.00",
    "ac_output_power": "480",
    "ac_output_current": "2.3",
    "battery_voltage": "53.1",
    "battery_current": "-4.2",
    "battery_power": "-223",
    "battery_soc": "87",
    "battery_charge_power": "32",
    "pv_input_voltage": "0.0",
    "pv_input_power": "0",
    "pv_input_current": "N/A",
    "temperature": "31",
    "status_text": "SUB",
}


def said(**other: object) -> str:
    return json.dumps(SAID | other)


def test_a_reading_of_the_predecessor() -> None:
    state = to_state("2026-01-16T12:00:00", said(), None, Tally())
    assert state == {
        "at": "2026-01-16T12:00:00.000Z",
        "mode_code": 2,
        "mode": "mains",
        "grid_voltage_v": 231.4,
        "grid_power_w": 512,
        "output_voltage_v": 230.0,
        "load_power_w": 480,
        "output_current_a": 2.3,
        "battery_voltage_v": 53.1,
        "battery_current_a": -4.2,
        "battery_power_w": -223,
        "battery_soc_percent": 87.0,
        "pv1_voltage_v": 0.0,
        "pv_power_w": 0,
        "dcdc_temperature_c": 31,
    }


@pytest.mark.parametrize(
    ("created_at", "at"),
    [
        pytest.param("2025-12-20T10:00:00", "2025-12-20T10:00:00.000Z", id="its-first-versions-wrote-utc"),
        pytest.param("2026-01-20T10:00:00+02:00", "2026-01-20T08:00:00.000Z", id="later-ones-a-fixed-offset"),
        pytest.param("2026-07-20T10:00:00+02:00", "2026-07-20T08:00:00.000Z", id="in-summer-too"),
    ],
)
def test_moments_of_the_predecessor(created_at: str, at: str) -> None:
    state = to_state(created_at, said(), None, Tally())
    assert state
    assert state["at"] == at


@pytest.mark.parametrize(
    ("status", "code", "mode"),
    [("SBU", 3, "off_grid"), ("UNKNOWN (4)", 4, "bypass"), ("UNKNOWN (77)", 77, "unknown"), ("N/A", None, None)],
)
def test_modes_of_the_predecessor(status: str, code: int | None, mode: str | None) -> None:
    state = to_state("2026-01-16T12:00:00", said(status_text=status), None, Tally())
    assert state
    assert (state.get("mode_code"), state.get("mode")) == (code, mode)


def test_an_import_counts_what_it_leaves_out_and_twice_is_once(database: Path, tmp_path: Path) -> None:
    file = predecessor(
        tmp_path / "inverter.db",
        [
            ("2026-01-16T12:00:00", said(), None),
            ("2026-01-16T14:00:10+02:00", said(battery_soc="250", moon="full"), None),
            ("2026-01-16T14:00:20+02:00", said(bms_cell_count=16), None),
            ("2026-01-16T14:00:30+02:00", None, "timed out"),
            ("yesterday", said(), None),
            ("2026-01-16T14:00:40+02:00", "{broken", None),
            ("2026-01-16T14:00:50+02:00", "[1]", None),
            ("2099-01-16T14:00:50+02:00", said(), None),
            ("2026-01-16T14:01:00+02:00", said(grid_power="1e999"), None),
        ],
    )
    with untouched(file.parent / "data" / "nothing"):
        first = import_eamoon(database, file, "main", NOW, ENGLISH)
    rows = ask(database, "SELECT * FROM inverter_state ORDER BY device, at")
    for sentence in (
        "9 rows: 3 new readings",
        "1 rows contain only an error",
        "1 rows are copies",
        "1 rows were skipped: no valid time",
        "2 rows were skipped: no JSON object",
        "ahead of this clock",
        "2 values are not numbers or implausible",
        '"moon" of 1 rows',
    ):
        assert sentence in first
    assert len(rows) == 103
    again = import_eamoon(database, file, "main", NOW, ENGLISH)
    assert "0 new readings" in again
    assert "3 were already there" in again
    assert ask(database, "SELECT * FROM inverter_state ORDER BY device, at") == rows


def test_an_import_changes_nothing_in_its_source_and_begins_a_database(tmp_path: Path) -> None:
    source = tmp_path / "old"
    source.mkdir()
    file = predecessor(source / "inverter.db", [("2026-01-16T12:00:00", said(), None)] * 600)
    with untouched(source):
        text = import_eamoon(tmp_path / "easun.db", file, "roof", NOW, ENGLISH)
    assert "1 new readings" in text
    assert ask(tmp_path / "easun.db", "SELECT device FROM inverter_state") == [("roof",)]


def test_imported_readings_older_than_raw_days_are_summed_up_before_they_go(database: Path, tmp_path: Path) -> None:
    minutes = [datetime(2025, 1, 16, 12, tzinfo=UTC) + timedelta(minutes=number) for number in range(60)]
    files = [
        predecessor(
            tmp_path / f"{days}.db", [((at + timedelta(days=days)).isoformat(), said(), None) for at in minutes]
        )
        for days in (1, 0)  # the older one comes when rows of a later day were purged already
    ]
    for file in files:
        import_eamoon(database, file, "main", NOW, ENGLISH)
        store = open_store(database)
        store.write(a_reading_a_day(NOW, days=40))
        Upkeep(store, KYIV, 40).finish(NOW)
        store.close()
    days = "SELECT n, load_kwh > 0 FROM inverter_rollup WHERE step = 1440 AND at < 1737200000000"
    assert ask(database, days) == [(60, 1), (60, 1)]
    assert ask(database, "SELECT count(*) FROM inverter_state WHERE at < 1737200000000") == [(0,)]


@pytest.mark.parametrize("device", ["", "a/b", "a b"])
def test_a_name_that_no_inverter_has(tmp_path: Path, device: str) -> None:
    file = predecessor(tmp_path / "inverter.db", [])
    with pytest.raises(UsageError, match="not a valid inverter name"):
        import_eamoon(tmp_path / "easun.db", file, device, NOW, ENGLISH)


def test_another_database_is_not_imported(database: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="not a database of eamoon"):
        import_eamoon(tmp_path / "new.db", database, "main", NOW, ENGLISH)
    assert not (tmp_path / "new.db").exists()


# check


def test_a_sound_database(database: Path) -> None:
    fill(database, range(1000, 1100))
    text = "\n".join(check(database, START + timedelta(seconds=1101), ENGLISH))
    assert "is intact" in text
    assert f"schema is {HEAD}" in text
    assert "inverter_state: 200 rows, from 2026-11-23T18:00:00.000Z to 2026-11-23T18:18:19.000Z." in text
    assert "nothing from main between 2026-11-23T18:01:39.000Z and 2026-11-23T18:16:40.000Z (15 min)." in text
    assert "since" not in text


def test_silence_and_dead_letters_are_reported(database: Path) -> None:
    with closing(sqlite3.connect(database)) as connection, connection:
        connection.execute(
            "INSERT INTO dead_letter VALUES ('inverter/x/state', 'd', 1795456800000, 'bad', 2, x'7b7d', NULL)"
        )
    text = "\n".join(check(database, NOW, ENGLISH))
    assert "nothing from main since 2026-11-23T18:01:39.000Z (58 min)." in text
    assert "1 message on inverter/x/state could not be recorded, the last at 2026-11-23T18:00:00.000Z." in text


@pytest.mark.parametrize(
    ("spoil", "says"), [(cut, "is damaged"), (newer, "newer version"), (foreign, "not a database of")]
)
def test_check_reports_what_is_wrong_with_a_database(database: Path, spoil: Callable[[Path], None], says: str) -> None:
    spoil(database)
    with untouched(database.parent), pytest.raises(EasunError, match=says):
        list(check(database, NOW, ENGLISH))


# either kind of database


@pytest.fixture
def three(databases: Databases, template: Place) -> Place:
    """A database of either kind with three readings."""
    place = databases.copy(template)
    store = open_store(place)
    store.write([to_row(INVERTER_STATE.named("main"), reading(second)) for second in range(3)])
    store.close()
    return place


def test_a_period_of_either_kind(three: Place, tmp_path: Path) -> None:
    span = Period(START + timedelta(seconds=1), START + timedelta(seconds=3))
    export(three, ExportRequest("inverter_state", span, "jsonl", str(tmp_path / "out")), ENGLISH)
    rows = [json.loads(line) for line in (tmp_path / "out").read_text().splitlines()]
    assert [(row["at"], row["load_power_w"]) for row in rows] == [
        ("2026-11-23T18:00:01.000Z", 1),
        ("2026-11-23T18:00:02.000Z", 2),
    ]


def test_the_list_and_the_check_of_either_kind(three: Place) -> None:
    assert "inverter_state " in overview(three, ENGLISH)
    text = "\n".join(check(three, START + timedelta(minutes=2), ENGLISH))
    assert "inverter_state: 3 rows" in text
    assert ("It takes " if isinstance(three, Path) else "On the server it takes ") in text


def test_an_import_into_either_kind_twice(three: Place, tmp_path: Path) -> None:
    file = predecessor(tmp_path / "inverter.db", [("2026-01-16T12:00:00", said(), None)])
    assert "1 new readings" in import_eamoon(three, file, "old", START, ENGLISH)
    assert "0 new readings" in import_eamoon(three, file, "old", START, ENGLISH)


def test_a_server_that_does_not_answer_is_reported_without_its_password() -> None:
    with pytest.raises(StorageError, match="refused") as caught:
        overview("postgresql://easun:hunter2@127.0.0.1:1/nowhere", ENGLISH)
    assert "hunter2" not in str(caught.value)


# real processes


def one_sentence(done: subprocess.CompletedProcess[str], *codes: int) -> str:
    assert done.returncode in codes, done.stderr
    assert "Traceback" not in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1, done.stderr
    return done.stderr


@pytest.mark.processes
def test_an_export_to_standard_output(database: Path) -> None:
    done = tool("export", "inverter_state", "--from", "2026-11-23T20:01:30", "--format", "jsonl", path=database)
    assert done.returncode == 0
    assert [json.loads(line)["load_power_w"] for line in done.stdout.splitlines()] == list(range(90, 100))
    assert done.stderr == "10 rows of inverter_state written.\n"


@pytest.mark.processes
def test_whoever_has_seen_enough_hears_no_complaint(database: Path) -> None:
    fill(database, range(100, 3000))
    env = os.environ | ENVIRONMENT | {"DB_PATH": str(database)}
    command = f"{sys.executable} -m services.recorder export inverter_state | head -1"
    done = subprocess.run(command, shell=True, env=env, capture_output=True, text=True, timeout=PROGRAM_S, check=False)
    assert done.stdout.startswith("device,at,")
    assert done.stderr == ""


@pytest.mark.processes
def test_a_full_disk(database: Path) -> None:
    fill(database, range(100, 3000))
    done = tool("export", "inverter_state", "--output", "/dev/full", path=database)
    assert "the disk is full" in one_sentence(done, 1)


@pytest.mark.processes
def test_a_backup_that_does_not_fit(database: Path, tmp_path: Path) -> None:
    fill(database, range(100, 3000))

    def small() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))

    done = tool("backup", tmp_path / "backup.db", path=database, prepare=small)
    assert "failed" in one_sentence(done, 1)
    assert [file.name for file in tmp_path.iterdir()] == ["data"]


@pytest.mark.processes
@pytest.mark.parametrize(
    ("words", "says"),
    [
        pytest.param(["export", "nope"], "no table", id="table"),
        pytest.param(
            ["export", "grid_state", "--from", "2026-11-21", "--to", "2026-11-20"], "ends before", id="period"
        ),
        pytest.param(["import-eamoon", "/"], "not a file", id="directory"),
    ],
)
def test_what_only_the_user_can_mend(database: Path, words: list[str], says: str) -> None:
    with untouched(database.parent):
        assert says in one_sentence(tool(*words, path=database), 78)


@pytest.mark.processes
def test_the_check_as_a_program(database: Path) -> None:
    assert "is intact" in tool("check", path=database).stdout


@pytest.mark.processes
@pytest.mark.parametrize(
    ("words", "says"),
    [
        pytest.param(["check"], "Її схема", id="check"),
        pytest.param(["export", "--list"], "таблиця", id="list"),
        pytest.param(["export", "grid_state"], "Записано рядків grid_state: 0.", id="export"),
        pytest.param(["export"], "Назвіть таблицю", id="a-mistake"),
        pytest.param(["export", "--format", "xml"], "export: помилка: аргумент --format: немає вибору", id="argparse"),
    ],
)
def test_a_ukrainian_user_is_answered_in_ukrainian(
    database: Path, words: list[str], says: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(ENVIRONMENT, "BOT_LANGUAGE", "uk")
    done = tool(*words, path=database)
    assert says in done.stdout + done.stderr


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_that_we_may_not_read(database: Path) -> None:
    database.chmod(0)
    with pytest.raises(UsageError, match="permission denied"):
        list(check(database, NOW, ENGLISH))

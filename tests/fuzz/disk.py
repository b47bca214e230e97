"""What we have written ourselves and find again after a power cut, another version or a curious hand."""

import json
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing, suppress
from datetime import UTC, datetime, timedelta
from functools import cache
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory
from types import SimpleNamespace
from typing import Any

from pydantic import BaseModel

from services.bot.alerts.rules import next_alerts
from services.bot.alerts.troubles import Limits
from services.bot.chats import Chats, Role
from services.bot.telegram.outbox import Outbox, OutboxContent
from services.bot.texts.alerts import digest_text
from services.dashboard.access.ended_sessions import EndedSessions
from services.dashboard.access.guests import Guests
from services.dashboard.access.signing_key import signing_key
from services.homeassistant.energy import Counters, Meter
from services.homeassistant.grid_events import KnownTransition, after
from services.outlook.grading import scorecard
from services.outlook.standings import Standings
from services.poller.kept_grid import KeptGrid, LastChange
from services.poller.setting_journal import SettingJournal, command_refusal, dated
from services.recorder import sqlite_pages
from services.recorder.lost_while_away import Loss
from services.recorder.mending import mended
from services.recorder.nightly_backup import Disk
from services.recorder.rows import RECORDED
from services.recorder.salvage import is_ours
from services.schedule.queue_memory import QueueMemory, with_grid
from services.schedule.queue_watch import fit_of
from services.schedule.revision import PlanAddress
from services.tuya.grid_rules import on_grid
from services.tuya.journal import Journal
from shared.history.compression import compress, decompress
from shared.history.last_backup import LastBackup
from shared.history.past_schedules import versions_of
from shared.history.stored_messages import message_of
from shared.history.tables import outage_schedule, to_ms
from shared.messages import Grid, GridState, InverterState, ScheduleChange, SettingCommand
from shared.state_file import StateFile
from shared.texts.language import Language
from shared.trusted_time import ClockChange
from supervisor.addon import broker_of, options_in, settings_of
from tests.fuzz.broker import LOCALIZERS, NOW, PLUG, RULES, whole_house
from tests.fuzz.folder import folder
from tests.fuzz.inputs import near_bytes, near_json
from tests.fuzz.target import Target
from tests.support.samples import sample

CHANGE = ClockChange(timedelta(minutes=40), trusted=True, since=NOW - timedelta(hours=1))
GRID = GridState(at=NOW, state=Grid.OFF, since=NOW - timedelta(hours=1), transition_id="y")
ADDRESS = PlanAddress("x", "5.2")


def stored(name: str, use: Callable[[Path], object]) -> Callable[[bytes], None]:
    """Return what puts bytes into a file and starts up with it, and once more with what became of the file."""

    def read(data: bytes) -> None:
        place = folder("disk") / "state"
        place.mkdir()
        try:
            (place / name).write_bytes(data)
            use(place / name)
            use(place / name)
        finally:
            shutil.rmtree(place)

    return read


def _loaded(file: Path, model: type[BaseModel]) -> Any:
    """Return what is read, once it is proven to be read again as it was saved."""
    state_file = StateFile("X", file, model)
    content = state_file.load(lambda _: None)
    state_file.save(content)
    assert state_file.peek().model_dump_json() == content.model_dump_json()  # 1e400 in a reason becomes null
    return content


def last_change(file: Path) -> None:
    """Start the poller: the last change of the grid."""
    kept = KeptGrid(file)
    kept.on_clock_change(CHANGE)
    kept.keep(GRID)


def setting_journal(file: Path) -> None:
    """Start the poller: what was being changed on the inverter."""
    journal = _loaded(file, SettingJournal)
    for trusted in (True, False):
        journal = CHANGE.moved(dated(journal, NOW, trusted=trusted))
        command_refusal(journal, "x", SettingCommand(at=NOW, value=1, by="x"), NOW)


def standings(file: Path) -> None:
    """Start the outlook: what it forecast before."""
    known = _loaded(file, Standings)
    assert known.correction == known.correction
    scorecard(known.graded, 20).model_dump_json()


def outbox(file: Path) -> None:
    """Start the bot: what it has told, and what waits."""
    kept = Outbox(file)
    kept.redate(CHANGE.moved)
    state, alerts = next_alerts(kept.state, whole_house(), NOW, Limits())
    kept.put(state, [(5, alert) for alert in alerts])
    for localizer in LOCALIZERS:
        digest_text(localizer, list(kept.waiting(5)))


def chats(file: Path) -> None:
    """Start the bot: what each chat has chosen."""
    kept = Chats({5: Role.OWNER, -100: Role.OWNER}, Language.EN, file)
    assert kept.limits == kept.limits
    for chat in kept.all:
        kept.update_settings(chat, kept.settings(chat))
        kept.may_switch(chat, 5)


def counters(file: Path) -> None:
    """Start Home Assistant's counters."""
    meter = Meter(_loaded(file, Counters))
    for second in (0.0, 10.0):
        reading = InverterState(at=NOW + timedelta(seconds=second), mode="off_grid", load_power_w=500)
        meter = CHANGE.moved(meter.add("x", reading, second))
    meter.counters.state(NOW).model_dump_json()


def grid_events(file: Path) -> None:
    """Start Home Assistant: the last transition of the grid that was an event."""
    for grid in (Grid.ON, Grid.OFF):
        message = GridState(at=NOW, state=grid, since=NOW, transition_id=grid.value)
        known, _ = after(_loaded(file, KnownTransition), message, NOW)
        known.model_dump_json()


def queue_memory(file: Path) -> None:
    """Start the schedule: the hours of all queues."""
    memory = with_grid(_loaded(file, QueueMemory), GRID, NOW - timedelta(hours=1))
    fit_of(memory, ADDRESS, NOW).model_dump_json()


def plug_journal(file: Path) -> None:
    """Start the plugs: what was switched off and has to be restored."""
    journal = CHANGE.moved(_loaded(file, Journal))
    on_grid(journal, GRID, {PLUG.id: PLUG}, RULES, NOW, stable_for=timedelta(hours=1))


def page_access(file: Path) -> None:
    """Start the page: guests' links, ended sessions, the key."""
    guests, key = Guests(b"key", file), file.with_name("signing-key")
    guests.opened_by("x")
    for link in guests.links.values():
        datetime.fromtimestamp(link.made_s, UTC)
    shutil.copy(file, key)
    shutil.copy(file, file.with_name("ended"))
    assert len(signing_key(file.parent)) == len(signing_key(file.parent)) == 32
    ended = EndedSessions(60.0, file.with_name("ended"))
    ended.end("x", NOW.timestamp())
    assert "x" in EndedSessions(60.0, file.with_name("ended"))


def mended_report(file: Path) -> None:
    """Start the recorder: what was saved of a damaged file."""
    if found := mended(file.with_name("easun.db"), NOW):
        found.reason()


def addon(data: bytes) -> None:
    """Start the add-on of Home Assistant: its options, and what the Supervisor says of the broker."""
    options = options_in(data)
    assert all(isinstance(value, str) for value in settings_of(options).values())
    if "data" in options:
        broker_of(options)


def sqlite_file(data: bytes) -> None:
    """Read all that a damaged database file may hold; the first byte says where its log begins."""
    start = len(data) * (data[0] if data else 0) // 255
    for log in (None, BytesIO(data[start:])):
        image = sqlite_pages.Image(BytesIO(data[1:]), log)
        for number in range(min(image.count, 64) + 2):
            image.pointer(number), image.is_reserved(number)
            page = image.btree_page(number)
            for cell in page.cells if page else ():
                payload = image.payload(cell)
                sqlite_pages.decode(payload or cell.local, cell.size)
        assert len(image.free) <= 2 * len(data)


def compressed_hour(data: bytes) -> None:
    """Read an hour of compressed readings, which a bad disk may have damaged."""
    assert all(len(row) == 3 for row in decompress(data, ("load_power_w", "mode")))


def unknown_file(file: Path) -> None:
    """Ask whether a file that is no database was one of ours."""
    is_ours(file)


def rows(data: bytes) -> None:
    """Read columns of the history that hold JSON, as the recorder of another version may have written them."""
    columns = {name: json.dumps(value) for name, value in json_object(data).items()}
    for note in (data.decode(errors="replace"), *columns.values()):
        LastBackup.from_json(note), Disk.from_json(note), Loss.from_json(note)
    for topic, table in RECORDED:
        row = {column.name: columns.get(column.name) for column in table.columns} | {"at": to_ms(NOW)}
        with suppress(ValueError):  # a row that this version cannot read is no event
            message_of(topic.payload, row)  # type: ignore[arg-type]
    plan = (
        dict.fromkeys(outage_schedule.columns.keys())
        | columns
        | {"queue": "5.2", "region": None, "time_zone": None, "at": to_ms(NOW)}
    )
    versions_of([SimpleNamespace(**plan)])  # type: ignore[list-item]


@cache
def _database() -> bytes:
    """Return a small file with an index, overflow pages, free pages and a pointer map, and its log behind it."""
    with TemporaryDirectory() as place:
        file = Path(place) / "x.db"
        with closing(sqlite3.connect(file, isolation_level=None)) as connection:
            for statement in (
                "PRAGMA page_size=512", "PRAGMA auto_vacuum=INCREMENTAL",
                "CREATE TABLE alembic_version (version_num TEXT)",
                "INSERT INTO alembic_version VALUES ('0011')", "CREATE TABLE a (k INTEGER, t TEXT, r REAL, b BLOB)",
                "CREATE INDEX i ON a (t)", "CREATE TABLE c (d TEXT, at INTEGER, PRIMARY KEY (d, at)) WITHOUT ROWID",
                "INSERT INTO a VALUES (1, 'x', 2.5, zeroblob(900)), (-5, 'йцу', NULL, x'00'), (9e9, NULL, 1, NULL)",
                "INSERT INTO c VALUES ('main', 1), ('main', 2)", "CREATE TABLE g (x)",
                "INSERT INTO g VALUES (zeroblob(3000))",
                "DROP TABLE g", "PRAGMA journal_mode=WAL", "INSERT INTO c VALUES ('main', 3)",
            ):  # fmt: skip
                connection.execute(statement)
            whole, log = file.read_bytes(), file.with_name("x.db-wal").read_bytes()
    at = next(first for first in range(256) if (1 + len(whole) + len(log)) * first // 255 >= 1 + len(whole))
    return bytes((at,)) + whole + log


def _full(model: type[BaseModel]) -> bytes:
    return str(sample(model).model_dump_json()).encode()


def json_object(data: bytes) -> dict[str, Any]:
    """Return a JSON object, an empty one where there is none."""
    try:
        document = json.loads(data)
    except (ValueError, RecursionError):
        return {}
    return document if isinstance(document, dict) else {}


def _stored_row() -> bytes:
    window = {"start": "2026-11-30T09:00:00Z", "end": "2026-11-30T12:00:00Z", "certainty": "definite"}
    reason = {"code": "x", "params": {"bit": 27}, "text": "x"}
    change = json.loads(sample(ScheduleChange).model_dump_json())
    return json.dumps(
        {
            **{"days": {"2026-11-30": "planned"}, "windows": [window], "superseded": [window], "change": change},
            **{
                "reasons": [reason],
                "reason": reason,
                "warnings": [reason],
                "faults": [reason],
                "value": 5,
                "before": "x",
            },
            **{"cells": {"1": 3.3}, "phases": {"1": True}, "state": "on", "on": True},
        }
    ).encode()


def _json(name: str, run: Callable[[bytes], object], *seeds: bytes) -> Target:
    return Target(name, run, seeds, near_json(seeds))


def _bytes(name: str, run: Callable[[bytes], object], *seeds: bytes) -> Target:
    return Target(name, run, seeds, near_bytes(seeds), is_bytes=True)


CHATS = json.dumps(
    {
        "limits": {"low_battery_percent": 30, "imbalance_mv": 80},
        "chats": {"5": {"language": "uk", "quiet": {"start": "23:00:00", "end": "08:00:00"}, "muted": ["plugs"]}},
        "moved": {"-7": -100},
    }
).encode()
HOURS = (
    b'{"region": "x", "days": {"2026-11-30": {"5.2": "540-720 1080-1440"}}, "outages": ["2026-11-30T00:00:00.000Z"]}'
)
GUESTS = b'{"x": {"name": "\xd0\x94", "made_s": 1764460800.5, "digest": "0a"}}'
MENDED = b'{"name": "easun.db", "saved": 5, "lost": 1, "from_backup": 0, "finished": "2026-11-30T01:00:00.000Z"}'
OPTIONS = (
    b'{"mqtt_host": "", "poll_interval": 5, "more": [{"name": "LOG_LEVEL", "value": true}]}',
    b'{"data": {"host": "core-mosquitto", "port": 1883, "ssl": false, "username": "x", "password": "x"}}',
)
HOUR = compress(("load_power_w", "mode"), [(5_000 * number, 700 + number, "off_grid") for number in range(100)])

DISK = (
    _json("disk: the last change of the grid", stored("grid", last_change), _full(LastChange)),
    _json("disk: the journal of the inverter", stored("journal", setting_journal), _full(SettingJournal)),
    _json("disk: forecasts that stood", stored("standings.json", standings), _full(Standings)),
    _json("disk: the bot's outbox", stored("outbox.json", outbox), _full(OutboxContent)),
    _json("disk: the bot's chats", stored("chats.json", chats), CHATS),
    _json(
        "disk: Home Assistant's grid",
        stored("home_grid.json", grid_events),
        _full(KnownTransition),
        b'{"transition_id": "y", "state": "on", "since": "2026-11-30T02:00:00Z"}',
    ),
    _json("disk: energy counters", stored("energy.json", counters), _full(Counters), b'{"kwh": {"pv_kwh": 2.5}}'),
    _json("disk: hours of the queues", stored("queues.json", queue_memory), HOURS),
    _json("disk: the journal of the plugs", stored("plugs.json", plug_journal), _full(Journal)),
    _json("disk: guests, sessions and key of the page", stored("guests.json", page_access), GUESTS),
    _json("disk: the report of a mended database", stored("easun.damaged-1.db.json", mended_report), MENDED),
    _json("disk: options of the add-on", addon, *OPTIONS),
    _json("database: JSON in rows", rows, _stored_row()),
    _bytes("database: a compressed hour", compressed_hour, HOUR),
    _bytes("disk: pages of a damaged database", sqlite_file, _database()),
    _bytes("disk: a file that is no database", stored("easun.db", unknown_file), _database()[1:]),
)

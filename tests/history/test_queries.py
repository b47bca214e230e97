"""What was recorded comes back: averages in buckets, gaps as gaps, outages apart from not knowing."""

import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, event, text
from sqlalchemy.exc import OperationalError

from services.recorder.rows import to_row
from services.recorder.store import open_store
from shared.errors import StorageError
from shared.history.derived import INVERTERS
from shared.history.engine import reader, writer
from shared.history.queries import GridSpan, Session, devices, grid_spans, latest, outages, recorded, series
from shared.messages import Grid, GridState, InverterState, Mode
from shared.topics import GRID_STATE, INVERTER_STATE

START = datetime(2026, 11, 23, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def after(minutes: float) -> datetime:
    return START + minutes * MINUTE


@pytest.fixture
def path(tmp_path: Path) -> Path:
    open_store(tmp_path / "easun.db").close()
    return tmp_path / "easun.db"


def put(path: Path, *rows: tuple[float, int | None], device: str = "smg2") -> None:
    """Record readings the way the recorder does."""
    store = open_store(path)
    for minutes, watts in rows:
        message = InverterState(at=after(minutes), mode=Mode.MAINS, load_power_w=watts)
        store.write([to_row(INVERTER_STATE.named(device), message.model_dump_json().encode())])
    store.close()


def put_grid(path: Path, *rows: tuple[float, Grid, float]) -> None:
    store = open_store(path)
    for minutes, state, since in rows:
        message = GridState(at=after(minutes), state=state, since=after(since))
        store.write([to_row(GRID_STATE.named(), message.model_dump_json().encode())])
    store.close()


def loads(engine: Engine, minutes: float, buckets: int, device: str = "smg2") -> list[float | None]:
    found = series(engine, device, ["load_power_w"], start=START, end=after(minutes), buckets=buckets)
    return list(found.values["load_power_w"])


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        pytest.param([], [None, None, None], id="nothing-is-a-gap"),
        pytest.param([(0, 100), (0.5, 300)], [200, None, None], id="an-average-of-what-is-there"),
        pytest.param([(0, 100), (2, 300)], [100, None, 300], id="a-gap-stays-a-gap"),
        pytest.param([(0, 0), (1, None)], [0, None, None], id="unknown-is-no-zero"),
        pytest.param([(0, 100), (0.5, None)], [100, None, None], id="unknown-does-not-count"),
        pytest.param([(-1, 100), (3, 300)], [None, None, None], id="the-end-is-not-in-it"),
        pytest.param([(2.999, 7)], [None, None, 7], id="the-last-moment-is"),
    ],
)
def test_series(path, rows, expected):
    put(path, *rows)
    assert loads(reader(path), 3, 3) == expected


def test_each_device_has_its_own_series(path):
    put(path, (0, 100))
    put(path, (0, 900), device="garage")
    assert loads(reader(path), 1, 1, "garage") == [900]


def test_moments_are_the_middles_of_the_buckets(path):
    found = series(reader(path), "smg2", ["load_power_w"], start=START, end=after(3), buckets=3)
    assert found.moments == [after(0.5), after(1.5), after(2.5)]
    assert found.empty


@settings(max_examples=60)
@given(minutes=st.integers(1, 50_000), buckets=st.integers(1, 500))
def test_never_more_buckets_than_asked_for(minutes, buckets):
    found = series(
        reader(Path("/nowhere/easun.db")), "x", ["load_power_w"], start=START, end=after(minutes), buckets=buckets
    )
    count = len(found.values["load_power_w"])
    assert 1 <= count <= buckets
    assert found.step * count >= after(minutes) - START > found.step * (count - 1)


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        pytest.param([(0, Grid.ON, -60), (9, Grid.ON, -60)], [], id="grid-all-the-time"),
        pytest.param(
            [(0, Grid.ON, -60), (2, Grid.OFF, 2), (4, Grid.OFF, 2), (5, Grid.ON, 5)],
            [(Grid.OFF, 2, 5)],
            id="an-outage-ends-when-the-grid-is-back",
        ),
        pytest.param([(0, Grid.OFF, -60), (3, Grid.ON, 3)], [(Grid.OFF, 0, 3)], id="begun-before-is-cut-to-the-period"),
        pytest.param(
            [(2, Grid.OFF, 2), (6, Grid.OFF, 2)], [(Grid.OFF, 2, 6)], id="still-going-on-ends-with-the-last-row"
        ),
        pytest.param(
            [(2, Grid.OFF, 2), (3, Grid.UNKNOWN, 3), (5, Grid.ON, 5)],
            [(Grid.OFF, 2, 3), (Grid.UNKNOWN, 3, 5)],
            id="not-knowing-is-no-outage",
        ),
        pytest.param(
            [(2, Grid.OFF, 2), (6, Grid.UNKNOWN, 5), (8, Grid.OFF, 2), (12, Grid.OFF, 2), (14, Grid.ON, 14)],
            [(Grid.OFF, 2, 5), (Grid.UNKNOWN, 5, 8), (Grid.OFF, 8, 14)],
            id="an-outage-goes-on-after-not-knowing",
        ),
        pytest.param(
            [(0, Grid.OFF, 0), (1, Grid.OFF, 0), (40, Grid.ON, 40), (41, Grid.ON, 40)],
            [(Grid.OFF, 0, 6)],
            id="a-long-silence-is-not-believed",
        ),
        pytest.param(
            [(0, Grid.OFF, 0), (1, Grid.OFF, 1), (2, Grid.ON, 2)], [(Grid.OFF, 0, 2)], id="neighbours-are-one-outage"
        ),
    ],
)
def test_outages(path, rows, expected):
    put_grid(path, *rows)
    found = outages(reader(path), start=START, end=after(60))
    assert found == [GridSpan(state, after(start), after(end)) for state, start, end in expected]


@pytest.fixture(scope="module")
def path_of_nothing(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("nothing") / "easun.db"
    open_store(path).close()
    return path


STATES = st.lists(
    st.tuples(st.floats(0, 60), st.sampled_from(Grid), st.floats(-10, 60)),
    max_size=12,
    unique_by=lambda r: round(r[0], 2),
)


@settings(max_examples=50)
@given(rows=STATES)
def test_spans_follow_each_other_within_the_period(path_of_nothing, tmp_path_factory, rows):
    path = tmp_path_factory.mktemp("spans") / "easun.db"
    shutil.copy(path_of_nothing, path)
    put_grid(path, *rows)
    spans = grid_spans(reader(path), start=START, end=after(60))
    assert all(START <= span.start < span.end <= after(60) for span in spans)


def test_devices_and_when_they_were_last_heard(path):
    put(path, (0, 1), (5, 2))
    put(path, (3, 1), device="garage")
    engine = reader(path)
    assert devices(engine) == ["garage", "smg2"]
    assert latest(engine) == {"garage": after(3), "smg2": after(5)}
    assert recorded(engine)


def test_the_sum_of_several_inverters_comes_first(path):
    put(path, (0, 1), device="all")
    put(path, (5, 1), device="Attic")
    assert devices(reader(path)) == ["all", "Attic"]
    put(path, (90, 1), device="Attic")
    assert devices(reader(path)) == ["all", "Attic"]
    assert latest(reader(path)) == {"all": after(90), "Attic": after(90)}, "the sum of one is that one"


@pytest.mark.parametrize("make", [lambda file: None, lambda file: file.touch()], ids=["no-file", "no-tables"])
def test_no_history_yet(tmp_path, make):
    file = tmp_path / "easun.db"
    make(file)
    there = file.exists()
    engine = reader(file)
    assert not recorded(engine)
    assert loads(engine, 3, 3) == [None, None, None]
    assert outages(engine, start=START, end=after(1)) == []
    assert file.exists() == there, "a reader makes no file"


def test_history_that_appears_later_is_seen(tmp_path):
    engine = reader(tmp_path / "easun.db")
    assert not recorded(engine)
    put(tmp_path / "easun.db", (0, 5))
    assert recorded(engine)


def test_what_is_no_database_is_reported(tmp_path):
    file = tmp_path / "easun.db"
    file.write_bytes(b"not a database at all" * 100)
    with pytest.raises(StorageError, match="file is not a database"):
        recorded(reader(file))


def test_a_reader_cannot_write(path):
    with reader(path).connect() as connection, pytest.raises(OperationalError, match="readonly"):
        connection.execute(text("DELETE FROM inverter_state"))


def test_a_reader_reads_while_somebody_writes(path):
    step = {"device": "smg2", "step": 5, "at": 0, "n": 1}
    with writer(path).begin() as connection:
        connection.execute(INVERTERS.rollup.insert(), step)
        assert not recorded(reader(path))
    assert recorded(reader(path))


def test_one_session_is_one_connection_and_sees_a_database_that_appears(tmp_path):
    engine, opened = reader(tmp_path / "easun.db"), []
    event.listen(engine, "connect", lambda *_: opened.append(1))
    with Session(engine) as session:
        assert not recorded(session)
        put(tmp_path / "easun.db", (0, 5))
        assert devices(session) == ["smg2"]
        assert latest(session) == {"smg2": after(0)}
    assert len(opened) == 1

"""The tools on a real PostgreSQL server: the same export and check, and a plain word where the server has its own."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from services.recorder.rows import to_row
from services.recorder.store import open_store
from services.recorder.tools.check import check
from services.recorder.tools.export import ExportRequest, export, overview
from services.recorder.tools.import_eamoon import import_eamoon
from services.recorder.tools.period import Period
from shared.errors import StorageError
from shared.messages import InverterState, Mode
from shared.topics import INVERTER_STATE
from tests.recorder.test_tools import predecessor, said
from tests.support.postgres import programs, running_postgres

pytestmark = pytest.mark.skipif(
    programs() is None, reason="PostgreSQL is not installed: make setup-dev installs Debian's postgresql"
)

START = datetime(2026, 11, 23, 18, tzinfo=UTC)


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with running_postgres() as server:
        store = open_store(server.url())
        for second in range(3):
            state = InverterState(at=START + timedelta(seconds=second), mode=Mode.MAINS, load_power_w=second)
            store.write([to_row(INVERTER_STATE.named("main"), state.model_dump_json().encode())])
        store.close()
        yield server.url()


def test_a_period(url: str, tmp_path: Path) -> None:
    span = Period(START + timedelta(seconds=1), START + timedelta(seconds=3))
    export(url, ExportRequest("inverter_state", span, "jsonl", str(tmp_path / "out")))
    rows = [json.loads(line) for line in (tmp_path / "out").read_text().splitlines()]
    assert [(row["at"], row["load_power_w"]) for row in rows] == [
        ("2026-11-23T18:00:01.000Z", 1),
        ("2026-11-23T18:00:02.000Z", 2),
    ]


def test_the_list_and_the_check(url: str) -> None:
    assert "inverter_state " in overview(url)
    text = "\n".join(check(url, START + timedelta(minutes=2)))
    assert "inverter_state: 3 rows" in text
    assert "On the server it takes" in text


def test_an_import_twice(url: str, tmp_path: Path) -> None:
    file = predecessor(tmp_path / "inverter.db", [("2026-01-16T12:00:00", said(), None)])
    assert "1 new readings" in import_eamoon(url, file, "old", START)
    assert "0 new readings" in import_eamoon(url, file, "old", START)


def test_a_server_that_is_not_there_is_said_without_its_password(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="refused") as caught:
        overview("postgresql://easun:hunter2@127.0.0.1:1/nowhere")
    assert "hunter2" not in str(caught.value)

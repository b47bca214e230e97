"""The last change of the grid on disk."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

from services.poller.kept_grid import KeptGrid
from services.poller.own_messages import OwnMessages
from shared.messages import Grid, GridState
from shared.topics import GRID_STATE
from shared.trusted_time import ClockChange
from tests.support.fake_bus import FakeBus

NOW = datetime(2026, 11, 30, 7, tzinfo=UTC)
WENT = GridState(at=NOW, state=Grid.OFF, since=NOW, transition_id="off-1")


def test_a_change_is_saved_once_when_it_is_published(tmp_path: Path) -> None:
    file = tmp_path / "grid" / "last.json"
    bus = FakeBus()
    own = OwnMessages(bus, KeptGrid(file))
    own.publish(GRID_STATE, WENT)
    written = file.stat().st_mtime_ns
    own.publish(GRID_STATE, WENT.model_copy(update={"at": NOW + timedelta(seconds=10)}))
    own.publish(GRID_STATE, WENT.model_copy(update={"state": Grid.UNKNOWN, "at": NOW + timedelta(seconds=20)}))
    assert (len(bus.on(GRID_STATE)), file.stat().st_mtime_ns) == (3, written)
    assert KeptGrid(file).last == WENT
    own.on_clock_change(ClockChange(timedelta(hours=1), trusted=True, since=NOW - timedelta(minutes=5)))
    kept = KeptGrid(file).last
    assert kept
    assert kept.since == NOW + timedelta(hours=1)


def test_a_disk_that_takes_nothing_or_holds_rubbish_costs_only_what_was_kept(tmp_path: Path) -> None:
    blocked = KeptGrid(tmp_path / "last.json")
    (tmp_path / ".last.json.new").mkdir()
    blocked.keep(WENT)
    assert blocked.last == WENT
    (tmp_path / "damaged.json").write_text("{half")
    assert KeptGrid(tmp_path / "damaged.json").last is None

"""A recorder that finds its database damaged: it records on, brings back what it can, says so, and backs it up."""

from pathlib import Path

import pytest

from tests.support.damaged import fill, owners, zeroed
from tests.support.stack import running_stack
from tests.support.waiting import eventually

pytestmark = pytest.mark.processes


def test_a_damaged_database_mends_itself(tmp_path: Path) -> None:
    with running_stack(tmp_path) as (stack, watcher):
        fill(stack.db_path)
        data = bytearray(stack.db_path.read_bytes())
        known = owners(stack.db_path)
        bad = [page for page, name in known.items() if name in ("inverter_state", "rollup_due", "upkeep_note")]
        zeroed(data, bad[-3:])
        stack.db_path.write_bytes(data)
        stack.recorder.start(CLOCK_TRUST="always")
        codes = eventually(
            lambda: [
                reason["code"]
                for reason in (watcher.last("service/recorder/status") or {}).get("reasons", ())
                if reason["code"].startswith("storage.salvaged")
            ],
            "what was saved is said",
        )
        assert codes == ["storage.salvaged"]
        ((rows,),) = stack.rows("SELECT count(*) FROM battery_state")
        assert rows == 240
        eventually(lambda: list((tmp_path / "backups").glob("easun-*.db")), "a backup is made")

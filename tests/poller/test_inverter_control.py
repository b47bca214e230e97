"""What several inverters have begun to change, whatever names they get meanwhile."""

import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from services.poller.inverter_control import Control, sort_journals
from services.poller.kept_journal import left_journals
from services.poller.setting_check import unit_key
from services.poller.setting_journal import SettingJournal, with_sequence
from services.poller.settings import PollerSettings
from shared.broker_state import BrokerState
from shared.clock import Clock
from shared.health import Health
from shared.state_file import StateFile
from shared.trusted_time import HostTime
from tests.poller.setting_home import START
from tests.poller.test_setting_journal import muted
from tests.poller.test_setting_sequence import PRESENT, UNIT
from tests.support.fake_bus import FakeBus

NAMES = ("left", "main", "right")
UNITS = tuple(replace(UNIT, serial_number=serial) for serial in ("SIM1", "SIM2", "SIM3"))
KEYS = tuple(map(unit_key, UNITS))


class SetHost:
    """A host whose clock is set."""

    def read(self) -> HostTime:
        """Return what it shows."""
        return HostTime(START, "boot", 1000.0, synchronised=True)


class House:
    """A poller that lists some of the names, from its start to its kill."""

    def __init__(self, folder: Path, names: Sequence[str], *, is_killed: bool) -> None:
        self.folder, self.names, self.is_killed = folder, names, is_killed
        self.controls: dict[str, Control] = {}
        for name in names:
            settings = PollerSettings(_env_file=None, inverter_name=name, inverter_journal_dir=folder)
            self.controls[name] = Control(
                None,  # type: ignore[arg-type]  # nothing is written here
                FakeBus(),
                Health(),
                settings,
                BrokerState,
                clock=Clock(SetHost()),
                on_seen=self.sort,
            )

    def sort(self) -> None:
        """Sort the journals; one that is killed comes only as far as setting them aside."""
        folder, names, is_killed = self.folder, self.names, self.is_killed
        sort_journals(tuple(self.controls.values()), lambda: {} if is_killed else left_journals(folder, names))


def holders(folder: Path, key: str) -> list[str]:
    """Return the names of the journals that have something to put back on an inverter."""
    return [file.name for file, journal in left_journals(folder, ()).items() if key in _units(journal)]


def _units(journal: SettingJournal) -> set[str]:
    return {sequence.unit for sequence in journal.sequences.values()}


LIVES = st.tuples(
    st.permutations(range(3)),  # which unit has which name
    st.lists(st.sampled_from(NAMES), min_size=1, max_size=3, unique=True),  # who is read, in this order
    st.booleans(),  # whether the others are listed, too, and silent
    st.booleans(),  # whether it is killed
)


@given(st.sets(st.sampled_from(range(3))), st.lists(LIVES, max_size=4))
def test_no_change_is_lost_or_made_twice_and_each_is_in_the_end_where_its_inverter_is(
    changed: set[int], lives: list[tuple[list[int], list[str], bool, bool]]
) -> None:
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        for number in changed:
            journal = with_sequence(SettingJournal(), muted(UNITS[number]))
            StateFile("", folder / f"{NAMES[number]}.json", SettingJournal).save(journal)
        for units, read, are_others_silent, is_killed in [*lives, ([2, 0, 1], [*NAMES], False, False)]:
            house = House(folder, NAMES if are_others_silent else sorted(read), is_killed=is_killed)
            for name in [*read, *read]:
                unit = UNITS[units[NAMES.index(name)]]
                house.controls[name].writer.observe(replace(PRESENT, unit=unit))
            assert [len(holders(folder, KEYS[number])) for number in sorted(changed)] == [1] * len(changed)
        assert {number: holders(folder, KEYS[number]) for number in changed} == {
            number: [f"{NAMES[[2, 0, 1].index(number)]}.json"] for number in changed
        }

"""Everything that changes settings of one inverter: commands, profiles, charging ahead, quiet hours, the clock."""

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from services.poller.charge_ahead import ChargingAhead
from services.poller.clock_keeper import ClockKeeper
from services.poller.kept_journal import KeptJournal
from services.poller.night_mute import NightMute
from services.poller.profile_list import profile_list
from services.poller.profiles import Profiles
from services.poller.quiet_hours import quiet_hours
from services.poller.setting_check import Unit
from services.poller.setting_journal import SettingJournal, is_of_another, taken_over, without_another
from services.poller.setting_sequence import SettingSequence
from services.poller.setting_sequencer import SettingSequencer
from services.poller.setting_writer import RegisterStore, SettingWriter
from services.poller.settings import PollerSettings
from shared.broker_state import BrokerState
from shared.bus import Publisher
from shared.clock import Clock
from shared.errors import StorageError
from shared.health import Reporter
from shared.state_file import StateFile
from shared.trusted_time import ClockChange

log = logging.getLogger("poller")


class Control:
    """The parts, and how they notify each other. on_seen is called when it was read which inverter answers."""

    def __init__(
        self,
        inverter: RegisterStore,
        bus: Publisher,
        health: Reporter,
        settings: PollerSettings,
        snapshot: Callable[[], BrokerState],
        *,
        clock: Clock,
        on_seen: Callable[[], None] = lambda: None,
        file: StateFile[SettingJournal] | None = None,
    ) -> None:
        name, allowed = settings.inverter_name, settings.inverter_control
        path = settings.inverter_journal_dir / f"{name}.json"
        file = file or StateFile("INVERTER_JOURNAL_DIR", path, SettingJournal)
        self.journal = KeptJournal(file, health, clock)
        self.writer = SettingWriter(
            inverter, bus, self.journal, name=name, allowed=allowed, clock=clock, zone=settings.zone
        )
        self.sequencer = SettingSequencer(self.writer, self.journal, health, clock)
        profiles = profile_list(settings.inverter_profiles_file)
        self.profiles = Profiles(
            self.writer, self.sequencer, self.journal, bus, profiles, name=name, allowed=allowed, clock=clock
        )
        self.charging = ChargingAhead(
            self.writer,
            self.sequencer,
            self.journal,
            bus,
            snapshot,
            name=name,
            allowed=allowed,
            clock=clock,
            dry_run_days=settings.charge_ahead_dry_run_days,
            planned_percent=settings.charge_ahead_percent,
        )
        self.mute = NightMute(
            self.writer,
            self.sequencer,
            quiet_hours(settings.buzzer_quiet_hours),
            allowed=allowed,
            zone=settings.zone,
            clock=clock,
        )
        self.own_clock = ClockKeeper(self.writer, self.journal, allowed=allowed, clock=clock, zone=settings.zone)
        self._name = name
        self.writer.on_seen = on_seen
        self.writer.on_published = self.profiles.publish
        self.sequencer.on_forgotten = self.profiles.publish
        self.sequencer.on_step = self.profiles.on_step
        self.sequencer.on_over = self._on_over

    async def run(self) -> None:
        """Run for ever."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self.writer.run())
            tasks.create_task(self.sequencer.run())
            tasks.create_task(self.charging.run())
            tasks.create_task(self.mute.run())
            tasks.create_task(self.own_clock.run())

    @property
    def is_idle(self) -> bool:
        """Whether nothing is being changed or put back."""
        sequences = self.journal.content.sequences.values()
        return self.writer.is_idle and all(one.is_temporary and one.is_in_force for one in sequences)

    def on_clock_change(self, change: ClockChange) -> None:
        """Shift the times that are kept by as much as the clock was set."""
        self.journal.on_clock_change(change)

    @property
    def unit(self) -> Unit | None:
        """The inverter that answers, as it was last read."""
        return self.writer.present.unit if self.writer.present else None

    def hand_over(self, others: Sequence[Unit]) -> None:
        """Set aside what has to be put back on one of the others, which had this name before."""
        if not is_of_another(self.journal.content, self.unit, others):
            return
        try:
            self.journal.hand_over(without_another(self.journal.content))
        except StorageError as error:
            log.warning("%s", error)
            return
        self.sequencer.handed_over()

    def take_over(self, left: Mapping[Path, SettingJournal]) -> None:
        """Go on with what this inverter has begun under another name, before anything else is begun."""
        for file, journal in left.items():
            joined = taken_over(self.journal.content, journal, self.unit) if self.unit else None
            if joined is None:
                continue
            try:
                self.journal.take_over(file, joined)
            except StorageError as error:
                log.warning("%s", error)
                return
            log.info("%s is the inverter whose settings %s has to restore: taken over.", self._name, file)
            self.sequencer.resume()
            self.mute.step()
            self.charging.run_now()
            return

    def _on_over(self, sequence: SettingSequence, left: Mapping[str, object]) -> None:
        self.profiles.on_over(sequence, left)
        self.charging.on_over(sequence, left)
        self.mute.on_over(sequence, left)


def sort_journals(controls: Sequence[Control], left: Callable[[], Mapping[Path, SettingJournal]]) -> None:
    """Let every inverter go on with what it has begun, under whatever name, as far as serial numbers tell.

    left returns the journals of names that no inverter has any more.
    """
    for one in controls:
        one.hand_over([other.unit for other in controls if other is not one and other.unit])
    for one in controls:
        one.take_over(left())

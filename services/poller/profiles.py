"""The profiles of one inverter: applies them by command, and publishes how each differs from the settings now."""

import logging
from collections.abc import Mapping

from services.poller.kept_journal import KeptJournal
from services.poller.listed_profile import ListedProfile
from services.poller.profile_report import change_of, report_profiles
from services.poller.setting_journal import command_refusal, received
from services.poller.setting_sequence import Purpose, SettingSequence
from services.poller.setting_sequencer import SettingSequencer
from services.poller.setting_writer import SettingWriter
from shared.bus import Publisher
from shared.clock import Clock
from shared.conditions import Reason
from shared.conditions import inverter_settings as control
from shared.errors import ConfigError
from shared.list_file import ListFile, ListWatch
from shared.messages import InverterControl, InverterProfiles, ProfileChange, ProfileCommand, ProfileOutcome
from shared.topics import INVERTER_PROFILES, PROFILE_CHANGE
from shared.trusted_time import by_clock

log = logging.getLogger("poller")


class Profiles:
    """Follows the list file; a mistake in it is reported, and the last good list stays in use."""

    def __init__(
        self,
        writer: SettingWriter,
        sequencer: SettingSequencer,
        journal: KeptJournal,
        bus: Publisher,
        file: ListFile[ListedProfile],
        *,
        name: str,
        allowed: InverterControl,
        clock: Clock,
    ) -> None:
        self._writer = writer
        self._sequencer = sequencer
        self._journal = journal
        self._bus = bus
        self._file = file
        self._name = name
        self._allowed = allowed
        self._clock = clock
        self._profiles: list[ListedProfile] = []
        self._fault: Reason | None = None
        self._published: InverterProfiles | None = None
        self._watch = ListWatch(file)
        self._read()

    def follow(self) -> None:
        """Apply a list file that has changed."""
        if self._watch.has_changed():
            self._read()
            self.publish()

    def _read(self) -> None:
        try:
            self._profiles, self._fault = self._file.read(), None
        except ConfigError as error:
            self._fault = error.reason

    def receive(self, command: ProfileCommand, *, retained: bool) -> None:
        """Start applying a profile, or publish why not."""
        now, command = self._clock.now(), by_clock(command, self._clock.track)
        refusal = self._refusal(command, retained=retained)
        self._journal.remember(received(self._journal.content, f"profile {command.profile}", command, now))
        if refusal is None:
            refusal = self._begin(command)
        if refusal:
            outcome = ProfileOutcome.NOT_APPLIED
            self._publish_change(
                ProfileChange(at=now, profile=command.profile, by=command.by, outcome=outcome, reason=refusal)
            )
        self.publish()

    def _refusal(self, command: ProfileCommand, *, retained: bool) -> Reason | None:
        if retained:
            return control.COMMAND_RETAINED()
        if self._allowed is InverterControl.OFF:
            return control.CONTROL_OFF()
        return command_refusal(self._journal.content, f"profile {command.profile}", command, self._clock.now())

    def _begin(self, command: ProfileCommand) -> Reason | None:
        present = self._writer.present
        profile = next((one for one in self._profiles if one.name == command.profile), None)
        if profile is None:
            return control.NO_SUCH_PROFILE()
        if present is None:
            return control.UNIT_UNKNOWN()
        return self._sequencer.begin(Purpose.PROFILE, profile.settings, present, by=command.by, name=profile.name)

    def on_step(self, sequence: SettingSequence) -> None:
        """Note that a sequence has advanced."""
        if sequence.purpose is Purpose.PROFILE and sequence.is_in_force:
            self._finish(sequence, {}, applied=True)
        self.publish()

    def on_over(self, sequence: SettingSequence, left: Mapping[str, object]) -> None:
        """Note that a sequence has been undone."""
        if sequence.purpose is Purpose.PROFILE:
            self._finish(sequence, left, applied=False)
        self.publish()

    def _finish(self, sequence: SettingSequence, left: Mapping[str, object], *, applied: bool) -> None:
        self._publish_change(change_of(sequence, left, self._clock.now(), applied=applied))

    def _publish_change(self, change: ProfileChange) -> None:
        log.info(
            "Profile %s of %s, by %s: %s. %s", change.profile, self._name, change.by, change.outcome, change.reason
        )
        self._journal.change(lambda journal: journal.model_copy(update={"last_profile": change}))
        self._bus.publish(PROFILE_CHANGE, change, self._name)

    def publish(self) -> None:
        """Publish the profiles if anything about them has changed."""
        present, journal = self._writer.present, self._journal.content
        if present is None:
            return
        now = self._clock.now()
        message = report_profiles(self._profiles, present, journal, now, allowed=self._allowed, fault=self._fault)
        last = self._published
        if last is None or last.model_copy(update={"at": message.at}) != message:
            self._published = message
            self._bus.publish(INVERTER_PROFILES, message, self._name)

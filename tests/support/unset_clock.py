"""A host whose true time, wall clock and boots a test controls."""

from datetime import UTC, datetime, timedelta

from shared.trusted_time import HostTime

TRUE_START = datetime(2026, 11, 23, 18, tzinfo=UTC)


class UnsetHost:
    """A Raspberry Pi: `true` is what no program can see, `ahead` how wrong its wall clock is."""

    def __init__(self, ahead: timedelta = timedelta(0), *, synchronised: bool | None = False) -> None:
        self.true = TRUE_START
        self.ahead = ahead
        self.synchronised = synchronised
        self.boots = 0
        self._booted = self.true - timedelta(seconds=20)

    def read(self) -> HostTime:
        """Return what it shows."""
        uptime_s = (self.true - self._booted).total_seconds()
        return HostTime(self.true + self.ahead, f"boot-{self.boots}", uptime_s, self.synchronised)

    def wait(self, seconds: float) -> None:
        """Let time pass."""
        self.true += timedelta(seconds=seconds)

    def set_by_hand(self, ahead: timedelta) -> None:
        """Move the wall clock; the kernel calls it unsynchronised from now on."""
        self.ahead, self.synchronised = ahead, False

    def synchronise(self) -> None:
        """Set the clock from the network."""
        self.ahead, self.synchronised = timedelta(0), True

    def reboot(self, ahead: timedelta, seconds: float = 40) -> None:
        """Boot again, with a clock that is wrong."""
        self.wait(seconds)
        self._booted, self.ahead, self.synchronised = self.true, ahead, False
        self.boots += 1
        self.wait(5)

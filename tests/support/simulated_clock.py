"""The clock of a simulated machine that all services of a stack run on."""

import json
import time
from pathlib import Path

from tests.support.stack import Stack


class SimulatedClock:
    """A Raspberry Pi without a clock battery; its true time is that of the machine of the test."""

    def __init__(self, stack: Stack) -> None:
        self._file = stack.directory / "clock.json"
        self._boots = 0
        self._booted_s = 0.0
        for service in (stack.poller, stack.recorder, stack.dashboard, stack.bot):
            service.env["SIMULATED_CLOCK"] = str(self._file)

    def boot(self, ahead_s: float, *, synchronised: bool = False) -> None:
        """Boot with a clock that is wrong by so much."""
        self._boots += 1
        self._booted_s = time.clock_gettime(time.CLOCK_BOOTTIME) - 10
        self.show(ahead_s, synchronised=synchronised)

    def show(self, ahead_s: float, *, synchronised: bool = False) -> None:
        """Set the clock, by hand or from the network."""
        given = {
            "boot": f"boot-{self._boots}",
            "ahead_s": ahead_s,
            "booted_s": self._booted_s,
            "synchronised": synchronised,
        }
        new = Path(f"{self._file}.new")
        new.write_text(json.dumps(given))
        new.replace(self._file)

    def synchronise(self) -> None:
        """Set the clock from the network."""
        self.show(0, synchronised=True)

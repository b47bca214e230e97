"""The clock of a simulated machine that all services of a stack run on.

Its file tells our services by how much the clock is wrong; with libfaketime every process gets a wrong one from the
system instead, the broker too, and the file tells only what the kernel would: the boot, and whether the clock is set.
"""

import json
import time
from pathlib import Path

from tests.support import faketime
from tests.support.stack import Stack


class SimulatedClock:
    """A Raspberry Pi without a clock battery; its true time is that of the machine of the test."""

    def __init__(self, stack: Stack, library: Path | None = None) -> None:
        self._file = stack.directory / "clock.json"
        self._boots = 0
        self._booted_s = 0.0
        self._ahead_file = stack.directory / "ahead.txt" if library else None
        faked = faketime.environment(library, self._ahead_file) if library and self._ahead_file else {}
        stack.broker.more_env = faked
        for service in stack.services:
            service.env |= {"SIMULATED_CLOCK": str(self._file), **faked}
            service.has_own_interpreter = bool(library)

    def boot(self, ahead_s: float, *, synchronised: bool = False) -> None:
        """Boot with a clock that is wrong by so much."""
        self._boots += 1
        self._booted_s = time.clock_gettime(time.CLOCK_BOOTTIME) - 10
        self.show(ahead_s, synchronised=synchronised)

    def show(self, ahead_s: float, *, synchronised: bool = False) -> None:
        """Set the clock, by hand or from the network."""
        if self._ahead_file:
            faketime.show(self._ahead_file, ahead_s)
        given = {
            "boot": f"boot-{self._boots}",
            "ahead_s": 0.0 if self._ahead_file else ahead_s,
            "booted_s": self._booted_s,
            "synchronised": synchronised,
        }
        new = Path(f"{self._file}.new")
        new.write_text(json.dumps(given))
        new.replace(self._file)

    def synchronise(self) -> None:
        """Set the clock from the network."""
        self.show(0, synchronised=True)

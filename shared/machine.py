"""The machine that a process runs on: its wall clock, its time since boot, and what the kernel says about them."""

import ctypes
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Protocol

from pydantic import BaseModel, ConfigDict, ValidationError

from shared.conditions import files
from shared.conditions.system import os_reason
from shared.errors import ConfigError
from shared.trusted_time import STEP, HostTime

STA_UNSYNC = 0x40
NEVER_SET_US = 16_000_000
"""The kernel's estimate of its clock's error until the clock is set, and again after it was set by hand."""


AT_ONCE_S = 0.05
"""Two clocks read within this time count as read at once."""
RTC_AGREES = timedelta(minutes=15)
"""A hardware clock without a battery starts in 1970; one that is only imprecise is off by less than this."""


class Host(Protocol):
    """A machine with a clock."""

    def read(self) -> HostTime:
        """Return its time."""
        ...


class _Timex(ctypes.Structure):
    """The part of struct timex of adjtimex(2) that we read."""

    _fields_ = (
        ("modes", ctypes.c_uint),
        ("offset", ctypes.c_long),
        ("freq", ctypes.c_long),
        ("maxerror", ctypes.c_long),
        ("esterror", ctypes.c_long),
        ("status", ctypes.c_int),
        ("rest", ctypes.c_byte * 512),
    )


class Machine:
    """The machine that this process runs on."""

    def __init__(self) -> None:
        self._boot = _text("/proc/sys/kernel/random/boot_id") or "unknown"
        self._adjtimex = getattr(ctypes.CDLL(None), "adjtimex", None)
        self._timex = _Timex()  # modes stay 0: only read
        self._backed_when: datetime | None = None
        self._backed = False

    def read(self) -> HostTime:
        """Return its time. The hardware clock is slow to read, so it is read only after the clock was set."""
        at, uptime_s = _at_once()
        host = HostTime(at, self._boot, uptime_s, self._synchronised())
        if self._backed_when is None or abs(host.started - self._backed_when) > STEP:
            self._backed_when, self._backed = host.started, _is_virtual() or _agrees_with_rtc(at)
        return replace(host, backed=self._backed)

    def _synchronised(self) -> bool | None:
        """Ask the kernel, which needs no rights and works in containers. None if it does not answer."""
        timex = self._timex
        if self._adjtimex is None or self._adjtimex(ctypes.byref(timex)) < 0:
            return None
        return not timex.status & STA_UNSYNC or timex.esterror < NEVER_SET_US


_SINCE_BOOT = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)


def _at_once() -> tuple[datetime, float]:
    """Return the wall clock and the time since boot; a process may be stopped between the two."""
    while True:
        before, at = time.clock_gettime(_SINCE_BOOT), datetime.now(UTC)
        uptime_s = time.clock_gettime(_SINCE_BOOT)
        if uptime_s - before < AT_ONCE_S:
            return at, uptime_s


def _is_virtual() -> bool:
    """Whether this is a virtual machine, whose host has set its clock."""
    return " hypervisor" in _text("/proc/cpuinfo")


def _agrees_with_rtc(at: datetime) -> bool:
    """Whether a hardware clock shows about the same time."""
    shown = (_text(clock / "since_epoch") for clock in Path("/sys/class/rtc").glob("rtc*"))
    return any(abs(at.timestamp() - int(one)) <= RTC_AGREES.total_seconds() for one in shown if one.isdecimal())


def _text(file: str | Path) -> str:
    try:
        return Path(file).read_text(encoding="ascii", errors="replace").strip()
    except OSError:
        return ""


class SimulatedTime(BaseModel):
    """How the clock of a simulated machine differs from the real one."""

    model_config = ConfigDict(extra="forbid")

    boot: str = "simulated"
    ahead_s: float = 0.0
    booted_s: float = 0.0
    """When the simulated machine was booted, in time since this machine's boot."""
    synchronised: bool | None = False


class SimulatedMachine:
    """A machine whose clock a file describes, which may be replaced at any time."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self.read()

    def read(self) -> HostTime:
        """Return its time. Raises ConfigError."""
        try:
            given = SimulatedTime.model_validate_json(self._file.read_bytes())
        except ValidationError:
            raise ConfigError(files.damaged(name="SIMULATED_CLOCK", file=str(self._file))) from None
        except OSError as error:
            cause = os_reason(error)
            raise ConfigError(files.unreadable(name="SIMULATED_CLOCK", file=str(self._file), cause=cause)) from None
        at, uptime_s = _at_once()
        return HostTime(
            at + timedelta(seconds=given.ahead_s), given.boot, uptime_s - given.booted_s, given.synchronised
        )


_this: Host = Machine()


def this_host() -> Host:
    """Return the machine that this process runs on."""
    return _this


def run_on(host: Host) -> None:
    """Run on a simulated machine; call it before anything asks for the time."""
    global _this  # noqa: PLW0603 - a process runs on one machine
    _this = host

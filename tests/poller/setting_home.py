"""A writer of settings over a real wire of the simulated inverter, which a test may kill at any point."""

import asyncio
import tempfile
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from services.poller.inverter_control import Control
from services.poller.modbus_client import ModbusClient
from services.poller.registers import load_layout
from services.poller.setting_journal import SettingJournal
from services.poller.setting_reader import read_present
from services.poller.settings import PollerSettings
from shared.broker_state import BrokerState
from shared.clock import Clock
from shared.conditions import Reason
from shared.errors import DeviceError
from shared.health import Health
from shared.messages import InverterControl, InverterSettings, SettingChange, SettingCommand
from shared.state_file import StateFile
from shared.topics import INVERTER_SETTINGS
from shared.trusted_time import HostTime
from simulators.registers import CLASSIC_SETTINGS, Layout
from simulators.setting_store import SettingStore
from tests.poller.simulated_inverter import Link, linked
from tests.support.fake_bus import FakeBus

START = datetime(2026, 11, 30, 1, tzinfo=UTC)
SERIAL = {186 + index: 0x3130 + index for index in range(12)}
UNIT = {171: 0x1E00, 184: 1, 201: 2, 202: 2300, 203: 5000, 210: 2300, 215: 520, **SERIAL, **CLASSIC_SETTINGS, 643: 6200}
CLASSIC = load_layout("classic")
ADDRESSES = {register.name: register.address for register in CLASSIC.settings.registers_for(1)}
TABLE = {ADDRESSES[one.name] for one in CLASSIC.writable if 1 in one.proven}

CLOCK_FRAMES = ((696, 3), (699, 3))
"""Address and words of the frames that set the clock of an 11 kW unit."""


class KilledError(BaseException):
    """The process ends here."""


class FlyingHost:
    """A host whose clock is set and goes with the event loop."""

    def read(self) -> HostTime:
        """Return what it shows."""
        passed = asyncio.get_running_loop().time()
        return HostTime(START + timedelta(seconds=passed), "boot", 1000 + passed, synchronised=True)


class Points:
    """Where a process may be killed: `left` is how many points it still passes; None: all."""

    left: int | None = None
    kills = 0

    def __call__(self) -> None:
        if self.left is not None:
            self.left -= 1
            if self.left < 0:
                self.left = None
                self.kills += 1
                raise KilledError


class MortalClient:
    """The client, with a point before and after everything it does. It never writes two at once, nor off the table."""

    problem: Reason | None = None

    def __init__(self, client: ModbusClient, points: Points, on_write: Callable[[int, int], None]) -> None:
        self._client = client
        self._point = points
        self._on_write = on_write
        self._writing = False

    async def read(self, start: int, count: int, **how: Any) -> list[int]:
        """Read."""
        self._point()
        words = await self._client.read(start, count, **how)
        self._point()
        return words

    async def write(self, address: int, *words: int) -> None:
        """Write."""
        assert (address, len(words)) in {*((one, 1) for one in TABLE), *CLOCK_FRAMES}
        assert not self._writing
        self._point()
        self._on_write(address, words[0])
        self._writing = True
        try:
            await self._client.write(address, *words)
        finally:
            self._writing = False
        self._point()


DAY_S = 86_400.0
"""Whatever is being changed is changed, or put back, within what the limit of writes a day may take."""


class MortalFile(StateFile[SettingJournal]):
    """The journal's file, with a point before and after it is saved."""

    def __init__(self, path: Path, points: Points) -> None:
        super().__init__("INVERTER_JOURNAL_DIR", path, SettingJournal)
        self._point = points

    def save(self, content: SettingJournal) -> None:
        """Save."""
        self._point()
        super().save(content)
        self._point()


class Home:
    """One inverter, one writer after the other."""

    def __init__(
        self,
        link: Link,
        folder: Path,
        control: InverterControl = InverterControl.SETTINGS,
        *,
        dry_run_days: float = 0,
        quiet_hours: str = "",
    ) -> None:
        self.link, self.allowed, self.dry_run_days = link, control, dry_run_days
        self.quiet_hours = quiet_hours
        self.points = Points()
        self.on_write: Callable[[int, int], None] = lambda _address, _word: None
        self.give_way: Callable[[], None] | None = None
        """What a hand at the panel does that has left no room for what was there before."""
        self.bus, self.health = FakeBus(), Health()
        self.clock = Clock(FlyingHost())
        self.folder = folder
        self.file = MortalFile(folder / "main.json", self.points)
        self.state = BrokerState()
        self.starts = 0
        self.start()

    def start(self) -> None:
        """Start a process, as if there had never been one before."""
        self.starts += 1
        self.client = MortalClient(self.link.inverter, self.points, self._check_write)
        settings = PollerSettings(
            _env_file=None,
            inverter_name="main",
            inverter_control=self.allowed,
            inverter_profiles_file=self.folder / "profiles.yaml",
            charge_ahead_dry_run_days=self.dry_run_days,
            buzzer_quiet_hours=self.quiet_hours,
        )
        self.control = Control(
            self.client, self.bus, self.health, settings, lambda: self.state, clock=self.clock, file=self.file
        )
        self.writer = self.control.writer
        self.task = asyncio.create_task(self._live())

    async def _live(self) -> None:
        """Run the process; a kill ends all of it."""
        try:
            await self.control.run()
        except BaseExceptionGroup as group:
            raise group.exceptions[0] from None

    def _check_write(self, address: int, word: int) -> None:
        self.on_write(address, word)

    async def look(self) -> bool:
        """Read the settings as the poller does; return whether the inverter answered."""
        with suppress(DeviceError):
            async with self.writer.reading:
                self.writer.observe(await read_present(self.link.inverter))
            return True
        return False

    def ask(self, setting: str, value: Any, *, by: str = "page", ago_s: float = 0, retained: bool = False) -> None:
        """Send a command."""
        at = self.clock.now() - timedelta(seconds=ago_s)
        self.writer.receive(setting, SettingCommand(at=at, value=value, by=by), retained=retained)

    async def idle(self) -> bool:
        """Wait until nothing is being changed; return False if the process was killed meanwhile."""
        time, give_way = asyncio.get_running_loop().time, self.give_way
        until_s = time() + DAY_S
        while not self.task.done():
            if time() > until_s:
                assert give_way, self.file.peek()
                give_way()
                give_way, until_s = None, time() + DAY_S
            await asyncio.sleep(0.5)
            if self.control.is_idle and not self.task.done():
                return True
        if not self.task.cancelled():
            with suppress(KilledError):
                await self.task
        return False

    async def stop(self) -> None:
        """End the process."""
        self.task.cancel()
        with suppress(asyncio.CancelledError, KilledError):
            await self.task

    @property
    def changes(self) -> list[tuple[str, SettingChange]]:
        """The events so far, by setting."""
        return [(topic.split("/")[3], said) for topic, said in self.bus.said if isinstance(said, SettingChange)]

    @property
    def outcomes(self) -> list[tuple[str, str | None]]:
        """Outcome and reason of the events so far."""
        return [(said.outcome.value, said.reason.code if said.reason else None) for _, said in self.changes]

    @property
    def settings(self) -> InverterSettings:
        """The state that was published last."""
        state: InverterSettings = self.bus.on(INVERTER_SETTINGS, "main")[-1]
        return state

    @property
    def store(self) -> SettingStore:
        """The settings of the device."""
        store: SettingStore = self.link.wire.device.settings
        return store

    def word(self, name: str) -> int:
        """Return what the device holds."""
        now_s = asyncio.get_running_loop().time()
        return self.store.over(self.link.wire.device.words(), now_s).get(ADDRESSES[name], 0)


@asynccontextmanager
async def home(
    kind: str = "tcp",
    words: dict[int, int] | Callable[[], Mapping[int, int]] | None = None,
    control: InverterControl = InverterControl.SETTINGS,
    *,
    dry_run_days: float = 0,
    quiet_hours: str = "",
    layout: Layout = Layout.CLASSIC,
) -> AsyncIterator[Home]:
    """A home whose settings were read once."""
    unit = dict(UNIT) if words is None else words
    with tempfile.TemporaryDirectory() as folder:
        async with linked(kind, unit if callable(unit) else lambda: unit) as link:
            link.wire.device.settings = SettingStore(layout)
            one = Home(link, Path(folder), control, dry_run_days=dry_run_days, quiet_hours=quiet_hours)
            assert await one.look()
            yield one
            await one.stop()

"""One step of the poller, against an inverter that is a mapping."""

import asyncio
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from services.poller.modbus_client import NoAnswerError
from services.poller.request_span import Units, cuts
from services.poller.settings import PollerSettings
from shared.conditions import Reason, inverter, poller, render
from shared.errors import BadReplyError, DeviceError, DeviceOfflineError, RefusedReadError
from shared.health import Health
from shared.messages import Contact, Grid
from shared.service import repeat
from shared.texts.language import Language
from shared.topics import GRID_STATE, INVERTER_AVAILABILITY, INVERTER_INFO, INVERTER_STATE
from shared.trusted_time import ClockChange
from tests.poller.alone import alone
from tests.poller.known_layouts import known_layout
from tests.poller.register_dumps import A_OFF_GRID_11K, C_GRID_GONE
from tests.support.fake_bus import FakeBus
from tests.support.flying_time import fly

START = datetime(2026, 11, 23, 18, tzinfo=UTC)
MAINS = {171: 0x1E00, 184: 1, 201: 2, 202: 2300, 203: 5000, 210: 2300, 213: 400, 215: 520, 229: 80}
GONE = MAINS | {201: 3, 202: 0, 203: 0}
ELEVEN_KW = dict(A_OFF_GRID_11K.words)
Clock = Callable[[], datetime]
NO_ANSWER = poller.no_answer_from_gateway(where="10.0.0.1:502", unit=1, seconds=3)
REFUSED = poller.request_refused(
    where="10.0.0.1:502", exception=poller.modbus_exception(number=2, meaning=poller.ILLEGAL_DATA_ADDRESS())
)


class Inverter:
    """Answers from `words`; `before_read` may change them, or raise, at any request."""

    problem: Reason | None = None
    zeroed: int | None = None
    delay_s = 0.0

    def __init__(self, words: Mapping[int, int], before_read: Callable[[int, int], None] = lambda *_: None) -> None:
        self.words = words
        self.asked: list[tuple[int, int]] = []
        self.before_read = before_read

    async def read(self, start: int, count: int, *, units: Units = (), attempts: int = 3) -> list[int]:
        assert not cuts(range(start, start + count), units)
        self.asked.append((start, count))
        await asyncio.sleep(self.delay_s)
        self.before_read(start, count)
        if start == self.zeroed:
            return [0] * count
        return [self.words.get(address, 0) for address in range(start, start + count)]


class Home:
    """A poller, and what it publishes."""

    def __init__(
        self, inverter: Inverter, monkeypatch: pytest.MonkeyPatch, *, clock: Clock | None = None, **settings: Any
    ) -> None:
        monkeypatch.setattr("services.poller.poller.CONFIRM_S", 0)
        self.inverter = inverter
        self.bus, self.health = FakeBus(), Health()
        self.now = START
        all_settings = PollerSettings(_env_file=None, modbus_host="x", **settings)
        self.poller, self.house = alone(inverter, all_settings, self.bus, self.health, clock or (lambda: self.now))

    async def step(self, seconds: float = 5) -> None:
        self.now += timedelta(seconds=seconds)
        await self.poller.step()

    async def fails(self, kind: type[DeviceError], sentence: str) -> None:
        with pytest.raises(kind, match=sentence):
            await self.step()

    @property
    def grid(self) -> Grid:
        return self.last_grid()

    def last_grid(self) -> Grid:
        """Return the same, asked for anew: mypy takes a property for what the last assertion said it was."""
        state: Grid = self.bus.on(GRID_STATE)[-1].state
        return state

    @property
    def reason(self) -> Reason | None:
        """The only thing that is wrong, or None."""
        reasons = self.health.status(self.now).reasons
        assert len(reasons) <= 1
        return reasons[0] if reasons else None


async def test_one_step_says_everything_with_few_requests(monkeypatch) -> None:
    home = Home(Inverter(MAINS), monkeypatch)
    await home.step()
    assert home.grid is Grid.ON, "the quick second look has confirmed it"
    assert home.bus.on(INVERTER_STATE, "main")[-1].load_power_w == 400
    assert home.bus.on(INVERTER_INFO, "main")[-1].model == "SMG 6200"
    assert home.bus.on(INVERTER_AVAILABILITY, "main")[-1].state is Contact.ONLINE
    home.inverter.asked.clear()
    await home.step()
    assert home.inverter.asked == [(100, 10), (201, 34)]


async def test_a_change_is_looked_at_again_at_once_by_the_few_registers_that_matter(monkeypatch) -> None:
    home = Home(Inverter(MAINS), monkeypatch)
    await home.step()
    home.inverter.asked.clear()
    home.inverter.words = GONE
    await home.step()
    assert home.grid is Grid.OFF
    assert home.inverter.asked == [(100, 10), (201, 34)] * 2


async def test_on_the_large_ones_the_second_look_spares_the_rest(monkeypatch) -> None:
    home = Home(Inverter(ELEVEN_KW), monkeypatch)
    await home.step()
    home.inverter.asked.clear()
    home.inverter.words = ELEVEN_KW | {338: 0, 203: 0}
    await home.step()
    assert home.grid is Grid.OFF
    assert home.inverter.asked[5:] == [(100, 10), (198, 34), (338, 54)]


async def test_a_warning_of_the_inverter_makes_the_second_look_needless(monkeypatch) -> None:
    home = Home(Inverter(MAINS), monkeypatch)
    await home.step()
    home.inverter.asked.clear()
    home.inverter.words = GONE | {105: 1}
    await home.step()
    assert home.grid is Grid.OFF
    assert len(home.inverter.asked) == 2


async def test_off_grid_with_the_mains_there_is_no_outage(monkeypatch) -> None:
    home = Home(Inverter(MAINS | {201: 3}), monkeypatch)
    await home.step()
    assert home.grid is Grid.ON


async def test_a_single_reading_of_zeros_is_looked_at_again(monkeypatch) -> None:
    home = Home(Inverter(MAINS), monkeypatch)
    await home.step()
    spikes: Iterator[dict[int, int]] = iter([{}, {}])
    home.inverter.before_read = lambda *_: setattr(home.inverter, "words", next(spikes, MAINS))
    await home.step()
    assert home.bus.on(INVERTER_STATE, "main")[-1].grid_voltage_v == 230.0
    assert {message.state for message in home.bus.on(GRID_STATE)} == {Grid.ON}


@pytest.mark.parametrize(
    "words",
    [
        pytest.param({}, id="nothing-at-all"),
        pytest.param({171: 0x1E00, 184: 1, 105: 64}, id="only-identity-and-warnings"),
    ],
)
async def test_zeros_are_a_lost_cable_and_no_outage(words, monkeypatch) -> None:
    home = Home(Inverter(MAINS), monkeypatch)
    await home.step()
    home.inverter.words = words
    for _ in range(5):
        await home.fails(BadReplyError, "nothing but zeros")
    assert home.grid is Grid.UNKNOWN
    assert home.bus.on(INVERTER_AVAILABILITY, "main")[-1].state is Contact.OFFLINE


async def test_an_identity_of_zeros_on_an_11_kw_unit_is_not_taken_for_a_small_one(monkeypatch) -> None:
    """184 = 0 would mean the classic layout, whose grid voltage reads as 0 here while the frequency is right."""
    nameless = {address: word for address, word in ELEVEN_KW.items() if not 171 <= address <= 197}
    home = Home(Inverter(nameless), monkeypatch)
    for _ in range(5):
        await home.fails(BadReplyError, "nothing but zeros")
    assert home.grid is Grid.UNKNOWN
    assert not home.bus.on(INVERTER_STATE, "main")


async def test_an_old_unit_without_identity_is_known_by_its_readings(monkeypatch) -> None:
    home = Home(Inverter({address: word for address, word in MAINS.items() if address > 197}), monkeypatch)
    await home.step()
    assert home.grid is Grid.ON


async def test_a_classic_map_on_an_11_kw_unit_is_unknown_and_reported(monkeypatch) -> None:
    """A unit that lies about its layout: 0 V at 50 Hz, and yet a voltage elsewhere."""
    home = Home(Inverter(ELEVEN_KW | {184: 1, 171: 0x8000, 215: 521}), monkeypatch)
    for _ in range(5):
        await home.step()
    assert home.grid is Grid.UNKNOWN
    assert home.reason == poller.grid_implausible(volts=0.0, hertz=50.01)
    home.inverter.words = MAINS
    await home.step()
    assert home.last_grid() is Grid.ON
    assert home.reason is None


@pytest.mark.parametrize("voltage", [0xFFFF, 9999])
async def test_a_grid_voltage_that_cannot_be_read_is_reported(monkeypatch, voltage) -> None:
    home = Home(Inverter(MAINS | {202: voltage}), monkeypatch)
    await home.step()
    assert home.grid is Grid.UNKNOWN
    assert home.reason == poller.GRID_UNREAD()
    home.inverter.words = MAINS
    await home.step()
    assert home.reason is None


async def test_a_model_that_contradicts_the_device_is_reported(monkeypatch) -> None:
    home = Home(Inverter(MAINS), monkeypatch, inverter_model="ISOLAR_SMG_II_11K")
    await home.step()
    assert home.grid is Grid.ON
    assert home.reason == poller.model_mismatch(
        model="ISOLAR_SMG_II_11K", configured="k11", protocol=1, detected="classic"
    )


async def test_silence_is_published_with_its_reason(monkeypatch) -> None:
    def silent(*_: int) -> None:
        raise DeviceOfflineError(NO_ANSWER)

    home = Home(Inverter(MAINS, silent), monkeypatch)
    await home.fails(DeviceOfflineError, "no inverter answers as unit 1")
    availability = home.bus.on(INVERTER_AVAILABILITY, "main")[-1]
    assert (availability.state, availability.reason) == (Contact.OFFLINE, NO_ANSWER)


async def test_faults_are_published_by_their_codes(monkeypatch) -> None:
    home = Home(Inverter(MAINS | {101: 0b10001}), monkeypatch)
    await home.step()
    faults = home.bus.on(INVERTER_STATE, "main")[-1].faults
    assert faults == (inverter.INVERTER_TOO_HOT(), inverter.OUTPUT_SHORT_CIRCUIT())


async def test_a_protocol_number_that_nobody_knows_is_reported(monkeypatch) -> None:
    home = Home(Inverter(MAINS | {184: 42}), monkeypatch)
    await home.fails(BadReplyError, "Register 184 is 42, and no such inverter is known")


async def test_blocks_with_gaps_that_a_unit_refuses_are_read_without_the_gaps(monkeypatch) -> None:
    def pedantic(start: int, count: int) -> None:
        if start <= 257 < start + count:
            raise RefusedReadError(REFUSED)

    home = Home(Inverter(ELEVEN_KW, pedantic), monkeypatch)
    for _ in range(3):
        await home.step()
    state = home.bus.on(INVERTER_STATE, "main")[-1]
    assert (state.battery_voltage_v, state.output_frequency_hz) == (52.1, 50.01)
    home.inverter.asked.clear()
    await home.step()
    assert [block for block in home.inverter.asked if 252 <= block[0] < 300] == [(252, 5), (265, 41)]


async def test_registers_that_a_unit_lacks_are_done_without(monkeypatch) -> None:
    def lacks_faults(start: int, _count: int) -> None:
        if start == 100:
            raise RefusedReadError(REFUSED)

    home = Home(Inverter(MAINS, lacks_faults), monkeypatch)
    await home.step()
    assert home.grid is Grid.ON
    assert home.bus.on(INVERTER_STATE, "main")[-1].faults is None


async def test_a_second_look_that_does_not_come_leaves_it_to_the_next_cycle(monkeypatch) -> None:
    home = Home(Inverter(MAINS), monkeypatch)
    await home.step()
    home.inverter.words = GONE
    reads = iter(range(10))

    def lost_at_the_third(*_: int) -> None:
        if next(reads) == 2:
            raise DeviceOfflineError(NO_ANSWER)

    home.inverter.before_read = lost_at_the_third
    await home.step()
    assert home.grid is Grid.ON
    await home.step()
    assert home.last_grid() is Grid.OFF


async def test_what_is_wrong_with_the_wire_is_reported_though_readings_come(monkeypatch) -> None:
    home = Home(Inverter(MAINS), monkeypatch)
    home.inverter.problem = poller.dongle_contended(times=4, seconds=60)
    await home.step()
    assert home.reason == home.inverter.problem
    home.inverter.problem = None
    await home.step()
    assert home.reason is None


async def test_a_battery_with_the_other_sign_is_turned_round(monkeypatch) -> None:
    home = Home(Inverter(C_GRID_GONE.words | {184: 1, 217: 0x10000 - 70, 232: 0x10000 - 13}), monkeypatch)
    await home.step()
    turned = Home(home.inverter, monkeypatch, invert_battery_current=True)
    await turned.step()
    before, after = (h.bus.on(INVERTER_STATE, "main")[-1] for h in (home, turned))
    assert (before.battery_power_w, after.battery_power_w) == (-70, 70)
    assert before.battery_current_a == -after.battery_current_a
    assert before.battery_voltage_v == after.battery_voltage_v


async def test_a_cable_lost_before_the_second_look_is_no_second_witness(monkeypatch) -> None:
    home = Home(Inverter(ELEVEN_KW), monkeypatch)
    await home.step()
    reads = iter(range(100))
    broken = ELEVEN_KW | {203: 0, 338: 0}
    home.inverter.before_read = lambda *_: setattr(home.inverter, "words", broken if next(reads) < 5 else {})
    await home.step()
    assert home.grid is Grid.ON
    home.inverter.before_read = lambda *_: None
    for _ in range(5):
        await home.fails(BadReplyError, "nothing but zeros")
    assert home.last_grid() is Grid.UNKNOWN


async def test_a_loss_between_two_requests_is_seen_at_once_and_no_contradiction(monkeypatch) -> None:
    home = Home(Inverter(ELEVEN_KW), monkeypatch)
    await home.step()
    gone = ELEVEN_KW | {203: 0, 338: 0}

    def lost_after_the_frequency(start: int, _count: int) -> None:
        if start == 252:
            home.inverter.words = gone

    home.inverter.before_read = lost_after_the_frequency
    await home.step()
    assert home.reason is None
    await home.step()
    assert home.grid is Grid.OFF


async def test_an_identity_that_read_as_zeros_once_is_asked_again(monkeypatch) -> None:
    home = Home(Inverter({address: word for address, word in MAINS.items() if address > 197}), monkeypatch)
    await home.step()
    home.inverter.words = MAINS | {184: 2, 171: 0x2300}
    for _ in range(3):
        await home.step(3700)
    assert home.bus.on(INVERTER_INFO, "main")[-1].protocol_number == 2


async def test_a_unit_that_refuses_its_identity_as_a_whole_is_asked_for_its_number_alone(monkeypatch) -> None:
    def pedantic(start: int, count: int) -> None:
        if start <= 185 < start + count:
            raise RefusedReadError(REFUSED)

    home = Home(Inverter(MAINS, pedantic), monkeypatch)
    await home.step()
    assert home.grid is Grid.ON


async def test_a_mains_between_the_thresholds_is_unknown_and_reported(monkeypatch) -> None:
    home = Home(Inverter(MAINS | {202: 1200}), monkeypatch)
    await home.step()
    assert home.grid is Grid.UNKNOWN
    assert home.reason == poller.grid_between_limits(volts=120.0, hertz=50.0)
    assert "120.0 V at 50.0 Hz, which is neither present nor lost" in home.reason.text
    home.inverter.words = MAINS
    await home.step()
    assert home.reason is None


ZERO_BLOCKS = [block.start for block in known_layout(3).state.blocks_for(3) if block.alive]


@pytest.mark.parametrize("start", ZERO_BLOCKS)
async def test_a_zeroed_block_is_never_published_as_readings(monkeypatch, start: int) -> None:
    home = Home(Inverter(ELEVEN_KW), monkeypatch)
    await home.step()
    right = home.bus.on(INVERTER_STATE, "main")[-1].model_dump(exclude={"at"})
    home.inverter.zeroed = start
    for _ in range(2):
        await home.step()
        state = home.bus.on(INVERTER_STATE, "main")[-1].model_dump(exclude={"at"})
        wrong = {name: value for name, value in state.items() if value not in (None, "unknown", right[name])}
        assert not wrong
        assert state != right
    assert {message.state for message in home.bus.on(GRID_STATE)} == {Grid.ON}
    assert home.health.status(home.now).reasons
    home.inverter.zeroed = None
    await home.step()
    assert home.bus.on(INVERTER_STATE, "main")[-1].model_dump(exclude={"at"}) == right
    assert home.reason is None


async def test_a_battery_of_0_volts_and_0_percent_is_no_reading(monkeypatch) -> None:
    home = Home(Inverter(ELEVEN_KW), monkeypatch)
    home.inverter.zeroed = 252
    await home.step()
    state = home.bus.on(INVERTER_STATE, "main")[-1]
    assert (state.battery_voltage_v, state.battery_soc_percent) == (None, None)
    assert (state.grid_voltage_v, home.grid) == (239.9, Grid.ON)


async def test_a_mains_of_120_volts_is_known_by_the_setting_of_the_inverter(monkeypatch) -> None:
    home = Home(Inverter(MAINS | {202: 1200, 203: 6000, 320: 1200}), monkeypatch)
    await home.step()
    assert home.grid is Grid.ON
    assert home.reason is None
    home.inverter.words = GONE | {320: 1200}
    await home.step()
    assert home.last_grid() is Grid.OFF


async def test_limits_that_the_user_has_set_are_taken_as_they_are(monkeypatch) -> None:
    home = Home(Inverter(MAINS | {202: 1200, 320: 1200}), monkeypatch, grid_present_v=150)
    await home.step()
    assert home.grid is Grid.UNKNOWN
    assert home.reason == poller.grid_between_limits(volts=120.0, hertz=50.0)


async def test_a_230_volt_unit_keeps_its_limits(monkeypatch) -> None:
    home = Home(Inverter(MAINS | {202: 1500, 320: 2200}), monkeypatch)
    await home.step()
    assert home.grid is Grid.UNKNOWN


@pytest.mark.parametrize(("volts", "hertz"), [(2300, 500), (230, 5000)])
async def test_figures_that_do_not_agree_are_unknown(monkeypatch, volts: int, hertz: int) -> None:
    home = Home(Inverter(MAINS), monkeypatch)
    await home.step()
    home.inverter.words = MAINS | {202: volts, 203: hertz}
    for _ in range(5):
        await home.step()
    assert home.grid is Grid.UNKNOWN
    assert home.reason == poller.grid_implausible(volts=volts / 10, hertz=hertz / 100)
    assert not [message for message in home.bus.on(GRID_STATE) if message.state is Grid.OFF]


async def test_a_loss_amid_a_reading_is_confirmed_at_once(monkeypatch) -> None:
    home = Home(Inverter(ELEVEN_KW), monkeypatch)
    await home.step()

    def lost_after_the_frequency(start: int, _count: int) -> None:
        if start == 252:
            home.inverter.words = ELEVEN_KW | {203: 0, 338: 0}

    home.inverter.before_read = lost_after_the_frequency
    await home.step()
    assert home.grid is Grid.OFF
    assert home.reason is None


async def test_another_inverter_on_the_same_connection_is_noticed_within_a_minute(monkeypatch) -> None:
    home = Home(Inverter(MAINS), monkeypatch)
    await home.step()
    home.inverter.words = ELEVEN_KW
    for _ in range(12):
        with suppress(BadReplyError):
            await home.step()
    assert home.bus.on(INVERTER_INFO, "main")[-1].layout == "k11"
    assert home.bus.on(INVERTER_STATE, "main")[-1].battery_voltage_v == 52.1


async def test_another_unit_of_the_same_model_is_noticed_by_its_serial_number(monkeypatch) -> None:
    home = Home(Inverter(MAINS | {186: 0x4131}), monkeypatch)
    await home.step()
    home.inverter.words = MAINS | {186: 0x4132}
    for _ in range(12):
        await home.step()
    assert [info.serial_number for info in home.bus.on(INVERTER_INFO, "main")] == ["A1", "A2"]


async def test_zeros_for_an_identity_are_no_other_inverter(monkeypatch) -> None:
    home = Home(Inverter(ELEVEN_KW), monkeypatch)
    await home.step()
    home.inverter.zeroed = 171
    for _ in range(30):
        await home.step()
    assert len(home.bus.on(INVERTER_INFO, "main")) == 1
    assert home.grid is Grid.ON


async def test_an_identity_that_does_not_come_leaves_the_readings_alone(monkeypatch) -> None:
    home = Home(Inverter(MAINS), monkeypatch)
    await home.step()

    def silent_about_itself(start: int, _count: int) -> None:
        if start == 171:
            raise NoAnswerError(NO_ANSWER)

    home.inverter.before_read = silent_about_itself
    for _ in range(30):
        await home.step()
    assert home.reason is None


async def test_a_unit_that_refuses_everything_is_probably_of_another_family(monkeypatch) -> None:
    def refuses(*_: int) -> None:
        raise RefusedReadError(REFUSED)

    home = Home(Inverter(MAINS, refuses), monkeypatch)
    await home.fails(RefusedReadError, "probably an inverter of another family")
    assert home.bus.on(INVERTER_AVAILABILITY, "main")[-1].reason == poller.refuses_everything(refusal=REFUSED)
    for other in ("mpp-solar", "PythonProtocolGateway"):
        assert other in render(poller.refuses_everything(refusal=REFUSED), Language.UK)


async def test_a_known_unit_that_refuses_everything_for_a_while_is_no_other_family(monkeypatch) -> None:
    home = Home(Inverter(MAINS), monkeypatch)
    await home.step()

    def refuses(*_: int) -> None:
        raise RefusedReadError(REFUSED)

    home.inverter.before_read = refuses
    for _ in range(3):
        await home.fails(RefusedReadError, "refuses the request")


@pytest.mark.parametrize("gives_up_after_s", [1, 9, 19, 100])
def test_silence_is_unknown_on_time_however_long_a_read_takes(monkeypatch, gives_up_after_s: float) -> None:
    async def run() -> None:
        loop = asyncio.get_running_loop()
        home = Home(Inverter(MAINS), monkeypatch, clock=lambda: START + timedelta(seconds=loop.time()))
        watching = asyncio.create_task(home.poller.watch_silence())
        await home.poller.step()
        heard = loop.time()
        home.inverter.delay_s = gives_up_after_s
        home.inverter.before_read = lambda *_: (_ for _ in ()).throw(DeviceOfflineError(NO_ANSWER))
        polling = asyncio.create_task(repeat(home.poller.step, home.health, "inverter", retry_most_s=2))
        while home.grid is not Grid.UNKNOWN:
            await asyncio.sleep(0.05)
        assert 15 <= loop.time() - heard <= 16
        assert home.bus.on(GRID_STATE)[-1].last_known is Grid.ON
        assert not polling.done()
        assert not watching.done()
        for task in (polling, watching):
            task.cancel()

    fly(run())


def test_readings_keep_the_timer_quiet_and_a_clock_that_jumps_does_not_wake_it(monkeypatch) -> None:
    async def run() -> None:
        loop = asyncio.get_running_loop()
        jump = timedelta(0)
        home = Home(Inverter(MAINS), monkeypatch, clock=lambda: START + timedelta(seconds=loop.time()) + jump)
        watching = asyncio.create_task(home.poller.watch_silence())
        for turn in range(40):
            if turn == 20:
                jump = timedelta(hours=3)
                change = ClockChange(jump, trusted=True, since=START - timedelta(days=1))
                home.house.on_clock_change(change)
                home.poller.on_clock_change(change)
            await home.poller.step()
            await asyncio.sleep(5)
        watching.cancel()
        assert {message.state for message in home.bus.on(GRID_STATE)} == {Grid.ON}
        last = home.bus.on(GRID_STATE)[-1]
        assert last.at - last.since == timedelta(seconds=195), "as long as it has lasted"

    fly(run())

"""One request at a time over every wire, and everything that can happen to its answer."""

import asyncio
import random

import pytest

from services.poller.modbus_client import ATTEMPTS, LATE_S
from services.poller.request_span import cuts
from shared.errors import BadReplyError, CommandRefusedError, DeviceOfflineError, RefusedReadError
from simulators.setting_store import SettingStore
from tests.poller.known_layouts import known_layout
from tests.poller.simulated_inverter import CHECKED, KINDS, UNNUMBERED, Link, linked
from tests.support.flying_time import fly

WORDS = dict.fromkeys(range(100, 1000), 0) | {address: address * 7 for address in range(100, 1000)}
on_every_transport = pytest.mark.parametrize("kind", KINDS)


def on(kind, work, **how):
    """Run `work(link)` over a transport; time flies where the transport allows it."""

    async def run():
        async with linked(kind, lambda: WORDS, **how) as link:
            await work(link)

    if kind == "serial":  # a terminal's bytes take a moment, so time must not fly
        asyncio.run(run())
    else:
        fly(run())


async def reads_right(link: Link, times: int = 1) -> None:
    for turn in range(times):
        start, count = 300 + 40 * (turn % 7), (10, 34, 5, 5)[turn % 4]
        assert await link.inverter.read(start, count) == [WORDS[at] for at in range(start, start + count)]


@on_every_transport
def test_blocks_are_read(kind):
    on(kind, lambda link: reads_right(link, 12))


@on_every_transport
@pytest.mark.parametrize("fault", ["stray", "stale", "double"])
def test_frames_that_nobody_asked_for_cost_nothing(kind, fault):
    async def work(link):
        await reads_right(link)
        before = link.requests
        await link.fail(fault)
        await reads_right(link, 12)
        assert link.requests == before + 12, "every answer was taken at the first time"

    on(kind, work)


@on_every_transport
@pytest.mark.parametrize("fault", ["corrupt", "drop", "half", "garbage", "silent", "late", "refuse"])
def test_what_is_lost_or_damaged_now_and_then_is_asked_again(kind, fault):
    if (kind, fault) in (("tcp", "corrupt"), ("serial", "refuse")):
        pytest.skip("Modbus TCP has no checksum, for TCP has; a terminal refuses nobody")

    async def work(link):
        link.wire.faults.dice = random.Random(5)
        await reads_right(link)
        await link.fail(fault, probability=0.1)
        for _ in range(4):
            await reads_right(link, 4)
            await asyncio.sleep(2 * LATE_S if kind != "serial" else 0)  # as between the cycles of a slow night

    on(kind, work, modbus_timeout=0.4 if kind == "serial" else 3)


@on_every_transport
def test_a_wire_that_never_answers_is_given_up_in_time(kind):
    async def work(link):
        await link.fail("silent")
        began = asyncio.get_running_loop().time()
        with pytest.raises(DeviceOfflineError, match=r"no inverter .*answers"):
            await link.inverter.read(100, 10)
        if kind != "serial":
            assert asyncio.get_running_loop().time() - began < ATTEMPTS * 1 + 10
        await link.fail("none")
        await reads_right(link)

    on(kind, work, modbus_timeout=0.2 if kind == "serial" else 1)


@on_every_transport
def test_another_unit_is_silence_and_reported(kind):
    async def work(link):
        with pytest.raises(DeviceOfflineError, match="MODBUS_UNIT_ID"):
            await link.inverter.read(100, 10)

    on(kind, work, unit=5, modbus_timeout=0.2)


@pytest.mark.parametrize("kind", CHECKED)
def test_only_damage_is_reported_as_damage(kind):
    async def work(link):
        await reads_right(link)
        await link.fail("half")
        with pytest.raises((BadReplyError, DeviceOfflineError)) as raised:
            await link.inverter.read(100, 125)
        assert isinstance(raised.value, BadReplyError)
        assert "is not a whole Modbus" in str(raised.value)

    on(kind, work)


@on_every_transport
def test_registers_that_are_not_there_are_refused_at_once(kind):
    async def work(link):
        await reads_right(link)
        await link.fail("exception", code=2)
        before = link.requests
        with pytest.raises(RefusedReadError, match=r"exception 2 \(illegal data address\)"):
            await link.inverter.read(100, 12)
        assert link.requests == before + (3 if kind in UNNUMBERED else 1), "without a number a no must come again"

    on(kind, work)


@on_every_transport
def test_a_passing_exception_is_asked_again(kind):
    async def work(link):
        await reads_right(link)
        await link.fail("exception", code=6)
        before = link.requests
        with pytest.raises(BadReplyError, match=r"exception 6 \(device busy\)") as raised:
            await link.inverter.read(100, 10)
        assert not isinstance(raised.value, RefusedReadError)
        assert link.requests == before + ATTEMPTS

    on(kind, work)


@pytest.mark.parametrize("kind", UNNUMBERED)
def test_a_late_answer_of_the_same_length_is_not_taken_for_another(kind):
    """On a bare serial line nothing but its length tells the late answer from the one that is waited for."""

    async def work(link):
        await link.fail("late")
        with pytest.raises(DeviceOfflineError):
            await link.inverter.read(100, 10)
        await link.fail("none")
        for start in (300, 400, 500):
            assert await link.inverter.read(start, 10) == [WORDS[at] for at in range(start, start + 10)]

    on(kind, work, modbus_timeout=0.2)


@on_every_transport
def test_an_inverter_that_restarts_is_read_again_by_itself(kind):
    async def work(link):
        await reads_right(link)
        if kind == "serial":
            await link.fail("unplug")
            with pytest.raises(DeviceOfflineError, match="serial port"):
                await link.inverter.read(100, 10)
            return
        await link.fail("reboot", latency_s=8)
        failures = 0
        while failures < 30:
            try:
                await reads_right(link)
                break
            except DeviceOfflineError:
                failures += 1
                await asyncio.sleep(1)
        assert failures < 30

    on(kind, work)


@pytest.mark.parametrize("kind", UNNUMBERED)
def test_no_longer_request_touches_a_command_register_or_cuts_the_clock(kind):
    """704 stands before 705, which erases, and 702 behind the clock, of which half reads as zeros."""
    asked = []
    units = known_layout(3).units

    async def work(link):
        answer = link.inverter._request

        def request(*block):
            asked.append(answer(*block))
            return asked[-1]

        link.inverter._request = request
        await link.fail("silent")
        with pytest.raises(DeviceOfflineError):
            await link.inverter.read(702, 3, units=units)
        await link.fail("none")
        for _ in range(3):
            assert await link.inverter.read(702, 3, units=units) == [4914, 4921, 4928]
            assert await link.inverter.read(420, 5) == [WORDS[at] for at in range(420, 425)]

    on(kind, work, modbus_timeout=0.2)
    asked = [one for one in asked if one]
    assert all(not cuts(range(one.start, one.start + one.count), units) for one in asked)
    assert not {705, 706, 425, 426} & {at for one in asked for at in range(one.start, one.start + one.count)}
    assert len({one.count for one in asked}) > 2


@pytest.mark.parametrize("kind", UNNUMBERED)
@pytest.mark.parametrize("fault", ["late", "double"])
def test_a_block_that_no_other_length_fits_takes_no_late_answer_for_its_own(kind, fault):
    """696 to 704 stand between two commands: where 9 words are outstanding, another request flushes the line."""
    units = known_layout(3).units
    words = dict(WORDS)

    async def work(link):
        link.wire.device.words = lambda: words
        for turn in range(4):
            await link.fail(fault, probability=1 if turn == 0 or fault == "double" else 0)
            words.update({at: at + turn for at in range(696, 705)})
            expected = [at + turn for at in range(696, 705)]
            try:
                assert await link.inverter.read(696, 9, units=units) == expected
            except DeviceOfflineError:
                assert turn == 0

    on(kind, work, modbus_timeout=0.2)


@on_every_transport
def test_a_gateway_that_answers_as_unit_0_is_reported(kind):
    async def work(link):
        await reads_right(link)
        await link.fail("other_unit")
        with pytest.raises(BadReplyError) as raised:
            await link.inverter.read(300, 10)
        assert raised.value.reason.code == "poller.answers_as_other_unit"
        assert raised.value.reason.params | {"where": ""} == {"where": "", "unit": 1, "answered": 0}
        await link.fail("none")
        await reads_right(link)

    on(kind, work, modbus_timeout=0.2)


@pytest.mark.parametrize("kind", ["tcp", "dongle-eybond"])
def test_a_gateway_with_transaction_ids_of_its_own_is_reported(kind):
    async def work(link):
        await reads_right(link)
        await link.fail("own_number")
        with pytest.raises(BadReplyError) as raised:
            await link.inverter.read(300, 10)
        assert raised.value.reason.code == "poller.answers_with_other_number"
        await link.fail("none")
        await reads_right(link)

    on(kind, work, modbus_timeout=0.2)


@pytest.mark.parametrize("kind", ["tcp", "dongle-eybond"])
def test_late_answers_are_no_transaction_ids_of_its_own(kind):
    async def work(link):
        await reads_right(link)
        link.inverter._number = 3  # the late one is of a number before it wrapped
        await link.fail("late")
        with pytest.raises(DeviceOfflineError):
            await link.inverter.read(300, 10)
        await link.fail("none")
        await reads_right(link)

    on(kind, work, modbus_timeout=0.2)


@on_every_transport
def test_one_register_is_written_once(kind):
    async def work(link):
        link.wire.device.settings = store = SettingStore()
        with pytest.raises(DeviceOfflineError):
            await link.inverter.write(301, 2)  # nothing has been read on this connection
        await link.inverter.read(301, 1)
        await link.inverter.write(301, 2)
        assert await link.inverter.read(301, 1) == [2]
        for address, word, code in ((202, 1, "read_only"), (331, 9, "value_refused"), (320, 2200, "mode_refused")):
            with pytest.raises(CommandRefusedError) as refused:
                await link.inverter.write(address, word)
            assert refused.value.reason.code == f"control.{code}"
        before = link.requests
        await link.fail("silent")
        with pytest.raises(DeviceOfflineError):
            await link.inverter.write(303, 1)
        assert link.requests == before + 1
        await link.fail("none")
        assert await link.inverter.read(303, 1) == [1]
        assert store.written == [(301, 2), (303, 1)]

    on(kind, work, modbus_timeout=2)

"""Every way to fail, on every wire on which it makes sense."""

import pytest

from shared.errors import CommandRefusedError
from simulators.faults import Fault, FaultKind
from simulators.transports.dongle import Dongle
from simulators.transports.framing_rtu import with_crc
from simulators.transports.serial_port import SerialPort
from tests.simulators.connected import (
    ASK_184,
    ASK_277,
    OVER,
    SAY_0,
    SAY_184,
    SAY_277,
    SAY_CODE_6,
    SAY_ZEROS,
    WORDS,
    in_turn,
    over_dongle,
)
from tests.support.waiting import until

SAY_277_AS_0 = with_crc(bytes.fromhex("00" + SAY_277[2:-4])).hex()
TID, BEFORE = 0x077A, 0x0770


@pytest.fixture(params=OVER)
async def wired(request):
    async with OVER[request.param]() as wired:
        yield wired


def wrong_bits(heard, good):
    return sum((one ^ other).bit_count() for one, other in zip(heard, good, strict=True))


def lacks_a_byte(heard, good):
    return any(heard == good[:index] + good[index + 1 :] for index in range(len(good)))


EXPECTED = {
    "none": lambda heard, wired, good: heard == good,
    "silent": lambda heard, wired, good: heard == b"",
    "exception": lambda heard, wired, good: heard == wired.frame(TID, SAY_CODE_6),
    "garbage": lambda heard, wired, good: heard != good and 1 <= len(heard) <= 60,
    "half": lambda heard, wired, good: heard == good[: len(good) // 2],
    "slow": lambda heard, wired, good: heard == good,
    "corrupt": lambda heard, wired, good: wrong_bits(heard, good) == 1,
    "zeros": lambda heard, wired, good: heard == wired.frame(TID, SAY_ZEROS),
    "late": lambda heard, wired, good: heard == good,
    "double": lambda heard, wired, good: heard == good + good,
    "drop": lambda heard, wired, good: lacks_a_byte(heard, good),
    "stale": lambda heard, wired, good: heard == wired.frame(BEFORE, SAY_184) + good,
    "stray": lambda heard, wired, good: heard.endswith(good) and heard.removesuffix(good) in wired.strays,
    "ignored_write": lambda heard, wired, good: heard == good,
    "late_write": lambda heard, wired, good: heard == good,
    "zero_identity": lambda heard, wired, good: heard == good,
    "other_unit": lambda heard, wired, good: heard == wired.frame(TID, SAY_277_AS_0),
    "own_number": lambda heard, wired, good: heard == wired.frame(TID ^ 0x8000, SAY_277),
}
AT_THE_WIRE = {"refuse", "reboot", "unplug"}


def test_every_kind_is_tested():
    assert set(EXPECTED) | AT_THE_WIRE == set(FaultKind)


@pytest.mark.parametrize("kind", EXPECTED)
async def test_what_is_heard(wired, kind):
    good = wired.frame(TID, SAY_277)
    await wired.ask(BEFORE, ASK_184, SAY_184)
    await wired.wire.fail(Fault(kind=kind, code=6, latency_s=0.01))
    heard = await wired.told(wired.frame(TID, ASK_277))
    assert EXPECTED[kind](heard, wired, good), heard.hex()


@pytest.mark.parametrize("kind", EXPECTED)
async def test_what_never_happens(wired, kind):
    await wired.wire.fail(Fault(kind=kind, probability=0))
    assert await wired.told(wired.frame(TID, ASK_277)) == wired.frame(TID, SAY_277)


@pytest.mark.parametrize(
    ("first", "last", "strikes"),
    [
        pytest.param(277, 281, True, id="the-block"),
        pytest.param(281, 281, True, id="its-last-register"),
        pytest.param(0, 277, True, id="its-first-register"),
        pytest.param(282, 300, False, id="behind-it"),
        pytest.param(100, 276, False, id="before-it"),
    ],
)
async def test_a_fault_of_some_registers(wired, first, last, strikes):
    await wired.wire.fail(Fault(kind="zeros", first=first, last=last))
    expected = SAY_ZEROS if strikes else SAY_277
    assert await wired.told(wired.frame(TID, ASK_277)) == wired.frame(TID, expected)


async def test_who_it_is_reads_as_zeros(wired):
    await wired.wire.fail(Fault(kind="zero_identity"))
    assert await wired.told(wired.frame(TID, ASK_184)) == wired.frame(TID, SAY_0)


async def test_both_kinds_of_stray_come(wired):
    seen: set[bytes] = set()
    while seen != wired.strays:
        await wired.wire.fail(Fault(kind="stray"))
        heard = await wired.told(wired.frame(TID, ASK_277))
        seen.add(heard.removesuffix(wired.frame(TID, SAY_277)))


async def test_the_first_answer_has_none_before_it(wired):
    await wired.wire.fail(Fault(kind="stale"))
    assert await wired.told(wired.frame(TID, ASK_277)) == wired.frame(TID, SAY_277)


async def test_late_comes_with_the_next_answer(wired):
    await wired.wire.fail(Fault(kind="late"))
    wired.send(wired.frame(TID, ASK_277))
    await until(lambda: in_turn(wired.wire) == (1, 0))
    await wired.wire.fail()
    assert await wired.ask(BEFORE, ASK_184, SAY_184) == wired.frame(TID, SAY_277)


async def test_a_slow_answer_holds_up_the_next_one(wired):
    await wired.wire.fail(Fault(kind="slow", latency_s=0.1))
    wired.send(wired.frame(TID, ASK_277))
    await until(lambda: in_turn(wired.wire) == (1, 0))
    await wired.wire.fail()
    assert await wired.ask(BEFORE, ASK_184, SAY_184) == wired.frame(TID, SAY_277)


async def test_a_latency_is_of_every_answer(wired):
    wired.wire.device.latency_s = 600
    wired.send(wired.frame(TID, ASK_277))
    await until(lambda: wired.wire.device.requests)
    assert in_turn(wired.wire) == (1, 0)


async def test_a_probability_is_a_share(wired):
    wired.wire.faults.dice.seed(1)
    await wired.wire.fail(Fault(kind="late", probability=0.3))
    for _ in range(200):
        wired.send(wired.frame(TID, ASK_277))
    await until(lambda: wired.wire.device.requests == 200)
    assert 100 < wired.wire.device.answered < 180


async def test_several_faults_at_once(wired):
    kinds: set[bytes] = set()
    refused, zeros = wired.frame(TID, SAY_CODE_6), wired.frame(TID, SAY_ZEROS)
    while kinds != {refused, zeros}:
        await wired.wire.fail(Fault(kind="zeros", probability=0.5), Fault(kind="exception", code=6))
        heard = await wired.told(wired.frame(TID, ASK_277))
        assert heard in (refused, zeros)
        kinds.add(heard)


async def test_other_units_are_silent_and_do_not_count(wired):
    other = wired.frame(TID, "020301150005" + "95c2")
    wired.send(other)
    assert await wired.ask(BEFORE, ASK_184, SAY_184) == b""
    assert in_turn(wired.wire) == (1, 1)


@pytest.mark.parametrize("kind", ["unplug", "reboot"])
@pytest.mark.parametrize("probability", [1, 0.999999])
async def test_the_connection_is_cut(wired, kind, probability):
    await until(lambda: wired.wire.connected)
    await wired.wire.fail(Fault(kind=kind, probability=probability, latency_s=600))
    if probability < 1:
        wired.send(wired.frame(TID, ASK_277))
    assert await wired.ended()
    await until(lambda: not wired.wire.state()["there"])
    assert not wired.wire.connected
    await wired.wire.fail()
    assert wired.wire.state()["there"]


@pytest.mark.parametrize("probability", [1, 0.999999])
async def test_a_reboot_is_over_by_itself_and_leaves_the_other_faults(wired, probability):
    reboot, other = Fault(kind="reboot", latency_s=0.01, probability=probability), Fault(kind="zeros", probability=0)
    await wired.wire.fail(other, reboot)
    if probability < 1:
        wired.send(wired.frame(TID, ASK_277))
    assert await wired.ended()
    await until(lambda: wired.wire.state()["there"] and wired.wire.faults.active == (other,))


@pytest.mark.parametrize("over", ["tcp", "rtu_over_tcp", "eybond", "raw"])
async def test_refuse_now_and_then_cuts_only_the_connection(over):
    async with OVER[over]() as wired:
        await wired.wire.fail(Fault(kind="refuse", probability=0.999999))
        wired.send(wired.frame(TID, ASK_277))
        assert await wired.ended()
        assert wired.wire.state()["there"]


async def test_silence_is_the_dongle_s_own_too():
    async with over_dongle("eybond") as wired:
        await wired.wire.fail(Fault(kind="silent"))
        wired.send(bytes.fromhex("00010001000aff01160b0a16102d012c"))
        assert await wired.told(wired.frame(TID, ASK_277)) == b""


async def test_no_dongle_answer_counts_as_a_request():
    async with over_dongle("eybond") as wired:
        wired.send(bytes.fromhex("00010001000aff01160b0a16102d012c"))
        await wired.ask(TID, ASK_277, SAY_277)
        assert in_turn(wired.wire) == (1, 1)


@pytest.mark.parametrize(
    ("wire", "kind", "sentence"),
    [
        pytest.param(SerialPort(dict), "refuse", "A serial line refuses nobody", id="serial"),
        *(
            pytest.param(Dongle(dict, framing="pi30"), kind, "PI30 has no registers", id=f"pi30-{kind}")
            for kind in ("exception", "zeros", "zero_identity")
        ),
    ],
)
async def test_what_makes_no_sense_is_refused_and_changes_nothing(wire, kind, sentence):
    with pytest.raises(CommandRefusedError, match=sentence):
        await wire.fail(Fault(kind="silent"), Fault(kind=kind))
    assert wire.faults.active == ()


async def test_words_are_taken_once_for_each_request(wired):
    taken = []

    def words():
        taken.append(1)
        return WORDS

    wired.wire.device.words = words
    for _ in range(3):
        await wired.ask(TID, ASK_277, SAY_277)
    assert len(taken) == 3

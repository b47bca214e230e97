"""What is asked for, how often, and what is left out: the requests of one inverter counted."""

import asyncio
from collections.abc import Callable, Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.poller.block_reader import REFUSED_AGAIN_S, SILENT_AGAIN_S, BlockReader
from services.poller.modbus_client import NoAnswerError
from services.poller.registers import COMMON_UNITS, PROTOCOL_NUMBER, Block, Layout
from services.poller.request_span import Units, cuts
from shared.conditions import Reason, poller
from shared.errors import DeviceError, DeviceOfflineError, RefusedReadError
from tests.poller.known_layouts import known_layout
from tests.support.flying_time import fly

K11, CLASSIC = known_layout(3), known_layout(1)
K11_STATE, CLASSIC_STATE = K11.state.blocks_for(3), CLASSIC.state.blocks_for(1)
ALL = {address: address for address in range(100, 860)}
NO_ANSWER = poller.no_answer_from_gateway(where="10.0.0.1:502", unit=1, seconds=3)
REFUSED = poller.request_refused(
    where="10.0.0.1:502", exception=poller.modbus_exception(number=2, meaning=poller.ILLEGAL_DATA_ADDRESS())
)


class Inverter:
    """Refuses requests with some addresses, is silent about others, and answers some with zeros."""

    problem: Reason | None = None

    def __init__(self, words: dict[int, int] | None = None) -> None:
        self.words = dict(ALL if words is None else words)
        self.refused: set[int] = set()
        self.silent: set[int] = set()
        self.zeroed: Callable[[range], bool] = lambda _: False
        self.longest = 125
        self.asked: list[tuple[int, int]] = []

    async def read(self, start: int, count: int, *, units: Units = COMMON_UNITS, attempts: int = 3) -> list[int]:
        span = range(start, start + count)
        assert not cuts(span, units)
        assert attempts > 0
        self.asked.append((start, count))
        if self.silent.intersection(span):
            raise NoAnswerError(NO_ANSWER)
        if self.refused.intersection(span) or count > self.longest:
            raise RefusedReadError(REFUSED)
        zeroed = self.zeroed(span)
        return [0 if zeroed else self.words.get(address, 0) for address in span]


class Home:
    """A reader, and how many requests each of its readings took."""

    def __init__(self, inverter: Inverter, layout=K11, blocks=K11_STATE) -> None:
        self.inverter = inverter
        self.blocks, self.layout = blocks, layout
        self.reader = BlockReader(inverter)

    async def read(self) -> dict[int, int]:
        self.inverter.asked.clear()
        return dict(await self.reader.read(self.blocks, self.layout))

    async def settle(self, times: int = 12) -> dict[int, int]:
        for _ in range(times):
            words = await self.read()
        return words

    @property
    def requests(self) -> int:
        return len(self.inverter.asked)


def needed(layout: Layout, blocks: Iterable[Block]) -> set[int]:
    return {address for block in blocks for address in block.addresses} & layout.needed


@pytest.mark.parametrize("address", [203, 231, 253, 277, 305, 344, 391])
async def test_one_refused_address_costs_itself_and_not_its_neighbours(address: int) -> None:
    home = Home(Inverter())
    home.inverter.refused = {address}
    words = await home.settle()
    assert needed(K11, K11_STATE) - set(words) == {address}
    assert all(words[at] == at for at in words)
    assert home.requests <= len(K11_STATE) + 2
    assert not any(start <= address < start + count for start, count in home.inverter.asked)


@pytest.mark.parametrize("address", [259, 339, 345, 360])
async def test_a_refused_address_that_nobody_needs_costs_nothing(address: int) -> None:
    home = Home(Inverter())
    home.inverter.refused = {address}
    assert needed(K11, K11_STATE) <= set(await home.settle())
    assert home.requests <= len(K11_STATE) + 1


async def test_half_of_a_refused_value_takes_the_other_half_with_it() -> None:
    home = Home(Inverter())
    home.inverter.refused = {704}
    assert needed(K11, K11_STATE) - set(await home.settle()) == {703, 704}


async def test_several_refused_addresses_are_not_asked_for_in_every_cycle() -> None:
    home = Home(Inverter())
    home.inverter.refused = {100, 203, 279, 350, 391}
    words = await home.settle(20)
    assert needed(K11, K11_STATE) - set(words) == {100, 101, 203, 279, 350, 391}
    assert home.requests <= len(K11_STATE) + 5
    assert not [span for span in home.inverter.asked if home.inverter.refused & set(range(span[0], sum(span)))]


async def test_a_whole_block_that_is_refused_is_given_up_over_a_few_cycles() -> None:
    home = Home(Inverter())
    home.inverter.refused = set(range(338, 354))
    await home.read()
    assert home.requests <= len(K11_STATE) + 10, "the rest of it waits for the next reading"
    words = await home.settle(20)
    assert needed(K11, K11_STATE) - set(words) == needed(K11, K11_STATE) & home.inverter.refused
    assert home.requests <= len(K11_STATE)


async def test_a_unit_that_refuses_long_requests_is_read_in_shorter_ones() -> None:
    home = Home(Inverter())
    home.inverter.longest = 20
    words = await home.settle()
    assert needed(K11, K11_STATE) <= set(words)
    assert all(count <= 20 for _, count in home.inverter.asked)


def test_what_is_refused_is_asked_for_again_after_an_hour() -> None:
    async def run() -> None:
        home = Home(Inverter())
        home.inverter.refused = {344}
        await home.settle()
        home.inverter.refused.clear()
        assert 344 not in await home.read()
        await _sleep(REFUSED_AGAIN_S)
        assert (await home.read())[344] == 344

    fly(run())


async def test_a_refusal_that_was_a_glitch_leaves_nothing_behind() -> None:
    home = Home(Inverter())
    await home.read()
    home.inverter.refused = {279}
    await home.read()
    home.inverter.refused.clear()
    home.reader.reset()
    await home.read()
    assert [(block.start, block.count) for block in K11_STATE] == sorted(set(home.inverter.asked))


@pytest.mark.parametrize("missing", [range(338, 392), range(100, 110), range(252, 306), range(696, 705)])
def test_a_block_that_stays_silent_does_not_void_the_others(missing: range) -> None:
    async def run() -> None:
        home = Home(Inverter())
        await home.read()
        home.inverter.silent = set(missing)
        for _ in range(6):
            words = await home.read()
            assert needed(K11, K11_STATE) - set(words) == needed(K11, K11_STATE) & set(missing)
        assert home.requests < len(K11_STATE), "it is not asked for in every cycle"
        assert home.reader.missing(K11_STATE) == poller.registers_left_out(registers=f"{missing[0]}-{missing[-1]}")
        home.inverter.silent = set()
        await _sleep(SILENT_AGAIN_S)
        assert needed(K11, K11_STATE) <= set(await home.read())
        assert home.reader.missing(K11_STATE) is None

    fly(run())


@pytest.mark.parametrize("address", [203, 279, 305, 350, 391])
def test_one_silent_address_costs_itself(address: int) -> None:
    async def run() -> None:
        home = Home(Inverter())
        home.inverter.silent = {address}
        words = await home.settle(12)
        assert needed(K11, K11_STATE) - set(words) == {address}
        assert not any(start <= address < start + count for start, count in home.inverter.asked)

    fly(run())


def test_a_silent_part_is_asked_for_less_and_less_often() -> None:
    async def run() -> int:
        home = Home(Inverter())
        await home.read()
        home.inverter.silent = set(range(338, 392))
        asked = 0
        for _ in range(3600 // 5):
            await home.read()
            asked += sum(start >= 338 and start < 392 for start, _ in home.inverter.asked)
            await _sleep(5)
        return asked

    assert fly(run()) <= 12


async def test_a_line_that_dies_amid_a_reading_voids_it() -> None:
    home = Home(Inverter())
    await home.read()
    home.inverter.silent = {PROTOCOL_NUMBER, *range(252, 900)}
    with pytest.raises(NoAnswerError):
        await home.read()
    assert home.requests == 4, "two that were answered, the one that was not, and a last try"


async def test_a_connection_that_cannot_be_opened_is_no_missing_block(monkeypatch) -> None:
    home = Home(Inverter())

    async def closed(*_: object, **__: object) -> list[int]:
        raise DeviceOfflineError(NO_ANSWER)

    monkeypatch.setattr(home.inverter, "read", closed)
    with pytest.raises(DeviceOfflineError):
        await home.read()


@pytest.mark.parametrize("block", K11_STATE + CLASSIC_STATE, ids=lambda block: str(block.start))
async def test_zeros_instead_of_a_block_are_asked_for_again(block: Block) -> None:
    classic = block in CLASSIC_STATE
    home = Home(Inverter(), CLASSIC, CLASSIC_STATE) if classic else Home(Inverter())
    right = await home.read()
    once = iter([True])
    home.inverter.zeroed = lambda span: span[0] == block.start and next(once, False)
    assert await home.read() == right
    assert home.requests == len(home.blocks) + 1


@pytest.mark.parametrize("block", [b for b in K11_STATE + CLASSIC_STATE if b.alive], ids=lambda block: str(block.start))
async def test_zeros_that_cannot_be_true_are_left_out_however_often_they_come(block: Block) -> None:
    home = Home(Inverter(), CLASSIC, CLASSIC_STATE) if block in CLASSIC_STATE else Home(Inverter())
    home.inverter.zeroed = lambda span: span[0] == block.start
    words = await home.read()
    assert not set(words) & set(block.addresses)
    again = await home.read()
    assert again == words
    assert home.requests == len(home.blocks), "nothing new is hoped for in every cycle"
    assert home.reader.missing(home.blocks) == poller.registers_left_out(
        registers=f"{block.addresses[0]}-{block.addresses[-1]}"
    )
    home.inverter.zeroed = lambda _: False
    assert set(block.addresses) <= set(await home.read())
    assert home.reader.missing(home.blocks) is None


@pytest.mark.parametrize("layout", [CLASSIC, K11], ids=lambda layout: layout.name)
def test_every_block_with_a_voltage_or_a_charge_has_a_witness(layout) -> None:
    for protocol in layout.protocols:
        registers = layout.state.registers_for(protocol)
        for block in layout.state.blocks_for(protocol):
            inside = {register.name for register in registers if register.address in block.addresses}
            matters = [name for name in inside if name.endswith(("_v", "_percent", "_hz", "total_kwh"))]
            assert block.alive or not matters, block


async def test_no_faults_and_no_warnings_are_zeros_that_are_true() -> None:
    home = Home(Inverter({address: word for address, word in ALL.items() if address > 109}))
    assert (await home.read())[104] == 0
    await home.read()
    assert home.requests == len(K11_STATE)


@given(st.sets(st.sampled_from(sorted(needed(K11, K11_STATE))), max_size=6))
def test_whatever_is_refused_the_rest_is_read_and_found_in_few_requests(refused: set[int]) -> None:
    async def run() -> None:
        home = Home(Inverter())
        home.inverter.refused = refused
        lost = {address for unit in K11.units if refused & set(unit) for address in unit} | refused
        words = await home.settle(30)
        assert needed(K11, K11_STATE) - set(words) == needed(K11, K11_STATE) & lost
        assert all(words[address] == address for address in words)
        assert home.requests <= len(K11_STATE) + 2 * len(refused)

    fly(run())


@given(st.sets(st.sampled_from(sorted(needed(CLASSIC, CLASSIC_STATE))), min_size=1, max_size=3))
def test_whatever_is_silent_nothing_is_invented(silent: set[int]) -> None:
    async def run() -> None:
        home = Home(Inverter(), CLASSIC, CLASSIC_STATE)
        home.inverter.silent = silent
        for _ in range(12):
            try:
                words = await home.read()
            except DeviceError:
                continue
            assert not silent & set(words)
            assert all(words[address] == address for address in words)

    fly(run())


async def _sleep(seconds: float) -> None:
    await asyncio.sleep(seconds)

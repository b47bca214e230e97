"""Several inverters in one house, in flying time: what is published of the grid, and when; and their sum."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime, timedelta
from types import MappingProxyType
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.poller import grid
from services.poller.house import House, restored
from services.poller.modbus_client import NoAnswerError
from services.poller.poller import Poller
from services.poller.request_span import Units
from services.poller.settings import PollerSettings
from services.poller.witnesses import Witness
from shared.conditions import Reason, poller
from shared.health import Health
from shared.messages import Grid, GridState
from shared.service import repeat
from shared.topics import GRID_STATE, INVERTER_STATE
from tests.poller.register_dumps import A_OFF_GRID_11K
from tests.support.fake_bus import FakeBus
from tests.support.flying_time import fly

START = datetime(2026, 11, 23, 18, tzinfo=UTC)
SMALL = {171: 0x1E00, 184: 1, 201: 2, 202: 2300, 203: 5000, 210: 2300, 213: 400, 215: 520, 217: 100, 223: 50, 229: 80}
LARGE = dict(A_OFF_GRID_11K.words)
GONE: Mapping[int, int] = {202: 0, 203: 0, 338: 0}
POLL_S = 5.0
SLOW_S = 0.15
"""How long each request takes."""
SAME_PHASE: Mapping[str, int] = MappingProxyType({})
NO_ANSWER = poller.no_answer_from_gateway(where="10.0.0.1:502", unit=1, seconds=3)


class Inverter:
    """Answers from its words after a while, or not at all."""

    problem: Reason | None = None

    def __init__(self, words: Mapping[int, int], latency_s: float = SLOW_S) -> None:
        self.words, self.latency_s = words, latency_s
        self.sees_power = self.answers = True

    async def read(self, start: int, count: int, *, units: Units = (), attempts: int = 3) -> list[int]:
        """Read as the Modbus client does."""
        await asyncio.sleep(self.latency_s if self.answers else 3.0 * attempts)
        if not self.answers:
            raise NoAnswerError(NO_ANSWER)
        words = self.words if self.sees_power else {**self.words, **GONE}
        return [words.get(address, 0) for address in range(start, start + count)]


class Home:
    """A house of inverters by name, each polled on its own."""

    def __init__(self, inverters: Mapping[str, Inverter], phases: Mapping[str, int], last: GridState | None) -> None:
        loop = asyncio.get_running_loop()
        self.began = loop.time()
        self.inverters, self.bus, self.health = inverters, FakeBus(self._said), Health()
        self.seen: list[tuple[float, GridState]] = []
        track = grid.restore(last, self.now(), PollerSettings(_env_file=None).grid_limits())
        self.house = House(self.bus, self.health, track, restored(last))
        self._tasks: list[asyncio.Task[Any]] = []
        for name, inverter in inverters.items():
            witness = Witness(name, grid.unknown_grid(self.now()), phase=phases.get(name))
            options = PollerSettings(_env_file=None, inverter_name=name, modbus_host="x", poll_interval=POLL_S)
            one = Poller(
                inverter, options, self.bus, self.health, self.house,
                witness=witness, availability=None, clock=self.now,
            )  # fmt: skip
            polling = repeat(one.step, self.health, name, retry_most_s=2)
            self._tasks += map(asyncio.create_task, (polling, one.watch_silence(), one.look_when_asked()))

    def now(self) -> datetime:
        """Return the time here."""
        return START + timedelta(seconds=asyncio.get_running_loop().time())

    def _said(self, topic: str, message: Any) -> None:
        if topic == GRID_STATE.named():
            self.seen.append((asyncio.get_running_loop().time(), message))

    def grid(self) -> GridState:
        """What was published last."""
        return self.seen[-1][1]

    def states_since(self, moment: float) -> list[tuple[float, GridState]]:
        """Return what was published since a moment of the loop, with how long after it."""
        return [(at - moment, message) for at, message in self.seen if at >= moment]

    @property
    def codes(self) -> list[str]:
        """What is wrong, as the house reports it."""
        reasons = self.health.status(START).reasons
        return [one.code for one in reasons if one.code in ("poller.witnesses_disagree", "poller.phases_lost")]

    async def stop(self) -> None:
        """End all tasks."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)


def lived(
    scenario: Callable[[Home], Awaitable[None]],
    inverters: Callable[[], Mapping[str, Inverter]],
    last: GridState | None = None,
    phases: Mapping[str, int] = SAME_PHASE,
) -> None:
    """Let a house live for a while."""

    async def run() -> None:
        home = Home(inverters(), phases, last)
        try:
            await asyncio.sleep(3 * POLL_S)
            await scenario(home)
        finally:
            await home.stop()

    fly(run())


def three() -> Mapping[str, Inverter]:
    return {"a": Inverter(SMALL), "b": Inverter(LARGE), "c": Inverter(SMALL, latency_s=0.05)}


PHASES = st.sampled_from([{}, {"a": 1, "b": 2, "c": 3}, {"a": 1, "b": 1, "c": 2}])


@settings(max_examples=15)
@given(st.floats(0, POLL_S), st.sets(st.sampled_from("ab")), PHASES)
def test_a_loss_is_confirmed_within_an_interval_and_a_second(moment: float, unplugged: set[str], phases) -> None:
    """Wherever in the cycles it falls, however slow the wires, and whoever was unplugged before."""

    async def scenario(home: Home) -> None:
        for name in unplugged:
            home.inverters[name].answers = False
        await asyncio.sleep(60 + moment)
        assert home.grid().state is Grid.ON
        lost_at = asyncio.get_running_loop().time()
        for inverter in home.inverters.values():
            inverter.sees_power = False
        await asyncio.sleep(2 * POLL_S)
        since = home.states_since(lost_at)
        first = next(late for late, message in since if message.state is Grid.OFF)
        assert first <= POLL_S + 1 + len(unplugged) * SLOW_S
        assert {message.state for _, message in since} <= {Grid.ON, Grid.OFF}
        answering = {str(phases[name]) for name in "abc" if name in phases and name not in unplugged}
        for _, message in since:
            split = {str(phase) for phase, is_there in (message.phases or {}).items() if is_there is False}
            assert split in (set(), answering), "all phases go at once"

    lived(scenario, three, phases=phases)


def test_the_liar_is_named_and_makes_no_outage_not_even_after_a_restart() -> None:
    async def scenario(home: Home) -> None:
        home.inverters["a"].sees_power = False
        await asyncio.sleep(3 * POLL_S)
        assert (home.grid().state, home.grid().dissenters) == (Grid.ON, ("a",))
        assert home.codes == ["poller.witnesses_disagree"]
        assert home.grid().voltage_v == pytest.approx(239.9)
        for name in "bc":
            home.inverters[name].answers = False
        await asyncio.sleep(60)
        assert home.grid().state is Grid.UNKNOWN
        assert home.codes == []
        remembered.append(home.grid())

    async def after_restart(home: Home) -> None:
        await asyncio.sleep(60)
        assert home.grid().state is Grid.UNKNOWN
        home.inverters["b"].answers = True
        await asyncio.sleep(3 * POLL_S)
        assert home.grid().state is Grid.ON

    def alone_with_it() -> Mapping[str, Inverter]:
        inverters = three()
        inverters["a"].sees_power = inverters["b"].answers = inverters["c"].answers = False
        return inverters

    remembered: list[GridState] = []
    lived(scenario, three)
    lived(after_restart, alone_with_it, last=remembered[0])


def test_a_lost_phase_is_a_split_and_the_grid_goes_on() -> None:
    async def scenario(home: Home) -> None:
        before = home.grid().transition_id
        home.inverters["b"].sees_power = False
        await asyncio.sleep(2 * POLL_S)
        assert (home.grid().state, home.grid().transition_id) == (Grid.ON, before)
        assert home.grid().phases == {1: True, 2: False, 3: True}
        assert home.codes == ["poller.phases_lost"]
        home.inverters["b"].sees_power = True
        await asyncio.sleep(2 * POLL_S)
        assert home.grid().phases == {1: True, 2: True, 3: True}
        assert home.codes == []

    lived(scenario, three, phases={"a": 1, "b": 2, "c": 3})


def test_a_cut_that_takes_a_network_with_it_is_an_outage_and_one_that_takes_all_is_unknown() -> None:
    async def scenario(home: Home) -> None:
        for name, inverter in home.inverters.items():
            inverter.sees_power, inverter.answers = False, name == "a"
        await asyncio.sleep(60)
        assert home.grid().state is Grid.OFF
        home.inverters["a"].answers = False
        await asyncio.sleep(60)
        assert home.grid().state is Grid.UNKNOWN
        assert home.grid().last_known is Grid.OFF

    lived(scenario, three)


def test_a_slow_one_delays_nobody_and_the_sum_is_published_once_a_cycle() -> None:
    async def scenario(home: Home) -> None:
        home.inverters["b"].answers = False
        await asyncio.sleep(30)
        home.bus.said.clear()
        await asyncio.sleep(20 * POLL_S)
        assert len(home.bus.on(INVERTER_STATE, "a")) in (19, 20, 21)
        sums = home.bus.on(INVERTER_STATE, "all")
        assert len(sums) in (19, 20, 21)
        assert (sums[-1].silent, sums[-1].load_power_w) == (("b",), None)
        assert len(home.bus.on(GRID_STATE)) in (19, 20, 21), "one inverter speaks for all"
        home.inverters["b"].answers = True
        await asyncio.sleep(30)
        total = home.bus.on(INVERTER_STATE, "all")[-1]
        each = [home.bus.on(INVERTER_STATE, name)[-1] for name in "abc"]
        assert total.load_power_w == sum(one.load_power_w for one in each)
        assert total.silent == ()

    lived(scenario, three)

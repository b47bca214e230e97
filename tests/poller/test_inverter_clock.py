"""The inverter's own clock: when it is set, to what, and never by a clock here that is not set."""

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.poller.inverter_clock import behind, clock_of, clock_value, clock_write
from services.poller.registers import load_layout
from services.poller.setting_check import Present, Unit, Write
from shared.clock import Clock
from shared.conditions import Reason
from shared.conditions.clock import NOT_SET
from shared.messages import InverterControl, Mode
from shared.trusted_time import HostTime
from simulators.registers import K11_SETTINGS, Layout
from tests.poller.setting_home import START, UNIT, Home, home
from tests.support.flying_time import fly

KYIV = ZoneInfo("Europe/Kyiv")
K11, CLASSIC = load_layout("k11"), load_layout("classic")
ANJ_11KW = Unit(K11, 4, 0x8000)
NOON = datetime(2026, 11, 30, 12, 5, 7)  # noqa: DTZ001
IDENTITY = {**{at: word for at, word in UNIT.items() if at < 200}, 171: 0x8000, 184: 4}


def stands(late: timedelta, unit: Unit = ANJ_11KW, mode: Mode = Mode.MAINS, local: datetime = NOON) -> Present:
    return Present(unit, {}, mode, local - late, late)


@pytest.mark.parametrize(
    ("late", "local", "frames"),
    [
        pytest.param(timedelta(minutes=4), NOON, ((699, (12, 5, 7)),), id="the-time-alone"),
        pytest.param(timedelta(minutes=-90), NOON, ((699, (12, 5, 7)),), id="it-is-ahead"),
        pytest.param(timedelta(days=1), NOON, ((696, (2026, 11, 30)), (699, (12, 5, 7))), id="the-date-first"),
        pytest.param(
            timedelta(minutes=10),
            NOON.replace(hour=0),
            ((696, (2026, 11, 30)), (699, (0, 5, 7))),
            id="it-shows-yesterday",
        ),
    ],
)
def test_what_is_written(late, local, frames) -> None:
    write = clock_write("right", stands(late, local=local), local, trusted=True)
    assert isinstance(write, Write)
    assert (write.frames, write.value) == (frames, "right")
    assert write.before == round(late / timedelta(minutes=1))


@pytest.mark.parametrize(
    ("reason", "given_"),
    [
        pytest.param("control.already_set", {"late": timedelta(seconds=50)}, id="right-already"),
        pytest.param("clock.not_set", {"trusted": False}, id="the-clock-here-is-not-set"),
        pytest.param("control.wrong_mode", {"mode": Mode.FAULT}, id="a-fault"),
        pytest.param("control.wrong_mode", {"mode": Mode.UNKNOWN}, id="an-unknown-mode"),
        pytest.param("control.no_such_value", {"value": 4}, id="another-value"),
        pytest.param("control.not_proven", {"unit": Unit(K11, 3, 0x8000)}, id="another-protocol"),
        pytest.param("control.not_proven", {"unit": Unit(K11, 4, 0x8001)}, id="another-model"),
        pytest.param("control.not_proven", {"unit": Unit(CLASSIC, 2, 0x2300)}, id="only-a-generic-profile-writes-it"),
        pytest.param("control.no_clock", {"unit": Unit(CLASSIC, 1, 0x1E00)}, id="no-clock"),
        pytest.param("control.unit_unknown", {"unit": Unit(K11, 4, None)}, id="an-unknown-unit"),
        pytest.param("control.near_midnight", {"local": NOON.replace(hour=23, minute=59)}, id="just-before-midnight"),
        pytest.param("control.near_midnight", {"local": NOON.replace(hour=0, minute=1)}, id="just-after-midnight"),
    ],
)
def test_why_nothing_is_written(reason, given_) -> None:
    more = {
        "late": timedelta(minutes=4),
        "unit": ANJ_11KW,
        "mode": Mode.MAINS,
        "local": NOON,
        "value": "right",
    } | given_
    present = stands(more["late"], more["unit"], more["mode"], more["local"])
    refusal = clock_write(more["value"], present, more["local"], trusted=more.get("trusted", True))
    assert isinstance(refusal, Reason)
    assert refusal.code == reason


@given(st.integers(0, 3000), st.integers(0, 14), st.integers(0, 33), st.integers(0, 99))
def test_what_is_no_moment_is_no_clock(year: int, month: int, day: int, hour: int) -> None:
    date = {"clock_year": year, "clock_month": month, "clock_day": day, "clock_hour": hour}
    shown = clock_of({**date, "clock_minute": 30, "clock_second": 0})
    assert shown is None or (shown.year, shown.month, shown.day, shown.hour) == (year, month, day, hour)
    assert clock_of({**date}) is None


@pytest.mark.parametrize(
    ("shown", "value"),
    [
        (datetime(2026, 7, 1, 15, 0), "right"),  # noqa: DTZ001 - in summer time
        (datetime(2026, 7, 1, 14, 0), 60),  # noqa: DTZ001 - an inverter that knows no summer time
        (datetime(2026, 7, 1, 15, 1), "right"),  # noqa: DTZ001
        (datetime(2026, 7, 1, 15, 4), -4),  # noqa: DTZ001
        (datetime(2000, 1, 1), 13_937_220),  # noqa: DTZ001 - its battery was empty
        (None, None),
    ],
)
def test_how_far_it_is_behind(shown, value) -> None:
    assert clock_value(behind(shown, datetime(2026, 7, 1, 12, tzinfo=UTC), KYIV)) == value


# over a real wire, in flying time


def unit_with_clock() -> Mapping[int, int]:
    """Return an 11 kW unit whose clock goes right, but for what the simulator's store adds."""
    at = (START + timedelta(seconds=asyncio.get_running_loop().time())).astimezone(KYIV)
    clock = dict(enumerate((at.year, at.month, at.day, at.hour, at.minute, at.second), 696))
    return {**IDENTITY, **K11_SETTINGS, 201: 2, 338: 2300, 277: 520, **clock}


def unit_home(control: InverterControl = InverterControl.AUTOMATIC):
    return home(words=unit_with_clock, control=control, layout=Layout.K11)


async def late_by(one: Home, minutes: float) -> None:
    one.store.clock_runs = timedelta(minutes=-minutes)
    assert await one.look()


async def minutes_behind(one: Home) -> float:
    assert await one.look()
    assert one.writer.present
    assert one.writer.present.clock_behind is not None
    return one.writer.present.clock_behind / timedelta(minutes=1)


def test_it_is_set_by_itself_once_a_day() -> None:
    async def days() -> None:
        async with unit_home() as one:
            await late_by(one, 4)
            assert one.settings.settings["clock"].value == 4
            await asyncio.sleep(300)
            assert abs(await minutes_behind(one)) < 0.5
            assert one.store.written == [(699, one.store.written[0][1])]
            assert one.outcomes == [("confirmed", None)]
            assert one.settings.settings["clock"].value == "right"
            assert one.settings.settings["clock"].changed_by == "automatic"
            await late_by(one, 30)
            await asyncio.sleep(20 * 3600)
            assert len(one.store.written) == 1
            await one.look()
            await asyncio.sleep(5 * 3600)
            assert len(one.store.written) == 2

    fly(days())


@pytest.mark.parametrize("control", [InverterControl.OFF, InverterControl.SETTINGS])
def test_it_is_not_set_by_itself_where_that_is_off(control) -> None:
    async def hour() -> None:
        async with unit_home(control) as one:
            await late_by(one, 4)
            await asyncio.sleep(3600)
            one.ask("clock", "right")
            assert await one.idle()
            assert bool(one.store.written) is (control is InverterControl.SETTINGS)
            assert one.settings.settings["clock"].writable is (control is InverterControl.SETTINGS)

    fly(hour())


def test_where_the_inverter_does_not_take_the_time_it_is_left_alone() -> None:
    async def days() -> None:
        async with unit_home() as one:
            await late_by(one, 4)
            await one.link.fail("ignored_write", probability=1.0)
            await asyncio.sleep(600)
            assert one.outcomes == [("not_taken_over", "control.not_taken_over")]
            await asyncio.sleep(30 * 3600)
            await one.look()
            await asyncio.sleep(600)
            assert len(one.store.written) == 1

    fly(days())


class UnsetHost:
    """A host that was started without a network."""

    def read(self) -> HostTime:
        passed = asyncio.get_running_loop().time()
        return HostTime(START + timedelta(seconds=passed), "boot 2", 5 + passed, synchronised=False)


def test_what_became_of_it_is_not_known_by_a_clock_that_is_not_set() -> None:
    async def life() -> None:
        async with unit_home(InverterControl.SETTINGS) as one:
            await late_by(one, 4)
            one.on_write = lambda _address, _word: setattr(one.points, "left", 1)  # the process ends behind the write
            one.ask("clock", "right")
            assert not await one.idle()
            one.clock = Clock(UnsetHost())
            one.start()
            assert await one.look()
            assert await one.idle()
            assert one.outcomes == [("unknown", "clock.not_set")]
            assert one.settings.settings["clock"].reason == NOT_SET()
            assert one.settings.settings["clock"].value is None
            assert one.file.peek().pending is None

    fly(life())


@pytest.mark.parametrize("left", range(0, 12))
def test_a_kill_at_any_point_ends_in_a_known_state(left) -> None:
    async def life() -> None:
        async with unit_home(InverterControl.SETTINGS) as one:
            await late_by(one, 24 * 60 + 4)
            one.points.left = left
            one.ask("clock", "right")
            killed = not await one.idle()
            one.points.left = None
            if killed:
                one.start()
                assert await one.look()
                assert await one.idle()
            assert one.file.peek().pending is None
            is_right = abs(await minutes_behind(one)) < 0.5
            last = one.outcomes[-1][0] if one.outcomes else "not_written"
            assert is_right is (last == "confirmed")

    fly(life())

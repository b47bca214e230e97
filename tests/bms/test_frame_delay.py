"""How long a frame was under way, by the BMS's own count of seconds."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.bms.frame_delay import FrameDelay


def settled(first: float = 500.0) -> FrameDelay:
    delay = FrameDelay()
    for half in range(40):
        assert delay.of(half / 2, int(first + half / 2)) == 0
    return delay


@given(late=st.floats(min_value=3, max_value=200))
def test_every_frame_of_a_burst_was_measured_in_its_own_second(late: float) -> None:
    delay = settled()
    for second in range(20, 20 + int(late)):
        measured = 20 + late - delay.of(20 + late, 500 + second)
        assert measured == pytest.approx(second, abs=2.1)


@pytest.mark.parametrize("count", [None, 777], ids=["absent", "constant"])
def test_a_count_that_does_not_run_proves_nothing(count: int | None) -> None:
    delay = FrameDelay()
    assert {delay.of(second, count) for second in range(100)} == {0}


def test_a_clock_that_drifts_or_is_set_back_is_no_delay() -> None:
    delay = FrameDelay()
    assert {delay.of(10 * tick, int(9.995 * tick)) for tick in range(2000)} == {0}
    assert {delay.of(5 + tick / 2, 20_000 + tick // 2) for tick in range(100)} == {0}

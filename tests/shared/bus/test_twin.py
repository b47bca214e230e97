"""Of two processes with one client id exactly one leaves."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from shared.bus.twin import Sighting, is_alive, is_younger
from shared.messages import ProcessStamp

NOW = datetime(2026, 11, 23, 18, tzinfo=UTC)
PROCESS = st.builds(ProcessStamp, id=st.sampled_from("ab"), age_s=st.floats(0, 1e6))


@given(st.floats(0, 1e6), st.floats(0, 1e6), st.floats(0, 1), st.floats(0, 1))
def test_never_both_leave(one_s: float, other_s: float, late_s: float, later_s: float) -> None:
    """Each sees the age of the other as it was when that was published."""
    one, other = ProcessStamp(id="a", age_s=one_s), ProcessStamp(id="b", age_s=other_s)
    seen_one = one.model_copy(update={"age_s": one_s - late_s})
    seen_other = other.model_copy(update={"age_s": other_s - later_s})
    assert not (is_younger(one, seen_other) and is_younger(other, seen_one))


@given(PROCESS, PROCESS)
def test_one_of_two_leaves(one: ProcessStamp, other: ProcessStamp) -> None:
    if one.id != other.id:
        assert is_younger(one, other) != is_younger(other, one)


def test_only_news_of_the_same_process_proves_that_it_lives() -> None:
    def seen(process: str, second: float) -> Sighting:
        return Sighting(ProcessStamp(id=process, age_s=9), NOW + timedelta(seconds=second))

    assert not is_alive(seen("a", 0), None)
    assert not is_alive(seen("a", 0), seen("a", 0)), "a broker that was killed remembers it once more"
    assert not is_alive(seen("a", 1), seen("b", 0))
    assert is_alive(seen("a", 1), seen("a", 0))

"""Of two processes with one client id exactly one leaves."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from shared.bus.twin import UNDECIDED_AFTER, Sighting, is_alive, must_leave
from shared.messages import ProcessStamp

NOW = datetime(2026, 11, 23, 18, tzinfo=UTC)
PROCESS = st.builds(ProcessStamp, id=st.sampled_from("ab"), age_s=st.floats(0, 1e6))


@given(st.floats(0, 1e6), st.floats(0, 1e6), st.floats(0, 1), st.floats(0, 1))
def test_never_both_leave(one_s: float, other_s: float, late_s: float, later_s: float) -> None:
    """Each sees the age of the other as it was when that was published."""
    one, other = ProcessStamp(id="a", age_s=one_s), ProcessStamp(id="b", age_s=other_s)
    seen_one = one.model_copy(update={"age_s": one_s - late_s})
    seen_other = other.model_copy(update={"age_s": other_s - later_s})
    assert not (must_leave(one, seen_other, 1) and must_leave(other, seen_one, 1))


@given(PROCESS, PROCESS)
def test_one_of_two_leaves(one: ProcessStamp, other: ProcessStamp) -> None:
    if one.id != other.id:
        assert must_leave(one, other, 1) != must_leave(other, one, 1)


@given(st.sampled_from(["ab", "ba"]), st.floats(0, 10), st.floats(0, 1), st.floats(0, 1))
def test_somebody_leaves_however_close_they_are(ids: str, apart_s: float, late_s: float, later_s: float) -> None:
    """The published ages lag; so near the limit the younger may take itself for as old, and the older may not."""
    older, younger = ProcessStamp(id=ids[0], age_s=100 + apart_s), ProcessStamp(id=ids[1], age_s=100)
    seen_older = older.model_copy(update={"age_s": older.age_s - late_s})
    seen_younger = younger.model_copy(update={"age_s": younger.age_s - later_s})
    assert any(
        must_leave(younger, seen_older, sightings) or must_leave(older, seen_younger, sightings)
        for sightings in range(1, UNDECIDED_AFTER + 1)
    )


def test_only_news_of_the_same_process_proves_that_it_lives() -> None:
    def seen(process: str, second: float) -> Sighting:
        return Sighting(ProcessStamp(id=process, age_s=9), NOW + timedelta(seconds=second))

    assert not is_alive(seen("a", 0), None)
    assert not is_alive(seen("a", 0), seen("a", 0)), "a broker that was killed remembers it once more"
    assert not is_alive(seen("a", 1), seen("b", 0))
    assert is_alive(seen("a", 1), seen("a", 0))

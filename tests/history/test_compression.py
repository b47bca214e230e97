"""Decompressing returns exactly what was compressed."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.history.compression import compress, decompress

NAMES = ("load_power_w", "grid_voltage_v", "cell_voltages_v", "heating")
ROWS = st.lists(
    st.tuples(
        st.integers(-(2**40), 2**45),
        st.none() | st.integers(-(2**31), 2**32),
        st.none() | st.floats(allow_nan=False, allow_infinity=False),
        st.none() | st.text() | st.just("[3.312,null]"),
        st.none() | st.booleans(),
    ),
    min_size=1,
    max_size=50,
    unique_by=lambda row: row[0],
)


@given(ROWS)
def test_there_and_back(rows: list[tuple[Any, ...]]) -> None:
    rows.sort(key=lambda row: row[0])
    assert list(decompress(compress(NAMES, rows), NAMES)) == rows


@given(ROWS)
def test_only_what_is_asked_for_and_nothing_of_what_came_later(rows: list[tuple[Any, ...]]) -> None:
    rows.sort(key=lambda row: row[0])
    told = list(decompress(compress(NAMES, rows), ("heating", "new_column")))
    assert told == [(at, heating, None) for at, _, _, _, heating in rows]


def test_what_stays_the_same_costs_next_to_nothing() -> None:
    rows = [(10_000 * number, 700, 230.1, "[3.312,3.313]", False) for number in range(360)]
    assert len(compress(NAMES, rows)) < 150


@given(ROWS, st.data())
def test_a_damaged_hour_is_a_gap(rows: list[tuple[Any, ...]], data: st.DataObject) -> None:
    """A page, or the recorder at every start, would end with a zlib.error: SQLite has no checksums."""
    whole = compress(NAMES, sorted(rows))
    start = data.draw(st.integers(0, len(whole) - 1))
    for damaged in (
        whole[:start],
        bytes(len(whole)),
        whole[:start] + bytes((whole[start] ^ 0x55,)) + whole[start + 1 :],
    ):
        assert list(decompress(damaged, NAMES)) == []


@pytest.mark.parametrize("other", [None, 0, 2.5, "x"])
def test_an_hour_that_is_no_bytes_any_more_is_a_gap(other: Any) -> None:
    assert list(decompress(other, NAMES)) == []

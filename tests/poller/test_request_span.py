"""Longer, split and joined requests: tables for the cases that bit us, properties for what must never happen."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.poller.registers import COMMANDS, COMMON_UNITS, MAX_COUNT, Block
from services.poller.request_span import cuts, halves, joined, longer
from tests.poller.known_layouts import known_layout

PROTOCOLS = [0, 1, 2, 3, 4, 5, 6, 11]
K11 = known_layout(3)
CLOCK = range(696, 702)


def spans(blocks):
    return [(block.start, block.count) for block in blocks]


@pytest.mark.parametrize(
    ("start", "count", "taken", "units", "expected"),
    [
        pytest.param(300, 10, set(), (), (300, 10), id="as-long-as-needed"),
        pytest.param(300, 10, {10, 11}, (), (300, 12), id="longer-at-the-end"),
        pytest.param(420, 5, {5}, (), (419, 6), id="at-the-other-end-before-a-command"),
        pytest.param(702, 3, {3}, K11.units, (696, 9), id="the-clock-as-a-whole"),
        pytest.param(702, 3, {3, 9}, K11.units, None, id="the-clock-is-not-cut"),
        pytest.param(696, 9, {9}, K11.units, None, id="between-two-commands"),
        pytest.param(184, 1, {1, 2}, COMMON_UNITS, (172, 13), id="the-serial-number-is-not-cut"),
        pytest.param(0, 2, {2}, (), (0, 3), id="at-the-first-address"),
        pytest.param(0xFFFE, 2, {2}, (), (0xFFFD, 3), id="at-the-last-address"),
    ],
)
def test_longer(start, count, taken, units, expected) -> None:
    span = longer(start, count, taken, units)
    assert (span and (span.start, span.count)) == expected


@pytest.mark.parametrize(
    ("part", "needed", "units", "expected"),
    [
        pytest.param((200, 8), set(range(200, 208)), (), [(200, 4), (204, 4)], id="in-the-middle"),
        pytest.param((252, 30), {252, 253, 277, 278}, (), [(252, 15), (267, 15)], id="with-what-nobody-needs"),
        pytest.param((252, 30), {252, 253}, (), [(252, 15)], id="without-a-half-that-nobody-needs"),
        pytest.param((200, 2), {200, 201}, (), [(200, 1), (201, 1)], id="two"),
        pytest.param((200, 1), {200}, (), [], id="one"),
        pytest.param((696, 6), set(CLOCK), (CLOCK,), [], id="a-unit-is-never-split"),
        pytest.param((696, 9), set(range(696, 705)), (CLOCK,), [(696, 6), (702, 3)], id="behind-the-unit"),
    ],
)
def test_halves(part, needed, units, expected) -> None:
    assert spans(halves(Block(start=part[0], count=part[1]), needed, units)) == expected


def test_joined_as_long_as_long_requests_are_known_to_work() -> None:
    parts = [Block(start=start, count=count) for start, count in ((204, 2), (200, 4), (210, 5))]
    assert spans(joined(parts, 50)) == [(200, 6), (210, 5)]
    assert spans(joined(parts, 5)) == [(200, 4), (204, 2), (210, 5)]


wanted = st.sampled_from([(p, b) for p in PROTOCOLS for b in known_layout(p).blocks_for(p)])


@given(wanted, st.sets(st.integers(1, MAX_COUNT), max_size=60))
def test_a_longer_request_contains_what_is_wanted_and_cuts_nothing(case, taken) -> None:
    protocol, block = case
    units = known_layout(protocol).units
    span = longer(block.start, block.count, taken, units)
    if span is not None:
        assert span.count not in taken
        assert set(block.addresses) <= set(span.addresses)
        assert not cuts(span.addresses, units)
        assert not set(COMMANDS) & set(span.addresses)


@given(wanted)
def test_halving_keeps_every_needed_address_and_cuts_nothing(case) -> None:
    protocol, block = case
    layout = known_layout(protocol)
    waiting, leaves = [block], []
    while waiting:
        part = waiting.pop()
        narrower = halves(part, layout.needed, layout.units)
        assert len(narrower) <= 2
        assert all(not cuts(half.addresses, layout.units) for half in narrower)
        assert sum(half.count for half in narrower) <= part.count
        assert all(half.count < part.count for half in narrower)
        waiting += narrower
        leaves += [] if narrower else [part]
    read = {address for leaf in leaves for address in leaf.addresses}
    assert set(block.addresses) & layout.needed <= read
    assert len(leaves) == len({leaf.start for leaf in leaves})

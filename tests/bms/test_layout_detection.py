"""Which layout the cell frames of a battery have."""

import pytest

from services.bms.frame_layouts import Layout
from services.bms.framing import SIZE
from services.bms.layout_detection import Detection, detect, layout_of_version
from shared.conditions import bms
from simulators.jk.frames import Measurement, cell_frame

CELLS = (3.31, 3.32, 3.30, 3.31)


@pytest.mark.parametrize(
    ("software", "layout"),
    [
        ("11.284", Layout.JK02_32S),
        ("19.27", Layout.JK02_32S),
        ("10.07", Layout.JK02_24S),
        ("9.01M3", Layout.JK02_24S),
        ("3.3.0", None),
        ("", None),
        (None, None),
        ("v2", None),
    ],
)
def test_layout_layout_of_version(software, layout) -> None:
    assert layout_of_version(software) is layout


def test_the_content_wins_over_the_version_and_the_contradiction_is_reported() -> None:
    detection = detect(cell_frame("JK02_24S", Measurement(CELLS, 1, 50), 1), "15.38")
    assert detection.layout is Layout.JK02_24S
    assert detection.doubt
    assert detection.doubt.code == "bms.layout_contradicts_version"
    assert "should send the layout JK02_32S" in detection.doubt.text


def test_a_battery_with_a_dead_cell_is_read_by_its_version_and_reported() -> None:
    dead = cell_frame("JK02_32S", Measurement((3.3, 0.0, 3.3, 3.3), 1, 50), 1)
    detection = detect(dead, "15.38")
    assert detection.layout is Layout.JK02_32S
    assert detection.doubt
    assert detection.doubt.code == "bms.layout_by_version"
    assert detect(dead, "15.38", Layout.JK02_32S) == Detection(Layout.JK02_32S)
    assert detect(dead, None).layout is None


def test_without_proof_nothing_is_read() -> None:
    unproven = detect(bytes(SIZE), "15.38")
    assert unproven == Detection(None, bms.layout_unknown(software="15.38"))
    assert detect(bytes(SIZE), None).layout is None


@pytest.mark.parametrize(
    ("layout", "software", "alarms_at"), [(Layout.JK02_24S, "10.07", 136), (Layout.JK02_32S, "19.07", 166)]
)
def test_a_board_that_sees_no_cell_and_says_so_is_read_by_its_version(layout, software, alarms_at) -> None:
    data = bytearray(SIZE)
    data[alarms_at] = 1 << 2
    assert detect(bytes(data), software) == Detection(layout)
    assert detect(bytes(data), None).layout is None
    data[alarms_at] = 1 << 1
    assert detect(bytes(data), software).layout is None


def test_a_board_that_is_set_for_fewer_cells_than_it_has_is_read_by_its_version() -> None:
    """The mask follows the setting: 7 of 8 cells, software 11.17 (syssi/esphome-jk-bms#147)."""
    data = bytearray(cell_frame("JK02_32S", Measurement((3.3,) * 8, 1, 50, alarm_bits=1 << 2), 1))
    data[70] = 0x7F
    assert detect(bytes(data), "11.17") == Detection(Layout.JK02_32S)
    assert detect(bytes(data), None).layout is None
    data[166] = 0
    assert detect(bytes(data), "11.17").layout is None

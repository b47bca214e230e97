"""What may be changed is data: what no layout may say is not loaded, and the built-in ones say nothing of the kind."""

import pytest
import yaml

from services.poller.registers import COMMANDS, LAYOUTS, load_layout, read_layout
from services.poller.writable_settings import FORBIDDEN
from shared.conditions import render
from shared.conditions.inverter_settings import meaning
from shared.errors import ConfigError
from shared.texts.language import Language

NAMES = ["classic", "k11"]
SAFE_ADDRESSES = {301, 303, 331, 333, 341, 342, 601, 632, 641, 647, 648, 678}
RUNNING = "modes: [mains, off_grid], confidence: high, sources: [V21]"
BASE = """
title: One setting
protocols: [0, 1]
models: {0x1E00: Mine}
state:
  blocks: [{start: 201, count: 1}]
  registers: [{name: mode_code, address: 201, type: uint16, range: [0, 6]}]
info: {blocks: [], registers: []}
settings:
  blocks: [{start: 300, count: 55}]
  registers:
    - {name: buzzer_mode, address: %d, type: uint16, enum: {0: mute, 1: fault}}
    - {name: output_priority, address: 301, type: uint16, enum: {2: sbu, 3: suf}}
    - {name: max_mains_charging_current_a, address: 333, type: uint16, divide_by: 10, range: [0, 100]}
    - {name: warning_mask_bits, address: 335, type: uint32, range: [0, 9]}
writable:
  - {%s}
"""


def loads(folder, entry, address=303):
    path = folder / "mine.yaml"
    path.write_text(BASE % (address, entry), encoding="utf-8")
    return read_layout(path)


@pytest.mark.parametrize("name", NAMES)
def test_only_these_addresses_are_ever_written(name):
    layout = load_layout(name)
    registers = [layout.setting(one.name, protocol) for one in layout.writable for protocol in one.proven]
    addresses = {register.address for register in registers if register}
    assert addresses <= SAFE_ADDRESSES
    assert not addresses & (FORBIDDEN | {*COMMANDS})
    assert not {"suf", "zec"} & {value for one in layout.writable for value in one.values}


@pytest.mark.parametrize(
    "address",
    [
        *(300, 320, 321, 322, 323, 329, 343, 344, 352, 406, 420, 425, 459, 460, 461),
        *(600, 606, 607, 630, 631, 650, 656, 686, 691, 692, 694, 695, 705, 706, 707),
    ],
)
def test_what_is_forbidden_does_not_load(tmp_path, address):
    entry = "name: buzzer_mode, proven: {1: [0x1E00]}, values: [mute], " + RUNNING
    path = tmp_path / "mine.yaml"
    text = (BASE % (address, entry)).replace(
        "{start: 300, count: 55}", "{start: 300, count: 55}, {start: %d, count: 1}"
    )
    path.write_text(text % address, encoding="utf-8")
    with pytest.raises(ConfigError, match=f"buzzer_mode at {address} is never written"):
        read_layout(path)


@pytest.mark.parametrize(
    ("entry", "fault"),
    [
        ("name: buzzer_mode, proven: {1: [0x1E00]}, values: [mute], wear: 3, " + RUNNING, "there is no such setting"),
        ("name: output_priority, proven: {1: [0x1E00]}, values: [suf], " + RUNNING, "suf feeds the grid"),
        ("name: buzzer_mode, proven: {1: [0x7777]}, values: [mute], " + RUNNING, "models that the layout does not"),
        (
            "name: buzzer_mode, proven: {2: [0x1E00]}, values: [mute], " + RUNNING,
            "protocols that the layout",
        ),
        ("name: buzzer_mode, proven: {1: [0x1E00]}, values: [warning_fault], " + RUNNING, "values that its register"),
        ("name: buzzer_mode, proven: {1: [0x1E00]}, " + RUNNING, "one of values and range"),
        ("name: no_such, proven: {1: [0x1E00]}, values: [x], " + RUNNING, "no_such .* is not declared"),
        (
            "name: max_mains_charging_current_a, proven: {1: [0x1E00]}, range: [2, 200], " + RUNNING,
            "beyond the range of its register",
        ),
        (
            "name: max_mains_charging_current_a, proven: {1: [0x1E00]}, range: [2, 20], at_most: [nothing], " + RUNNING,
            "bounded by nothing",
        ),
        (
            "name: max_mains_charging_current_a, proven: {1: [0x1E00]}, range: [2, 20], modes: [unknown], "
            "confidence: high, sources: [V21]",
            "while the mode is unknown",
        ),
        (
            "name: max_mains_charging_current_a, proven: {1: [0x1E00]}, range: [2, 20], modes: [mains], "
            "confidence: low, sources: [V21]",
            "confidence",
        ),
    ],
)
def test_a_mistake_stops_the_start(tmp_path, entry, fault):
    with pytest.raises(ConfigError, match=fault):
        loads(tmp_path, entry)


def test_a_good_entry_loads(tmp_path):
    entry = "name: max_mains_charging_current_a, proven: {1: [0x1E00]}, range: [2, 80], " + RUNNING
    (one,) = loads(tmp_path, entry).writable
    assert one.is_proven_for(1, 0x1E00)
    assert not one.is_proven_for(0, 0x1E00)
    assert not one.is_proven_for(1, 0)
    assert not one.is_proven_for(1, None)


def test_the_same_number_means_another_thing_by_184():
    layout = load_layout("classic")
    by_protocol = {protocol: layout.setting("output_priority", protocol) for protocol in (1, 2)}
    assert {number: register.enum[3] for number, register in by_protocol.items() if register and register.enum} == {
        1: "sub",
        2: "suf",
    }
    assert [one.values for one in layout.writable if one.name == "output_priority" and 2 in one.proven] == [
        ("sub", "sbu")
    ]


@pytest.mark.parametrize("name", NAMES)
def test_every_value_says_what_will_happen(name):
    for one in load_layout(name).writable:
        for value in ("", *one.values):
            said = meaning(one.name, value)
            assert said
            texts = {render(said, language) for language in Language}
            assert len(texts) == 2, (one.name, value)


def test_the_layouts_are_plain_data():
    for path in LAYOUTS.glob("*.yaml"):
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
        assert all(set(one) >= {"name", "proven", "modes", "confidence", "sources"} for one in content["writable"])

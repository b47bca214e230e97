from pathlib import Path

import pytest
import yaml

from services.poller.registers import LAYOUTS, layout_for, load_layout, read_layout
from shared.errors import ConfigError
from shared.messages import Int32, InverterInfo, InverterState

NAMES = ["classic", "k11"]
PROTOCOLS = [(name, protocol) for name in NAMES for protocol in sorted(load_layout(name).protocols)]
MOST_PROVEN_WORDS = 60
WRITE_ONLY = {425, 426, 459, 460, 461, 656, 695, 705, 706}

GOOD = """
title: Two values
protocols: [0, 1]
state:
  blocks:
    - {start: 201, count: 3}
  registers:
    - {name: mode_code, address: 201, type: uint16, range: [0, 6]}
    - {name: total_w, address: 202, type: uint32, range: [0, 9]}
info: {blocks: [], registers: []}
settings: {blocks: [], registers: []}
"""


def layout_file(folder: Path, text: str) -> Path:
    path = folder / "mine.yaml"
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("protocol", "name"),
    [(0, "classic"), (1, "classic"), (2, "classic"), (11, "classic"), (3, "k11"), (4, "k11"), (5, "k11"), (6, "k11")],
)
def test_protocol_number_decides(protocol, name):
    layout = layout_for(protocol)
    assert layout is not None
    assert layout.name == name


@pytest.mark.parametrize("protocol", [7, 10, 12, 65535])
def test_unknown_protocol_number_has_no_layout(protocol):
    assert layout_for(protocol) is None


def test_unknown_layout_is_named():
    with pytest.raises(ConfigError, match=r"There is no register layout k12; there are classic, k11\."):
        load_layout("k12")


def test_no_two_layouts_claim_a_protocol_number():
    claimed = [protocol for path in LAYOUTS.glob("*.yaml") for protocol in load_layout(path.stem).protocols]
    assert len(claimed) == len(set(claimed))


@pytest.mark.parametrize("name", NAMES)
def test_names_are_fields_of_the_messages(name):
    layout = load_layout(name)
    assert {register.name for register in layout.state.registers} <= set(InverterState.model_fields)
    assert {r.reasons_name for r in layout.state.registers if r.bits} <= set(InverterState.model_fields)
    assert {register.name for register in layout.info.registers} <= set(InverterInfo.model_fields)
    assert not {register.name for register in layout.settings.registers} & set(InverterState.model_fields)


@pytest.mark.parametrize("name", NAMES)
def test_fields_without_fractions_get_none(name):
    for register in load_layout(name).state.registers:
        whole = InverterState.model_fields[register.name].annotation == Int32 | None
        assert whole == (register.divide_by == 1 and register.name != "battery_soc_percent"), register.name


@pytest.mark.parametrize("name", NAMES)
def test_every_enum_and_every_list_of_bits_is_used(name):
    layout = load_layout(name)
    registers = [register for group in layout.groups for register in group.registers]
    used = [register.enum or register.bits for register in registers]
    assert all(table in used for table in (*layout.enums.values(), *layout.bits.values()))


@pytest.mark.parametrize(("name", "protocol"), PROTOCOLS)
def test_requests_stay_within_what_real_units_answered(name, protocol):
    blocks = [block for group in load_layout(name).groups for block in group.blocks_for(protocol)]
    assert all(block.count <= MOST_PROVEN_WORDS for block in blocks)
    assert not WRITE_ONLY & {address for block in blocks for address in block.addresses}


@pytest.mark.parametrize(("name", "protocol"), PROTOCOLS)
def test_every_block_is_read_for_something(name, protocol):
    for group in load_layout(name).groups:
        for block in group.blocks_for(protocol):
            assert any(register.address in block.addresses for register in group.registers_for(protocol)), block


@pytest.mark.parametrize(
    ("protocol", "blocks"),
    [
        (1, [(100, 10), (201, 34)]),
        (11, [(100, 10), (201, 44), (443, 1)]),
        (2, [(100, 10), (201, 36), (434, 12)]),
        (3, [(100, 10), (198, 34), (252, 54), (338, 54), (696, 9)]),
        (5, [(100, 10), (198, 34), (252, 54), (338, 16), (696, 9)]),
    ],
)
def test_a_cycle_reads(protocol, blocks):
    layout = layout_for(protocol)
    assert layout
    assert [(block.start, block.count) for block in layout.state.blocks_for(protocol)] == blocks


def test_a_good_file_is_read(tmp_path):
    layout = read_layout(layout_file(tmp_path, GOOD))
    assert layout.name == "mine"
    assert [register.name for register in layout.registers_for(0)] == ["mode_code", "total_w"]


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        pytest.param(
            "range: [0, 6]",
            "rnage: [0, 6]",
            "mine.yaml: register mode_code, rnage: there is no such setting.",
            id="unknown-key",
        ),
        pytest.param("title:", "titel:", "mine.yaml: title: it is required.", id="missing-key"),
        pytest.param(
            "address: 202",
            "address: 201",
            "mine.yaml: register total_w overlaps mode_code at address 201.",
            id="overlap",
        ),
        pytest.param(
            "range: [0, 6]",
            "range: [0, 6], divide_by: 0",
            "mine.yaml: register mode_code, divide_by: it must be more than 0.",
            id="divided-by-zero",
        ),
        pytest.param(
            "range: [0, 6]",
            "range: [6, 0]",
            "mine.yaml: register mode_code: range is upside down: [6.0, 0.0].",
            id="range-upside-down",
        ),
        pytest.param(
            "start: 201, count: 3",
            "start: 202, count: 2",
            "mine.yaml: register mode_code lies outside every block of its group.",
            id="never-read",
        ),
        pytest.param(
            "- {start: 201, count: 3}",
            "- {start: 201, count: 3}\n    - {start: 203, count: 1}",
            "mine.yaml: register total_w is cut by block 203.",
            id="cut",
        ),
        pytest.param(
            "protocols: [0, 1]",
            "protocols: [0, 1]\nwhole: [{start: 200, count: 2}]",
            "mine.yaml: block 201 cuts 200 to 201, which are only valid as a whole.",
            id="begins-inside-a-unit",
        ),
        pytest.param(
            "protocols: [0, 1]",
            "protocols: [0, 1]\nwhole: [{start: 203, count: 6}]",
            "mine.yaml: block 201 cuts 203 to 208, which are only valid as a whole.",
            id="ends-inside-a-unit",
        ),
        pytest.param(
            "- {start: 201, count: 3}",
            "- {start: 201, count: 3}\n    - {start: 187, count: 2}",
            "mine.yaml: block 187 cuts 186 to 197, which are only valid as a whole.",
            id="inside-the-serial-number",
        ),
        pytest.param(
            "- {start: 201, count: 3}",
            "- {start: 201, count: 3, alive: [mode_cod]}",
            "mine.yaml: block 201 has no mode_cod that could show that the unit is alive.",
            id="misspelt-witness",
        ),
        pytest.param(
            "- {start: 201, count: 3}",
            "- {start: 201, count: 3}\n    - {start: 210, count: 3, alive: [mode_code]}",
            "mine.yaml: block 210 has no mode_code that could show that the unit is alive.",
            id="witness-of-another-block",
        ),
        pytest.param(
            "range: [0, 6]",
            "range: [0, 6], zero_from: -20",
            "mine.yaml: register mode_code: zero_from belongs to a signed type whose range begins at 0.",
            id="small-negatives-of-an-unsigned-value",
        ),
        pytest.param(
            "type: uint16, range: [0, 6]",
            "type: int16, range: [0, 6], zero_from: 20",
            "mine.yaml: register mode_code: zero_from must be negative.",
            id="zero-from-above",
        ),
        pytest.param(
            "count: 3",
            "count: 126",
            "mine.yaml: block 201, count: it must be at most 125.",
            id="block-too-long",
        ),
        pytest.param(
            "address: 201,",
            "address: 201, protocols: [7],",
            "mine.yaml: register mode_code names protocols that the layout does not have.",
            id="foreign-protocol",
        ),
        pytest.param(
            "total_w", "mode_code", "mine.yaml: register mode_code is declared twice for one protocol.", id="name-twice"
        ),
        pytest.param(
            "range: [0, 6]",
            "range: [0, 6], backup: nothing",
            "mine.yaml: register mode_code has a backup that does not exist: nothing.",
            id="no-such-backup",
        ),
        pytest.param(
            ", range: [0, 6]",
            "",
            "mine.yaml: register mode_code: needs one of range, enum and bits, and ascii none of them.",
            id="anything-goes",
        ),
        pytest.param(
            "type: uint32",
            "type: ascii",
            "mine.yaml: register total_w: count belongs to ascii, and ascii needs it.",
            id="text-of-no-length",
        ),
        pytest.param(
            "range: [0, 9]",
            "bits: {0: inverter.overload}",
            "mine.yaml: register total_w: has bits, so its name must end with _bits.",
            id="bits-without-a-name-for-reasons",
        ),
        pytest.param(
            "name: total_w, address: 202, type: uint32, range: [0, 9]",
            "name: total_bits, address: 202, type: uint32, bits: {3: inverter.overlaod}",
            "mine.yaml: register total_bits, bits, 3: inverter.overlaod is no condition without parameters",
            id="misspelt-condition",
        ),
        pytest.param(
            "name: total_w, address: 202, type: uint32, range: [0, 9]",
            "name: total_bits, address: 202, type: uint32, bits: {3: inverter.unknown_bit}",
            "mine.yaml: register total_bits, bits, 3: inverter.unknown_bit is no condition without parameters",
            id="condition-with-parameters",
        ),
        pytest.param(
            "protocols: [0, 1]",
            "protocols: [0, 1]\nbits: {faults: {0: on fire}}",
            "mine.yaml: bits, faults, 0: on fire is no condition without parameters",
            id="prose-instead-of-a-condition",
        ),
        pytest.param(
            "range: [0, 6]",
            "enum: {0: off}",
            "mine.yaml: register mode_code, enum, 0: a text is needed: put it in quotes.",
            id="off-without-quotes-is-a-boolean",
        ),
        pytest.param(
            "uint32", "float32", "mine.yaml: register total_w, type: possible values: uint16, int16,", id="unknown-type"
        ),
        pytest.param("[0, 6]", "*sixes", "mine.yaml: it is not valid YAML: found undefined alias", id="unknown-alias"),
        pytest.param(GOOD, "", "mine.yaml: it is not a register layout.", id="empty"),
    ],
)
def test_fault_is_one_plain_sentence(tmp_path, old, new, sentence):
    assert old in GOOD
    with pytest.raises(ConfigError) as caught:
        read_layout(layout_file(tmp_path, GOOD.replace(old, new, 1)))
    assert str(caught.value).startswith(sentence)
    assert "\n" not in str(caught.value)


def test_one_address_may_mean_different_things_on_different_protocols(tmp_path):
    other = GOOD.replace("type: uint32", "protocols: [0], type: uint32").replace(
        "info:", "    - {name: share_percent, address: 202, type: uint16, range: [0, 9], protocols: [1]}\ninfo:"
    )
    layout = read_layout(layout_file(tmp_path, other))
    assert [register.name for register in layout.registers_for(1)] == ["mode_code", "share_percent"]


@pytest.mark.parametrize("name", NAMES)
def test_yaml_has_no_key_twice(name):
    """PyYAML would silently keep the last one."""
    root = yaml.compose((LAYOUTS / f"{name}.yaml").read_text(encoding="utf-8"))
    waiting = [root]
    while waiting:
        node = waiting.pop()
        if isinstance(node, yaml.MappingNode):
            keys = [key.value for key, _ in node.value]
            assert len(keys) == len(set(keys)), node.start_mark
            waiting += [child for _, child in node.value]
        elif isinstance(node, yaml.SequenceNode):
            waiting += node.value

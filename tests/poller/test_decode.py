import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from services.poller.decode import all_zero, decode, reasons, to_info, to_state, value, warns_of_lost_grid
from services.poller.registers import Register, load_layout
from shared.conditions import inverter
from shared.messages import Mode
from tests.poller.known_layouts import known_layout
from tests.poller.register_dumps import (
    A_OFF_GRID_11K,
    C_GRID_GONE,
    DUMPS,
    E_MAINS_11K,
    G_MAINS_4K,
    H_GRID_GONE_11K,
    I_TRICKLE_24V,
)

AT = datetime(2026, 11, 23, 18, 2, 11, tzinfo=UTC)
FACTS = Path(__file__).parents[2].parent / "shared" / "reference" / "easun"
UNLIKE_FACTS = {352, 434, 437, 696, 699, 700}
"""One scale for two meanings, clocks in one piece, two halves as one number: ours take those apart."""
LEFT_OUT = {"classic": {200, 703, 729}, "k11": {202, 691, 692}}
"""Of unknown meaning or format, and, on k11, not valid for any protocol number."""

VOLTAGE = Register(name="grid_voltage_v", address=202, type="int16", divide_by=10, range=(0, 500))
POWER = Register(name="load_power_w", address=213, type="int16", range=(0, 30000))
OFFSET = Register(name="pv_power_w", address=223, type="int16", range=(0, 30000), zero_from=-20)
FLOW = Register(name="battery_power_w", address=217, type="int16", range=(-30000, 30000))
ENERGY = Register(name="pv_energy_total_kwh", address=703, type="uint32", divide_by=100, range=(0, 10_000_000))
CT = Register(name="external_ct_power_w", address=235, type="int32", range=(-100_000, 100_000))
CHOICE = Register(name="battery_type", address=322, type="uint16", enum={0: "agm", 4: "li2"})
BITS = Register(name="fault_bits", address=100, type="uint32", bits={0: "inverter.inverter_too_hot"})
TEXT = Register(name="serial_number", address=186, type="ascii", count=3)


@pytest.mark.parametrize(
    ("register", "words", "expected"),
    [
        pytest.param(VOLTAGE, {202: 2304}, 230.4, id="tenths-of-a-volt"),
        pytest.param(VOLTAGE, {202: 9999}, None, id="impossible-voltage-is-unknown"),
        pytest.param(VOLTAGE, {202: 5000}, 500, id="the-limit-belongs-to-the-range"),
        pytest.param(VOLTAGE, {203: 2304}, None, id="not-read-is-unknown"),
        pytest.param(POWER, {213: 399}, 399, id="whole-watts"),
        pytest.param(POWER, {213: 65532}, None, id="minus-4-W-of-load-is-unknown"),
        pytest.param(POWER, {213: 65535}, None, id="minus-1-W-of-load-is-unknown"),
        pytest.param(OFFSET, {223: 65535}, 0, id="minus-1-W-of-sun-is-none"),
        pytest.param(OFFSET, {223: 65516}, 0, id="minus-20-W-of-sun-is-none"),
        pytest.param(OFFSET, {223: 65515}, None, id="minus-21-W-of-sun-is-unknown"),
        pytest.param(OFFSET, {223: 1}, 1, id="1-W-of-sun"),
        pytest.param(FLOW, {217: 65026}, -510, id="discharging-is-negative"),
        pytest.param(ENERGY, {703: 1, 704: 0}, 655.36, id="high-word-first"),
        pytest.param(ENERGY, {703: 1}, None, id="half-a-value-is-unknown"),
        pytest.param(ENERGY, {703: 65535, 704: 65535}, None, id="all-ones-is-unknown"),
        pytest.param(CT, {235: 65535, 236: 65000}, -536, id="negative-in-two-words"),
        pytest.param(CHOICE, {322: 4}, "li2", id="a-choice-is-a-word"),
        pytest.param(CHOICE, {322: 5}, 5, id="an-unknown-choice-is-its-number"),
        pytest.param(BITS, {100: 32768, 101: 1}, 0x80000001, id="bits-in-two-words"),
        pytest.param(TEXT, {186: 0x4142, 187: 0x3100, 188: 0}, "AB1", id="text-padded-with-NUL"),
        pytest.param(TEXT, {186: 0x2041, 187: 0x4220, 188: 0x2020}, "AB", id="text-padded-with-blanks"),
        pytest.param(TEXT, {186: 0x5831, 187: 0x5858, 188: 0}, "X1XX", id="only-NUL-is-padding"),
        pytest.param(TEXT, {186: 0, 187: 0, 188: 0}, None, id="no-text-is-unknown"),
        pytest.param(TEXT, {186: 0x4100, 187: 0x4142, 188: 0}, None, id="NUL-amid-text-is-unknown"),
        pytest.param(TEXT, {186: 0xFFFF, 187: 0xFFFF, 188: 0xFFFF}, None, id="no-letters-is-unknown"),
    ],
)
def test_value(register, words, expected):
    assert value(register, words) == expected


@pytest.mark.parametrize(
    ("protocol", "name", "words", "expected"),
    [
        (0, "grid_voltage_v", {202: 2300}, 230.0),
        (0, "grid_power_w", {204: 64536}, -1000),
        (0, "inverter_power_w", {208: 65436}, -100),
        (0, "battery_voltage_v", {215: 137}, 13.7),
        (0, "bus_voltage_v", {218: 3823}, 382.3),
        (0, "load_power_w", {213: 65532}, 0),
        (0, "load_power_w", {213: 65436}, None),
        (0, "pv_power_w", {223: 65535}, 0),
        (0, "pv1_current_a", {220: 65535}, 0),
        (0, "grid_power_w", {204: 65535}, -1),
        (0, "load_percent", {225: 19}, 19),
        (0, "battery_soc_percent", {229: 101}, None),
        (0, "battery_current_a", {216: 193, 232: 188}, 18.8),
        (0, "battery_current_a", {216: 193, 232: 0}, 0.0),
        (0, "battery_current_a", {216: 193}, None),
        (0, "battery_current_average_a", {216: 193, 232: 188}, 19.3),
        (0, "pv_charging_current_a", {234: 27}, 2.7),
        (1, "rated_power_w", {643: 6200}, 6200),
        (1, "rated_power_w", {643: 0}, None),
        (1, "firmware", {626: 0x5631, 627: 0x2E32, **dict.fromkeys(range(628, 634), 0)}, "V1.2"),
        (1, "eq_time_min", {335: 60}, 60),
        (1, "max_charging_current_a", {332: 600}, 60.0),
        (1, "float_charging_voltage_v", {325: 540}, 54.0),
        (1, "warning_mask_bits", {314: 0xFFFF, 315: 0xEFFF}, 0xFFFFEFFF),
        (1, "output_priority", {301: 1}, "sol"),
        (2, "output_priority", {301: 1}, "sub"),
        (2, "pv_temperature_c", {228: 65531}, -5),
        (2, "external_ct_power_w", {235: 0, 236: 300}, 300),
        (2, "pv_grid_max_power_w", {344: 6200}, 6200),
        (11, "output2_cutoff_soc_percent", {344: 30}, 30),
        (2, "island_detection", {352: 1}, "on"),
        (11, "offgrid_output1_low_voltage_v", {352: 480}, 48.0),
        (11, "output2_power_w", {240: 700}, 700),
        (11, "pv_energy_today_kwh", {443: 1234}, 12.34),
        (2, "pv_energy_total_kwh", {444: 1, 445: 1}, 655.37),
        (2, "clock_year", {434: 2026}, 2026),
        (3, "grid_voltage_v", {338: 2399, 202: 0}, 239.9),
        (3, "grid_frequency_hz", {203: 5001, 607: 5000}, 50.01),
        (3, "load_power_w", {348: 65535}, 0),
        (3, "pv2_power_w", {391: 65516}, 0),
        (3, "pv2_power_w", {391: 65515}, None),
        (3, "pv2_power_w", {391: 1500}, 1500),
        (3, "pv_energy_total_kwh", {703: 1, 704: 1}, 655.37),
        (3, "mains_mode_battery_recovery_voltage_v", {643: 540}, 54.0),
        (3, "secondary_charging_start_hhmm", {634: 14}, 14),
        (3, "secondary_charging_start_hhmm", {634: 2400}, None),
        (4, "total_load_power_w", {254: 2586}, 2586),
        (4, "output2_voltage_v", {384: 2301}, 230.1),
        (4, "ground_relay", {707: 1}, "on"),
        (5, "lithium_activation_min", {709: 30}, 30),
    ],
)
def test_value_by_its_name(protocol, name, words, expected):
    assert decode(known_layout(protocol), protocol, words)[name] == expected


@pytest.mark.parametrize(
    ("protocol", "name"),
    [
        (1, "output2_power_w"),
        (1, "pv_temperature_c"),
        (11, "pv_grid_max_power_w"),
        (3, "total_load_power_w"),
        (5, "pv_power_w"),
    ],
)
def test_what_a_protocol_lacks_is_not_there(protocol, name):
    assert name not in decode(known_layout(protocol), protocol, dict.fromkeys(range(900), 1))


@pytest.mark.parametrize("dump", DUMPS, ids=lambda dump: dump.about)
def test_dump(dump):
    decoded = decode(load_layout(dump.layout), dump.protocol, dump.words)
    assert {name: known for name, known in decoded.items() if known is not None} == dump.known


@pytest.mark.parametrize(
    ("dump", "mode"),
    [
        (A_OFF_GRID_11K, Mode.OFF_GRID),
        (C_GRID_GONE, Mode.OFF_GRID),
        (E_MAINS_11K, Mode.MAINS),
        (G_MAINS_4K, Mode.MAINS),
        (H_GRID_GONE_11K, Mode.OFF_GRID),
        (I_TRICKLE_24V, Mode.MAINS),
    ],
)
def test_state_of_a_dump(dump, mode):
    state = to_state(decode(load_layout(dump.layout), dump.protocol, dump.words), AT)
    published = {name: value for name, value in state if name not in ("at", "v", "mode") and value is not None}
    assert state.mode is mode
    assert published == {name: known for name, known in dump.known.items() if name in type(state).model_fields}


@pytest.mark.parametrize(
    ("mode_code", "watts", "grid_w"),
    [
        pytest.param(2, (0, 800, 0, 0), None, id="no-sensor"),
        pytest.param(4, (0, 800, 0, 0), None, id="no-sensor-in-bypass"),
        pytest.param(2, (0, 800, 300, 400), None, id="while-it-charges"),
        pytest.param(2, (812, 800, 0, 0), 812, id="measured"),
        pytest.param(2, (-500, 800, 1300, 0), -500, id="feeding-in"),
        pytest.param(2, (0, 140, 0, 0), 0, id="a-load-too-small-to-prove-it"),
        pytest.param(2, (0, 3000, 2750, 0), 0, id="the-sun-is-measured-a-little-wrong"),
        pytest.param(2, (0, 800, 0, -850), 0, id="the-battery-feeds-it"),
        pytest.param(3, (0, 800, 0, 0), 0, id="not-from-the-grid"),
    ],
)
def test_a_grid_that_feeds_the_home_with_0_w_is_unknown(mode_code, watts, grid_w):
    words = {201: mode_code} | dict(zip((340, 348, 302, 279), (watt & 0xFFFF for watt in watts), strict=True))
    assert to_state(decode(load_layout("k11"), 3, words), AT).grid_power_w == grid_w


@pytest.mark.parametrize(
    ("protocol", "warnings", "charge", "expected"),
    [
        (1, 1 << 9, {229: 0}, None),
        (3, 1 << 9 | 1 << 6, {280: 0}, None),
        (1, 1 << 8, {229: 0}, 0),
        (1, 1 << 9, {229: 64}, 64),
        (4, 1 << 22 | 1 << 9 | 1 << 6, {277: 2, 278: 0xFFF9, 280: 5}, None),
        (4, 1 << 22 | 1 << 6, {277: 2, 280: 5}, None),
        # a bench unit in bypass, without battery and sun (svitgrid/home-assistant-svitgrid@4170f0d)
        (11, 0, {201: 4, 202: 2284, 203: 4999, 210: 2298, 215: 0, 229: 5}, None),
        (11, 0, {215: 255, 229: 5}, 5),
        (11, 0, {229: 5}, 5),
        (4, 1 << 9, {277: 539, 280: 100}, 100),
        (1, 1 << 9, {215: 49, 229: 90}, None),
        (1, 1 << 9, {215: 50, 229: 90}, 90),
    ],
)
def test_no_battery_is_not_one_that_is_empty(protocol, warnings, charge, expected):
    layout = known_layout(protocol)
    words = {104: warnings >> 16, 105: warnings & 0xFFFF, 108: 0, 109: 0, **charge}
    assert to_state(decode(layout, protocol, words), AT).battery_soc_percent == expected


def test_the_batterys_sign_is_turned_before_the_balance_is_drawn():
    words = {201: 2, 340: 0, 348: 800, 302: 0, 279: 850}
    assert to_state(decode(load_layout("k11"), 3, words), AT, inverted_battery=True).grid_power_w == 0


def test_info_of_a_dump():
    layout = load_layout("k11")
    info = to_info(decode(layout, 3, A_OFF_GRID_11K.words), AT, layout)
    assert (info.model, info.layout, info.protocol_number) == ("SMG II, 8–11 kW", "k11", 3)
    assert info.serial_number == "00000000000000"
    assert info.settings["battery_type"] == "li2"
    assert info.settings["max_charging_current_a"] == 80
    assert info.settings["warning_mask_bits"] is None
    assert len(info.settings) == len(layout.settings.registers_for(3))


def test_model_comes_from_the_device_type():
    layout = load_layout("k11")
    assert to_info(decode(layout, 4, E_MAINS_11K.words), AT, layout).model == "ANJ-11KW dual output"


@pytest.mark.parametrize(
    ("code", "mode"),
    [
        (0, Mode.POWER_ON),
        (1, Mode.STANDBY),
        (2, Mode.MAINS),
        (3, Mode.OFF_GRID),
        (4, Mode.BYPASS),
        (5, Mode.CHARGING),
        (6, Mode.FAULT),
        (7, Mode.UNKNOWN),
        (65535, Mode.UNKNOWN),
    ],
)
def test_mode(code, mode):
    state = to_state(decode(load_layout("classic"), 1, {201: code}), AT)
    assert (state.mode, state.mode_code) == (mode, code)


def test_a_unit_that_shows_charging_as_negative_is_inverted():
    words = {201: 3, 215: 520, 216: 64536, 217: 5200, 232: 64537}
    decoded = decode(load_layout("classic"), 1, words)
    plain, inverted = to_state(decoded, AT), to_state(decoded, AT, inverted_battery=True)
    flow = [(one.battery_power_w, one.battery_current_a, one.battery_voltage_v) for one in (plain, inverted)]
    assert flow == [(5200, -99.9, 52.0), (-5200, 99.9, 52.0)]
    assert to_state({}, AT, inverted_battery=True).battery_power_w is None


def test_nothing_read_is_nothing_known():
    state = to_state(decode(load_layout("classic"), 1, {}), AT)
    assert state.model_dump(exclude={"at", "v"}, exclude_none=True) == {"mode": Mode.UNKNOWN}


@pytest.mark.parametrize(
    ("protocol", "bit", "code", "text"),
    [
        pytest.param(1, 0, "inverter.inverter_too_hot", "inverter too hot", id="code-1-at-bit-0"),
        pytest.param(1, 4, "inverter.output_short_circuit", "output short circuit", id="code-5-at-bit-4"),
        pytest.param(2, 4, "inverter.unknown_bit", "unknown bit 4", id="reserved"),
        pytest.param(2, 5, "inverter.output_short_circuit", "output short circuit", id="another-order"),
        pytest.param(
            3, 29, "inverter.output2_current_sensor_offset", "output 2 current sensor offset", id="more-than-classic"
        ),
        pytest.param(3, 30, "inverter.unknown_bit", "unknown bit 30", id="unknown"),
    ],
)
def test_faults(protocol, bit, code, text):
    high, low = divmod(1 << bit, 65536)
    decoded = decode(known_layout(protocol), protocol, {100: high, 101: low})
    assert decoded["fault_bits"] == 1 << bit
    faults = decoded["faults"]
    assert isinstance(faults, tuple)
    assert [(fault.code, fault.text) for fault in faults] == [(code, text)]


@pytest.mark.parametrize(
    ("words", "bits", "warnings"),
    [
        pytest.param(
            {104: 0, 105: 65}, 65, (inverter.MAINS_LOST(), inverter.PV_VOLTAGE_TOO_LOW()), id="grid-gone-at-night"
        ),
        pytest.param({104: 0, 105: 1, 108: 0, 109: 64}, 1, (inverter.MAINS_LOST(),), id="unmasked-goes-first"),
        pytest.param({108: 0, 109: 1}, 1, (inverter.MAINS_LOST(),), id="unmasked-not-read"),
        pytest.param({104: 0, 105: 0, 108: 0, 109: 1}, 1, (inverter.MAINS_LOST(),), id="unit-that-fills-108-only"),
        pytest.param({104: 0, 105: 0}, 0, (), id="masked-not-read"),
        pytest.param({104: 0, 105: 0, 108: 0, 109: 0}, 0, (), id="none"),
        pytest.param({104: 0}, None, None, id="unknown"),
    ],
)
def test_warnings(words, bits, warnings):
    decoded = decode(load_layout("classic"), 1, words)
    assert (decoded["warning_bits"], decoded["warnings"]) == (bits, warnings)


@pytest.mark.parametrize(
    ("number", "expected"),
    [
        (None, None),
        (0, ()),
        (5, (inverter.OVERLOAD(), inverter.unknown_bit(bit=2))),
        (1 << 31, (inverter.unknown_bit(bit=31),)),
    ],
)
def test_reasons(number, expected):
    assert reasons({0: "inverter.overload", 1: "inverter.too_hot"}, number) == expected


@pytest.mark.parametrize("protocol", [0, 1, 2, 3, 4, 5, 6, 11])
def test_the_warning_of_a_lost_grid_is_bit_0(protocol):
    for warning, expected in ((0, False), (1, True), (2, False), (0x41, True)):
        assert warns_of_lost_grid(decode(known_layout(protocol), protocol, {104: 0, 105: warning})) is expected
    assert not warns_of_lost_grid(decode(known_layout(protocol), protocol, {}))


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        pytest.param(dict.fromkeys(range(201, 235), 0), True, id="gateway-without-inverter"),
        pytest.param({**dict.fromkeys(range(201, 235), 0), 231: 1}, False, id="one-sign-of-life"),
        pytest.param(C_GRID_GONE.words, False, id="an-outage-is-not-silence"),
    ],
)
def test_all_zero(words, expected):
    assert all_zero(words) is expected


def wanted(layout, protocol):
    return sorted({address for register in layout.registers_for(protocol) for address in register.addresses})


@st.composite
def anything(draw):
    """Any words at any of the addresses that some protocol number knows."""
    protocol = draw(st.sampled_from([0, 1, 2, 3, 4, 5, 6, 11]))
    layout = known_layout(protocol)
    word = st.sampled_from([0, 1, 2, 0x4141, 0x7FFF, 0x8000, 0xFFFC, 0xFFFF]) | st.integers(0, 65535)
    return layout, protocol, draw(st.dictionaries(st.sampled_from(wanted(layout, protocol)), word, max_size=200))


@given(anything())
def test_no_words_ever_raise(case):
    layout, protocol, words = case
    decoded = decode(layout, protocol, words)
    to_state(decoded, AT).model_dump_json()
    to_info(decoded, AT, layout).model_dump_json()
    all_zero(words)


@given(st.sampled_from([0, 1, 2, 3, 4, 5, 6, 11]), st.integers(0, 65535), st.randoms(use_true_random=False))
def test_a_whole_map_of_any_words_never_raises(protocol, seed, random):
    layout = known_layout(protocol)
    words = {address: random.choice([seed, random.randrange(65536)]) for address in wanted(layout, protocol)}
    decoded = decode(layout, protocol, words)
    assert to_state(decoded, AT).at == to_info(decoded, AT, layout).at == AT


@given(anything())
def test_values_stay_within_their_range(case):
    layout, protocol, words = case
    for register in layout.registers_for(protocol):
        known = value(register, words)
        if register.range is not None and known is not None:
            assert register.range[0] <= known <= register.range[1]


@given(anything(), st.randoms(use_true_random=False))
def test_order_of_words_does_not_matter(case, random):
    layout, protocol, words = case
    pairs = list(words.items())
    random.shuffle(pairs)
    assert decode(layout, protocol, dict(pairs)) == decode(layout, protocol, words)


@given(anything(), st.data())
def test_half_a_value_is_unknown(case, data):
    layout, protocol, words = case
    register = data.draw(st.sampled_from([r for r in layout.registers_for(protocol) if r.words > 1]))
    whole = words | dict.fromkeys(register.addresses, 0x4141)
    lost = data.draw(st.sampled_from(register.addresses))
    assert value(register, {address: word for address, word in whole.items() if address != lost}) is None


needs_facts = pytest.mark.skipif(not FACTS.is_dir(), reason="the collected facts are not part of the repository")


@needs_facts
@pytest.mark.parametrize("protocol", [0, 1, 2, 3, 4, 5, 6, 11])
def test_every_collected_register(protocol):
    layout = known_layout(protocol)
    ours = {register.address: register for register in layout.registers_for(protocol)}
    for fact in theirs(layout.name):
        if protocol not in fact.get("protocols", [protocol]) or "R" not in fact["rw"] or fact["addr"] in UNLIKE_FACTS:
            continue
        register = ours.get(fact["addr"])
        if register is None:
            assert fact["addr"] in LEFT_OUT[layout.name] or "invalid" in fact.get("note", ""), fact
        else:
            assert (register.type, 1 / register.divide_by) == (fact["type"], fact["scale"]), register


@needs_facts
def test_every_collected_dump():
    """The facts name things their own way, so the address tells which of our values is meant."""
    dumps = json.loads((FACTS / "dumps.json").read_text(encoding="utf-8"))["dumps"]
    compared = [compare(dump) for dump in dumps]
    assert len(compared) >= 4
    assert all(count > 10 for count in compared)


def theirs(layout):
    return yaml.safe_load((FACTS / "registers.yaml").read_text(encoding="utf-8"))["layouts"][layout]["registers"]


def compare(dump):
    layout, protocol = load_layout(dump["layout"]), dump["protocol_number"]
    address_of = {register["key"]: (register["addr"], register["words"]) for register in theirs(layout.name)}
    ours = {(register.address, register.words): register for register in layout.registers_for(protocol)}
    words = {int(address): word for address, word in dump["registers_raw_u16"].items()}
    count = 0
    for key, fact in dump["decoded"].items():
        register = ours.get(address_of[key])
        if register is not None:
            expected = (register.enum or {}).get(fact["value"], fact["value"])
            assert value(register, words) == expected, (dump["id"], key)
            count += 1
    return count

"""What Home Assistant shows of each kind of device: one table of entities per kind. Pure data.

An entity is named after its field; unit, device class and digits follow from the unit in that name. Home Assistant's
rules: https://www.home-assistant.io/integrations/mqtt, sensor/const.py and binary_sensor/const.py of its core.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from itertools import chain, repeat
from typing import Any

from shared.conditions import CONDITIONS, Quiet
from shared.conditions.inverter import MAINS_LOST
from shared.messages import Balancing, ChargeAheadPhase, Expectation, Mode, PackHealth, Verdict

MEASUREMENT, INCREASING = "measurement", "total_increasing"
DIAGNOSTIC = "diagnostic"

UNITS: Mapping[str, tuple[str, str | None, int]] = {
    "w": ("W", "power", 0),
    "va": ("VA", "apparent_power", 0),
    "v": ("V", "voltage", 1),
    "a": ("A", "current", 1),
    "hz": ("Hz", "frequency", 2),
    "c": ("°C", "temperature", 0),
    "kwh": ("kWh", "energy", 2),
    "percent": ("%", None, 0),
    "ah": ("Ah", None, 1),
    "dbm": ("dBm", "signal_strength", 0),
}
"""By the unit in a field's name: Home Assistant's unit, its device class, and the number of digits shown."""


@dataclass(frozen=True)
class Entity:
    """An entity of Home Assistant, of a field of the device's state.

    value is a Jinja expression, by default the field; it may be null, which is shown as unknown. fields are those that
    must have been known once for it to be offered, by default the one it is named after. number is that of a cell or
    sensor, and goes into its name. attributes are the inside of a Jinja dictionary. meaning is the key of the text that
    says what a value means, with {} for the value: Home Assistant does not translate them. more is what else its schema
    of the platform knows.
    """

    key: str
    platform: str = "sensor"
    value: str = ""
    fields: tuple[str, ...] | None = None
    text: str = ""
    number: int | None = None
    state_class: str | None = MEASUREMENT
    hidden: bool = False
    diagnostic: bool = False
    attributes: str = ""
    meaning: str = ""
    more: Mapping[str, Any] = field(default_factory=dict)

    @property
    def expression(self) -> str:
        """The Jinja expression of its value."""
        return self.value or f"value_json.{self.key}"

    @property
    def template(self) -> str:
        """The template of its value."""
        return "{{ " + self.expression + " }}"

    @property
    def needs(self) -> tuple[str, ...]:
        """The fields that must have been known once."""
        return (self.key,) if self.fields is None else self.fields


def _choice(key: str, options: Any, *, meaning: str = "", **more: Any) -> Entity:
    listed: dict[str, Any] = {"device_class": "enum", "options": [one.value for one in options]}
    return Entity(key, state_class=None, meaning=meaning or f"ha.{key}_{{}}", more=listed, **more)


def _moment(key: str, value: str = "", *, diagnostic: bool = False, **more: Any) -> Entity:
    return Entity(key, value=value, state_class=None, diagnostic=diagnostic, more={"device_class": "timestamp"}, **more)


def _yes_no(key: str, value: str = "", *, more: Mapping[str, Any] | None = None, **rest: Any) -> Entity:
    known = value or f"value_json.{key}"
    answer = f"none if {known} is none else 'ON' if {known} else 'OFF'"
    return Entity(key, "binary_sensor", answer, more=more or {}, **rest)


def _quiet(*when: Quiet) -> list[str]:
    return sorted(code for code, one in CONDITIONS.items() if one.quiet in when)


def _reasons(key: str, *fields: str) -> Entity:
    """Return a problem with its sentences, in English, as they are published.

    What the bot does not report is no problem here either: a full battery, dusk, in an outage the loss of mains.
    """
    lists = "(" + " + ".join(f"(value_json.{one} or [])" for one in fields) + ")"
    known = " and ".join(f"value_json.{one} is none" for one in fields)
    is_lost = f"{lists} | selectattr('code', 'eq', '{MAINS_LOST.code}') | list"
    quiet = f"{_quiet(Quiet.HARMLESS, Quiet.DUSK)} + ({_quiet(Quiet.OUTAGE)} if {is_lost} else [])"
    return Entity(
        key,
        "binary_sensor",
        f"none if {known} else 'ON' if {lists} | rejectattr('code', 'in', {quiet}) | list else 'OFF'",
        fields=(),
        diagnostic=True,
        attributes=f"'reasons': {lists} | map(attribute='text') | list",
        more={"device_class": "problem"},
    )


def _directions(field_name: str, into: str, out_of: str) -> tuple[Entity, Entity]:
    """Return two positive powers for one with a sign, as the energy dashboard needs them."""
    signed = f"value_json.{field_name}"
    return tuple(  # type: ignore[return-value]
        Entity(key, value=f"none if {signed} is none else [0, {sign}{signed}] | max", fields=(field_name,))
        for key, sign in ((into, ""), (out_of, "-"))
    )


_LOAD = "value_json.load_power_w if value_json.total_load_power_w is none else value_json.total_load_power_w"

INVERTER = (
    _choice("mode", Mode, meaning="mode.{}", fields=()),
    _reasons("problem", "faults", "warnings"),
    Entity("pv_power_w"),
    Entity("load_power_w", value=_LOAD),
    Entity("grid_power_w"),
    *_directions("battery_power_w", "battery_charging_w", "battery_discharging_w"),
    Entity("battery_soc_percent", more={"device_class": "battery"}),
    Entity("load_percent"),
    Entity("load_apparent_power_va"),
    Entity("grid_voltage_v"),
    Entity("grid_frequency_hz"),
    Entity("output_voltage_v"),
    Entity("output_current_a"),
    Entity("output_frequency_hz", diagnostic=True),
    Entity("output2_power_w"),
    Entity("output2_voltage_v"),
    Entity("battery_voltage_v"),
    Entity("battery_current_a"),
    *(
        Entity(f"pv{number}_{name}", diagnostic=True)
        for number in (1, 2)
        for name in ("power_w", "voltage_v", "current_a")
    ),
    # counters of the inverter: it may restart them, or report zero once, which would spoil the energy dashboard
    Entity("pv_energy_today_kwh", state_class=None, diagnostic=True, hidden=True),
    Entity("pv_energy_total_kwh", state_class=None, diagnostic=True, hidden=True),
    Entity("bus_voltage_v", diagnostic=True, hidden=True),
    Entity("inverter_temperature_c", text="temperature", diagnostic=True),
    Entity("dcdc_temperature_c", diagnostic=True),
    Entity("pv_temperature_c", diagnostic=True),
    _moment("measured", "value_json.at", fields=(), diagnostic=True, hidden=True),
)

BATTERY = (
    Entity("soc_percent", more={"device_class": "battery"}),
    Entity("voltage_v", more={"suggested_display_precision": 2}),
    Entity("current_a"),
    *_directions("power_w", "charging_w", "discharging_w"),
    Entity(
        "stored_kwh",
        value="none if value_json.remaining_ah is none or value_json.voltage_v is none "
        "else (value_json.remaining_ah * value_json.voltage_v / 1000) | round(3)",
        fields=("remaining_ah", "voltage_v"),
        more={"device_class": "energy_storage"},
    ),
    Entity("remaining_ah"),
    Entity("full_ah", diagnostic=True),
    Entity("soh_percent", diagnostic=True),
    Entity("cycles", state_class=MEASUREMENT, diagnostic=True),
    _choice("health", PackHealth, meaning="battery.health_{}", fields=()),
    _reasons("alarm", "alarms"),
    Entity("cell_min_v", more={"suggested_display_precision": 3}),
    Entity("cell_max_v", more={"suggested_display_precision": 3}),
    Entity("cell_delta_v", more={"suggested_display_precision": 3}),
    Entity("mosfet_temperature_c"),
    _choice("balancing", Balancing, diagnostic=True),
    Entity("balance_current_a", diagnostic=True),
    _yes_no("charging_mosfet", diagnostic=True),
    _yes_no("discharging_mosfet", diagnostic=True),
    Entity("rssi_dbm", diagnostic=True, hidden=True),
    _moment("measured", "value_json.at", fields=(), diagnostic=True, hidden=True),
)


NEVER_YET = ("never_yet",)
"""A field that no device has reported so far: its entity is offered only if it was before."""


MOST = 32
"""As many cells or sensors as a battery may list."""


@cache
def _numbered(key: str, list_name: str, known: tuple[bool, ...], digits: int) -> tuple[Entity, ...]:
    """Return an entity for each value that a battery lists, or has listed once; {} in the key is its number."""
    return tuple(
        Entity(
            key.format(number),
            value=f"(value_json.{list_name} or [])[{number - 1}] | default(none)",
            fields=() if is_known else NEVER_YET,
            text=key.replace("_{}", ""),
            number=number,
            diagnostic=True,
            more={"suggested_display_precision": digits},
        )
        for number, is_known in zip(range(1, MOST + 1), chain(known, repeat(False)), strict=False)
    )


def cells(values: Sequence[float | None]) -> tuple[Entity, ...]:
    """Return an entity for each cell of a battery."""
    return _numbered("cell_{}_v", "cell_voltages_v", tuple(value is not None for value in values), 3)


def temperatures(values: Sequence[float | None]) -> tuple[Entity, ...]:
    """Return an entity for each temperature sensor of a battery."""
    return _numbered("temperature_{}_c", "temperatures_c", tuple(value is not None for value in values), 0)


GRID = (
    Entity(
        "power",
        "binary_sensor",
        "{'on': 'ON', 'off': 'OFF'}.get(value_json.state)",
        fields=(),
        more={"device_class": "power"},
    ),
    Entity("grid_voltage_v", value="value_json.voltage_v", fields=("voltage_v",), text="voltage_v"),
    Entity("grid_frequency_hz", value="value_json.frequency_hz", fields=("frequency_hz",), text="frequency_hz"),
    _moment("since", fields=()),
)
GRID_EVENTS = (
    Entity(
        "change",
        "event",
        "{'event_type': value_json.change} | to_json",
        more={"event_types": ["went", "came"]},
    ),
)
GRID_TRIGGERS: Mapping[str, str] = {"power_went": "went", "power_came": "came"}
"""Device triggers for automations made in the user interface: their type, and the change that fires it."""

ENERGY = tuple(
    Entity(key, state_class=INCREASING)
    for key in ("pv_kwh", "load_kwh", "grid_in_kwh", "grid_out_kwh", "battery_in_kwh", "battery_out_kwh")
)

NEXT_OUTAGE = (
    _choice("expected", Expectation, fields=()),
    _moment("next_start", "value_json.start", fields=()),
    _moment("next_end", "value_json.end", fields=()),
)
WINDOWS = (
    Entity(
        "windows",
        value="value_json.windows | count",
        fields=(),
        state_class=None,
        attributes="'windows': value_json.windows, 'days': value_json.days, 'queue': value_json.queue, "
        "'region': value_json.region, 'stale': value_json.stale, 'fetched_at': value_json.fetched_at",
    ),
)

_OUTAGES = "value_json.outages"
_CONCERN = (
    f"((({_OUTAGES} | selectattr('running') | list) + ({_OUTAGES} | rejectattr('certainty', 'eq', 'possible') | list)"
    f" + {_OUTAGES}) | first | default({{}}))"
)
"""The outage that matters most: the running one, else the next certain one, else the next possible one."""


def _of_outage(field_name: str) -> str:
    return f"{_CONCERN}.{field_name} | default(none)"


OUTLOOK = (
    _choice(
        "verdict",
        Verdict,
        value=_of_outage("verdict"),
        fields=(),
        attributes=f"'start': {_of_outage('start')}, 'end': {_of_outage('end')}, "
        f"'running': {_of_outage('running')}, 'margin_min': {_of_outage('margin_min')}, "
        "'unknown': value_json.unknown | map(attribute='text') | list",
    ),
    Entity(
        "chance_percent",
        value=f"none if {_CONCERN}.chance is not number else ({_CONCERN}.chance * 100) | round(0) | int",
        fields=(),
    ),
    Entity("charge_at_end_percent", value=f"({_CONCERN}.charge_at_end or {{}}).p50 | default(none)", fields=()),
    Entity("charge_needed_percent", value=_of_outage("charge_needed_percent"), fields=()),
    _moment("charge_from", _of_outage("charge_from"), fields=()),
    # during an outage of this one; without one, if power went now
    _moment("holds_until", "value_json.holds_until.typical", fields=()),
)

CLOCK = (
    Entity(
        "clock_behind_min",
        value="{'right': 0}.get(value_json.settings.clock.value, value_json.settings.clock.value)",
        fields=(),
        diagnostic=True,
        more={"unit_of_measurement": "min", "device_class": "duration"},
    ),
)
CHARGE_AHEAD = (
    _choice(
        "charge_ahead",
        ChargeAheadPhase,
        value="value_json.phase",
        fields=(),
        attributes="'reason': (value_json.reason or {}).text | default(none), "
        "'warning': (value_json.warning or {}).text | default(none), 'dry_run': value_json.dry_run, "
        "'target_percent': value_json.target_percent, 'current_a': value_json.current_a, "
        "'begins_at': value_json.begins_at, 'ends_at': value_json.ends_at, 'outage_start': value_json.outage_start",
    ),
)

ICONS: Mapping[str, str] = {
    "mode": "mdi:state-machine",
    "pv_power_w": "mdi:solar-power",
    "load_power_w": "mdi:home-lightning-bolt",
    "load_percent": "mdi:gauge",
    "grid_power_w": "mdi:transmission-tower",
    "battery_charging_w": "mdi:battery-plus",
    "battery_discharging_w": "mdi:battery-minus",
    "charging_w": "mdi:battery-plus",
    "discharging_w": "mdi:battery-minus",
    "remaining_ah": "mdi:battery-60",
    "full_ah": "mdi:battery",
    "soh_percent": "mdi:battery-heart-variant",
    "cycles": "mdi:battery-sync",
    "health": "mdi:battery-check",
    "balancing": "mdi:scale-balance",
    "charging_mosfet": "mdi:battery-arrow-up",
    "discharging_mosfet": "mdi:battery-arrow-down",
    "change": "mdi:transmission-tower",
    "pv_kwh": "mdi:solar-power",
    "load_kwh": "mdi:home-lightning-bolt",
    "grid_in_kwh": "mdi:transmission-tower-import",
    "grid_out_kwh": "mdi:transmission-tower-export",
    "battery_in_kwh": "mdi:battery-plus",
    "battery_out_kwh": "mdi:battery-minus",
    "expected": "mdi:calendar-clock",
    "next_start": "mdi:transmission-tower-off",
    "next_end": "mdi:transmission-tower",
    "windows": "mdi:calendar-clock",
    "verdict": "mdi:battery-clock",
    "chance_percent": "mdi:percent",
    "charge_at_end_percent": "mdi:battery-30",
    "charge_needed_percent": "mdi:battery-80",
    "charge_from": "mdi:battery-charging",
    "holds_until": "mdi:timer-sand",
    "charge_ahead": "mdi:battery-charging-high",
}
"""The icons of entities whose device class has none, or one that several of them would share."""

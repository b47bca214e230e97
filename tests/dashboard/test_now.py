"""What the page says about every state of the house, without a browser."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.dashboard.html_document import view_payload
from services.dashboard.now.power_flow import strength
from services.dashboard.now.view import chosen, view
from shared.broker_state import BrokerState
from shared.conditions import Reason, inverter
from shared.conditions.outlook import NO_CHARGE
from shared.conditions.schedule import NO_QUEUE
from shared.freshness import READING_HOLDS
from shared.messages import (
    Availability,
    BatteryState,
    Contact,
    Grid,
    GridState,
    InverterInfo,
    InverterState,
    Outlook,
    ServiceClock,
    ServiceHealth,
    ServiceStatus,
)
from shared.texts.language import Language
from shared.texts.localizer import Localizer
from tests.dashboard.harness import reading

NOW = datetime(2026, 11, 23, 16, 2, 11, tzinfo=UTC)
LOCALIZER = Localizer(Language.EN, NOW, ZoneInfo("Europe/Kyiv"))


def ago(**length: float) -> datetime:
    return NOW - timedelta(**length)


def grid(state: Grid = Grid.ON, *, at: datetime = NOW, since: datetime = NOW, known: Grid | None = None) -> GridState:
    return GridState(at=at, state=state, since=since, last_known=known)


def page(snapshot: BrokerState, localizer: Localizer = LOCALIZER) -> Any:
    """Return the page as the browser gets it: plain spaces, and through JSON without NaN."""
    shown = view_payload(view(snapshot, localizer), snapshot, localizer)
    return json.loads(json.dumps(shown, allow_nan=False).replace("\\u00a0", " "))


def words(tree: list | str) -> list[str]:
    """Return every text in a tree."""
    return [tree] if isinstance(tree, str) else [text for child in tree[2] for text in words(child)]


def house(grid_state: GridState | None = None, *, connected: bool = True, **fields: Any) -> BrokerState:
    at = fields.pop("at", NOW)
    return BrokerState(connected=connected, grid=grid_state or grid(), inverters={"smg2": reading(at, **fields)})


@pytest.mark.parametrize(
    ("snapshot", "state", "sentence"),
    [
        pytest.param(house(grid(since=ago(minutes=72))), "on", "Power on since 16:50 (1 h 12 min)", id="on"),
        pytest.param(
            house(grid(Grid.OFF, since=ago(minutes=72))), "off", "Power out since 16:50 (1 h 12 min)", id="off"
        ),
        pytest.param(
            house(grid(Grid.OFF, since=ago(days=1))),
            "off",
            "Power out since yesterday 18:02 (24 h)",
            id="yesterday",
        ),
        pytest.param(
            house(grid(Grid.UNKNOWN, since=ago(minutes=5), known=Grid.ON)),
            "unknown",
            "No contact with the inverter since 17:57 – last known: power on",
            id="unknown-is-never-an-outage",
        ),
        pytest.param(
            house(grid(at=ago(minutes=5), since=ago(hours=3))),
            "unknown",
            "No contact with the inverter since 17:57 – last known: power on",
            id="silence-is-not-the-grid-being-on",
        ),
        pytest.param(house(grid(Grid.OFF), connected=False), "unknown", "Last known: power out", id="broker-gone"),
        pytest.param(
            house(grid(at=NOW + timedelta(days=1))),
            "unknown",
            "The last reading is dated tomorrow 18:02:11, which is in the future: check the clocks",
            id="clock-wrong-by-a-day",
        ),
        pytest.param(BrokerState(connected=True), "unknown", "Not known yet whether the power is on", id="nothing-yet"),
    ],
)
def test_banner(snapshot, state, sentence):
    seen = page(snapshot)
    assert seen["text"]["banner"] + seen["text"]["lasting"] == sentence
    assert seen["state"]["banner"] == state


@pytest.mark.parametrize(
    ("snapshot", "expected"),
    [
        pytest.param(house(), "live", id="live"),
        pytest.param(house(at=ago(seconds=20)), "live", id="just-fresh"),
        pytest.param(house(at=ago(seconds=21)), "stale", id="old"),
        pytest.param(house(connected=False), "stale", id="fresh-but-the-broker-is-gone"),
        pytest.param(BrokerState(connected=True), "empty", id="nothing-yet"),
        pytest.param(BrokerState(), "empty", id="nothing-at-all"),
    ],
)
def test_state_of_the_page(snapshot, expected):
    assert page(snapshot)["page"] == expected


def test_stale_values_are_kept_dated_and_still():
    seen = page(house(at=ago(minutes=3)))
    assert seen["text"]["home"] == "643 W"
    assert seen["text"]["as-of"] == "as of 17:59:11"
    assert set(seen["extra"]["flow"].values()) == {0}


def test_a_missing_grid_looks_unlike_zero_watts():
    on, off = page(house(grid_power_w=0)), page(house(grid(Grid.OFF), grid_power_w=0))
    assert (on["text"]["grid"], on["state"]["grid"]) == ("0 W", "idle")
    assert (off["text"]["grid"], off["state"]["grid"]) == ("No grid", "missing")


@pytest.mark.parametrize(
    ("watts", "text", "note", "state"),
    [
        pytest.param(1240, "1.24 kW", "charging", "active", id="charging"),
        pytest.param(-688, "688 W", "discharging", "active", id="discharging"),
        pytest.param(3, "3 W", "idle", "idle", id="noise"),
        pytest.param(None, "–", "", "unknown", id="unknown"),
        pytest.param(999.6, "1.00 kW", "charging", "active", id="rounds-up-to-kilowatts"),
    ],
)
def test_battery(watts, text, note, state):
    power = InverterState.model_construct(at=NOW, battery_power_w=watts)
    seen = page(BrokerState(connected=True, grid=grid(), inverters={"a": power}))
    assert (seen["text"]["battery"], seen["text"]["battery-note"], seen["state"]["battery"]) == (text, note, state)


def test_flow_runs_from_the_sources_into_the_home():
    flow = page(house(grid_power_w=-500, pv_power_w=5000, battery_power_w=-2500, load_power_w=20_000))["extra"]["flow"]
    assert flow == {"sun": 1, "grid": -0.1, "battery": 0.5, "home": 1}


@given(st.none() | st.integers(-100_000, 100_000))
def test_strength_keeps_the_direction(watts):
    drawn = strength(watts)
    assert -1 <= drawn <= 1
    assert drawn == 0 or (drawn > 0) == (watts > 0)


def test_faults_and_warnings():
    calm, unknown = page(house()), page(house(faults=None))
    alarm = page(house(faults=(inverter.OVERLOAD(), inverter.FAN_BLOCKED())))
    assert calm["text"]["faults"] == "none"
    assert unknown["text"]["faults"] == "–"
    assert (alarm["text"]["faults"], alarm["state"]["faults"]) == ("overload, fan blocked", "alarm")


@pytest.mark.parametrize(
    ("warnings", "state"),
    [
        pytest.param((), "calm", id="none"),
        pytest.param((inverter.FAN_BLOCKED(),), "warning", id="warning"),
        pytest.param((inverter.FAN_BLOCKED(), inverter.OUTPUT_OVERLOAD()), "fault", id="the-worst-counts"),
        pytest.param((Reason(code="inverter.newer", text="Newer."),), "fault", id="unknown-is-taken-seriously"),
    ],
)
def test_warnings_are_coloured_by_their_severity(warnings, state):
    seen = page(house(warnings=warnings))
    assert seen["state"]["warnings"] == state
    assert seen["text"]["warnings"] == (", ".join(one.text for one in warnings) or "none")


MEASURED = sorted(InverterState.model_fields.keys() - {"at", "v", "mode", "clock", "inverters", "silent"})


@given(st.sets(st.sampled_from(MEASURED)), st.sampled_from(Grid))
def test_any_fields_may_be_unknown(known, state):
    everything = reading(NOW).model_dump()
    fields: dict[str, Any] = {name: everything[name] if name in known else None for name in MEASURED}
    seen = page(house(grid(state), **fields))
    assert all(isinstance(text, str) for text in seen["text"].values())


@pytest.mark.parametrize(
    ("ages", "expected"),
    [
        pytest.param({"b": 0, "a": 0}, "a", id="the-first-that-is-live"),
        pytest.param({"a": 100, "b": 0}, "b", id="a-live-one-before-an-old-one"),
        pytest.param({"a": 300, "b": 100}, "b", id="else-the-one-heard-last"),
        pytest.param({"a": -3600, "b": 0}, "b", id="from-the-future-is-not-live"),
        pytest.param({}, "", id="none"),
    ],
)
def test_chosen_inverter(ages, expected):
    inverters = {name: reading(ago(seconds=age)) for name, age in ages.items()}
    assert chosen(BrokerState(inverters=inverters), LOCALIZER.now, READING_HOLDS) == expected


def test_other_inverters_are_listed():
    long = "x" * 200
    inverters = {"a": reading(NOW), long: reading(ago(minutes=1), load_power_w=None)}
    seen = page(BrokerState(connected=True, grid=grid(), inverters=inverters))
    assert [words(row)[::2] for row in seen["parts"]["others"]] == [[long, "as of 18:01:11"]]
    assert seen["text"]["name"] == "a"


def test_of_several_inverters_the_sum_is_shown_and_each_of_them() -> None:
    names = ("left", "right")
    total = InverterState(at=NOW, load_power_w=900, pv_power_w=300, inverters=names, silent=())
    each = {name: reading(NOW, load_power_w=450, pv_power_w=150, inverter_temperature_c=40) for name in names}
    phases = {1: True, 2: False}
    split = grid().model_copy(update={"phases": phases, "voltage_v": 231.0, "frequency_hz": 50.0})
    infos = {"right": InverterInfo(at=NOW, model="x", layout="classic", phase=2)}
    home = BrokerState(connected=True, grid=split, inverters={"all": total} | each, inverter_infos=infos)
    seen = page(home)
    assert (seen["text"]["home"], seen["text"]["name"]) == ("900 W", "All 2 inverters")
    assert (seen["text"]["grid-voltage"], seen["text"]["temperature"]) == ("231 V", "left: 40 °C · right: 40 °C")
    assert seen["text"]["lasting"].endswith("not on phase 2")
    assert [words(row)[:3] for row in seen["parts"]["others"]] == [
        ["left", "450 W · sun 150 W · battery 598 W", "live, 18:02:11"],
        ["right", "phase 2", "450 W · sun 150 W · battery 598 W"],
    ]
    silent = total.model_copy(update={"load_power_w": None, "silent": ("right",)})
    seen = page(replace(home, inverters={"all": silent} | each))
    assert (seen["text"]["home"], seen["text"]["name"]) == ("–", "1 of 2 inverters answer, so the sums are unknown")


@pytest.mark.parametrize(
    ("left", "right", "told", "state"),
    [
        pytest.param((inverter.OUTPUT_OVERLOAD(),), (), "left: output overload", "alarm", id="a-fault-of-one"),
        pytest.param((), (inverter.OUTPUT_OVERLOAD(),), "–", "calm", id="what-the-silent-one-has-is-of-the-past"),
        pytest.param((), (), "–", "calm", id="what-the-silent-one-has-is-unknown"),
    ],
)
def test_a_fault_of_an_inverter_is_told_although_another_one_is_silent(
    left: tuple[Reason, ...], right: tuple[Reason, ...], told: str, state: str
) -> None:
    total = InverterState(at=NOW, inverters=("left", "right"), silent=("right",))
    each = {"left": reading(NOW, faults=left), "right": reading(ago(minutes=5), faults=right)}
    seen = page(BrokerState(connected=True, grid=grid(), inverters={"all": total} | each))
    assert (seen["text"]["faults"], seen["state"]["faults"]) == (told, state)
    assert seen["text"]["sun-strings"] == "", "no name without a value"


def status(state: ServiceHealth, age_s: float, *reasons: str, **more: object) -> ServiceStatus:
    at = ago(seconds=age_s)
    return ServiceStatus(**{"at": at, "since": at, "state": state, "reasons": reasons, "version": "0.1.0"} | more)


@pytest.mark.parametrize(
    ("one", "state", "word"),
    [
        pytest.param(status(ServiceHealth.ONLINE, 90), "online", "online", id="online"),
        pytest.param(status(ServiceHealth.ONLINE, 91), "silent", "not responding since 18:00", id="silent"),
        pytest.param(status(ServiceHealth.DEGRADED, 5, "Locked."), "degraded", "has a problem", id="degraded"),
        pytest.param(
            status(ServiceHealth.DEGRADED, 5, "Locked.", "Full."), "degraded", "has a problem", id="two-reasons"
        ),
        pytest.param(status(ServiceHealth.OFFLINE, 9999, since=None), "offline", "offline", id="a-will-does-not-age"),
    ],
)
def test_services(one, state, word):
    seen = page(BrokerState(connected=True, services={"recorder": one}))
    (row,) = seen["parts"]["services"]
    assert row[1]["data-state"] == state
    assert words(row) == ["History (recorder)", word, *(reason.text for reason in one.reasons)]


def test_what_a_home_does_not_have_is_no_trouble_of_it() -> None:
    services = {
        "schedule": status(ServiceHealth.DISABLED, 5, reasons=(NO_QUEUE(),)),
        "bot": status(ServiceHealth.DISABLED, 5, "Misspelt."),
        "outlook": status(ServiceHealth.DEGRADED, 5, "Locked."),
    }
    known = replace(house(), schedule=None, services=services)
    shown = [words(row)[0] for row in page(known)["parts"]["services"]]
    assert shown == ["Telegram (bot)", "Battery forecast (outlook)"]

    def sources(state: BrokerState) -> list[str]:
        return [words(row)[0] for row in page(state)["parts"]["sources"]]

    assert "Schedule" not in sources(known)
    assert "Schedule" in sources(replace(known, services={})), "nobody says that there is none"


def test_why_the_inverter_does_not_answer():
    contact = Availability(at=NOW, state=Contact.OFFLINE, since=NOW, reason=Reason.sentence("timed out at 10.0.0.7"))
    old = BrokerState(
        connected=True,
        grid=grid(),
        inverters={"smg2": reading(ago(minutes=5))},
        inverter_availability={"smg2": contact},
    )
    assert page(old)["text"]["why"] == "Inverter: timed out at 10.0.0.7"


def test_a_lost_broker_is_shown():
    assert page(house(connected=False))["text"]["as-of"] == "as of 18:02:11"
    assert "broker" in page(house(connected=False))["text"]["notice"]
    assert page(house())["text"]["notice"] == ""
    assert "Mosquitto" in page(BrokerState())["text"]["empty"]


def test_an_old_charge_does_not_stand_at_now_in_the_strip():
    live, old = (json.dumps(page(house(at=at))["parts"]["strip"]) for at in (NOW, ago(hours=3)))
    assert "now-dot" in live
    assert "now-dot" not in old


def test_without_an_inverter_the_plan_the_grid_and_the_batteries_are_still_told():
    soc = BatteryState(at=NOW, soc_percent=64)
    told = page(BrokerState(connected=True, batteries={"all": soc, "pack1": soc}))
    assert (told["page"], told["state"]["house"]) == ("empty", "known")
    assert told["text"]["empty-title"] == "No inverter readings yet"
    assert (told["text"]["soc"], told["state"]["battery-card"]) == ("64 %", "known")
    uncharged = Outlook(at=NOW, reserve_percent=10, unknown=(NO_CHARGE(),))
    bare = page(BrokerState(connected=True, outlook=uncharged))
    assert bare["state"]["battery-card"] == "bare"
    assert (bare["state"]["house"], bare["text"]["empty-title"]) == ("bare", "No readings yet")


def test_a_clock_that_is_not_set_is_announced() -> None:
    def notice(*, trusted: bool) -> tuple[str, str]:
        stamp = ServiceClock(boot="b", uptime_s=60, trusted=trusted)
        status = ServiceStatus(at=NOW, state=ServiceHealth.ONLINE, since=NOW, version="1", clock=stamp)
        known = BrokerState(connected=True, services={"poller": status})
        shown = page(known)
        return shown["notice"], shown["text"]["notice"]

    assert notice(trusted=True) == ("", "")
    kind, text = notice(trusted=False)
    assert kind == "clock"
    assert "clock is not set" in text

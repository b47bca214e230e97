"""What the page *Battery* says of every state of the packs, and twice in a browser."""

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from playwright.sync_api import expect

from services.dashboard.battery.cell_spread_chart import figure, spreads
from services.dashboard.battery.cells import axis
from services.dashboard.battery.view import view
from services.dashboard.chart_theme import THEMES
from services.dashboard.paging import Paged
from services.recorder.rows import to_row
from services.recorder.store import open_store
from services.recorder.upkeep import Upkeep
from shared.broker_state import BrokerState
from shared.conditions import Reason
from shared.history.engine import reader
from shared.messages import (
    Availability,
    Balancing,
    BatteryInfo,
    BatteryState,
    Contact,
    PackHealth,
    ServiceHealth,
    ServiceStatus,
)
from shared.texts.language import Language
from shared.texts.localizer import Localizer
from shared.topics import BATTERY_AVAILABILITY, BATTERY_INFO, BATTERY_STATE
from tests.dashboard.harness import Dashboard, Publisher
from tests.dashboard.test_page import PHONE, fits, opened
from tests.dashboard.view_text import all_of, page, words

NOW = datetime(2026, 11, 23, 16, 2, 11, tzinfo=UTC)
LOCALIZER = Localizer(Language.EN, NOW, ZoneInfo("Europe/Kyiv"))
LONG = "Батарея " + "х" * 192


def cells(count: int) -> tuple[float, ...]:
    return tuple(3.3 + number / 1000 for number in range(count))


def pack(at: datetime = NOW, count: int = 16, **fields: Any) -> BatteryState:
    usual: dict[str, Any] = {
        "voltage_v": 53.1,
        "current_a": -12.0,
        "power_w": -637.2,
        "soc_percent": 76.4,
        "soh_percent": 98,
        "remaining_ah": 76.0,
        "full_ah": 100.0,
        "nominal_ah": 105.0,
        "cycles": 61,
        "cell_voltages_v": cells(count),
        "cell_resistances_ohm": (0.06,) * count,
        "cell_min_v": 3.3,
        "cell_max_v": cells(count)[-1],
        "cell_delta_v": round(cells(count)[-1] - 3.3, 3),
        "cell_min_number": 1,
        "cell_max_number": count,
        "temperatures_c": (18.1, None),
        "mosfet_temperature_c": 22.8,
        "charging_mosfet": True,
        "discharging_mosfet": False,
        "balancing": Balancing.DISCHARGING,
        "balance_current_a": -0.35,
        "alarms": (),
        "health": PackHealth.ORANGE,
        "health_reasons": (Reason.sentence("cells 15 mV apart"),),
        "rssi_dbm": -88,
        "reconnects": 3,
        "bad_frames": 0,
    }
    return BatteryState(at=at, **usual | fields)


def info(name: str = "Pack 1") -> BatteryInfo:
    return BatteryInfo(at=NOW, address="C8:47:80:00:00:01", name=name, model="JK_B2A24S", software="11.26")


def offline(why: str) -> Availability:
    return Availability(at=NOW, state=Contact.OFFLINE, since=NOW, reason=Reason.sentence(why) if why else None)


def house(**batteries: BatteryState) -> BrokerState:
    return BrokerState(connected=True, batteries=batteries)


def cards(snapshot: BrokerState, localizer: Localizer = LOCALIZER) -> list[Any]:
    return list(page(view(snapshot, localizer), snapshot, localizer)["parts"]["battery-packs"])


@pytest.mark.parametrize(
    ("voltages", "low", "high"),
    [
        pytest.param((3.331, 3.334), 3.32, 3.34, id="close-together"),
        pytest.param((3.3, 3.3), 3.29, 3.31, id="all-alike"),
        pytest.param((0.5, 3.33), 0.49, 3.34, id="one-dead"),
    ],
)
def test_the_axis_is_zoomed_to_the_cells(voltages, low, high):
    scale = axis(voltages)
    assert (scale.low_v, scale.high_v) == (low, high)
    assert all(0 < scale.height_percent(voltage) < 100 for voltage in voltages)


@pytest.mark.parametrize("odd", [1e16, 1e40, 1e308, -1e40, -1e308])
def test_a_voltage_that_no_cell_has_leaves_a_page(odd):
    """Any account that writes batteries may say it; the page of all was an error."""
    for voltages in ((odd,), (3.3, odd), (odd, odd)):
        scale = axis(voltages)
        assert all(0 <= scale.height_percent(voltage) <= 100 for voltage in voltages)


def test_a_pack_tells_all_that_is_known_of_it():
    snapshot = replace(house(a=pack()), battery_infos={"a": info()})
    (card,) = cards(snapshot)
    text = words(card)
    for told in (
        *("Pack 1", "needs attention", "cells 15 mV apart", "76 %", "discharging 637 W", "lasts until about 23:30"),
        *("53.10 V", "−12.0 A", "76 of 100 Ah", "105 Ah", "98 %", "Cycles 61", "lowest 3.300 V (cell 1)"),
        *("highest 3.315 V (cell 16)", "15 mV apart", "discharging a high cell, 0.35 A", "Charging allowed"),
        *("Discharging blocked", "Alarms none", "Sensor 1 18.1 °C Sensor 2 –", "22.8 °C", "−88 dBm, weak"),
        *("18:02:11", "Reconnects 3", "JK_B2A24S", "11.26", "60.0 mΩ", "from 3.29 V to 3.32 V, not from zero"),
    ):
        assert told in text
    bars = [one for one in all_of(card, "div") if one[1].get("className") == "cell-bar"]
    assert [bar[1]["data-state"] for bar in bars] == ["lowest", *["usual"] * 14, "highest balanced"]
    assert card[1]["data-state"] == "live"


def test_twenty_four_cells_of_which_one_is_unknown():
    voltages = (*cells(23), None)
    (card,) = cards(house(a=pack(count=24, cell_voltages_v=voltages)))
    bars = [one for one in all_of(card, "div") if one[1].get("className") == "cell-bar"]
    assert len(bars) == 24
    assert bars[-1][1]["data-state"] == "unknown"
    assert words(all_of(card, "li")[-1]).startswith("24")
    assert "– 60.0 mΩ" in words(all_of(card, "li")[-1])


@pytest.mark.parametrize(
    ("snapshot", "sentence"),
    [
        pytest.param(
            replace(house(a=pack(NOW - timedelta(minutes=1))), battery_availability={"a": offline("Out of range.")}),
            "Not responding. Last reading: 18:01:11. Out of range.",
            id="offline-and-why",
        ),
        pytest.param(house(a=pack(NOW - timedelta(days=1))), "Last reading: yesterday 18:02:11", id="old"),
        pytest.param(house(a=pack(NOW + timedelta(days=1))), "which is in the future: check the clocks", id="clock"),
        pytest.param(
            BrokerState(connected=True, battery_availability={"a": offline("It has not been found yet.")}),
            "No readings yet. It has not been found yet.",
            id="never-heard",
        ),
    ],
)
def test_a_silent_pack_is_dated_and_says_why(snapshot, sentence):
    (card,) = cards(snapshot)
    assert card[1]["data-state"] == "silent"
    assert sentence in words(card)
    assert "health unknown" in words(card)
    assert "Lasts for" not in words(card)
    assert view(snapshot, LOCALIZER).stale


def test_of_a_pack_never_heard_nothing_is_claimed():
    (card,) = cards(BrokerState(connected=True, battery_infos={"a": info()}))
    assert "JK_B2A24S" in words(card)
    assert "Reading" not in words(card).replace("Not one reading yet", "")
    assert not all_of(card, "ol")


def test_the_sum_says_when_it_is_of_some_only():
    total = pack(packs=("Pack 2",), cell_voltages_v=None, power_w=1240.0)
    silent = {"a": offline("Out of range.")}
    snapshot = replace(house(a=pack(), b=pack(), all=total), battery_availability=silent)
    (card,) = view(snapshot, LOCALIZER).parts["battery-all"]
    assert "Sum of 1 of 2 batteries: Pack 2" in words(card)
    assert "charging 1.24 kW" in words(card)
    assert not view(snapshot, LOCALIZER).stale


def test_a_single_pack_has_no_sum():
    assert view(house(a=pack(), all=pack()), LOCALIZER).parts["battery-all"] == []


@pytest.mark.parametrize(
    ("snapshot", "sentence"),
    [
        pytest.param(BrokerState(), "MQTT_HOST", id="no-broker"),
        pytest.param(BrokerState(connected=True), "docs/battery.md", id="nothing"),
        pytest.param(
            BrokerState(
                connected=True,
                services={
                    "bms": ServiceStatus(
                        at=NOW,
                        state=ServiceHealth.DISABLED,
                        since=NOW,
                        reasons=(Reason.sentence("No Bluetooth here."),),
                        version="1",
                    )
                },
            ),
            "The bms service reports: No Bluetooth here.",
            id="the-service-knows-why",
        ),
    ],
)
def test_no_battery_says_what_to_do(snapshot, sentence):
    shown = page(view(snapshot, LOCALIZER), snapshot, LOCALIZER)
    assert shown["page"] == "empty"
    assert sentence in shown["text"]["battery-empty"]


FIELDS = [name for name in BatteryState.model_fields if name not in ("at", "v", "health")]


@given(left_out=st.sets(st.sampled_from(FIELDS)), language=st.sampled_from(Language))
def test_any_fields_may_be_unknown(left_out, language):
    state = pack().model_copy(update=dict.fromkeys(left_out - {"health_reasons"}))
    snapshot = replace(house(a=state, b=state, all=state), battery_infos={"a": info(LONG)})
    text = words(cards(snapshot, replace(LOCALIZER, language=language)))
    assert "None" not in text
    assert "nan" not in text


def remember(path: Path, now: datetime) -> None:
    """Record two packs over a week, the second silent for its last two days."""
    moments = [now - timedelta(hours=hour) for hour in range(160)]
    store = open_store(path)
    for device, delta, ago in (("a", 0.004, 0), ("b", 0.02, 48), ("all", 0.02, 0)):
        states = [BatteryState(at=at, cell_delta_v=delta) for at in moments[ago:]]
        store.write([to_row(BATTERY_STATE.named(device), state.model_dump_json().encode()) for state in states])
    Upkeep(store, ZoneInfo("UTC"), 400).finish(now)
    store.close()


def test_the_trend_has_a_line_a_pack_with_gaps(tmp_path):
    remember(tmp_path / "easun.db", NOW)
    found = spreads(reader(tmp_path / "easun.db"), NOW, Paged(BrokerState()))
    drawn = figure(found, {"a": "<b>Pack</b>", "b": LONG}, LOCALIZER, THEMES["light"])
    assert list(found) == ["a", "b"]
    assert [line["name"] for line in drawn["data"]] == ["‹b›Pack‹/b›", LONG[:23] + "…"]
    first, second = (line["y"] for line in drawn["data"])
    assert first[-1] == 4
    assert second[-1] is None
    assert second[-60] == 20
    assert drawn["data"][0]["line"]["dash"] != drawn["data"][1]["line"]["dash"]
    assert "4 mV" in drawn["data"][0]["customdata"][-1].replace("\u00a0", " ")


def publish(publisher: Publisher, device: str, state: BatteryState, name: str) -> None:
    publisher.send(BATTERY_INFO.named(device), info(name))
    publisher.send(BATTERY_STATE.named(device), state)


def test_packs_are_drawn_on_a_phone(browser, broker, tmp_path):
    now = datetime.now(UTC)
    remember(tmp_path / "easun.db", now)
    with Dashboard(broker, tmp_path / "easun.db") as dashboard, Publisher(broker, "bms") as publisher:
        publish(publisher, "a", pack(now, count=24), LONG)
        publish(publisher, "b", pack(now - timedelta(hours=2)), "Pack 2")
        publisher.send(BATTERY_AVAILABILITY.named("b"), offline("Out of range."))
        with opened(browser, f"{dashboard.url}/battery", viewport=PHONE) as shown:
            first, second = (shown.locator(f'.pack[data-state="{state}"]') for state in ("live", "silent"))
            expect(first.locator(".cell-bar")).to_have_count(24)
            expect(first.locator("h2")).to_have_text(LONG)
            expect(second.locator(".silence")).to_have_text(re.compile("Out of range"))
            expect(second.locator(".pack-body")).to_have_css("filter", "grayscale(1)")
            expect(shown.locator(".trend .scatterlayer .trace")).to_have_count(2)
            assert fits(shown)
            publisher.send(BATTERY_STATE.named("a"), pack(datetime.now(UTC), count=24, soc_percent=51.0))
            expect(first.locator(".soc")).to_have_text("51\u00a0%")


def test_a_card_follows_its_reading_its_silence_the_language_and_the_day():
    def told(state: BatteryState, localizer: Localizer = LOCALIZER, **more: Any) -> str:
        snapshot = BrokerState(connected=True, batteries={"pack1": state}, **more)
        return words(page(view(snapshot, localizer), snapshot, localizer)["parts"]["battery-packs"])

    first = told(pack())
    assert told(pack()) == first
    assert "54.00 V" in told(pack(voltage_v=54.0))
    away = Availability(at=NOW, state=Contact.OFFLINE, since=NOW, reason=Reason.sentence("It is away."))
    assert "It is away." in told(pack(), battery_availability={"pack1": away})
    assert told(pack(), replace(LOCALIZER, language=Language.UK)) not in (first, "")
    assert "yesterday 18:02:11" in told(pack(), replace(LOCALIZER, now=NOW + timedelta(days=1)))
    assert told(pack()) == first

"""The screen on the wall: what it says of every house, day and night, and that it is served to guests."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.dashboard.app import application
from services.dashboard.kiosk.page import _place
from services.dashboard.kiosk.sun import KYIV, elevation, is_sun_up, place_of_zone
from services.dashboard.kiosk.view import view
from services.dashboard.settings import DashboardSettings
from shared.broker_state import BrokerState
from shared.history.engine import reader
from shared.messages import AlertSettings, BatteryState, Certainty, Grid, GridState, OutageSchedule, Window
from shared.texts.language import Language
from shared.texts.localizer import Localizer
from tests.dashboard.harness import reading
from tests.support.ukrainian import english_words

ZONE = ZoneInfo("Europe/Kyiv")
NOW = datetime(2026, 11, 23, 16, 30, tzinfo=UTC)
HOUR = timedelta(hours=1)
FRESH = timedelta(seconds=20)


def house(state: Grid = Grid.OFF, age: timedelta = timedelta(), soc: float = 64) -> BrokerState:
    at = NOW - age
    window = Window(start=NOW - HOUR, end=NOW + HOUR, certainty=Certainty.DEFINITE)
    return BrokerState(
        connected=True,
        grid=GridState(at=at, state=state, since=at - HOUR),
        inverters={"main": reading(at, load_power_w=640, battery_power_w=-700)},
        batteries={"jk": BatteryState(at=at, soc_percent=soc, power_w=-700, remaining_ah=60, voltage_v=52)},
        schedule=OutageSchedule(at=NOW, fetched_at=NOW, queue="4.1", windows=(window,)),
    )


def told(known: BrokerState, language: Language = Language.EN) -> dict[str, str]:
    return view(known, Localizer(language, NOW, ZONE), FRESH).text


def test_in_an_outage_it_says_until_when_and_how_long_it_lasts() -> None:
    shown = view(house(), Localizer(Language.EN, NOW, ZONE), FRESH)
    assert (shown.state, shown.battery) == ("off", "good")
    text = shown.text
    assert text["head"] == "Power is out"
    assert text["since"] == "since 17:30 · 1 h"
    assert "19:30" in text["next"]
    assert (text["soc"], text["load"]) == ("64\u00a0%", "640\u00a0W")
    assert text["lasts"].startswith("Lasts until about")
    assert text["notice"] == ""


@pytest.mark.parametrize(
    ("known", "state", "part", "said"),
    [
        pytest.param(house(Grid.ON), "on", "head", "Power is on", id="on"),
        pytest.param(house(age=HOUR), "unknown", "notice", "17:30", id="old"),
        pytest.param(house(age=HOUR), "unknown", "soc", "–", id="an-old-charge-is-unknown"),
        pytest.param(BrokerState(connected=True), "unknown", "head", "not known", id="nothing-yet"),
        pytest.param(BrokerState(), "unknown", "notice", "message broker", id="no-broker"),
    ],
)
def test_what_is_unknown_is_shown_as_unknown(known: BrokerState, state: str, part: str, said: str) -> None:
    shown = view(known, Localizer(Language.EN, NOW, ZONE), FRESH)
    assert shown.state == state
    assert said in shown.text[part]


def test_a_low_charge_is_marked() -> None:
    assert view(house(soc=11), Localizer(Language.EN, NOW, ZONE), FRESH).battery == "low"
    limits = AlertSettings(at=NOW, low_battery_percent=10, imbalance_mv=100, silent_minutes=5)
    chosen = replace(house(soc=11), alert_settings=limits)
    assert view(chosen, Localizer(Language.EN, NOW, ZONE), FRESH).battery == "good", "as the bot has it"


@pytest.mark.parametrize(
    "known", [house(), house(Grid.ON), house(age=HOUR), BrokerState(), BrokerState(connected=True)]
)
def test_in_ukrainian_there_is_no_english(known: BrokerState) -> None:
    assert not english_words(" ".join(told(known, Language.UK).values()))


@pytest.mark.parametrize(
    ("at", "up"),
    [
        ("2026-06-21T02:00+03:00", False),
        ("2026-06-21T04:30+03:00", False),  # it rises at 4:46
        ("2026-06-21T05:00+03:00", True),
        ("2026-06-21T21:00+03:00", True),
        ("2026-06-21T21:30+03:00", False),  # and sets at 21:13
        ("2026-12-21T07:45+02:00", False),  # 7:57
        ("2026-12-21T08:10+02:00", True),
        ("2026-12-21T15:45+02:00", True),  # 15:56
        ("2026-12-21T16:10+02:00", False),
    ],
)
def test_the_sun_over_kyiv(at: str, up: bool) -> None:
    assert is_sun_up(datetime.fromisoformat(at)) is up


@given(st.datetimes(timezones=st.just(UTC)), st.floats(-90, 90), st.floats(-180, 180))
def test_the_sun_is_somewhere_at_any_time(at: datetime, north: float, east: float) -> None:
    assert -90.001 <= elevation(at, (north, east)) <= 90.001


def test_a_zone_has_the_place_of_its_city() -> None:
    assert _place("Europe/Kyiv") == pytest.approx(KYIV, abs=0.02)
    assert _place("America/New_York") == pytest.approx((40.7, -74.0), abs=0.1)
    assert place_of_zone("", "Europe/Kyiv") == KYIV


def test_it_is_served_whole_and_stays_in_its_language(tmp_path: Path) -> None:
    settings = DashboardSettings(_env_file=None, dashboard_password="")
    client = application(house, reader(tmp_path / "easun.db"), settings).test_client()
    page = client.get("/kiosk?lang=en&look=dark")
    assert page.status_code == 200
    assert 'lang="en"' in page.text
    assert 'data-look="dark"' in page.text
    assert 'data-fixed="dark"' in page.text
    for address in ("/kiosk.js", "/kiosk.css"):
        assert client.get(address).status_code == 200
    figures = client.get("/kiosk.json", headers={"X-Language": "en"}).json
    assert figures is not None
    assert figures["text"]["head"] in ("Power: not known", "Power is out")
    assert figures["look"] in ("light", "dark")
    assert "button" not in page.text

"""The page *Events*: every kind of event in both languages, filters in the address, and pages."""

import json
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st

from services.dashboard.app import application
from services.dashboard.events.query import EventQuery, query_of
from services.dashboard.events.sentences import event_text
from services.dashboard.settings import DashboardSettings
from services.recorder.store import open_store
from shared.broker_state import BrokerState
from shared.conditions import Reason
from shared.history.engine import reader
from shared.history.events import RANKS, Event, EventCursor, EventKind
from shared.messages import PlugState, ServiceHealth, ServiceStatus
from shared.texts.catalogue import TEXTS
from shared.texts.language import Language
from shared.texts.localizer import Localizer
from tests.history.test_events import START, a_house, action, record
from tests.support.broker import ROOT
from tests.support.ukrainian import english_words

KYIV = ZoneInfo("Europe/Kyiv")
SCRIPT = "<script>alert(1)</script>"


def test_every_service_has_a_name() -> None:
    assert {f"first.{one.parent.name}" for one in (ROOT / "services").glob("*/__main__.py")} <= TEXTS.keys()


def test_each_reason_of_a_service_is_a_sentence_of_its_own() -> None:
    reasons = (Reason.sentence("One."), Reason.sentence("Two."))
    status = ServiceStatus(at=START, since=START, state=ServiceHealth.DEGRADED, version="1", reasons=reasons)
    event = Event(START, EventKind.SERVICE, "service/tuya", status)
    assert event_text(event, BrokerState(), Localizer(Language.EN, START, KYIV)).remarks == ["One.", "Two."]


@pytest.fixture(scope="module")
def visitor(tmp_path_factory: pytest.TempPathFactory) -> FlaskClient:
    place = tmp_path_factory.mktemp("events") / "easun.db"
    store = open_store(place)
    a_house(store)
    record(store, *(action(-minute) for minute in range(1, 60)))
    store.close()
    settings = DashboardSettings(db_path=place, dashboard_state_dir=place.parent)
    state = BrokerState(connected=True, plugs={"boiler": PlugState(at=START, name=SCRIPT)})
    return application(lambda: state, reader(place), settings).test_client()


def words(node: Any) -> str:
    """Return the text of a tree."""
    if isinstance(node, str):
        return node
    return " ".join(map(words, node[2] if len(node) == 3 and isinstance(node[1], dict) else node))


def shown(visitor: FlaskClient, query: str = "", language: str = "uk") -> str:
    answer = visitor.get(f"/recorded/events{query}", headers={"X-Language": language})
    assert answer.status_code == 200
    return re.sub(r"\s+", " ", words(json.loads(answer.text)["events-recorded"]))


def test_every_kind_reads_in_both_languages(visitor: FlaskClient) -> None:
    uk, en = shown(visitor), shown(visitor, language="en")
    for said in ("Світла немає", "З'явився графік", "Хто живить дім: 3 → SBU", "Батарея jk не відповідає"):
        assert said in uk
    for said in ("Power is out", "Schedule published", "What feeds the house: 3 → SBU", "Battery jk does not respond"):
        assert said in en
    assert "2 отримувачі" in uk
    assert "from Telegram" in en
    assert english_words(uk.replace(SCRIPT, "")) <= {"jk", "main", "Telegram"}


def test_a_name_like_a_script_is_text(visitor: FlaskClient) -> None:
    page = visitor.get("/events", headers={"Accept": "text/html"}).text
    assert "&lt;script&gt;alert(1)&lt;/script&gt;: вимкнено" in page
    assert SCRIPT not in page


@pytest.mark.parametrize(
    ("query", "there", "absent"),
    [
        ("?kind=grid", "Світла немає", "вимкнено"),
        ("?device=plug/boiler", "вимкнено", "Світло є"),
        ("?device=plug/nobody", "Таких подій не записано", "вимкнено"),
        ("?device=a/b", "Світло є", "Таких подій"),
        ("?device=" + SCRIPT, "Світло є", "Таких подій"),
        ("?from=2026-11-24", "Таких подій не записано", "вимкнено"),
        ("?kind=" + SCRIPT, "Світла немає", "alert(1)</script> alert"),
    ],
)
def test_filters(visitor: FlaskClient, query: str, there: str, absent: str) -> None:
    found = shown(visitor, query).partition("Показати")[2]
    assert there in found
    assert absent not in found


def test_older_events_are_a_link_away_and_newest_again(visitor: FlaskClient) -> None:
    address = "/events"
    times: list[str] = []
    while address:
        page = visitor.get(f"/recorded{address}").text
        times += re.findall(r'"dateTime": "([^"]+)"', page)
        links = [one for one in re.findall(r'"href": "(/events[^"]+)"', page) if "start" in one]
        address = links[-1] if links else ""
    assert len(times) == 12 + 59
    assert times == sorted(times, reverse=True)


def test_system_shows_the_latest_and_leads_there(visitor: FlaskClient) -> None:
    page = visitor.get("/recorded/system").text
    assert "Останні події" in words(json.loads(page)["system-recorded"])
    assert '"href": "/events"' in page


def test_a_database_that_cannot_be_read_says_so(tmp_path: Path) -> None:
    broken = tmp_path / "easun.db"
    broken.write_bytes(b"no database" * 1000)
    settings = DashboardSettings(db_path=broken, dashboard_state_dir=tmp_path)
    page = application(BrokerState, reader(broken), settings).test_client().get("/recorded/events")
    assert page.status_code == 200
    assert "empty" in page.text


MOMENTS = st.datetimes(datetime(1971, 1, 1), datetime(2199, 1, 1)).map(  # noqa: DTZ001
    lambda at: at.replace(tzinfo=UTC, microsecond=0)
)
NAMES = st.text(st.characters(categories=["L", "N", "P", "S"], include_characters=" "), max_size=40)
DATES = st.none() | st.dates(datetime(1971, 1, 1).date(), datetime(2199, 1, 1).date())  # noqa: DTZ001


@given(
    st.builds(
        EventQuery,
        kind=st.none() | st.sampled_from(EventKind),
        device=st.just("") | st.text(max_size=20).map(lambda name: f"plug/{name}"),
        first=DATES,
        last=st.none(),
        start=st.none() | st.builds(EventCursor, MOMENTS, st.sampled_from(sorted(RANKS)), NAMES, NAMES),
    )
)
def test_an_address_gives_its_query_again(query: EventQuery) -> None:
    assert query_of(query.address.partition("?")[2]) == query


@given(st.text(max_size=60), st.text(max_size=30), st.text(max_size=12))
def test_any_address_gives_some_query(search: str, before: str, day: str) -> None:
    for given_search in (
        search,
        f"start={before}&from={day}&kind={search}&to={before}",
        f"?start={'9' * 14}&start=plug_action&start={day}&start=",
        f"?start={before}&start=plug_action&start={day}&start={search}",
    ):
        query_of(given_search).wanted(KYIV)


def test_a_day_is_a_local_one() -> None:
    wanted = query_of("from=2026-11-23&to=2026-11-23").wanted(KYIV)
    assert (wanted.since, wanted.before) == (
        datetime(2026, 11, 22, 22, tzinfo=UTC),
        datetime(2026, 11, 23, 22, tzinfo=UTC),
    )

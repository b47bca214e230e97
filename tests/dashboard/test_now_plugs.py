"""Plugs and sources without a browser: what is shown of them, and what happens to a wish."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st

from services.dashboard.app import application
from services.dashboard.html_document import view_payload
from services.dashboard.markup import tree
from services.dashboard.now.battery_rows import pack_rows
from services.dashboard.now.data_sources import source_rows
from services.dashboard.now.plug_plan import plug_plan
from services.dashboard.now.plugs import plug_rows, state
from services.dashboard.now.view import view
from services.dashboard.settings import DashboardSettings
from shared.broker_state import BrokerState
from shared.conditions import Reason
from shared.freshness import READING_HOLDS
from shared.history.engine import reader
from shared.messages import (
    Availability,
    BatteryInfo,
    BatteryState,
    Contact,
    Grid,
    GridState,
    OutageSchedule,
    PlannedShedding,
    PlugCommand,
    PlugPlan,
    PlugState,
    ServiceHealth,
    ServiceStatus,
)
from shared.texts.language import Language
from shared.texts.localizer import Localizer
from tests.dashboard.harness import reading
from tests.dashboard.test_now import words

NOW = datetime(2026, 11, 23, 16, 2, 11, tzinfo=UTC)
LOCALIZER = Localizer(Language.EN, NOW, ZoneInfo("Europe/Kyiv"))
ONLINE = ServiceStatus(at=NOW, since=NOW, state=ServiceHealth.ONLINE, version="0.1.0")


def plug(**fields: object) -> PlugState:
    usual = {"at": NOW, "name": "Boiler", "on": True, "reachable": True, "confirmed": True}
    return PlugState.model_validate(usual | fields)


def house(**plugs: PlugState) -> BrokerState:
    return BrokerState(connected=True, plugs=plugs, services={"tuya": ONLINE})


def row(one: PlugState, snapshot: BrokerState | None = None) -> tuple[dict, list[str], dict | None]:
    """Return the state of a row, its words, and the attributes of its switch where it has one."""
    (_, given, children), *_ = tree(plug_rows(snapshot or house(boiler=one), LOCALIZER))
    switch = next((child[1] for child in children if child[0] == "button"), None)
    return given, [text for child in children for text in words(child)], switch


@pytest.mark.parametrize(
    ("fields", "looks", "said", "checked", "closed"),
    [
        pytest.param({}, "on", ["on"], "true", False, id="on"),
        pytest.param({"on": False}, "off", ["off"], "false", False, id="off"),
        pytest.param({"on": None}, "unknown", ["state unknown"], "false", False, id="unknown"),
        pytest.param({"confirmed": False}, "on", ["on, not confirmed"], "true", False, id="not-read-back"),
        pytest.param({"on": False, "pending": True}, "pending", ["switching on…"], "false", True, id="pending"),
        pytest.param({"pending": False}, "pending", ["switching off…"], "true", True, id="pending-off"),
        pytest.param(
            {"on": None, "reachable": False, "reason": Reason.sentence("It does not answer.")},
            "away",
            ["unreachable", "as of 18:02", "It does not answer."],
            "false",
            True,
            id="out-of-reach",
        ),
        pytest.param(
            {"at": NOW - timedelta(hours=2)}, "away", ["unreachable", "as of 16:02"], "false", True, id="long-silent"
        ),
        pytest.param({"dry_run": True}, "on", ["on", "dry run: not really switched"], "true", False, id="dry-run"),
        pytest.param(
            {"on": False, "switched_by": "grid", "since": NOW - timedelta(minutes=5)},
            "off",
            ["off", "power went out, 17:57"],
            "false",
            False,
            id="by-the-grid",
        ),
        pytest.param(
            {"gangs": {"left": True, "right": False}}, "on", ["on", "left: on", "right: off"], "true", False, id="gangs"
        ),
    ],
)
def test_a_plug(fields, looks, said, checked, closed):
    given, texts, switch = row(plug(**fields))
    assert (given["data-state"], texts) == (looks, ["Boiler", *said])
    assert switch
    at_rest = switch["disabled"] or switch["aria-disabled"] == "true"
    assert (switch["role"], switch["aria-checked"], at_rest) == ("switch", checked, closed)


def test_a_protected_plug_has_a_lock_and_no_switch():
    _, texts, switch = row(plug(protected=True))
    assert switch is None
    assert "protected" in texts


@pytest.mark.parametrize(
    ("snapshot", "why"),
    [
        pytest.param(BrokerState(plugs={"boiler": plug()}, services={"tuya": ONLINE}), "broker", id="broker-gone"),
        pytest.param(BrokerState(connected=True, plugs={"boiler": plug()}), "not running", id="service-never-heard"),
        pytest.param(
            BrokerState(
                connected=True,
                plugs={"boiler": plug()},
                services={"tuya": ONLINE.model_copy(update={"at": NOW - timedelta(minutes=5)})},
            ),
            "not running",
            id="service-silent",
        ),
    ],
)
def test_nothing_can_be_switched_and_it_says_why(snapshot, why):
    _, _, switch = row(plug(), snapshot)
    assert switch
    assert switch["disabled"] is True
    assert why in view(snapshot, LOCALIZER).text["plugs-closed"]


def test_without_plugs_there_is_no_word_of_them():
    assert view(BrokerState(connected=True), LOCALIZER).text["plugs-closed"] == ""


class Site:
    """The application with one boiler, and the commands it sent."""

    def __init__(self, client: FlaskClient, known: list[BrokerState], sent: list[tuple[str, PlugCommand]]) -> None:
        self.client, self.known, self.sent = client, known, sent


@pytest.fixture
def site(tmp_path) -> Site:
    now = datetime.now(UTC)
    online = ONLINE.model_copy(update={"at": now, "since": now})
    boiler = plug(at=now)
    plugs = {
        "boiler": boiler,
        "router": boiler.model_copy(update={"protected": True}),
        "shed": boiler.model_copy(update={"reachable": False}),
    }
    known = [BrokerState(connected=True, plugs=plugs, services={"tuya": online})]
    sent: list[tuple[str, Any]] = []
    settings = DashboardSettings(_env_file=None)
    engine = reader(tmp_path / "easun.db")
    app = application(lambda: known[-1], engine, settings, lambda name, command: sent.append((name, command)))
    client = app.test_client()
    with client.session_transaction() as session:
        session["csrf"] = "told by the page"
    client.environ_base["HTTP_X_CSRF_TOKEN"] = "told by the page"
    return Site(client, known, sent)


def test_a_wish_is_sent_as_a_command(site):
    answer = site.client.post("/plugs/boiler", json={"on": False})
    assert answer.status_code == 202
    ((name, command),) = site.sent
    assert (name, command.on, command.by) == ("boiler", False, "dashboard")
    assert datetime.now(UTC) - command.at < timedelta(seconds=30)


@pytest.mark.parametrize(
    ("address", "body", "status", "said"),
    [
        ("boiler", b"", 400, "neither on nor off"),
        ("boiler", b"[true]", 400, "neither on nor off"),
        ("boiler", b'{"on": "off"}', 400, "neither on nor off"),
        ("boiler", b'{"on": 1}', 400, "neither on nor off"),
        ("garage", b'{"on": true}', 404, "no such plug"),
        ("router", b'{"on": false}', 409, "protected"),
        ("shed", b'{"on": true}', 409, "cannot be reached"),
    ],
)
def test_a_wish_that_cannot_be_is_refused_in_one_sentence(site, address, body, status, said):
    answer = site.client.post(
        f"/plugs/{address}", data=body, content_type="application/json", headers={"Accept-Language": "en"}
    )
    assert (answer.status_code, site.sent) == (status, [])
    assert said in answer.json["error"]


def test_without_a_broker_a_wish_is_refused_and_never_kept_for_later(site):
    site.known.append(BrokerState(plugs=site.known[0].plugs, services=site.known[0].services))
    answer = site.client.post("/plugs/boiler", json={"on": True}, headers={"Accept-Language": "en"})
    assert (answer.status_code, site.sent) == (503, [])
    assert "broker" in answer.json["error"]


@given(st.dictionaries(st.text(min_size=1, max_size=8), st.builds(plug, name=st.text(max_size=200)), max_size=12))
def test_any_plugs_make_valid_json(plugs):
    seen = json.dumps(view_payload(view(house(**plugs), LOCALIZER), house(**plugs), LOCALIZER), allow_nan=False)
    assert len(json.loads(seen)["parts"]["plugs"]) == len(plugs)


def battery(soc: float | None = 71.0, **fields: object) -> BatteryState:
    return BatteryState.model_validate({"at": NOW, "soc_percent": soc, "power_w": -640.0} | fields)


SILENT = Availability(
    at=NOW, state=Contact.OFFLINE, since=NOW - timedelta(minutes=9), reason=Reason.sentence("no frames")
)


@pytest.mark.parametrize(
    ("snapshot", "expected"),
    [
        pytest.param(
            BrokerState(connected=True),
            [("lost", "Schedule", "no data yet"), ("lost", "History", "no data yet")],
            id="nothing",
        ),
        pytest.param(
            BrokerState(
                connected=True,
                inverters={"smg2": reading(NOW)},
                batteries={"all": battery(), "jk1": battery(), "jk2": battery(at=NOW - timedelta(hours=3))},
                battery_infos={"jk1": BatteryInfo(at=NOW, address="C8:47", name="Garage")},
                schedule=OutageSchedule(at=NOW, queue="5.2", fetched_at=NOW - timedelta(days=2)),
                plugs={"boiler": plug()},
                services={"recorder": ONLINE},
            ),
            [
                ("live", "Inverter", "live"),
                ("live", "Garage", "live"),
                ("stale", "jk2", "as of 15:02"),
                ("stale", "Schedule", "checked 21 Nov 18:02"),
                ("live", "Plugs", "live"),
                ("live", "History", "online"),
            ],
            id="everything",
        ),
        pytest.param(
            BrokerState(inverters={"smg2": reading(NOW)}, batteries={"jk1": battery()}, plugs={"boiler": plug()}),
            [
                ("stale", "Inverter", "as of 18:02"),
                ("stale", "jk1", "as of 18:02"),
                ("lost", "Schedule", "no data yet"),
                ("stale", "Plugs", "as of 18:02"),
                ("lost", "History", "no data yet"),
            ],
            id="without-a-broker-nothing-is-live",
        ),
        pytest.param(
            BrokerState(
                connected=True,
                inverters={"a": reading(NOW - timedelta(minutes=2)), "b": reading(NOW)},
                inverter_availability={"b": SILENT},
            ),
            [
                ("stale", "Inverter a", "as of 18:00"),
                ("lost", "Inverter b", "not responding since 17:53"),
                ("lost", "Schedule", "no data yet"),
                ("lost", "History", "no data yet"),
            ],
            id="two-inverters",
        ),
    ],
)
def test_sources(snapshot, expected):
    rows = tree(source_rows(snapshot, LOCALIZER, READING_HOLDS))
    assert [(given["data-state"], *words([tag, given, children])) for tag, given, children in rows] == expected


def test_several_batteries_have_a_row_each():
    known = BrokerState(
        connected=True,
        batteries={"all": battery(), "a": battery(None, power_w=None), "b": battery(at=NOW - timedelta(hours=3))},
    )
    rows = tree(pack_rows(known, LOCALIZER))
    said = [[text.replace("\u00a0", " ") for text in words(one)] for one in rows]
    assert said == [["a", "–", "–"], ["b", "71 %", "as of 15:02"]]
    alone = BrokerState(batteries={"all": battery(), "a": battery()})
    assert pack_rows(alone, LOCALIZER) == [], "the card of the battery says it"


@given(st.none() | st.booleans(), st.none() | st.booleans(), st.none() | st.booleans())
def test_a_plug_out_of_reach_is_never_on_or_off(on, reachable, pending):
    shown = state(plug(on=on, reachable=reachable, pending=pending), LOCALIZER)
    assert (shown == "away") == (reachable is False)


def planned(*plugs: str, hours: float = 2) -> PlannedShedding:
    return PlannedShedding(start=NOW + timedelta(hours=hours), end=NOW + timedelta(hours=hours + 3), plugs=plugs)


@pytest.mark.parametrize(
    ("outages", "by", "expected"),
    [
        ((planned("boiler", "gone"),), {}, ["Outage 20:02 – 23:02: Boiler, gone will be switched off"]),
        ((planned("boiler"),), {"dry_run": True}, ["Outage 20:02 – 23:02: Boiler would be switched off (dry run)"]),
        (
            (planned("boiler"),),
            {"by_outlook": True},
            ["Outage 20:02 – 23:02: Boiler will be switched off, because otherwise the battery might not last"],
        ),
        ((planned(),), {"by_outlook": True}, ["Outage 20:02 – 23:02: nothing has to be switched off"]),
        ((planned("boiler", hours=-1),), {}, []),
        ((planned(*"abcdef"),), {}, ["Outage 20:02 – 23:02: a, b, c, d, e… will be switched off"]),
    ],
)
def test_what_will_be_switched_off_is_told(
    outages: tuple[PlannedShedding, ...], by: dict[str, bool], expected: list[str]
) -> None:
    plan = PlugPlan(at=NOW, **({"by_outlook": False, "dry_run": False} | by), outages=outages)
    known = house(boiler=plug(name="Boiler"))
    told = tree(plug_plan(replace(known, plug_plan=plan), LOCALIZER))
    assert [text.replace("\u00a0", " ") for one in told for text in words(one)] == expected
    assert plug_plan(replace(known, plug_plan=plan, services={}), LOCALIZER) == [], "nobody would do it"
    assert plug_plan(known, LOCALIZER) == []


OFF_FOR_BATTERY = "Off, because otherwise the battery might not last: Boiler"


@pytest.mark.parametrize(
    ("grid", "by_outlook", "boiler", "expected"),
    [
        pytest.param(Grid.OFF, True, {"on": False, "switched_by": "grid"}, [OFF_FOR_BATTERY], id="for-the-battery"),
        pytest.param(Grid.OFF, False, {"on": False, "switched_by": "grid"}, [], id="everything-goes-with-the-grid"),
        pytest.param(Grid.OFF, True, {"on": True, "switched_by": "outlook"}, [], id="given-back"),
        pytest.param(Grid.OFF, True, {"on": False, "switched_by": "telegram:1"}, [], id="by-a-person"),
        pytest.param(Grid.OFF, True, {"on": None, "switched_by": "grid"}, [], id="unknown"),
        pytest.param(
            Grid.OFF, True, {"on": False, "switched_by": "grid", "at": NOW - timedelta(hours=1)}, [], id="unheard"
        ),
        pytest.param(Grid.ON, True, {"on": False, "switched_by": "grid"}, [], id="power-is-back"),
        pytest.param(Grid.UNKNOWN, True, {"on": False, "switched_by": "grid"}, [], id="grid-unknown"),
    ],
)
def test_why_plugs_are_off_is_told_whatever_the_verdict(
    grid: Grid, by_outlook: bool, boiler: dict[str, object], expected: list[str]
) -> None:
    known = replace(
        house(boiler=plug(**boiler)),
        grid=GridState(at=NOW, state=grid, since=NOW - timedelta(hours=1)),
        plug_plan=PlugPlan(at=NOW, by_outlook=by_outlook, dry_run=False),
    )
    assert [text for one in tree(plug_plan(known, LOCALIZER)) for text in words(one)] == expected
    assert plug_plan(replace(known, plug_plan=None), LOCALIZER) == []

"""The page *Inverter* without a browser: what it says of each setting, and what happens to a wish."""

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, get_args
from zoneinfo import ZoneInfo

import pytest
from flask.testing import FlaskClient
from playwright.sync_api import Browser, expect

from services.dashboard.app import application
from services.dashboard.inverter.settings_card import numbers
from services.dashboard.inverter.view import view
from services.dashboard.pages import Command
from services.dashboard.settings import DashboardSettings
from shared.broker_state import BrokerState
from shared.conditions import Reason
from shared.conditions import inverter_settings as control
from shared.freshness import READING_HOLDS
from shared.history.engine import reader
from shared.messages import (
    ChargeAheadPhase,
    InverterControl,
    InverterSettings,
    ProfileChange,
    ProfileOutcome,
    ProfileRun,
    ServiceHealth,
    ServiceStatus,
    SettingChange,
    SettingCommand,
    SettingOutcome,
    SettingState,
)
from shared.setting_requests import change_refusal
from shared.texts.language import Language
from shared.texts.localizer import Localizer
from shared.topics import COMMANDS
from tests.dashboard.full_house import house as full_house
from tests.dashboard.full_house import served
from tests.dashboard.test_now import words
from tests.dashboard.test_page import opened
from tests.support.inverter_controls import ahead, profiles, settings

NOW = datetime(2026, 11, 23, 16, 2, 11, tzinfo=UTC)
LOCALIZER = Localizer(Language.EN, NOW, ZoneInfo("Europe/Kyiv"))
POLLER = ServiceStatus(at=NOW, since=NOW, state=ServiceHealth.ONLINE, version="0.1.0")
ADDRESS = "/inverter/main/setting/output_priority"
SBU = {"value": "sbu", "before": "sol"}


def house(**changes: Any) -> BrokerState:
    usual = {"setting_changes": {}, "services": {"poller": POLLER}}
    return full_house(NOW, **usual | changes)


def rows(state: BrokerState, localizer: Localizer = LOCALIZER) -> dict[str, str]:
    """Return what is said of each setting, and under "" what stands above them."""
    *_, card = view(state, localizer, READING_HOLDS).parts["inverters"]
    (list_,) = (one for one in card[2] if one[0] == "ul")
    said = {
        given["data-key"].rpartition("/")[2]: " | ".join(t for c in inside for t in words(c))
        for _, given, inside in list_[2]
    }
    return said | {"": " | ".join(t for one in card[2] if one[0] != "ul" for t in words(one))}


@pytest.mark.parametrize(
    ("setting", "said"),
    [
        pytest.param("output_priority", "What feeds the house | the house runs from the sun, and from", id="a-choice"),
        pytest.param("output_priority", "changed 21 Nov 18:02, at the inverter or by another program", id="by-hand"),
        pytest.param("output_priority", "Change | the house runs from the mains", id="to-what"),
        pytest.param("max_mains_charging_current_a", "30\u00a0A | not changed since", id="a-number"),
        pytest.param("mains_mode_soc_protection_percent", "changed 17:57, from Telegram", id="from-telegram"),
        pytest.param("charging_priority", "Nobody has yet proven", id="why-it-cannot-be-changed"),
    ],
)
def test_each_setting_says_how_it_stands(setting: str, said: str) -> None:
    assert said in rows(house())[setting]


def test_a_home_without_an_inverter_reads_why() -> None:
    off = ServiceStatus(
        at=NOW, since=NOW, state=ServiceHealth.DISABLED, version="1", reasons=(Reason.sentence("Not set up."),)
    )
    none = view(BrokerState(connected=True, services={"poller": off}), LOCALIZER, READING_HOLDS)
    assert "Not set up. As soon as the inverter answers" in json.dumps(none.parts["inverters"])


def test_what_cannot_be_changed_offers_nothing() -> None:
    assert "Change |" not in rows(house())["charging_priority"]


@pytest.mark.parametrize("language", list(Language))
def test_every_outcome_is_shown(language: Language) -> None:
    for outcome in SettingOutcome:
        reason = None if outcome is SettingOutcome.CONFIRMED else control.MODE_REFUSED()
        change = SettingChange(at=NOW, value="sbu", before="sol", by="me", outcome=outcome, reason=reason)
        said = rows(house(setting_changes={"main/output_priority": change}), replace(LOCALIZER, language=language))
        assert "18:02" in said["output_priority"]
        assert not re.search(r"[{}]|None", said["output_priority"])


def test_an_outcome_of_this_morning_is_no_news() -> None:
    old = NOW - timedelta(hours=3)
    change = SettingChange(at=old, value="sbu", before="sol", by="me", outcome=SettingOutcome.CONFIRMED)
    assert "Done" not in rows(house(setting_changes={"main/output_priority": change}))["output_priority"]


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        pytest.param({"inverter_settings": {"main": settings(NOW, control="off")}}, "INVERTER_CONTROL", id="off"),
        pytest.param({"services": {}}, "not being read now", id="no-poller"),
        pytest.param(
            {"services": {"poller": POLLER.model_copy(update={"at": NOW - timedelta(hours=1)})}},
            "not being read now",
            id="a-poller-that-is-gone",
        ),
    ],
)
def test_where_nothing_can_be_changed_it_says_why_once(changes: dict[str, Any], said: str) -> None:
    found = rows(house(**changes))
    assert said in found.pop("")
    assert not any(said in one for one in found.values())


def test_a_reason_that_all_share_stands_above_them() -> None:
    unproven = SettingState(value="sbu", reason=control.not_proven(model="0x1111", protocol=1))
    known = settings(NOW, settings={"output_priority": unproven, "charging_priority": unproven})
    found = rows(house(inverter_settings={"main": known}))
    assert "0x1111" in found.pop("")
    assert not any("0x1111" in one for one in found.values())


def test_the_numbers_are_those_between_the_neighbours() -> None:
    assert numbers(SettingState(low=20, high=30, step=5)) == [20, 25, 30]
    assert numbers(SettingState(low=2, high=3, step=0.5)) == [2, 2.5, 3]
    assert len(numbers(SettingState(low=0, high=10_000, step=1))) <= 200
    assert numbers(SettingState(value=3)) == []


@pytest.mark.parametrize(
    ("value", "refused"),
    [
        pytest.param("sbu", None, id="fine"),
        pytest.param("sol", "control.already_set", id="so-already"),
        pytest.param("suf", "control.no_such_value", id="never-offered"),
        pytest.param(2, "control.no_such_value", id="a-number-for-a-choice"),
    ],
)
def test_a_choice_is_checked(value: object, refused: str | None) -> None:
    reason = change_refusal(house(), "main", "output_priority", value, NOW)
    assert (reason.code if reason else None) == refused


@pytest.mark.parametrize(
    ("value", "refused"),
    [
        (20, None),
        (30, "already_set"),
        (1, "bounded"),
        (61, "bounded"),
        (float("nan"), "bounded"),
        (2.5, "out_of_range"),
        ("20", "out_of_range"),
        (True, "out_of_range"),
    ],
)
def test_a_number_is_checked(value: object, refused: str | None) -> None:
    reason = change_refusal(house(), "main", "max_mains_charging_current_a", value, NOW)
    assert (reason.code if reason else None) == (refused and f"control.{refused}")


@pytest.mark.parametrize(
    ("changes", "refused"),
    [
        pytest.param({"services": {}}, "unknown_inverter", id="no-poller"),
        pytest.param({"inverters": {}}, "unknown_inverter", id="no-reading"),
        pytest.param({"inverter_settings": {}}, "unknown_inverter", id="no-settings"),
        pytest.param({"inverter_settings": {"main": settings(NOW, control=InverterControl.OFF)}}, "off", id="off"),
        pytest.param({"inverter_settings": {"main": settings(NOW, changing="buzzer_mode")}}, "busy", id="busy"),
        pytest.param({"inverter_settings": {"main": settings(NOW, settings={})}}, "not_offered", id="not-there"),
    ],
)
def test_what_stands_in_the_way_is_shown(changes: dict[str, Any], refused: str) -> None:
    reason = change_refusal(house(**changes), "main", "output_priority", "sbu", NOW)
    assert reason
    assert reason.code == f"control.{refused}"


# charging ahead, and profiles


def cards(state: BrokerState, localizer: Localizer = LOCALIZER) -> dict[str, str]:
    """Return what the cards say, by their titles."""
    found = [words(card) for card in view(state, localizer, READING_HOLDS).parts["inverters"]]
    return {first: " | ".join(rest) for first, *rest in found}


def test_charging_ahead_says_what_it_does_and_why_and_can_be_undone() -> None:
    said = cards(house())["Charging before an outage"]
    assert "charged from the mains with 20 A" in said
    assert "Undo…" in said
    assert "Undo" not in cards(house(charge_ahead={"main": ahead(NOW, can_undo=False)}))["Charging before an outage"]


def test_a_dry_run_is_named_and_what_was_held_off_can_be_allowed_again() -> None:
    held = ahead(NOW, phase=ChargeAheadPhase.HELD_OFF, dry_run=True, dry_run_until=NOW + timedelta(days=3))
    said = cards(house(charge_ahead={"main": held}))["Charging before an outage"]
    assert "Dry run until 26 Nov 18:02" in said
    assert "Allow again…" in said


def test_charging_ahead_that_is_off_takes_no_room() -> None:
    off = ahead(NOW, phase=ChargeAheadPhase.OFF)
    assert "Charging before an outage" not in cards(house(charge_ahead={"main": off}))


def test_a_profile_shows_how_it_differs_from_now() -> None:
    said = cards(house())["Profiles"]
    assert "Highest charging current from the mains: 30\u00a0A → 10\u00a0A" in said
    assert "Як зараз | In force now." in said
    assert said.count("Apply…") == 1, "what is in force or cannot be applied has no button"


@pytest.mark.parametrize("outcome", list(ProfileOutcome))
def test_the_outcome_of_a_profile_is_shown(outcome: ProfileOutcome) -> None:
    last = ProfileChange(at=NOW, profile="Зимова ніч", by="me", outcome=outcome, reason=control.MODE_REFUSED())
    said = cards(house(inverter_profiles={"main": profiles(NOW, last=last)}))["Profiles"]
    assert "18:02" in said
    run = ProfileRun(profile="Зимова ніч", by="me", since=NOW, undoing=True)
    said = cards(house(inverter_profiles={"main": profiles(NOW, last=last, applying=run)}))["Profiles"]
    assert "A step has failed" in said


# the routes


@pytest.fixture
def sent() -> list[tuple[str, Any]]:
    return []


@pytest.fixture
def state() -> dict[str, Any]:
    return {}


@pytest.fixture
def client(tmp_path: Path, sent: list[tuple[str, Any]], state: dict[str, Any]) -> Iterator[FlaskClient]:
    def snapshot() -> BrokerState:
        now = datetime.now(UTC)
        poller = POLLER.model_copy(update={"at": now})
        return full_house(now, **{"services": {"poller": poller}} | state)

    path = tmp_path / "easun.db"
    given = DashboardSettings(_env_file=None, db_path=path)
    app = application(snapshot, reader(path), given, lambda name, command: sent.append((name, command)))
    with app.test_client() as client:
        yield client


def post(client: FlaskClient, address: str, wish: Any, language: str = "en") -> tuple[int, dict[str, Any]]:
    page = client.get("/inverter").get_data(as_text=True)
    token = re.search(r'name="csrf" content="([^"]+)"', page)
    headers = {"X-CSRF-Token": token[1] if token else "", "X-Language": language, "Sec-Fetch-Site": "same-origin"}
    answer = client.post(address, data=json.dumps(wish), content_type="application/json", headers=headers)
    return answer.status_code, answer.get_json()


def test_a_press_first_says_what_will_happen(client: FlaskClient, sent: list[tuple[str, Any]]) -> None:
    status, answer = post(client, f"{ADDRESS}/question", {"value": "sbu"})
    assert (status, answer["title"], answer["wish"], sent) == (200, "What feeds the house", SBU, [])
    said = " ".join(answer["sentences"])
    assert "Then: the house runs from the sun, then from the battery" in said
    assert "down to 30\u00a0%. Scheduled outage:" in said
    status, answer = post(client, f"{ADDRESS}/question", {"value": "sbu"}, "uk")
    assert "Буде: дім живиться від сонця, потім від батареї" in " ".join(answer["sentences"])


def test_only_the_answer_to_that_changes_anything(client: FlaskClient, sent: list[tuple[str, Any]]) -> None:
    assert post(client, ADDRESS, SBU)[0] == 202
    ((name, command),) = sent
    assert name == "main/output_priority"
    assert isinstance(command, SettingCommand)
    assert (command.value, command.by) == ("sbu", "dashboard")


@pytest.mark.parametrize(
    ("wish", "status"),
    [
        pytest.param({"value": "sbu"}, 409, id="without-what-was-shown"),
        pytest.param({"value": "sbu", "before": "uti"}, 409, id="it-stands-differently-now"),
        pytest.param({"value": "suf", "before": "sol"}, 409, id="not-offered"),
        pytest.param({"value": True, "before": "sol"}, 400, id="no-value"),
        pytest.param({"value": "sbu", "before": "sol", "by": "device"}, 409, id="too-much"),
        pytest.param({"before": "sol"}, 400, id="nothing"),
        pytest.param([], 400, id="no-wish"),
    ],
)
def test_a_bad_wish_changes_nothing(client: FlaskClient, sent: list[Any], wish: Any, status: int) -> None:
    answered, answer = post(client, ADDRESS, wish)
    assert (answered, sent) == (status, [])
    assert answer["error"]


def test_another_site_changes_nothing(client: FlaskClient, sent: list[Any]) -> None:
    assert client.post(ADDRESS, json=SBU, headers={"Sec-Fetch-Site": "cross-site"}).status_code == 403
    assert sent == []


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"connected": False}, id="no-broker"),
        pytest.param({"services": {}}, id="no-poller"),
        pytest.param({"inverter_settings": {"main": settings(NOW, control="off")}}, id="off"),
    ],
)
def test_what_would_come_to_nothing_is_not_sent(
    client: FlaskClient, sent: list[Any], state: dict[str, Any], changes: dict[str, Any]
) -> None:
    state.update(changes)
    for address in (ADDRESS, f"{ADDRESS}/question"):
        status, answer = post(client, address, SBU)
        assert (status, sent) == (409, [])
        assert answer["error"]


def test_a_profile_is_applied_only_as_it_was_shown(client: FlaskClient, sent: list[tuple[str, Any]]) -> None:
    where, wish = "/inverter/main/profile", {"profile": "Зимова ніч"}
    status, answer = post(client, f"{where}/question", wish)
    assert status == 200
    assert "All or nothing" in answer["sentences"][-1]
    assert post(client, where, wish)[0] == 409
    assert post(client, where, answer["wish"])[0] == 202
    ((name, command),) = sent
    assert (name, command.profile, command.by) == ("main", "Зимова ніч", "dashboard")
    for refused in ("Як зараз", "Лише сонце", "no such profile"):
        assert post(client, f"{where}/question", {"profile": refused})[0] == 409


def test_charging_ahead_is_undone_and_allowed_again(
    client: FlaskClient, sent: list[tuple[str, Any]], state: dict[str, Any]
) -> None:
    where = "/inverter/main/charge_ahead"
    status, answer = post(client, f"{where}/question", {"hold_off": True})
    assert (status, answer["wish"]) == (200, {"hold_off": True})
    assert "put back" in answer["sentences"][0]
    assert post(client, where, {"hold_off": True})[0] == 202
    assert post(client, where, {"hold_off": False})[0] == 409
    assert post(client, where, {"hold_off": "yes"})[0] == 400
    state["charge_ahead"] = {"main": ahead(NOW, phase=ChargeAheadPhase.HELD_OFF, can_undo=False)}
    assert post(client, where, {"hold_off": False})[0] == 202
    assert [(name, command.hold_off) for name, command in sent] == [("main", True), ("main", False)]


def test_no_inverter_is_a_sentence_and_not_an_empty_page() -> None:
    (card,) = view(house(inverter_settings={}), LOCALIZER, READING_HOLDS).parts["inverters"]
    assert "No settings read yet" in words(card)


def test_several_inverters_are_named() -> None:
    known: InverterSettings = settings(NOW)
    assert list(cards(house(inverter_settings={"right": known, "left": known}))) == ["Inverter left", "Inverter right"]


def test_every_command_of_a_page_has_its_topic() -> None:
    topics = {kind: COMMANDS[kind] for kind in get_args(Command)}
    assert {topic.payload: topic.retain for topic in topics.values()} == dict.fromkeys(get_args(Command), False)
    assert all(topic.payload is kind and "dashboard" in topic.writers for kind, topic in topics.items())


def test_in_a_browser_a_press_asks_the_answer_changes_and_the_outcome_is_shown(
    browser: Browser, tmp_path: Path, sent: list[tuple[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    happened: dict[str, Any] = {"setting_changes": {}}

    def known(now: datetime) -> BrokerState:
        return full_house(now, services={"poller": POLLER.model_copy(update={"at": now})}, **happened)

    monkeypatch.setattr("tests.dashboard.full_house.house", known)
    with (
        served(tmp_path / "easun.db", lambda *one: sent.append(one)) as address,
        opened(browser, f"{address}/inverter") as page,
    ):
        row = page.locator(f'[data-key="{ADDRESS}"]')
        row.locator("summary").click()
        wanted = row.get_by_role("button", name="the house runs from the sun, then from the battery")
        dialog = page.get_by_role("dialog", name="What feeds the house")
        wanted.click()
        expect(dialog).to_contain_text("Then: the house runs from the sun, then from the battery")
        expect(dialog.get_by_role("button", name="Cancel")).to_be_focused()
        page.keyboard.press("Enter")
        expect(dialog).to_be_hidden()
        assert sent == []
        wanted.click()
        dialog.get_by_role("button", name="Change it").click()
        expect(dialog).to_be_hidden()
        expect(row).to_have_attribute("data-asked", "")
        ((name, command),) = sent
        assert (name, command.value, command.by) == ("main/output_priority", "sbu", "dashboard")

        now = datetime.now(UTC)
        done = SettingChange(at=now, value="sbu", before="sol", by="dashboard", outcome=SettingOutcome.CONFIRMED)
        happened["setting_changes"] = {"main/output_priority": done}
        changed = settings(now).settings["output_priority"].model_copy(update={"value": "sbu"})
        happened["inverter_settings"] = {
            "main": settings(now, settings=settings(now).settings | {"output_priority": changed})
        }
        expect(page.locator("#setting-result")).to_have_text(re.compile("^What feeds the house: "))
        expect(row.locator(".value")).to_contain_text("the house runs from the sun, then from the battery")
        expect(row).not_to_have_attribute("data-asked", "")

"""The page System: what it says of services, devices and plugs, and the diagnostics bundle."""

import io
import json
import re
import zipfile
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from playwright.sync_api import Browser, expect

from services.dashboard.app import application
from services.dashboard.markup import tree
from services.dashboard.pages import PageContext, ViewOptions
from services.dashboard.settings import DashboardSettings
from services.dashboard.system.database import facts, rows_by_table
from services.dashboard.system.diagnostics import MASK, masked
from services.dashboard.system.page import recorded
from services.dashboard.system.view import view
from services.recorder.retention import set_note
from services.recorder.store import open_store
from shared.broker_state import BrokerState
from shared.conditions import Reason
from shared.history import last_backup
from shared.history.engine import reader
from shared.history.last_backup import LastBackup
from shared.known_settings import known_settings
from shared.messages import BatteryInfo, InverterInfo, PlugInfo, PlugState, ServiceHealth, ServiceStatus
from shared.settings import SECRET
from shared.texts.language import Language
from shared.texts.localizer import Localizer
from tests.dashboard.full_house import house, served
from tests.dashboard.harness import record, token_of
from tests.dashboard.test_page import LOOKS, fits, opened

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
LOCALIZER = Localizer(Language.EN, NOW)
SECRETS = [name for name in known_settings() if SECRET.search(name) and not name.endswith("_DIR")]


def words(node) -> str:
    """Return the texts of a tree, one after the other."""
    if isinstance(node, str):
        return node
    return " ".join(words(one) for one in (node if node and isinstance(node[0], list) else node[2] if node else []))


def lists(snapshot: BrokerState, localizer: Localizer = LOCALIZER) -> dict[str, str]:
    return {name: words(part) for name, part in view(snapshot, localizer).parts.items()}


def test_everything_is_listed():
    told = lists(house(NOW))
    assert "Inverter (poller) online since 12:00 · 0.1.0" in told["services"]
    assert "Planned outages (schedule) has a problem since 12:00 · 0.1.0 No password is set" in told["services"]
    assert "main inverter, responding since 07:00" in told["devices"]
    for fact in ("SMG 6200", "classic", "SN62001234", "6.28", "6.20\u00a0kW", "C8:47:80:00:00:01"):
        assert fact in told["devices"]
    assert "pack2 battery, not responding since 11:00 no answer in time" in told["devices"]
    assert "all" not in told["devices"].split()
    assert (
        "Boiler on switched with the grid · over the home network With the grid Protected "
        "Test now: off and on order 20 Sooner Later" in told["plugs"]
    )
    assert "Kettle off dry run: only reports what would be switched" in told["plugs"]
    assert "Router on protected: never switched" in told["plugs"]
    assert "Подовжувач found left alone · Лампа, Чайник With the grid Protected" in told["plugs"]
    assert "Pump unreachable, as of 12:00 switched with the grid no answer in time" in told["plugs"]


def test_what_was_said_long_ago_is_not_said_to_be_so_now():
    told = lists(house(NOW), replace(LOCALIZER, now=NOW + timedelta(hours=1)))
    assert "main inverter, not known whether it responds" in told["devices"]
    assert "pack1 battery, not known whether it responds" in told["devices"]
    assert "pack2 battery, not responding since 11:00" in told["devices"]
    assert "Boiler unreachable, as of 12:00" in told["plugs"]


def test_nothing_at_all_says_what_to_do():
    told = lists(BrokerState())
    assert "Is the message broker running?" in told["services"]
    assert "MODBUS_HOST" in told["devices"]
    assert "data/plugs.yaml" in told["plugs"]


@pytest.mark.parametrize("hours", [-24, 24])
def test_a_clock_that_is_a_day_off_makes_a_service_silent_not_online(hours):
    told = lists(house(NOW - timedelta(hours=hours)))
    assert "Inverter (poller) not responding since" in told["services"]


@given(
    st.builds(InverterInfo, at=st.just(NOW), model=st.text(), layout=st.text()),
    st.builds(BatteryInfo, at=st.just(NOW), address=st.text(), name=st.text()),
    st.builds(PlugState, at=st.just(NOW), name=st.text()),
    st.builds(ServiceStatus, at=st.just(NOW), state=st.sampled_from(ServiceHealth), since=st.none(), version=st.text()),
    st.sampled_from(Language),
)
def test_any_messages_make_texts(inverter, battery, plug, status, language):
    known = BrokerState(
        inverter_infos={"one": inverter}, battery_infos={"two": battery}, plugs={"x": plug}, services={"y": status}
    )
    parts = view(known, Localizer(language, NOW)).parts
    assert json.loads(json.dumps(parts, allow_nan=False)) == parts


def site(path: Path, snapshot: BrokerState, **settings: Any) -> PageContext:
    given_settings = DashboardSettings(_env_file=None, db_path=path, **settings)
    return PageContext(lambda: snapshot, reader(path), lambda: LOCALIZER, given_settings)


def test_the_page_says_how_the_database_fares(tmp_path):
    path = tmp_path / "easun.db"

    def said() -> str:
        return words(tree(recorded(site(path, BrokerState()), LOCALIZER, ViewOptions())))

    assert "none yet: the recorder creates it" in said()
    record(path, NOW, days=1, every=timedelta(hours=1))
    assert re.search(r"schema \d{4}, \d+\.\d\u00a0MB Last backup none yet", said())
    assert f"Backups {tmp_path / 'backups'} (BACKUP_DIR)" in said()
    made = LastBackup(Path("/mnt/usb/easun-2026-11-24.db"), NOW - timedelta(hours=9))
    store = open_store(path)
    store.run(lambda connection: set_note(connection, last_backup.NOTE, made.to_json()))
    store.close()
    assert "Last backup 03:00, easun-2026-11-24.db" in said()
    assert "Backups /mnt/usb (BACKUP_DIR)" in said()
    path.write_bytes(b"no database" * 1000)
    assert "cannot be read: its file is not a database" in said()


def test_the_page_says_that_no_password_is_set_and_offers_the_way_out_where_one_is(tmp_path):
    def said(**settings: object) -> str:
        return words(tree(recorded(site(tmp_path / "easun.db", BrokerState(), **settings), LOCALIZER, ViewOptions())))

    assert "No password is set" in said()
    assert "Log out" not in said()
    assert "No password is set" not in said(dashboard_password="x")
    assert "Log out" in said(dashboard_password="x")


def test_rows_are_counted_by_table_and_device(tmp_path):
    path = tmp_path / "easun.db"
    record(path, NOW, days=2, every=timedelta(hours=1))
    told = rows_by_table(reader(path), NOW)
    assert told["inverter_state"]["smg2"]["rows_of_the_last_day"] in range(20, 26)
    assert told["battery_state"] == {}
    assert facts(path, reader(path)).problem is None


def test_the_bundle_holds_no_secret_and_no_serial_number(tmp_path, monkeypatch):
    canaries = {name: f"canary-{number}-end" for number, name in enumerate(SECRETS)}
    canaries["DATABASE_URL"] = "postgresql://easun:canary-url-end@127.0.0.1:1/easun"
    for name, value in canaries.items():
        monkeypatch.setenv(name, value)
    settings = DashboardSettings(_env_file=None)
    now = datetime.now(UTC)
    leak = f"The broker refuses {canaries['MQTT_PASSWORD']}, canary-url-end, SN62001234 and c84780000001."
    status = ServiceStatus(
        at=now, state=ServiceHealth.DEGRADED, since=now, reasons=(Reason.sentence(leak),), version="0.1.0"
    )
    known = house(now, services={"poller": status})
    app = application(lambda: known, reader(tmp_path / "easun.db"), settings, key=b"signing-canary-end")
    client = app.test_client()
    page = client.get("/login").text
    client.post("/login", data={"csrf": token_of(page), "password": canaries["DASHBOARD_PASSWORD"]})
    answer = client.get("/diagnostics.zip", headers={"X-CSRF-Token": token_of(client.get("/").text)})
    assert answer.mimetype == "application/zip"
    with zipfile.ZipFile(io.BytesIO(answer.data)) as archive:
        told = {name: archive.read(name).decode() for name in archive.namelist()}
    for name, text in told.items():
        assert "canary" not in text, name
        for telling in ("SN62001234", "40110480", "C8:47:80", "c84780000001"):
            assert telling not in text, (name, telling)
    messages = json.loads(told["broker.json"])["messages"]
    assert messages["inverter/main/state"]["load_power_w"] == 643
    assert messages["inverter/main/info"]["serial_number"] == MASK
    assert json.loads(told["settings.json"])["DASHBOARD_PASSWORD"] == "is set"
    assert json.loads(told["about.json"])["versions"]["easun-bridge"]


@given(st.text(), st.text())
def test_masked_leaves_nothing_of_what_is_hidden(before, after):
    told = masked([{f"{before}HIDDEN{after}": f"{before}hidden{after}"}], ["hidden", "", "ab"])
    assert "hidden" not in json.dumps(told, ensure_ascii=False).lower()
    assert masked([before], ["", "ab"]) == [before]


def test_what_is_masked_is_still_told_apart():
    topics = {
        "battery/c84780000001/state": 1,
        "battery/c84780000002/state": 2,
        "said": "No answer of C8:47:80:00:00:02",
    }
    told = masked(topics, ["C8:47:80:00:00:01", "C8:47:80:00:00:02", "C8:47:80:00:00:01"])
    assert told == {"battery/***1/state": 1, "battery/***2/state": 2, "said": "No answer of ***2"}


@pytest.mark.parametrize(("viewport", "scheme"), LOOKS[1:3])
def test_the_page_draws(browser: Browser, tmp_path, viewport, scheme):
    record(tmp_path / "easun.db", datetime.now(UTC), days=1, every=timedelta(hours=1))
    with (
        served(tmp_path / "easun.db") as address,
        opened(browser, f"{address}/system", viewport=viewport, scheme=scheme) as page,
    ):
        expect(page.locator(".system")).to_contain_text("SMG 6200")
        expect(page.get_by_text("schema 0")).to_be_visible()
        expect(page.locator(".entry")).to_have_count(12)
        assert fits(page)
        with page.expect_download() as download:
            page.get_by_role("link", name="Download diagnostics").click()
        assert zipfile.is_zipfile(download.value.path())


def test_long_names_and_many_plugs_fit(browser: Browser, tmp_path, monkeypatch):
    now = datetime.now(UTC)
    long = "plug-" + "x" * 195
    many = {
        f"{long}{number}": PlugState(at=now, name=f"{long}{number}", reason=Reason.sentence("y" * 300))
        for number in range(12)
    }
    monkeypatch.setattr("tests.dashboard.full_house.house", lambda at: house(at, plugs=many))
    with served(tmp_path / "easun.db") as address, opened(browser, f"{address}/system") as page:
        expect(page.get_by_text(long)).to_have_count(12)
        assert fits(page)


def test_light_dark_and_language_are_chosen_by_hand(browser: Browser, tmp_path):
    with served(tmp_path / "easun.db") as address, opened(browser, f"{address}/system") as page:
        html = page.locator("html")
        page.get_by_role("button", name="Dark", exact=True).click()
        expect(html).to_have_attribute("data-scheme", "dark")
        expect(page.get_by_role("button", name="Dark", exact=True)).to_have_attribute("aria-pressed", "true")
        page.get_by_role("button", name="Auto").click()
        expect(html).to_have_attribute("data-scheme", "light")
        page.get_by_role("button", name="Українська").click()
        expect(page.get_by_role("heading", name="Система")).to_be_visible()
        expect(html).to_have_attribute("lang", "uk")


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no-scripts"])
def test_login_in_a_browser(browser: Browser, tmp_path, scripts):
    with (
        served(tmp_path / "easun.db", dashboard_password="light") as address,
        opened(browser, f"{address}/system", quiet=False, java_script_enabled=scripts) as page,
    ):
        expect(page).to_have_url(f"{address}/login?next=%2Fsystem")
        assert fits(page)
        page.get_by_label("Password").fill("dark")
        page.get_by_role("button", name="Log in").click()
        expect(page.get_by_role("alert")).to_have_text("Wrong password.")
        page.get_by_label("Password").fill("light")
        page.keyboard.press("Enter")
        expect(page).to_have_url(f"{address}/system")
        if scripts:
            page.get_by_role("button", name="Log out").click()
            expect(page).to_have_url(f"{address}/login")
            page.goto(address)
            expect(page.get_by_label("Password")).to_be_visible()


def test_a_session_that_has_ended_leads_to_the_login(browser: Browser, tmp_path):
    with (
        served(tmp_path / "easun.db", dashboard_password="light") as address,
        opened(browser, address, quiet=False) as page,
    ):
        page.get_by_label("Password").fill("light")
        page.keyboard.press("Enter")
        expect(page.locator(".banner")).to_be_visible()
        page.context.clear_cookies()
        expect(page).to_have_url(f"{address}/login?next=%2F")


def test_the_page_can_be_installed(browser: Browser, tmp_path):
    with served(tmp_path / "easun.db") as address, opened(browser, address, locale="uk-UA") as page:
        answer = page.request.get(address + str(page.locator('link[rel="manifest"]').get_attribute("href")))
        manifest = answer.json()
        assert (manifest["lang"], manifest["display"], manifest["start_url"]) == ("uk", "standalone", "/")
        assert {icon["purpose"] for icon in manifest["icons"]} == {"any", "maskable"}
        session = page.context.new_cdp_session(page)
        told = session.send("Page.getAppManifest")
        assert told["errors"] == []
        assert session.send("Page.getInstallabilityErrors")["installabilityErrors"] in (
            [],
            [{"errorId": "in-incognito", "errorArguments": []}],
        )


def test_live_pages_live_on_without_a_database(browser: Browser, tmp_path):
    (tmp_path / "easun.db").write_bytes(b"no database" * 1000)
    with served(tmp_path / "easun.db") as address, opened(browser, address) as page:
        expect(page.locator('[data-text="home"]').first).to_have_text("643\u00a0W")
        page.get_by_role("link", name="System").locator("visible=true").click()
        expect(page.locator(".system").get_by_text("cannot be read: its file is not a database")).to_be_visible()
        page.get_by_role("link", name="History").locator("visible=true").click()
        expect(page.locator("#history-recorded")).to_contain_text("The history cannot be read")
        page.get_by_role("link", name="Now").locator("visible=true").click()
        expect(page.locator("html")).to_have_attribute("data-live", "live")
        assert page.request.get(f"{address}/healthz").json()["database"] == "not readable"


def plug_info(**fields: Any) -> PlugInfo:
    usual = {"at": NOW, "name": "Boiler", "gangs": {"switch_1": "switch_1"}, "priority": 100}
    rule = {"enabled": False, "protected": False, "follows_grid": False}
    return PlugInfo.model_validate(usual | rule | fields)


def buttons(info: PlugInfo, **house_fields: Any) -> dict[str, dict[str, Any]]:
    """Return the attributes of the buttons of a plug by what they ask for."""
    service = ServiceStatus(at=NOW, state=ServiceHealth.ONLINE, since=NOW, version="1")
    known: dict[str, Any] = {"connected": True, "plug_infos": {"boiler": info}, "services": {"tuya": service}}
    found: list[Any] = []

    def search(node: Any) -> None:
        if isinstance(node, list) and node and node[0] == "button":
            found.append(node)
        for one in node if isinstance(node, list) else []:
            search(one)

    search(view(BrokerState(**known | house_fields), LOCALIZER).parts["plugs"])
    return {node[1]["data-plug-setup"]: node[1] for node in found}


def test_a_plug_has_a_button_for_each_thing_that_may_be_changed():
    offered = buttons(plug_info())
    assert list(offered) == ['{"enabled": true}', '{"protected": true}']
    assert offered['{"enabled": true}']["aria-pressed"] == "false"
    offered = buttons(plug_info(enabled=True, follows_grid=True, seen=False))
    assert list(offered) == [
        '{"enabled": false}',
        '{"protected": true}',
        "{}",
        '{"test": true}',
        '{"priority": 90}',
        '{"priority": 110}',
    ]
    offered = buttons(plug_info(enabled=True, protected=True))
    assert offered['{"enabled": true}']["disabled"]
    offered = buttons(plug_info(follows_grid=True, seen=False))
    assert offered['{"enabled": false}']["aria-pressed"] == "true", "a setting switches it, whatever the list says"
    offered = buttons(plug_info(enabled=True, protected=True))
    assert not offered['{"protected": false}']["disabled"]
    assert all(one["disabled"] for one in buttons(plug_info(), connected=False).values())
    assert buttons(plug_info(listed=False)) == {}


@pytest.mark.parametrize(
    ("id_", "wish", "status"),
    [
        ("boiler", {"enabled": True}, 202),
        ("boiler", {"test": True}, 202),
        ("boiler", {}, 202),
        ("boiler", {"priority": -1}, 400),
        ("boiler", {"enabled": "yes"}, 400),
        ("boiler", {"by": "somebody"}, 400),
        ("boiler", [], 400),
        ("nobody", {"enabled": True}, 404),
    ],
)
def test_a_press_sends_a_change_of_the_list(id_, wish, status, tmp_path):
    sent: list[tuple[str, Any]] = []
    service = ServiceStatus(at=datetime.now(UTC), state=ServiceHealth.ONLINE, since=NOW, version="1")
    known = BrokerState(connected=True, plug_infos={"boiler": plug_info()}, services={"tuya": service})
    path = tmp_path / "easun.db"
    settings = DashboardSettings(_env_file=None, db_path=path)
    client = application(lambda: known, reader(path), settings, lambda *one: sent.append(one)).test_client()
    with client.session_transaction() as session:
        session["csrf"] = "told by the page"
    answer = client.post(f"/plugs/{id_}/setup", json=wish, headers={"X-CSRF-Token": "told by the page"})
    assert answer.status_code == status
    assert [(name, setup.model_dump(include=set(wish)), setup.by) for name, setup in sent] == (
        [(id_, wish, "dashboard")] if status == 202 else []
    )


def test_a_tap_asks_for_the_change_and_waits_for_it(browser: Browser, tmp_path, monkeypatch):
    sent: list[tuple[str, Any]] = []
    online = {"tuya": ServiceStatus(at=datetime.now(UTC), state=ServiceHealth.ONLINE, since=NOW, version="1")}
    monkeypatch.setattr("tests.dashboard.full_house.house", lambda at: house(at, services=online))
    with (
        served(tmp_path / "easun.db", lambda *one: sent.append(one)) as address,
        opened(browser, f"{address}/system") as page,
    ):
        button = page.get_by_role("group", name="Подовжувач").get_by_role("button", name="With the grid")
        button.click()
        expect(button).to_be_disabled()
        expect(button).to_have_attribute("aria-busy", "")
    ((name, setup),) = sent
    assert (name, setup.enabled, setup.by) == ("strip", True, "dashboard")

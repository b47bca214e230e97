"""Guests: they read what is open to them and nothing else, change nothing, and are gone when the link is withdrawn."""

import json
import re
import stat
import time
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st

from services.dashboard.access import login
from services.dashboard.access.guests import ALPHABET, MOST, Guests
from services.dashboard.app import application
from services.dashboard.guest_view import CONTROLS, for_guests
from services.dashboard.paths import GUEST_PAGES, KIOSK, OPEN_TO_GUESTS
from services.dashboard.settings import DashboardSettings
from services.recorder.rows import to_row
from services.recorder.store import open_store
from shared.broker_state import BrokerState
from shared.history.engine import reader
from shared.messages import OutageSchedule, PlugState, ServiceHealth, ServiceStatus
from shared.topics import INVERTER_STATE
from tests.dashboard.harness import reading, token_of
from tests.dashboard.test_access import HTML, KEY, RIGHT, log_in, somebody

OPEN_TO_ALL = ("/login", "/guest", "/healthz", "/manifest.webmanifest", "/page.css")


@pytest.fixture
def commands() -> list[Any]:
    return []


@pytest.fixture
def server(tmp_path: Path, commands: list[Any]) -> Flask:
    now = datetime.now(UTC)
    place = tmp_path / "easun.db"
    store = open_store(place)
    store.write([to_row(INVERTER_STATE.named("smg2"), reading(now).model_dump_json().encode())])
    store.close()
    return serve(tmp_path, commands, now)


def serve(tmp_path: Path, commands: list[Any], now: datetime) -> Flask:
    status = ServiceStatus(at=now, state=ServiceHealth.ONLINE, since=now, version="1")
    known = BrokerState(
        connected=True,
        inverters={"smg2": reading(now)},
        schedule=OutageSchedule(at=now, fetched_at=now, queue="4.1"),
        plugs={"boiler": PlugState(at=now, name="Boiler", on=True, reachable=True, confirmed=True)},
        services={"tuya": status},
    )
    settings = DashboardSettings(_env_file=None, dashboard_password=RIGHT)
    engine, guests = reader(tmp_path / "easun.db"), tmp_path / "state/guests.json"
    server = application(
        lambda: known, engine, settings, lambda *command: commands.append(command), key=KEY, guests=guests
    )
    server.add_url_rule("/of-tomorrow", "of-tomorrow", lambda: "secret", methods=["GET", "POST"])
    return server


@pytest.fixture
def owner(server: Flask) -> FlaskClient:
    client = somebody(server)
    log_in(client)
    return client


def post(client: FlaskClient, address: str, body: Any = None) -> Any:
    token = token_of(client.get("/", headers=HTML).text)
    return client.post(address, json=body or {}, headers={"X-CSRF-Token": token})


def new_code(owner: FlaskClient, name: str = "Kitchen") -> str:
    answer = post(owner, "/guests", {"name": name})
    assert answer.status_code == 201
    return str(answer.json["code"])


@pytest.fixture
def guest(server: Flask, owner: FlaskClient) -> FlaskClient:
    client = somebody(server, peer="192.168.1.9")
    answer = log_in(client, new_code(owner))
    assert (answer.status_code, answer.location) == (303, "/")
    return client


def addresses(server: Flask) -> set[tuple[str, str]]:
    """Return an address and a method for every route, with the names of pages and of a plug in its places."""
    found = set()
    for rule in server.url_map.iter_rules():
        for name in (*GUEST_PAGES, "system", "events", "boiler"):
            address = re.sub(r"<[^>]+>", name, str(rule))
            found |= {(address, method) for method in rule.methods or ()}
            found |= {(address, method) for method in ("POST", "PUT", "DELETE", "PATCH")}
    return found


def test_a_guest_reads_what_is_listed_and_nothing_else_on_every_route(
    server: Flask, guest: FlaskClient, commands: list[Any]
) -> None:
    """A property over the routing table: a new route is closed by default."""
    token = token_of(guest.get("/", headers=HTML).text)
    opened = set()
    for address, method in sorted(addresses(server)):
        if address in OPEN_TO_ALL:
            continue
        answer = guest.open(address, method=method, headers={"X-CSRF-Token": token}, json={"on": False, "name": "x"})
        if method not in ("GET", "HEAD", "OPTIONS"):
            assert answer.status_code == 403, (method, address)
        elif answer.status_code < 400:
            opened.add(address)
        else:
            assert answer.status_code in (403, 404), (method, address)
    files = {one for one in opened if one.startswith(("/assets/", "/_dash-component-suites/"))}
    assert opened - files <= OPEN_TO_GUESTS
    assert {"/", "/outages", "/history", "/live/now", "/kiosk", "/kiosk.json"} <= opened
    assert not commands
    for closed in ("/system", "/events", "/history.csv", "/diagnostics.zip", "/metrics", "/outages.ics", "/guests"):
        assert guest.get(closed).status_code == 403, closed
        assert guest.get(f"{closed}?csrf={token}", headers=HTML).location == "/", closed


def test_a_guest_can_log_in_as_the_owner(guest: FlaskClient) -> None:
    log_in(guest)
    assert guest.get("/recorded/system").status_code == 200


def test_a_guest_sees_no_controls_and_no_keys(owner: FlaskClient, guest: FlaskClient) -> None:
    for path in ("/", "/outages", "/battery", "/history"):
        page, before = (client.get(path, headers=HTML).text.partition("<main")[2] for client in (guest, owner))
        assert not re.search(rf"<({'|'.join(CONTROLS)})\b", page), path
        assert "key=" not in page
        assert "/system" not in page
        assert "/events" not in page
        assert "key=" in before
    assert '"button"' in owner.get("/live/now").text
    live = guest.get("/live/now").text
    assert "Boiler" in live
    assert '"button"' not in live
    assert "/history.csv" in owner.get("/history.json").text
    assert "/history.csv" not in guest.get("/history.json").text
    assert set(guest.get("/healthz").json or {}) == {"broker", "newest_reading_age_s"}


def test_a_withdrawn_link_ends_its_sessions_and_only_those(
    server: Flask, owner: FlaskClient, guest: FlaskClient, caplog: pytest.LogCaptureFixture, tmp_path: Path
) -> None:
    code = new_code(owner, "Parents")
    other = somebody(server)
    log_in(other, code)
    assert guest.get("/live/now").status_code == 200
    listed = owner.get("/guests").text
    id_ = re.findall(r'"data-withdraw": ?"([^"]+)"', listed)[0]
    assert post(owner, f"/guests/{id_}/withdraw").status_code == 200
    assert post(owner, f"/guests/{id_}/withdraw").status_code == 404
    assert guest.get("/live/now").status_code == 401
    assert guest.get("/history", headers=HTML).location.startswith("/login")
    assert [client.get("/live/now").status_code for client in (other, owner)] == [200, 200]
    # the code is in no log, on no page and in no file
    file = tmp_path / "state/guests.json"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    plain = code.replace("-", "")
    for place in (caplog.text, owner.get("/guests").text, owner.get("/recorded/system").text, file.read_text()):
        assert code not in place
        assert plain not in place
    assert "Parents" in owner.get("/guests").text


def test_links_outlive_a_restart_but_not_another_password(tmp_path: Path, owner: FlaskClient) -> None:
    code = new_code(owner)
    again = somebody(serve(tmp_path, [], datetime.now(UTC)))
    assert log_in(again, code.upper().replace("-", " ")).status_code == 303
    assert again.get("/live/now").status_code == 200
    key, file = b"another", tmp_path / "state/guests.json"
    assert Guests(key, file).links
    assert Guests(key, file).opened_by(code) is None


def test_wrong_codes_have_to_wait_as_wrong_passwords(
    server: Flask, owner: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    stranger = somebody(server, peer="192.0.2.7")
    code = new_code(owner)
    monkeypatch.setattr(login, "time", SimpleNamespace(monotonic=lambda: 1000.0, time=time.time))  # no time passes
    answers = [log_in(stranger, f"0000-0000-000{number}").status_code for number in range(6)]
    assert answers == [401] * 5 + [429]
    assert log_in(stranger, code).status_code == 429


def test_the_page_of_a_link_keeps_the_code_out_of_addresses(server: Flask) -> None:
    stranger = somebody(server)
    page = stranger.get(f"/guest?next={KIOSK}")
    assert page.status_code == 200
    assert "location.hash" in page.text
    assert f'name="next" value="{KIOSK}"' in page.text
    assert 'action="/login"' in page.text


def test_bad_wishes(owner: FlaskClient) -> None:
    wishes: list[Any] = [{}, {"name": ""}, {"name": 7}, {"name": "x" * 41}, []]
    for wish in wishes:
        assert post(owner, "/guests", wish).status_code == 400
    for number in range(MOST):
        new_code(owner, f"<script>{number}</script>")
    assert post(owner, "/guests", {"name": "one more"}).status_code == 409
    assert "<script>" not in owner.get("/system", headers=HTML).text.partition("<main")[2].partition("</main")[0]


def test_without_a_password_there_are_no_guests(tmp_path: Path) -> None:
    settings = DashboardSettings(_env_file=None, dashboard_password="")
    server = application(BrokerState, reader(tmp_path / "easun.db"), settings, key=KEY)
    here = somebody(server, peer="127.0.0.1", host="localhost:8000")
    assert post(here, "/guests", {"name": "Kitchen"}).status_code == 409
    assert "DASHBOARD_PASSWORD" in here.get("/guests").text


@pytest.mark.parametrize("content", ["", "[]", "{", '{"a": 1}', '{"a": {"name": 1, "made_s": 1, "digest": "x"}}'])
def test_a_damaged_file_opens_nothing(tmp_path: Path, content: str) -> None:
    file = tmp_path / "guests.json"
    file.write_text(content)
    guests = Guests(KEY, file)
    assert not guests.links
    code = guests.make("Kitchen", 0)
    assert code is not None
    assert Guests(KEY, file).opened_by(code) is not None


@given(st.text(max_size=80))
def test_no_text_but_the_code_opens(typed: str) -> None:
    guests = Guests(KEY)
    code = guests.make("Kitchen", 0)
    assert code is not None
    assert set(code) <= {*ALPHABET, "-"}
    is_code = typed.lower().replace("-", "").replace(" ", "") == code.replace("-", "")
    assert (guests.opened_by(typed) is not None) == is_code


TREES = st.recursive(
    st.text(max_size=5),
    lambda inside: st.tuples(
        st.sampled_from(["div", "p", *sorted(CONTROLS)]),
        st.dictionaries(st.sampled_from(["href", "data-owner", "id"]), st.sampled_from(["", "/system", "/", "#a"])),
        st.lists(inside, max_size=3),
    ).map(list),
    max_leaves=12,
)


@given(st.lists(TREES, max_size=4))
def test_no_control_is_left_in_any_tree(trees: list[Any]) -> None:
    left = json.dumps(for_guests(trees))
    assert not any(f'["{tag}", {{' in left for tag in CONTROLS)
    assert '"href": "/system"' not in left
    assert '"data-owner"' not in left

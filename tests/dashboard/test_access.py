"""Who may come in: password, waits, sessions, origins, the key on the disk."""

import re
import stat
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import requests
from flask import Flask, jsonify
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.security import generate_password_hash
from werkzeug.test import TestResponse

from services.dashboard import web_server
from services.dashboard.access import read_key
from services.dashboard.access.ended_sessions import EndedSessions
from services.dashboard.access.origin import from_this_machine, local_path, same_origin, throttle_key
from services.dashboard.access.password import Password
from services.dashboard.access.signing_key import signing_key
from services.dashboard.access.throttle import ADDRESSES, FORGIVEN_S, Throttle
from services.dashboard.app import PAGES, application
from services.dashboard.settings import DashboardSettings
from shared.broker_state import BrokerState
from shared.errors import ConfigError
from shared.history.engine import reader
from tests.dashboard.full_house import served
from tests.dashboard.harness import reading, token_of
from tests.support.waiting import PATIENCE_S, eventually

KEY = b"k" * 32
RIGHT, WRONG = "light at nine", "no light"
CHEAP = generate_password_hash(RIGHT, "scrypt:256:8:1")
"""The hash of the right password that takes a hundredth of the usual time to check: for what is not about that."""
HTML = {"Accept": "text/html"}
CALENDAR, METRICS = "/outages.ics", "/metrics"


def site(tmp_path: Path, password: str, key: bytes = KEY, ended: Path | None = None) -> Flask:
    """Return the application, with a command and a calendar as other pages add them."""
    settings = DashboardSettings(_env_file=None, dashboard_password=password)
    known = BrokerState(connected=True, inverters={"smg2": reading(datetime.now(UTC))})
    server = application(lambda: known, reader(tmp_path / "easun.db"), settings, key=key, ended=ended)
    server.add_url_rule("/probe", "probe", lambda: jsonify(done=True), methods=["POST"])
    if not any(str(rule) == CALENDAR for rule in server.url_map.iter_rules()):
        server.add_url_rule(CALENDAR, "calendar", lambda: "BEGIN:VCALENDAR")
    return server


@pytest.fixture
def client(tmp_path) -> FlaskClient:
    """Somebody on the phone, at a dashboard with a password."""
    return somebody(site(tmp_path, CHEAP))


class Somebody(FlaskClient):
    """A browser that speaks English and has opened a certain address."""

    base_url = ""

    def open(self, *given: Any, **more: Any) -> TestResponse:
        return super().open(*given, **{"base_url": self.base_url} | more)


def somebody(server: Flask, peer: str = "192.168.1.7", host: str = "house.lan:8000") -> FlaskClient:
    client = Somebody(server, use_cookies=True)
    client.environ_base = {"REMOTE_ADDR": peer, "HTTP_ACCEPT_LANGUAGE": "en"}
    client.base_url = f"http://{host}"
    return client


def log_in(client: FlaskClient, password: str = RIGHT, **more: str):
    token = token_of(client.get("/login").text)
    return client.post("/login", data={"csrf": token, "password": password} | more)


def test_nothing_is_told_before_the_login(client):
    for address in ("/", *(page.path for page in PAGES), "/nowhere", "/login/../history"):
        answer = client.get(address, headers=HTML)
        assert (answer.status_code, answer.location.split("?")[0]) == (303, "/login"), address
    told = (
        "/live/now",
        "/_dash-layout",
        "/_dash-dependencies",
        "/page.js",
        "/recorded/now",
        "/diagnostics.zip",
        CALENDAR,
    )
    for address in told:
        assert client.get(address).status_code == 401, address
    assert client.post("/_dash-update-component", json={}).status_code == 401
    assert client.post("/probe").status_code == 401


def test_health_says_little_before_the_login_and_more_after_it(client):
    assert set(client.get("/healthz").json) == {"broker", "newest_reading_age_s"}
    log_in(client)
    assert client.get("/healthz").json["database"] == "nothing recorded yet"


def test_what_the_login_page_needs_is_open(client):
    page = client.get("/login").text
    for address in re.findall(r'(?:href|src)="([^"]+)"', page):
        assert client.get(address).status_code == 200, address
    for icon in client.get("/manifest.webmanifest").json["icons"]:
        assert client.get(icon["src"]).mimetype == "image/png"


@pytest.mark.parametrize("given", [RIGHT, generate_password_hash(RIGHT)], ids=["plain", "hash"])
def test_the_right_password_opens_and_the_logout_closes(tmp_path, given):
    client = somebody(site(tmp_path, given))
    wrong = log_in(client, WRONG)
    assert wrong.status_code == 401
    assert "Wrong password." in wrong.text
    assert client.get("/live/now").status_code == 401
    right = log_in(client, next="/history?span=week")
    assert (right.status_code, right.location) == (303, "/history?span=week")
    assert client.get("/live/now").status_code == 200
    token = token_of(client.get("/", headers=HTML).text)
    assert client.post("/logout", headers={"X-CSRF-Token": token}).status_code == 303
    assert client.get("/live/now").status_code == 401


def test_a_copied_cookie_ends_with_the_session_even_over_a_restart(tmp_path):
    ended = tmp_path / "state/ended-sessions.json"
    client, other = (somebody(site(tmp_path, CHEAP, ended=ended)) for _ in range(2))
    log_in(client)
    log_in(other)
    cookie = client.get_cookie("easun_8000", domain="house.lan")
    assert cookie is not None
    thief = somebody(client.application)
    thief.set_cookie("easun_8000", cookie.value, domain="house.lan")
    assert thief.get("/live/now").status_code == 200
    client.post("/logout", headers={"X-CSRF-Token": token_of(client.get("/", headers=HTML).text)})
    again = somebody(site(tmp_path, CHEAP, ended=ended))
    again.set_cookie("easun_8000", cookie.value, domain="house.lan")
    assert [one.get("/live/now").status_code for one in (thief, again, other)] == [401, 401, 200]
    assert stat.S_IMODE(ended.stat().st_mode) == 0o600


@pytest.mark.parametrize(("hours", "status"), [(-3, 200), (-24 * 400, 200), (24 * 29, 200), (24 * 31, 401)])
def test_a_clock_that_was_set_back_logs_nobody_out(client, monkeypatch, hours, status):
    """After an outage a machine without a battery goes by the time of its last shutdown, perhaps for hours."""
    log_in(client)
    now = time.time() + 3600 * hours
    monkeypatch.setattr("time.time", lambda: now)
    assert client.get("/live/now").status_code == status


def test_a_session_of_an_older_version_has_to_log_in_again(client):
    with client.session_transaction(base_url=client.base_url) as session:
        session["in"] = True
    assert client.get("/live/now").status_code == 401


def test_ended_sessions_are_kept_for_as_long_as_their_cookies(tmp_path, caplog):
    file = tmp_path / "ended.json"
    ended = EndedSessions(100, file)
    ended.end("a", 1000)
    ended.end("b", 1090)
    ended.end("c", 500)  # by a clock that was set back: nothing is forgotten
    assert all(name in EndedSessions(100, file) for name in "abc")
    ended.end("d", 1150)
    known = EndedSessions(100, file)
    assert [name in known for name in "abcd"] == [False, True, False, True]
    for damaged in (b"", b"[]", b"\xff", b'{"a": "x"}'):
        file.write_bytes(damaged)
        assert "a" not in EndedSessions(100, file)
    (tmp_path / "blocked").touch()
    EndedSessions(100, tmp_path / "blocked/ended.json").end("a", 0)
    assert "valid again after a restart" in caplog.text


def test_the_cookie_is_out_of_reach_for_scripts_and_other_sites(client):
    flags = log_in(client).headers["Set-Cookie"]
    assert re.search(r"easun_8000=.*Expires=.*HttpOnly.*SameSite=Lax", flags)
    assert "Secure" not in flags
    secure = client.get("/", base_url="https://house.lan:8000", headers=HTML).headers
    assert "Secure" in secure["Set-Cookie"]
    assert "Strict-Transport-Security" in secure
    assert "Strict-Transport-Security" not in client.get("/").headers


def test_twenty_wrong_passwords_have_to_wait_and_the_right_one_works_afterwards(client):
    answers = [log_in(client, WRONG) for _ in range(20)]
    assert {answer.status_code for answer in answers} == {401, 429}
    last = log_in(client)
    assert last.status_code == 429
    assert 1 <= int(last.headers["Retry-After"]) <= 30
    assert re.search(r"Too many wrong passwords\. Try again in \d+ s\.", last.text)
    eventually(lambda: log_in(client).status_code == 303, "the wait is over")


def test_a_session_outlives_a_restart_but_not_another_password_or_key(tmp_path):
    client = somebody(site(tmp_path, RIGHT))
    log_in(client)
    cookie = client.get_cookie("easun_8000", domain="house.lan")
    assert cookie is not None
    for password, key, expected in ((RIGHT, KEY, 200), ("another", KEY, 401), (RIGHT, b"z" * 32, 401)):
        other = somebody(site(tmp_path, password, key))
        other.set_cookie("easun_8000", cookie.value, domain="house.lan")
        assert other.get("/live/now").status_code == expected, (password, key)


def test_commands_are_heard_only_from_the_page_itself(client):
    log_in(client)
    token = token_of(client.get("/", headers=HTML).text)
    ours = {"X-CSRF-Token": token}
    assert client.post("/probe", headers=ours).status_code == 200
    assert client.post("/probe", headers=ours | {"Origin": "http://house.lan:8000"}).status_code == 200
    for headers in (
        {},
        {"X-CSRF-Token": "guessed"},
        ours | {"Origin": "http://evil.example"},
        ours | {"Origin": "null"},
        ours | {"Sec-Fetch-Site": "cross-site"},
        ours | {"Sec-Fetch-Site": "same-site", "Origin": "http://house.lan:8000"},
    ):
        assert client.post("/probe", headers=headers).status_code == 403, headers
    assert client.post("/_dash-update-component", json={}, headers={"Origin": "http://evil.example"}).status_code == 403


def test_a_login_page_out_of_date_says_so(client):
    answer = client.post("/login", data={"csrf": "old", "password": RIGHT})
    assert answer.status_code == 400
    assert "Enter the password again." in answer.text
    assert client.get("/live/now").status_code == 401


def test_prometheus_has_a_key_that_its_page_tells(client):
    assert client.get(METRICS).status_code == 401
    log_in(client)
    key = re.match(r"# for Prometheus: /metrics\?key=(\w+)\n", client.get(METRICS).text)
    assert key
    stranger = somebody(client.application)
    answer = stranger.get(f"{METRICS}?key={key[1]}")
    assert answer.status_code == 200
    assert "easun_inverter_power_watts" in answer.text
    assert key[1] not in answer.text
    assert stranger.get(f"/live/now?key={key[1]}").status_code == 401


def test_a_calendar_has_a_key_of_its_own(client):
    with client.application.app_context():
        key = read_key(CALENDAR)
    assert client.get(f"{CALENDAR}?key={key}").status_code == 503, "heard, but there is no plan yet"
    assert client.get(f"{METRICS}?key={key}").status_code == 401, "each has a key of its own"
    assert client.get(f"{CALENDAR}?key=guessed").status_code == 401
    assert client.get(f"/live/now?key={key}").status_code == 401


@pytest.mark.parametrize(
    ("peer", "host", "headers", "status"),
    [
        pytest.param("127.0.0.1", "localhost:8000", {}, 200, id="this-machine"),
        pytest.param("::1", "[::1]:8000", {}, 200, id="over-ipv6"),
        pytest.param("192.168.1.7", "192.168.1.2:8000", {}, 403, id="a-phone"),
        pytest.param("127.0.0.1", "evil.example", {}, 403, id="dns-rebinding"),
        pytest.param("172.18.0.1", "localhost:8000", {}, 403, id="the-gateway-of-a-container"),
        pytest.param("127.0.0.1", "localhost:8000", {"X-Forwarded-For": "203.0.113.9"}, 403, id="through-a-proxy"),
    ],
)
def test_without_a_password_only_this_machine_is_served(tmp_path, peer, host, headers, status):
    client = somebody(site(tmp_path, ""), peer, host)
    for address in ("/", "/live/now", "/_dash-layout"):
        assert client.get(address, headers=headers).status_code == status
    assert client.get("/healthz", headers=headers).status_code == 200
    if status == 403:
        said = client.get("/", headers=headers).text
        assert "DASHBOARD_PASSWORD" in said
        assert "This page has no password yet" in said
        assert "Ця сторінка ще не має пароля" in said


def test_without_a_password_commands_need_the_token_all_the_same(tmp_path):
    client = somebody(site(tmp_path, ""), "127.0.0.1", "localhost:8000")
    token = token_of(client.get("/").text)
    assert client.post("/probe").status_code == 403
    assert client.post("/probe", headers={"X-CSRF-Token": token}).status_code == 200


@given(st.text())
def test_any_wish_leads_to_a_path_of_ours(wish):
    path = local_path(wish)
    assert re.match(r"/($|[^/\\])", path)
    assert not re.search(r"[\\\s\x00-\x1f]", path)


@pytest.mark.parametrize(
    "wish", ["//evil.example", "/\\evil.example", "https://evil.example", "/\t/evil", "evil", "", None]
)
def test_no_redirect_to_somewhere_else(wish):
    assert local_path(wish) == "/"


@given(st.text(), st.text())
def test_any_origin_and_host_is_judged(origin, host):
    assert same_origin("cross-site", origin, host) is False
    assert from_this_machine(origin, host, forwarded=True) is False
    from_this_machine(origin, host, forwarded=False)
    same_origin(None, origin, host)
    throttle_key(origin)


def test_waits_grow_are_forgiven_and_leave_others_alone():
    throttle = Throttle()
    waits = []
    now = 0.0
    for _ in range(20):
        now += throttle.wait_s("a", now)
        throttle.failed("a", now)
        waits.append(throttle.wait_s("a", now))
    assert waits[:4] == [0, 0, 0, 0]
    assert waits[4:14] == [1, 2, 4, 8, 16, 32, 64, 128, 256, 512]
    assert waits[-1] == 600
    assert throttle.wait_s("b", now) == 0
    throttle.failed("a", now + 600 + FORGIVEN_S)
    assert throttle.wait_s("a", now + 600 + FORGIVEN_S) == 0


def test_many_addresses_wait_together_but_never_long_and_are_not_all_remembered():
    throttle = Throttle()
    for number in range(3 * ADDRESSES):
        throttle.failed(str(number), 0.0)
    assert 0 < throttle.wait_s("somebody else", 0.0) <= 30
    assert len(throttle._by_address) == ADDRESSES


@pytest.mark.parametrize(
    ("peer", "expected"),
    [
        ("192.168.1.7", "192.168.1.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:0db8:0001:0002"),
        ("::ffff:192.168.1.7", "192.168.1.7"),
        (None, ""),
    ],
)
def test_an_ipv6_network_counts_as_one(peer, expected):
    assert throttle_key(peer) == expected


def test_the_key_is_kept_for_its_owner_only(tmp_path):
    directory = tmp_path / "state/dashboard"
    key = signing_key(directory)
    file = directory / "signing-key"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    file.chmod(0o644)
    assert signing_key(directory) == key
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    file.write_bytes(b"cut off")
    assert len(signing_key(directory)) == 32


def test_a_key_that_cannot_be_kept_is_reported(tmp_path, caplog):
    (tmp_path / "file").touch()
    assert len(signing_key(tmp_path / "file")) == 32
    assert "everybody has to log in again" in caplog.text


def test_a_hash_that_lost_its_dollars_is_named():
    with pytest.raises(ConfigError, match=r"^DASHBOARD_PASSWORD begins like a hash but is none"):
        Password("scrypt:32768:8:1", KEY)


def test_the_plain_password_is_not_kept():
    assert RIGHT not in repr(vars(Password(RIGHT, KEY)))


PROXY_HEADERS = {"X-Forwarded-For": "203.0.113.9", "X-Forwarded-Proto": "https", "X-Forwarded-Host": "house.example"}


@pytest.mark.parametrize(("trusted", "believed"), [("127.0.0.1", True), ("192.0.2.1", False), ("", False)])
def test_only_a_trusted_proxy_is_believed(tmp_path, trusted, believed):
    with served(tmp_path / "easun.db", dashboard_password=RIGHT, dashboard_trusted_proxy=trusted) as address:
        answer = requests.get(f"{address}/login", headers=PROXY_HEADERS, timeout=PATIENCE_S)
        assert ("Secure" in answer.headers["Set-Cookie"]) is believed
        assert ("Strict-Transport-Security" in answer.headers) is believed


def test_a_proxy_opens_nothing_where_no_password_is_set(tmp_path):
    for trusted in ("", "127.0.0.1"):
        with served(tmp_path / "easun.db", dashboard_trusted_proxy=trusted) as address:
            assert requests.get(f"{address}/live/now", timeout=PATIENCE_S).status_code == 200
            assert requests.get(f"{address}/live/now", headers=PROXY_HEADERS, timeout=PATIENCE_S).status_code == 403


def test_a_huge_request_is_not_even_read(tmp_path):
    with served(tmp_path / "easun.db", dashboard_password=RIGHT) as address:
        answer = requests.post(f"{address}/login", data=b"x" * (web_server.LARGEST_REQUEST + 1), timeout=PATIENCE_S)
        assert answer.status_code == 413

"""Requests that no page of ours makes: an answer that says so, never a traceback."""

import pytest
from flask import Flask
from flask.testing import FlaskClient

from services.dashboard.app import application
from services.dashboard.settings import DashboardSettings
from shared.broker_state import BrokerState
from shared.history.engine import reader
from tests.dashboard.harness import token_of

DASH = "/_dash-update-component"
LONG = "x" * 20_000


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Flask:
    return application(
        BrokerState, reader(tmp_path_factory.mktemp("none") / "none.db"), DashboardSettings(_env_file=None)
    )


@pytest.fixture
def client(site: Flask) -> FlaskClient:
    return site.test_client()


@pytest.mark.parametrize(
    "path",
    [
        "/live/" + LONG,
        "/live/%00",
        "/live/../healthz",
        "/assets/../app.py",
        "/assets/%2e%2e/app.py",
        "/_dash-component-suites/dash/nothing.js",
        "/_dash-component-suites/plotly/../../etc/passwd",
        "/_dash-component-suites/nobody/x.js",
        "/outages.ics?key=%ff%00",
        "/history.csv?from=0001-01-01&to=9999-12-31",
        "/history.csv?on=9999-12-31&span=week&inverter=" + LONG,
        "/history.csv?span=year&on=0001-01-01",
        "/history?" + LONG,
        "/history.json?from=0001-01-01&to=9999-12-31&look=%ff&hour=1e308&hour=-1e308",
        "/history.json?span=year&on=0001-01-01&hour=nan&hour=x&inverter=" + LONG,
        "/manifest.webmanifest?lang=%ff",
    ],
)
@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS", "POST", "PUT"])
def test_no_address_is_a_fault(client, path, method):
    answer = client.open(path, method=method)
    assert answer.status_code < 500 or path.startswith("/outages.ics")
    assert b"import " not in answer.data


@pytest.mark.parametrize("body", ["", "{", "[]", "null", "1", "{}", '{"output": "x"}', '{"output": 1, "inputs": 1}'])
def test_a_request_to_dash_is_refused_before_dash_reads_it(client, body):
    assert client.post(DASH, data=body, content_type="application/json").status_code == 403, "without our token"
    headers = {"X-CSRF-Token": token_of(client.get("/").text)}
    assert client.post(DASH, data=body, content_type="application/json", headers=headers).status_code == 400
    assert "callback" not in client.get("/_dash-dependencies").text.replace("clientside", "")


@pytest.mark.parametrize("odd", ["5", "%ff", LONG, "?from=0001-01-01&to=9999-12-31", "look=%00&look=dark"])
@pytest.mark.parametrize("name", ["now", "outages", "battery", "system"])
def test_odd_options_are_read_as_nothing(client, name, odd):
    assert client.get(f"/recorded/{name}?{odd}").status_code == 200


@pytest.mark.parametrize("name", ["history", "nobody", LONG, "%00"])
def test_what_has_nothing_recorded_is_not_there(client, name):
    assert client.get(f"/recorded/{name}").status_code == 404

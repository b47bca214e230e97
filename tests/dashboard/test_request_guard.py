"""Requests that no page of ours makes: an answer that says so, never a traceback."""

import json
from typing import Any

import pytest
from flask.testing import FlaskClient

from services.dashboard.app import application
from services.dashboard.settings import DashboardSettings
from shared.broker_state import BrokerState
from shared.history.engine import reader

DASH = "/_dash-update-component"
LONG = "x" * 20_000


@pytest.fixture
def client(tmp_path) -> FlaskClient:
    settings = DashboardSettings(_env_file=None)
    return application(BrokerState, reader(tmp_path / "none.db"), settings).test_client()


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
def test_what_is_no_request_of_dash_is_refused(client, body):
    assert client.post(DASH, data=body, content_type="application/json").status_code == 400


def asking(client: FlaskClient, wanted: str, *values: Any) -> dict[str, Any]:
    known = next(one for one in json.loads(client.get("/_dash-dependencies").text) if wanted in one["output"])
    places = [*known["inputs"], *known["state"]]
    given = [one | {"value": value} for one, value in zip(places, values, strict=True)]
    names = known["output"].strip(".").split("...")
    outputs = [dict(zip(("id", "property"), name.split("."), strict=True)) for name in names]
    return {
        "output": known["output"],
        "outputs": outputs if known["output"].startswith("..") else outputs[0],
        "inputs": given[: len(known["inputs"])],
        "state": given[len(known["inputs"]) :],
        "changedPropIds": [],
    }


@pytest.mark.parametrize("odd", [5, {"a": [1]}, ["x"], None, True, LONG, "?from=0001-01-01&to=9999-12-31"])
def test_odd_values_are_read_as_nothing(client, odd):
    for path in ("/history", "/battery", "/outages", "/system", "/", odd):
        assert client.post(DASH, json=asking(client, "battery-recorded", path, odd, odd, odd)).status_code == 200


@pytest.mark.parametrize("missing", ["output", "outputs", "inputs"])
def test_half_a_request_is_refused(client, missing):
    body = asking(client, "battery-recorded", "/battery", "", "light", 0)
    assert client.post(DASH, data=json.dumps(body), content_type="application/json").status_code == 200
    del body[missing]
    assert client.post(DASH, json=body).status_code == 400

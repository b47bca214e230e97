"""The web application without a browser: addresses, headers, health."""

import re
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
import requests
from dash import html
from flask import Flask
from flask.testing import FlaskClient

from services.dashboard import web_server
from services.dashboard.app import PAGES, PLOTLY, PLOTLY_ADDRESS, application
from services.dashboard.markup import Content, attributes, filled, part, text, to_html, tree
from services.dashboard.settings import DashboardSettings
from shared.broker_state import BrokerState
from shared.errors import ConfigError
from shared.history.engine import reader
from shared.settings import load
from shared.texts.catalogue import TEXTS
from tests.dashboard.full_house import house
from tests.dashboard.harness import reading
from tests.support.ports import free_port
from tests.support.waiting import PATIENCE_S, eventually


@pytest.fixture
def known() -> list[BrokerState]:
    """What the dashboard knows, the newest last."""
    return [BrokerState(connected=True, inverters={"smg2": reading(datetime.now(UTC))})]


@pytest.fixture
def client(known, tmp_path) -> FlaskClient:
    settings = DashboardSettings(_env_file=None)
    return application(lambda: known[-1], reader(tmp_path / "easun.db"), settings).test_client()


def test_health_means_that_the_broker_is_there(client, known):
    assert client.get("/healthz").status_code == 200
    assert list(client.get("/healthz").json["inverters"]) == ["smg2"]
    known.append(BrokerState())
    answer = client.get("/healthz")
    assert (answer.status_code, answer.json["broker"]) == (503, "not connected")


def test_security_headers(client):
    for address in ("/", "/history", "/live/now", "/healthz", "/_dash-layout", "/assets/live.js"):
        headers = client.get(address).headers
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Referrer-Policy"] == "same-origin"
        policy = headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "frame-ancestors 'none'" in policy
        scripts = re.search(r"script-src[^;]*", policy)
        assert scripts
        assert "unsafe-inline" not in scripts[0]
        assert "unsafe-eval" not in policy


def test_caching(client):
    page = client.get("/").text
    assert client.get("/live/now").headers["Cache-Control"] == "no-store"
    for address in re.findall(r'(?:src|href)="([^"]+\?m=[^"]+|/_dash-component[^"]+)"', page):
        assert "max-age=31536000" in client.get(address).headers["Cache-Control"], address


def test_the_page_names_no_other_host(client):
    assert not re.findall(r'(?:src|href)="(?:https?:)?//', client.get("/").text)


def test_plotly_is_the_small_bundle_of_the_version_that_dash_expects(client):
    from plotly.offline import get_plotlyjs_version

    assert get_plotlyjs_version() in PLOTLY.name
    answer = client.get(PLOTLY_ADDRESS)
    assert f"plotly.js (basic - minified) v{get_plotlyjs_version()}" in answer.text[:200]
    assert not re.findall(r'src="[^"]*plotly[^"]*"', client.get("/").text), "only History needs it"
    assert client.get(PLOTLY_ADDRESS, headers={"If-None-Match": answer.headers["ETag"]}).status_code == 304


def test_a_taken_port_is_one_plain_sentence(client):
    port = free_port()
    server = web_server.listen(client.application, "127.0.0.1", port)
    with pytest.raises(ConfigError, match=rf"cannot listen on 127\.0\.0\.1:{port}: already in use\."):
        web_server.listen(client.application, "127.0.0.1", port)
    server.close()


def test_a_page_that_asks_for_much_at_once_is_no_warning(caplog):
    go_on = threading.Event()
    app = Flask("slow")
    app.add_url_rule("/", view_func=lambda: str(go_on.wait(PATIENCE_S)))
    port = free_port()
    server = web_server.listen(app, "127.0.0.1", port)
    threading.Thread(target=server.run, daemon=True).start()
    try:
        with ThreadPoolExecutor(web_server.THREADS + 2) as visitors:
            answers = [
                visitors.submit(requests.get, f"http://127.0.0.1:{port}/", timeout=PATIENCE_S)
                for _ in range(web_server.THREADS + 2)
            ]
            eventually(lambda: len(server.task_dispatcher.pages.queue) == 2)
            go_on.set()
            assert {answer.result().text for answer in answers} == {"True"}
    finally:
        server.close()
    assert not caplog.records


@pytest.mark.parametrize(
    ("name", "value"),
    [("TIME_ZONE", "Europe/Nowhere"), ("TIME_ZONE", "../etc"), ("DASHBOARD_PORT", "0"), ("DASHBOARD_FRESH_S", "soon")],
)
def test_a_malformed_setting_is_named(monkeypatch, name, value):
    monkeypatch.setenv("ENV_FILE", "")
    monkeypatch.setenv(name, value)
    with pytest.raises(ConfigError, match=f'^{name} is "{value}"'):
        load(DashboardSettings)


def test_every_asset_is_small():
    sizes = {file.name: file.stat().st_size for file in PLOTLY.parent.glob("*") if file != PLOTLY}
    assert sum(sizes.values()) < 115_000, sizes


def test_html_is_what_was_written_and_nothing_else():
    odd = '<img src=x onerror="alert(1)">'
    inside: Any = [odd, html.Br(), html.Button(disabled=True, hidden=False), html.I(title=odd)]
    node = html.P(inside, style={"maxWidth": "1px"})
    escaped = "&lt;img src=x onerror=&#34;alert(1)&#34;&gt;"
    shown = f'<p style="max-width: 1px">{escaped}<br><button disabled=""></button><i title="{escaped}"></i></p>'
    assert to_html(tree(node)) == shown


def test_a_layout_is_filled_where_the_script_would_fill_it():
    layout = html.Div(
        [text("name"), text("other"), part("rows"), html.Div("waiting", id="now-recorded")],
        **attributes(data_state_of="grid"),
    )
    content = Content({"name": "smg2"}, {"grid": "on"}, {"rows": [["p", {}, ["row"]]], "now-recorded": []})
    assert to_html(filled(tree(layout), content)) == (
        '<div data-state-of="grid" data-state="on"><span data-text="name">smg2</span><span data-text="other"></span>'
        '<div data-part="rows"><p>row</p></div><div id="now-recorded">waiting</div></div>'
    )


def test_every_page_is_complete_before_any_script(client, known):
    known.append(house(datetime.now(UTC)))
    for page in PAGES:
        answer = client.get(page.path, headers={"Accept-Language": "en"}).text
        assert f'data-route="{page.name}"' in answer
        assert re.search(rf"<title>{TEXTS[f'page.{page.name}'][1]} · Easun</title>", answer)
        assert ('<template id="dash">' in answer) is not bool(page.charts), "only charts load Dash at once"
    english = {"Accept-Language": "en"}
    assert "12.3\u00a0A" in client.get("/battery", headers=english).text
    assert "1.24\u00a0kW" in client.get("/", headers=english).text


def test_a_page_keeps_the_language_of_its_window(client):
    client.set_cookie("language", "uk")
    english = client.get("/live/now", headers={"X-Language": "en"}).text
    assert client.get("/live/now").text != english
    assert client.get("/live/now", headers={"X-Language": "fr"}).status_code == 200


def test_a_device_named_like_a_script_is_shown_as_text(client, known):
    odd = "</script><script>alert(1)</script>"
    furnished = house(datetime.now(UTC))
    known.append(
        replace(
            furnished,
            inverters={odd: furnished.inverters["main"]},
            batteries={odd: furnished.batteries["pack1"]},
            plugs={odd: furnished.plugs["boiler"].model_copy(update={"name": odd})},
        )
    )
    shown = [client.get(page.path).text for page in PAGES]
    assert not any("<script>alert" in page for page in shown)
    assert sum("&lt;script&gt;alert(1)" in page for page in shown) >= 3

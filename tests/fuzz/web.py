"""What browsers and programs send to the page: addresses, headers, cookies, commands. None may end in a traceback."""

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any
from urllib.parse import unquote

from pydantic import SecretStr
from werkzeug.test import EnvironBuilder, run_wsgi_app

from services.dashboard.app import application
from services.dashboard.settings import DashboardSettings
from services.dashboard.web_server import LARGEST_HEAD, LARGEST_REQUEST
from shared.broker_state import BrokerState
from shared.history.engine import reader
from shared.messages import ServiceHealth
from tests.dashboard.full_house import house
from tests.dashboard.harness import record, token_of
from tests.fuzz.folder import folder
from tests.fuzz.inputs import near_json, near_text
from tests.fuzz.target import Target

NOW = datetime.now(UTC)
FAILED, AWAY = 500, 503
"""The status from here on says that we failed, but for one: something that we need is not there."""
ODD = (
    "9" * 5000, "-1", "1e9", "0", "٣", "²", "\0", "%00", "%ff", "%ud800", "\ud800", "..%2f", "//evil.example/", "é",
    "a" * 3000,
    "0001-01-01", "9999-12-31", "10000-01-01", "2026-02-30", "2026-11-30", "20261130", "2026-W48-1", "1970-01-01",
)  # fmt: skip
NAMES = (
    "?", "&", "=", "/", ";", "#", "span=", "on=", "from=", "to=", "inverter=", "hour=", "look=", "lang=", "page=",
    "kind=", "device=", "start=", "key=", "next=", "m=", "csrf=", "day", "week", "month", "year", "custom", "main",
    "inverter/main",
    "grid", "dark", "uk", "en", "1764460800000", "grid_run", "next=%2f%2fx",
)  # fmt: skip


def _home() -> BrokerState:
    """Return a home in which everything is there and works, as it is now: a run may take hours."""
    known = house(datetime.now(UTC))
    works = {"state": ServiceHealth.ONLINE, "reasons": ()}
    return replace(known, services={name: one.model_copy(update=works) for name, one in known.services.items()})


class _Page:
    """The page over a recorded day, as this machine's browser meets it; with a password, as a stranger does."""

    def __init__(self, password: str = "") -> None:
        place = folder("page of a stranger" if password else "page")
        database, guests = (place / name for name in ("easun.db", "guests.json"))
        record(database, NOW, days=1, every=timedelta(minutes=10))
        settings = DashboardSettings(_env_file=None, dashboard_password=SecretStr(password))
        self._server = application(_home, reader(database), settings, guests=guests)
        self._server.config["PROPAGATE_EXCEPTIONS"] = True
        opened = self._server.test_client().get("/login" if password else "/")
        cookie = opened.headers["Set-Cookie"].partition(";")[0]
        self._ours = {"HTTP_COOKIE": cookie, "HTTP_X_CSRF_TOKEN": token_of(opened.text)}

    def answer(
        self, path: str, *, query: str = "", headers: Mapping[str, str] | None = None, body: bytes = b""
    ) -> None:
        """Send a request that the web server would let through, as our own page unless headers are given."""
        head = {f"HTTP_{name.upper().replace('-', '_')}": value for name, value in (headers or {}).items()}
        if len(path + query + repr(head)) > LARGEST_HEAD or len(body) > LARGEST_REQUEST:
            return
        environ: dict[str, Any] = EnvironBuilder(data=body or None, content_type="application/json").get_environ()
        environ |= {"PATH_INFO": "/" + path.lstrip("/"), "QUERY_STRING": query, "HTTP_HOST": "127.0.0.1:8000"}
        environ |= {"REQUEST_METHOD": "POST"} if body else {"REMOTE_ADDR": "127.0.0.1"}
        environ |= {"REMOTE_ADDR": "127.0.0.1"} | (self._ours | {"HTTP_SEC_FETCH_SITE": "same-origin"} | head)
        _, status, _ = run_wsgi_app(self._server, environ, buffered=True)
        assert int(status[:3]) < FAILED or int(status[:3]) == AWAY, status


@cache
def _page(password: str = "") -> _Page:
    return _Page(password)


def addresses(data: bytes) -> None:
    """Ask for an address, with a query."""
    path, _, query = data.decode("latin-1").removesuffix("\n").partition("?")
    _page().answer(unquote(path, "latin-1"), query=query)


def headers(data: bytes) -> None:
    """Send lines as headers; the first line is the path. One of the two doors needs a password."""
    path, *lines = data.decode("latin-1").replace("\r", "").split("\n")
    given = dict(line.partition(":")[::2] for line in lines)
    for page in (_page(), _page("password")):
        page.answer(path, headers=given)


def commands(data: bytes) -> None:
    """Press a button: `path` says which, the rest is what the page sends. What is no JSON is sent as it is."""
    try:
        document = json.loads(data)
    except (ValueError, RecursionError):
        document = None
    path = document.pop("path", None) if isinstance(document, dict) else None
    _page().answer(
        path.encode(errors="replace").decode("latin-1") if isinstance(path, str) else "/alerts",
        body=data if path is None else json.dumps(document).encode(),
    )


def _json(**given: object) -> bytes:
    return json.dumps(given).encode()


def _target(name: str, run: Callable[[bytes], object], *seeds: bytes, words: tuple[str, ...]) -> Target:
    return Target(name, run, seeds, near_text(seeds, words))


ADDRESSES = (
    b"history.json?span=week&on=2026-11-30&inverter=main\n",
    b"history.json?from=2026-01-01&to=2026-11-30&look=dark\n",
    b"history.csv?span=month&on=2026-11-01\n",
    b"recorded/events?kind=grid&device=inverter/main&from=2026-11-01&to=2026-11-30\n",
    b"recorded/outages?page=2\n",
    b"live/now?page=1&lang=en\n",
    b"kiosk?look=dark&lang=uk\n",
    b"healthz\n",
)
HEADERS = (
    b"live/now\nAccept-Language: uk-UA,uk;q=0.9\nCookie: language=en; pointer=coarse; easun_8000=eyJpbiI6IngifQ.aSu.x\n"
    b"Host: 127.0.0.1:8000\nSec-Fetch-Site: none\nOrigin: http://127.0.0.1:8000\nX-CSRF-Token: x\n"
    b'If-None-Match: "x"\nIf-Modified-Since: Sun, 30 Nov 2026 02:00:00 GMT\nRange: bytes=0-5\nAccept-Encoding: gzip\n'
    b"X-Forwarded-For: 1.2.3.4\nAccept: text/html\nX-Language: uk\nContent-Length: 5\nTransfer-Encoding: chunked\n",
)
COMMANDS = (
    _json(path="/plugs/boiler", on=False, gang="switch_1"),
    _json(path="/plugs/strip/setup", enabled=True, protected=False, priority=20),
    _json(path="/alerts", low_battery_percent=30, imbalance_mv=50, silent_minutes=5),
    _json(path="/alerts", chat="5", quiet=True, quiet_from_min=1380, quiet_to_min=420, quiet_waits=True),
    _json(path="/guests", name="Гості"),
    _json(path="/guests/x/withdraw"),
    _json(path="/inverter/main/setting/output_priority/question", value="sbu"),
    _json(path="/inverter/main/setting/max_mains_charging_current_a", value=10, before=30),
    _json(path="/inverter/main/profile/question", profile="Зимова ніч"),
    _json(
        path="/inverter/main/profile",
        profile="Зимова ніч",
        settings={"output_priority": "sbu", "max_mains_charging_current_a": 10},
    ),
    _json(path="/inverter/main/charge_ahead", hold_off=True),
    _json(path="/logout"),
    _json(path="/_dash-update-component", output="x", inputs=[]),
)

WEB = (
    _target("page: addresses", addresses, *ADDRESSES, words=(*NAMES, *ODD)),
    _target(
        "page: headers and cookies",
        headers,
        *HEADERS,
        words=(*NAMES, *ODD, "Cookie: ", "Accept: ", "history.json", "\n"),
    ),
    Target("page: commands", commands, COMMANDS, near_json(COMMANDS)),
)

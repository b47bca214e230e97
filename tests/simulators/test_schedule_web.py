"""The sources on a real port: what goes over the wire in good health and with every fault."""

import asyncio
import gzip
import json
from datetime import datetime
from http import HTTPStatus

import pytest

from simulators.mains import KYIV, windows
from simulators.schedule.control import OutagesControl
from simulators.schedule.plan import OutagePlan
from simulators.schedule.web import OutageSites
from tests.simulators.control_client import get, post
from tests.support.stack import Stack
from tests.support.waiting import PATIENCE_S

NOON = datetime(2026, 11, 24, 12, tzinfo=KYIV)
PLAN = "/schedule-by-queue?queue=5.2"
MIRROR = "/yaroslav2901/OE_OUTAGE_DATA/main/data/Prykarpattiaoblenerho.json"
YASNO = "/api/blackout-service/public/shutdowns/regions/25/dsos/902/planned-outages"


class Site:
    """The sources at a port, and their control without one."""

    def __init__(self):
        self.sources = OutageSites(OutagePlan(windows("08:00-11:00,18:00-21:30"), "5.2"), lambda: NOON)
        self.control = OutagesControl(self.sources).app
        self.port = 0

    async def command(self, path, **body):
        status, answer = await post(self.control, path, body)
        assert status == HTTPStatus.OK, answer
        return answer

    async def raw(self, target, method="GET", headers="User-Agent: test\r\n", body=b""):
        """Return all that comes until the other side closes."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        length = f"Content-Length: {len(body)}\r\n" if body else ""
        writer.write(f"{method} {target} HTTP/1.1\r\nHost: x\r\n{headers}{length}\r\n".encode() + body)
        try:
            return await asyncio.wait_for(reader.read(), PATIENCE_S)
        finally:
            writer.close()

    async def ask(self, target, method="GET"):
        """Return status, headers and body."""
        head, _, body = (await self.raw(target, method)).partition(b"\r\n\r\n")
        first, *lines = head.decode().split("\r\n")
        return int(first.split(" ")[1]), dict(line.split(": ", 1) for line in lines), body


@pytest.fixture
async def site():
    site = Site()
    server = await site.sources.start("127.0.0.1", 0)
    site.port = server.sockets[0].getsockname()[1]
    yield site
    server.close()


async def windows_of(site):
    (day,) = json.loads((await site.ask(PLAN))[2])
    return sorted(one["shutdownHours"] for one in day["queues"]["5.2"])


@pytest.mark.parametrize(
    ("target", "method", "status", "kind"),
    [
        pytest.param(PLAN, "GET", 200, "application/json", id="be-svitlo"),
        pytest.param("/schedule-by-queue?queue=9.9", "GET", 200, "application/json", id="unknown-queue"),
        pytest.param("/gpv-queue-list", "POST", 200, "application/json", id="queue-list"),
        pytest.param("/gpv-queue-list", "GET", 405, "text/plain; charset=utf-8", id="queue-list-by-get"),
        pytest.param("/data/kyiv.json", "GET", 200, "text/plain; charset=utf-8", id="gpv"),
        pytest.param(MIRROR, "GET", 200, "text/plain; charset=utf-8", id="gpv-as-on-github"),
        pytest.param("/data/atlantis.json", "GET", 404, "text/plain; charset=utf-8", id="no-such-region"),
        pytest.param(YASNO, "GET", 200, "application/json", id="yasno"),
        pytest.param(YASNO.replace("902", "1"), "GET", 404, "text/plain; charset=utf-8", id="yasno-without-operator"),
        pytest.param("/", "GET", 404, "text/plain; charset=utf-8", id="no-page"),
    ],
)
async def test_pages(site, target, method, status, kind):
    told, headers, body = await site.ask(target, method)
    assert (told, headers["Content-Type"], int(headers["Content-Length"])) == (status, kind, len(body))
    if status == HTTPStatus.OK:
        assert json.loads(body) != [] or "9.9" in target


async def test_plan_by_command(site):
    assert await windows_of(site) == ["08:00-11:00", "18:00-21:30"]
    await site.command("/plan", day="today", plan="10:00-12:00,23:00-24:00")
    assert await windows_of(site) == ["10:00-12:00", "23:00-00:00"]
    await site.command("/plan", day="today", plan="none")
    assert await windows_of(site) == []
    await site.command("/plan", day="every", plan="unknown")
    await site.command("/plan", day="today", plan="timetable")
    assert (await site.ask(PLAN))[2] == b"[]"
    await site.command("/plan", day="every", plan="timetable")
    await site.command("/differ", minutes=-30)
    assert await windows_of(site) == ["07:30-10:30", "17:30-21:00"]
    state = await site.command("/plan", day="2026-11-25", plan="01:00-02:00", possible="03:00-04:00")
    assert state["days"]["2026-11-25"] == {
        "kind": "planned",
        "definite": ["01:00-02:00"],
        "possible": ["03:00-04:00"],
    }


@pytest.mark.parametrize(
    ("path", "body", "says"),
    [
        pytest.param("/plan", {"day": "today", "plan": "nonsense"}, "is not a window", id="no-window"),
        pytest.param("/plan", {"day": "today", "plan": "23:00-02:00"}, "to the next day", id="over-midnight"),
        pytest.param("/differ", {"minutes": 1440}, "less than 1440", id="a-day-off"),
        pytest.param("/fault", {"kind": "plague"}, "kind: possible values: none, cloudflare", id="no-such-fault"),
        pytest.param("/fault", {"kind": "redirect", "to": "http://x/\r\nSet-Cookie: a"}, "pattern", id="injection"),
    ],
)
async def test_commands_that_make_no_sense(site, path, body, says):
    status, answer = await post(site.control, path, body)
    assert status == HTTPStatus.BAD_REQUEST
    assert says in answer


async def test_control_tells_what_there_is(site):
    status, answer = await get(site.control, "/nothing")
    assert status == HTTPStatus.NOT_FOUND
    assert "POST /plan" in answer


async def test_gpv_manner(site):
    await site.command("/gpv", midnight="utc", first_hour=0)
    (day,) = json.loads((await site.ask("/data/kyiv.json"))[2])["fact"]["data"].items()
    assert int(day[0]) % 86400 == 0
    assert "0" in day[1]["GPV5.2"]


@pytest.mark.parametrize("kind", ["403", "404", "429", "502", "503"])
async def test_faults_that_are_a_status(site, kind):
    await site.command("/fault", kind=kind)
    status, headers, body = await site.ask(PLAN)
    assert status == int(kind)
    assert headers["Content-Type"].startswith("text/html")
    assert ("Retry-After" in headers) == (kind == "429")
    assert body


@pytest.mark.parametrize(("kind", "status"), [("cloudflare", 403), ("html200", 200)])
async def test_cloudflare(site, kind, status):
    await site.command("/fault", kind=kind)
    told, headers, body = await site.ask(PLAN)
    assert (told, headers["Server"]) == (status, "cloudflare")
    assert b"Just a moment" in body


async def test_redirects(site):
    await site.command("/fault", kind="redirect")
    status, headers, _ = await site.ask(PLAN)
    assert (status, headers["Location"]) == (302, f"http://localhost:{site.port}{PLAN}")
    await site.command("/fault", kind="redirect", to="http://127.0.0.1:9/elsewhere")
    assert (await site.ask(PLAN))[1]["Location"] == "http://127.0.0.1:9/elsewhere"
    await site.command("/fault", kind="loop")
    assert (await site.ask(PLAN))[1]["Location"] == PLAN


async def test_bodies_that_are_no_answer(site):
    await site.command("/fault", kind="empty")
    assert (await site.ask(PLAN))[::2] == (200, b"")
    await site.command("/fault", kind="not_json")
    with pytest.raises(json.JSONDecodeError):
        json.loads((await site.ask(PLAN))[2])
    await site.command("/fault", kind="wrong_shape")
    assert isinstance(json.loads((await site.ask(PLAN))[2]), dict)
    assert isinstance(json.loads((await site.ask(YASNO))[2]), list)
    assert (await site.ask("/nothing"))[0] == 404


async def test_oversized(site):
    await site.command("/fault", kind="oversized", size=3_000_000)
    status, headers, body = await site.ask(PLAN)
    assert (status, len(body)) == (200, 3_000_000)
    assert "Content-Length" not in headers
    assert json.loads(body)
    await site.command("/fault", kind="bomb", size=3_000_000)
    _, headers, body = await site.ask(PLAN)
    assert headers["Content-Encoding"] == "gzip"
    assert len(body) < 10_000
    assert len(gzip.decompress(body)) == 3_000_000


async def test_drip_and_slow(site):
    await site.command("/fault", kind="drip", delay_s=0)
    status, _, body = await site.ask(PLAN)
    assert status == 200
    assert json.loads(body)
    await site.command("/fault", kind="drip", delay_s=60)
    reader, writer = await asyncio.open_connection("127.0.0.1", site.port)
    writer.write(f"GET {PLAN} HTTP/1.1\r\n\r\n".encode())
    assert await asyncio.wait_for(reader.read(1), PATIENCE_S) == b"H"
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(reader.read(1), 0.1)
    writer.close()
    await site.command("/fault", kind="slow", delay_s=0.05)
    assert (await site.ask(PLAN))[0] == 200


async def test_silent_cut_and_reset(site):
    await site.command("/fault", kind="silent")
    reader, writer = await asyncio.open_connection("127.0.0.1", site.port)
    writer.write(f"GET {PLAN} HTTP/1.1\r\n\r\n".encode())
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(reader.read(1), 0.1)
    writer.close()
    await site.command("/fault", kind="cut")
    _, headers, body = await site.ask(PLAN)
    assert 0 < len(body) < int(headers["Content-Length"])
    await site.command("/fault", kind="reset")
    with pytest.raises(ConnectionResetError):
        await site.raw(PLAN)


async def test_a_fault_goes_by_count_and_by_path(site):
    faults = [{"kind": "502", "path": "/gpv-queue-list", "count": 2}, {"kind": "503", "path": "/schedule", "count": 1}]
    await post(site.control, "/fault", faults)
    assert [(await site.ask("/gpv-queue-list", "POST"))[0] for _ in range(3)] == [502, 502, 200]
    assert [(await site.ask(PLAN))[0] for _ in range(2)] == [503, 200]
    await site.command("/fault", kind="403")
    assert [(await site.ask(PLAN))[0] for _ in range(2)] == [403, 403]
    assert await site.command("/fault", kind="none") == {"faults": []}
    assert (await site.ask(PLAN))[0] == 200


async def test_who_asked_is_remembered(site):
    await site.command("/fault", kind="502", count=1)
    await site.raw(PLAN, headers="User-Agent: easun-bridge/0.1\r\nAccept: application/json\r\n")
    await site.raw("/gpv-queue-list", method="POST", body=b"x=1")
    _, told = await get(site.control, "/requests")
    first, second = told["requests"]
    assert told["asked"] == 2
    assert (first["method"], first["target"], first["fault"]) == ("GET", PLAN, "502")
    assert first["headers"] == {"host": "x", "user-agent": "easun-bridge/0.1", "accept": "application/json"}
    assert (second["body"], second["fault"]) == ("x=1", None)
    await site.command("/forget")
    assert await get(site.control, "/requests") == (HTTPStatus.OK, {"asked": 0, "requests": []})


@pytest.mark.parametrize("sent", [b"\r\n\r\n", b"GET /\r\n\r\n", b"GET / HTTP/1.1\r\nContent-Length: -1\r\n\r\n"])
async def test_what_is_no_request(site, sent):
    reader, writer = await asyncio.open_connection("127.0.0.1", site.port)
    writer.write(sent)
    assert (await asyncio.wait_for(reader.read(), PATIENCE_S)).startswith(b"HTTP/1.1 400 ")
    writer.close()


@pytest.mark.processes
def test_the_process_and_its_helpers(tmp_path):
    stack = Stack(tmp_path)
    try:
        stack.start_outages(HOUSE_OUTAGES="01:00-02:00", HOUSE_QUEUE="3.1")
        assert stack.plan("plan", day="tomorrow", plan="none")["queue"] == "3.1"
        days = stack.plan("tomorrow", published=True)["days"]
        assert [day["kind"] for day in days.values()] == ["planned", "none"]
        assert stack.plan_requests() == []
    finally:
        stack.outages.stop()

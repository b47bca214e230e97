"""The web server of the outage sites: answers from the plan, with the configured faults, and records requests."""

import asyncio
import json
import re
import socket
import struct
from asyncio import StreamReader, StreamWriter
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qs, urlsplit

from shared.messages import iso
from simulators.schedule import be_svitlo, gpv_json, yasno
from simulators.schedule.faults import FaultKind, Faults, Reply, WebFault, spoil_reply
from simulators.schedule.plan import OutagePlan
from simulators.schedule.request import Request, read_request

RECORDED_REQUESTS = 5_000
REQUEST_TIMEOUT_S = 10
GPV_FILE = re.compile(r"(?:/[^/]+)*/data/([A-Za-z-]+)\.json")
"""At any depth: the real ones are in folders on GitHub."""
YASNO_PLAN = re.compile(r"/api/blackout-service/public/shutdowns/regions/(\d+)/dsos/(\d+)/planned-outages")
LINGER_OFF = struct.pack("ii", 1, 0)

NOT_FOUND = Reply(HTTPStatus.NOT_FOUND, b"404: Not Found", "text/plain; charset=utf-8")
METHOD_NOT_ALLOWED = Reply(HTTPStatus.METHOD_NOT_ALLOWED, b"Method Not Allowed", "text/plain; charset=utf-8")
BAD_REQUEST = Reply(HTTPStatus.BAD_REQUEST, b"Bad Request", "text/plain; charset=utf-8")


@dataclass
class GpvFormat:
    """The format of the GPV files."""

    midnight: gpv_json.Midnight = gpv_json.Midnight.AUTO
    first_hour: int = 1


class OutageSites:
    """All three sites on one port, each at its real path."""

    def __init__(self, plan: OutagePlan, clock: Callable[[], datetime]) -> None:
        self.plan = plan
        self.clock = clock
        self.faults = Faults()
        self.gpv = GpvFormat()
        self.requests: deque[dict[str, Any]] = deque(maxlen=RECORDED_REQUESTS)
        self.asked = 0
        self.port = 0

    async def start(self, host: str, port: int) -> asyncio.Server:
        """Listen."""
        server = await asyncio.start_server(self._connection, host, port)
        self.port = int(server.sockets[0].getsockname()[1])
        return server

    def reply(self, request: Request) -> Reply:
        """Return the answer of a healthy site."""
        path, method = request.path, request.method
        if path == "/gpv-queue-list":
            return _json(be_svitlo.queue_list()) if method == "POST" else METHOD_NOT_ALLOWED
        content = self._page(path, request.target)
        if content is None:
            return NOT_FOUND
        return content if method == "GET" else METHOD_NOT_ALLOWED

    def _page(self, path: str, target: str) -> Reply | None:
        now = self.clock()
        if path == "/schedule-by-queue":
            queue = parse_qs(urlsplit(target).query).get("queue", [""])[0]
            return _json(be_svitlo.schedule_by_queue(self.plan, queue, now))
        if file := GPV_FILE.fullmatch(path):
            manner = vars(self.gpv)
            content = gpv_json.region_file(self.plan, file[1], now, **manner)
            return _json(content, "text/plain; charset=utf-8") if content else None  # as GitHub serves its files
        if asked := YASNO_PLAN.fullmatch(path):
            content = yasno.planned_outages(self.plan, asked[1], asked[2], now)
            return _json(content) if content else None
        return None

    async def _connection(self, reader: StreamReader, writer: StreamWriter) -> None:
        try:
            request = await _read(reader)
            if request:
                await self._answer(request, reader, writer)
            else:
                writer.write(BAD_REQUEST.raw())
        except (OSError, EOFError, TimeoutError):
            pass  # it disconnected, or never sent a request
        finally:
            writer.close()

    async def _answer(self, request: Request, reader: StreamReader, writer: StreamWriter) -> None:
        fault = self.faults.take(request.path)
        self._record(request, fault)
        reply = self.reply(request)
        if fault:
            await _send_with_fault(fault, spoil_reply(fault, reply, request, self.port), reader, writer)
        else:
            await _send(reply.raw(), writer)

    def _record(self, request: Request, fault: WebFault | None) -> None:
        self.asked += 1
        self.requests.append(
            {
                "at": iso(self.clock()),
                "method": request.method,
                "target": request.target,
                "headers": request.headers,
                "body": request.body.decode(errors="replace"),
                "fault": fault.kind if fault else None,
            }
        )


async def _read(reader: StreamReader) -> Request | None:
    try:
        async with asyncio.timeout(REQUEST_TIMEOUT_S):
            return await read_request(reader)
    except ValueError:
        return None


def _json(content: Any, kind: str = "application/json") -> Reply:
    return Reply(HTTPStatus.OK, json.dumps(content, ensure_ascii=False).encode(), kind)


async def _send_with_fault(fault: WebFault, reply: Reply, reader: StreamReader, writer: StreamWriter) -> None:
    raw = reply.raw()
    if fault.kind is FaultKind.SILENT:
        await reader.read()  # until the client gives up
    elif fault.kind is FaultKind.RESET:
        connection: socket.socket = writer.get_extra_info("socket")
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, LINGER_OFF)
        writer.transport.abort()
    elif fault.kind is FaultKind.CUT:
        await _send(raw[: -max(1, len(reply.body) // 2)], writer)
    elif fault.kind is FaultKind.DRIP:
        for place in range(len(raw)):
            await _send(raw[place : place + 1], writer)
            await asyncio.sleep(fault.delay_s)
    else:
        if fault.kind is FaultKind.SLOW:
            await asyncio.sleep(fault.delay_s)
        await _send(raw, writer)


async def _send(raw: bytes, writer: StreamWriter) -> None:
    writer.write(raw)
    await writer.drain()

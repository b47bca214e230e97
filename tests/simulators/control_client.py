"""A control API as its clients see it, without a port."""

import asyncio
import json
from http import HTTPStatus
from typing import Any

from simulators.http_server import HttpApp


async def get(app: HttpApp, path: str) -> tuple[HTTPStatus, Any]:
    """Return status and content of an answer; the content of an error is its sentence."""
    return await _ask(app, "GET", path, b"")


async def post(app: HttpApp, path: str, body: Any) -> tuple[HTTPStatus, Any]:
    """Post bytes as they are, or anything else as JSON."""
    return await _ask(app, "POST", path, body if isinstance(body, bytes) else json.dumps(body).encode())


async def _ask(app: HttpApp, method: str, path: str, body: bytes) -> tuple[HTTPStatus, Any]:
    answer = await asyncio.to_thread(app.test_client().open, path, method=method, data=body)
    status = HTTPStatus(answer.status_code)
    content: Any = answer.json
    return status, content["error"] if status >= HTTPStatus.BAD_REQUEST else content

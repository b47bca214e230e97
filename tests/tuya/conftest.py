"""What the tests of plugs share."""

from collections.abc import AsyncIterator

import pytest

from services.tuya import cloud as ours
from simulators.json_http import serve_requests
from tests.tuya.sky import Sky


@pytest.fixture
async def sky(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Sky]:
    monkeypatch.setattr(ours, "TIMEOUT_S", (0.5, 0.5))
    sky = Sky()
    server = await serve_requests(sky.answer, "127.0.0.1", 0)
    sky.endpoint = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    yield sky
    server.close()

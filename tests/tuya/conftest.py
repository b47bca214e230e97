"""What the tests of plugs share."""

from collections.abc import AsyncIterator

import pytest

from simulators.http_server import start_server
from simulators.tuya.cloud import cloud_app
from tests.tuya.sky import Sky


@pytest.fixture
async def sky(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Sky]:
    sky = Sky(monkeypatch)
    server = start_server(cloud_app(sky.cloud), "127.0.0.1", 0)
    sky.endpoint = f"http://127.0.0.1:{server.port}"
    yield sky
    server.shutdown()

"""The virtual cloud on a port, with one plug in it."""

import asyncio
from collections.abc import Callable
from typing import TypeVar

import pytest

from services.tuya import cloud as ours
from services.tuya.cloud import CloudClient, Credentials
from simulators.tuya.cloud import CLIENT_ID, SECRET, USER, Cloud, CloudFault
from simulators.tuya.plug import Plug as VirtualPlug
from tests.support.waiting import PATIENCE_S

T = TypeVar("T")


class Sky:
    """The virtual cloud on a port, and who we are there."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self._patch = monkeypatch
        self.plug = VirtualPlug("bf1", "Kettle", "0123456789abcdef", "3.3", {"switch_1": 1})
        self.cloud = Cloud({"bf1": self.plug})
        self.endpoint = ""
        self.fail(CloudFault.NONE)

    def fail(self, fault: CloudFault) -> None:
        """Let the cloud fail. An answer may be late on a slow machine; only one that never comes is given up soon."""
        self.cloud.fault = fault
        patience_s = 0.5 if fault is CloudFault.SILENT else PATIENCE_S
        self._patch.setattr(ours, "TIMEOUT_S", (patience_s, patience_s))

    async def do(self, work: Callable[[CloudClient], T], **changes: str) -> T:
        credentials = {"endpoint": self.endpoint, "client_id": CLIENT_ID, "secret": SECRET, "user_id": USER} | changes

        def with_client() -> T:
            with CloudClient(Credentials(**credentials)) as client:
                return work(client)

        return await asyncio.to_thread(with_client)

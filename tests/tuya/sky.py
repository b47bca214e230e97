"""The virtual cloud on a port, with one plug in it."""

import asyncio
from collections.abc import Callable
from typing import TypeVar

from services.tuya.cloud import CloudClient, Credentials
from simulators.tuya.cloud import CLIENT_ID, SECRET, USER, Cloud
from simulators.tuya.plug import Plug as VirtualPlug

T = TypeVar("T")


class Sky:
    """The virtual cloud on a port, and who we are there."""

    def __init__(self) -> None:
        self.plug = VirtualPlug("bf1", "Kettle", "0123456789abcdef", "3.3", {"switch_1": 1})
        self.cloud = Cloud({"bf1": self.plug})
        self.endpoint = ""

    async def do(self, work: Callable[[CloudClient], T], **changes: str) -> T:
        credentials = {"endpoint": self.endpoint, "client_id": CLIENT_ID, "secret": SECRET, "user_id": USER} | changes

        def with_client() -> T:
            with CloudClient(Credentials(**credentials)) as client:
                return work(client)

        return await asyncio.to_thread(with_client)

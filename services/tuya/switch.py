"""Switching one plug: over the home network first, else through the cloud, and what it became read back."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import Protocol, TypeVar

from services.tuya.cloud import Account, CloudSilentError, CloudTalk
from services.tuya.local import LocalTalk
from services.tuya.plugs import Mode, Plug
from shared.errors import BadReplyError, CommandRefusedError, DeviceError, DeviceOfflineError
from shared.messages import Via

T = TypeVar("T")
Reading = Mapping[str, bool | None]

THREADS = 24
LOOKS = 3
LOOK_AGAIN_S = {Via.LOCAL: 0.3, Via.CLOUD: 1.0}
CLOUD_AGAIN_S = 2.0
CLOUD_MOST_S = 1800.0
"""A plug that is dead in an outage would eat up the month's quota if the cloud were asked as often as the plug is."""


class FlippedBackError(BadReplyError):
    """The plug was told, said yes, and is not so."""


class Talk(Protocol):
    """A way to a plug, for one command."""

    def read(self) -> Reading:
        """Return what each gang is."""

    def switch(self, wants: Mapping[str, bool]) -> None:
        """Tell it what its gangs should be."""

    def close(self) -> None:
        """Let it go."""


class CloudPlug:
    """One plug through the cloud."""

    def __init__(self, account: Account, plug: Plug) -> None:
        self._talk = CloudTalk(account)
        self._plug = plug

    def read(self) -> Reading:
        """Return what each gang is."""
        return self._talk.read(self._plug)

    def switch(self, wants: Mapping[str, bool]) -> None:
        """Tell it what its gangs should be."""
        self._talk.switch(self._plug, wants)

    def close(self) -> None:
        """Let the connection go."""
        self._talk.close()


@dataclass(frozen=True)
class Became:
    """What a plug is now, how that is known, and whether it is what was wanted."""

    reading: Reading
    via: Via
    confirmed: bool


@dataclass(frozen=True)
class Held:
    """What the cloud has said of a plug, and for how long it is not asked again."""

    error: DeviceError
    pause_s: float
    until_s: float


class Switcher:
    """The ways to all plugs."""

    def __init__(self, account: Account | None, local_timeout_s: float) -> None:
        self.account = account
        self._local_timeout_s = local_timeout_s
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="plug")
        self._cloud_turn = asyncio.Semaphore(2)  # the cloud counts requests per second
        self._held: dict[str, Held] = {}

    def ways(self, plug: Plug) -> tuple[Via, ...]:
        """Return the ways to a plug, the best one first."""
        cloud = self.account is not None and plug.mode is not Mode.LOCAL
        return (Via.LOCAL,) * plug.is_local + (Via.CLOUD,) * cloud

    def ask_anew(self, plug: Plug) -> None:
        """Let the cloud be asked about a plug at once: something else is wanted of it."""
        self._held.pop(plug.id, None)

    async def read(self, plug: Plug, via: Via) -> Reading:
        """Look at a plug once."""
        return await self._over(via, plug, self._only_read)

    async def switch(self, plug: Plug, wants: Mapping[str, bool], before: Callable[[Reading], None]) -> Became:
        """Switch a plug, by another way where one fails; `before` hears what it was, and may raise to stop it."""
        problem: DeviceError = CommandRefusedError(
            f"There is no way to {plug.title}: it needs host and local_key in the list of plugs, or the cloud in .env."
        )
        for via in self.ways(plug):
            try:
                return await self._over(via, plug, partial(self._told, plug, via, wants, before))
            except FlippedBackError:
                raise
            except (DeviceOfflineError, BadReplyError, CommandRefusedError) as error:
                problem = error if via is self.ways(plug)[0] else _both(problem, error)
        raise problem

    async def in_thread(self, work: Callable[[], T]) -> T:
        """Do something that blocks in a thread."""
        return await asyncio.get_running_loop().run_in_executor(self._threads, work)

    def close(self) -> None:
        """Wait for no thread: each ends by itself within its timeouts."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def _over(self, via: Via, plug: Plug, work: Callable[[Talk], Awaitable[T]]) -> T:
        return await (self._over_cloud(plug, work) if via is Via.CLOUD else _used(self._talk(via, plug), work))

    async def _over_cloud(self, plug: Plug, work: Callable[[Talk], Awaitable[T]]) -> T:
        """Ask the cloud, but ever more seldom where it answers without success, for it counts its answers."""
        held = self._held.get(plug.id)
        if held and time.monotonic() < held.until_s:
            raise type(held.error)(str(held.error))
        async with self._cloud_turn:
            try:
                result = await _used(self._talk(Via.CLOUD, plug), work)
            except (CloudSilentError, FlippedBackError):
                raise
            except DeviceError as error:
                pause_s = min(2 * held.pause_s, CLOUD_MOST_S) if held else CLOUD_AGAIN_S
                self._held[plug.id] = Held(error, pause_s, time.monotonic() + pause_s)
                raise
        self._held.pop(plug.id, None)
        return result

    def _talk(self, via: Via, plug: Plug) -> Talk:
        if via is Via.LOCAL:
            return LocalTalk(plug, self._local_timeout_s)
        assert self.account  # noqa: S101 - `ways` has looked
        return CloudPlug(self.account, plug)

    async def _only_read(self, talk: Talk) -> Reading:
        return await self.in_thread(talk.read)

    async def _told(
        self, plug: Plug, via: Via, wants: Mapping[str, bool], before: Callable[[Reading], None], talk: Talk
    ) -> Became:
        before(await self.in_thread(talk.read))
        await self.in_thread(lambda: talk.switch(wants))
        for look in range(LOOKS):
            if look:
                await asyncio.sleep(LOOK_AGAIN_S[via] * look)
            reading = await self.in_thread(talk.read)
            if all(reading.get(gang) is on for gang, on in wants.items()):
                return Became(reading, via, confirmed=True)
        if any(reading.get(gang) is (not on) for gang, on in wants.items()):
            raise FlippedBackError(f"{plug.title} was told and does not stay so: is there a timer in the app?")
        return Became(reading, via, confirmed=False)


async def _used(talk: Talk, work: Callable[[Talk], Awaitable[T]]) -> T:
    try:
        return await work(talk)
    finally:
        talk.close()


def _both(first: DeviceError, second: DeviceError) -> DeviceError:
    """Return one error of two: worth another try if one of them is."""
    text = f"{first} {second}"
    both_final = isinstance(first, CommandRefusedError) and isinstance(second, CommandRefusedError)
    return CommandRefusedError(text) if both_final else DeviceOfflineError(text)

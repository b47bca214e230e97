"""Announces the devices to Home Assistant, one after the other, and repeats which of them are live."""

import asyncio
import logging
import random
from collections.abc import Callable
from typing import NoReturn

from services.homeassistant.devices import Device, devices
from services.homeassistant.discovery import Home, components_in, payload, to_json, with_removals
from services.homeassistant.settings import HomeAssistantSettings
from shared.broker_state import BrokerState
from shared.bus import Bus, Delivery
from shared.messages import Contact, Liveness
from shared.topics import BIRTH, DISCOVERY_CONFIG, LIVE
from shared.version import program_version

log = logging.getLogger("homeassistant")

LOOK_S = 1.0
ANNOUNCE_EVERY_S = 5.0
"""How often to check whether a device has come, gone or changed."""
PAUSE_S = 0.1
"""Between two payloads: Home Assistant and small brokers cannot handle bursts."""
LIVE_EVERY_S, EAGER_EVERY_S = 15.0, 4.0
EAGER_S = 20.0
"""After a payload Home Assistant subscribes to the device: for this time availability is repeated more often."""
GREET_AFTER_S = (1.0, 3.0)
"""Home Assistant is busy when it starts."""
GONE_AFTER_S = 120.0
"""A device announced before our start is not removed before this: its service may start later than we do."""
ONLINE = b"online"


class Announcer:
    """What Home Assistant knows about this house. Create it before `Bus.run`."""

    def __init__(self, settings: HomeAssistantSettings, bus: Bus) -> None:
        self._bus = bus
        self._prefix = settings.homeassistant_prefix
        self._home = Home(settings.mqtt_topic_prefix, settings.homeassistant_language, program_version())
        self._published: dict[str, bytes] = {}
        """The payload of each device, by its id in Home Assistant: ours, or what the broker has kept."""
        self._inherited: set[str] = set()
        self._sent: set[str] = set()
        """The devices that we have published ourselves: the bus publishes those again after a reconnect."""
        self._live: dict[str, bool] = {}
        self._live_due_s = self._eager_until_s = self._announce_due_s = 0.0
        self._greet_at_s: float | None = None
        bus.collect_foreign(DISCOVERY_CONFIG.filter(self._prefix), self._on_config)
        bus.collect_foreign(BIRTH.named(self._prefix), self._on_birth)

    async def run(self, snapshot: Callable[[], BrokerState]) -> NoReturn:
        """Announce new and changed devices, remove those that are gone, and repeat which are live."""
        clock = asyncio.get_running_loop().time
        began_s = clock()
        while True:
            if not self._bus.connected.is_set():
                await self._bus.connected.wait()
                await self._restore()
            found = self._devices(snapshot())
            if clock() >= self._announce_due_s:
                await self._announce(found, may_remove=clock() - began_s > GONE_AFTER_S)
                self._announce_due_s = clock() + ANNOUNCE_EVERY_S
            if self._greet_at_s is not None and clock() >= self._greet_at_s:
                self._greet_at_s = None
                await self._announce_again()
            self._publish_live(found, clock())
            await asyncio.sleep(LOOK_S)

    async def withdraw_all(self) -> None:
        """Remove every device of this house from Home Assistant."""
        for device in sorted(self._inherited):
            await self._withdraw(device)

    def _devices(self, state: BrokerState) -> dict[str, Device]:
        known = devices(state, self._bus.clock.now(), self._home.language)
        return {self._home.id(name): device for name, device in known.items()}

    async def _announce(self, found: dict[str, Device], *, may_remove: bool) -> None:
        for name, device in found.items():
            before = components_in(self._published.get(name, b""), self._home) or {}
            wanted = to_json(with_removals(payload(device, self._home, before), before))
            if wanted != self._published.get(name):
                await self._publish(name, wanted)
        self._inherited -= found.keys()
        gone = self._published.keys() - found.keys()
        for name in sorted(gone if may_remove else gone - self._inherited):
            log.info("%s is not there any more: it is removed from Home Assistant.", name)
            await self._withdraw(name)

    async def _announce_again(self) -> None:
        for name, config in list(self._published.items()):
            await self._publish(name, config)

    async def _restore(self) -> None:
        """Announce again what was retained before our start: the broker may have lost it."""
        for name in sorted(self._published.keys() - self._sent):
            await self._publish(name, self._published[name])

    async def _publish(self, name: str, config: bytes) -> None:
        self._bus.publish_foreign(DISCOVERY_CONFIG.named(self._prefix, name), config)
        self._published[name] = config
        self._sent.add(name)
        now_s = asyncio.get_running_loop().time()
        self._eager_until_s, self._live_due_s = now_s + EAGER_S, now_s + LOOK_S
        await asyncio.sleep(PAUSE_S)

    async def _withdraw(self, name: str) -> None:
        self._bus.publish_foreign(DISCOVERY_CONFIG.named(self._prefix, name), b"")
        self._published.pop(name, None)
        self._inherited.discard(name)
        self._sent.discard(name)
        await asyncio.sleep(PAUSE_S)

    def _publish_live(self, found: dict[str, Device], now_s: float) -> None:
        """Publish which devices are live, but nothing without the broker: it would be out of date on arrival."""
        if not self._bus.connected.is_set():
            return
        live = {name: device.is_live for name, device in found.items()}
        is_due = now_s >= self._live_due_s
        for name, is_live in live.items():
            if is_due or self._live.get(name) is not is_live:
                state = Contact.ONLINE if is_live else Contact.OFFLINE
                self._bus.publish(LIVE, Liveness(at=self._bus.clock.now(), state=state), name)
        self._live = live
        if is_due:
            self._live_due_s = now_s + (EAGER_EVERY_S if now_s < self._eager_until_s else LIVE_EVERY_S)

    def _on_config(self, delivery: Delivery) -> None:
        """Remember what Home Assistant was shown of this house before our start."""
        delivery.ack()
        if delivery.retained and components_in(delivery.payload, self._home) is not None:
            name = delivery.topic.split("/")[-2]
            if name not in self._published:
                self._published[name] = delivery.payload
                self._inherited.add(name)

    def _on_birth(self, delivery: Delivery) -> None:
        """Announce everything again soon after Home Assistant has started."""
        delivery.ack()
        if delivery.payload == ONLINE:
            self._greet_at_s = asyncio.get_running_loop().time() + random.uniform(*GREET_AFTER_S)

"""An outsider at the broker: plain paho with the viewer's account, so that our own bus is not its own witness."""

import contextlib
import json
import threading
import time
from typing import Any, Self

from paho.mqtt import client as mqtt
from paho.mqtt.enums import CallbackAPIVersion

from tests.support.broker import Broker
from tests.support.waiting import PATIENCE_S, eventually

MISSING = object()


class Viewer:
    """Subscribes to everything and keeps it in order of arrival; reconnects by itself."""

    def __init__(self, broker: Broker, account: str = "viewer", client_id: str = "") -> None:
        self.messages: list[tuple[str, dict[str, Any], bool]] = []
        self.arrivals: list[tuple[str, dict[str, Any], int]] = []
        """The same with the moment of arrival, in ms."""
        self.broker = broker
        self._subscribed = threading.Event()
        client_id = client_id or f"test-{account}"
        self.client = mqtt.Client(CallbackAPIVersion.VERSION2, client_id=client_id, protocol=mqtt.MQTTv5)
        self.client.reconnect_delay_set(1, 1)
        self.client.username_pw_set(account, (broker.secrets_dir / account).read_text().strip())
        self.client.on_connect = lambda client, *_: client.subscribe("#", qos=1)
        self.client.on_subscribe = lambda *_: self._subscribed.set()
        self.client.on_message = self._keep

    def __enter__(self) -> Self:
        self.client.connect("127.0.0.1", self.broker.port, keepalive=5)
        self.client.loop_start()
        assert self._subscribed.wait(PATIENCE_S)
        return self

    def __exit__(self, *_: object) -> None:
        self.client.disconnect()
        self.client.loop_stop()

    def _keep(self, _client: object, _userdata: object, message: mqtt.MQTTMessage) -> None:
        with contextlib.suppress(ValueError, RecursionError):  # some tests publish nonsense on purpose
            payload = json.loads(message.payload)
            self.messages.append((message.topic, payload, message.retain))
            self.arrivals.append((message.topic, payload, int(time.time() * 1000)))

    def on(self, topic: str) -> list[dict[str, Any]]:
        """Return every payload seen on a topic."""
        return [payload for seen, payload, _ in list(self.messages) if seen == topic]

    def last(self, topic: str) -> dict[str, Any]:
        """Return the newest payload on a topic; waits for the first one."""
        return eventually(lambda: self.on(topic), f"a message on {topic}")[-1]

    def wait_for(self, topic: str, **fields: Any) -> dict[str, Any]:
        """Wait until the newest payload on a topic has the given fields, and return it."""

        def newest() -> dict[str, Any]:
            payload = (self.on(topic) or [{}])[-1]
            return payload if all(payload.get(key, MISSING) == value for key, value in fields.items()) else {}

        return eventually(newest, f"{topic} with {fields}; the last was {self.on(topic)[-1:]}")

"""A bus that keeps what is published."""

from collections.abc import Callable
from typing import Any

from shared.messages import Message
from shared.topics import Topic


class FakeBus:
    """Holds (topic, message) in order; `on_publish` is told as well."""

    def __init__(self, on_publish: Callable[[str, Any], None] = lambda _topic, _message: None) -> None:
        self.said: list[tuple[str, Any]] = []
        self._on_publish = on_publish

    def publish(self, topic: Topic[Any], message: Message, name: str = "") -> None:
        """Keep it."""
        self.said.append((topic.named(name), message))
        self._on_publish(topic.named(name), message)

    def on(self, topic: Topic[Any], name: str = "") -> list[Any]:
        """Return what was published on a topic."""
        return [message for said, message in self.said if said == topic.named(name)]

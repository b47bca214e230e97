"""What a service that only publishes needs from the bus."""

from typing import Protocol

from shared.topics import M, Topic


class Publisher(Protocol):
    """Publishes messages: the bus, or its replacement in a test."""

    def publish(self, topic: Topic[M], message: M, name: str = "") -> None:
        """Publish a message."""

"""The connection of a service to the broker: `Bus` publishes and subscribes, `Delivery` is one received message."""

from shared.bus.bus import Bus
from shared.bus.connection import Delivery
from shared.bus.publisher import Publisher

__all__ = ["Bus", "Delivery", "Publisher"]

"""Somebody for the page to listen to."""

from collections.abc import Iterator

import pytest

from tests.dashboard.harness import Publisher
from tests.support.broker import Broker


@pytest.fixture
def publisher(broker: Broker) -> Iterator[Publisher]:
    """Somebody who publishes with the poller's account."""
    with Publisher(broker) as publisher:
        yield publisher

"""What the tests share: a broker, and a client who looks at what travels there."""

from collections.abc import Iterator

import pytest

from tests.support.broker import Broker
from tests.support.viewer import Viewer


@pytest.fixture
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broker]:
    """A running Mosquitto of its own for one test."""
    broker = Broker(tmp_path_factory.mktemp("broker") / "state")
    broker.start()
    yield broker
    broker.stop()


@pytest.fixture
def viewer(broker: Broker) -> Iterator[Viewer]:
    """A client with the read-only account, who keeps everything that was published."""
    with Viewer(broker) as viewer:
        yield viewer

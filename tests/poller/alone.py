"""A house with a poller of its only inverter."""

from collections.abc import Callable
from datetime import datetime

from services.poller import grid
from services.poller.block_reader import RegisterSource
from services.poller.house import House
from services.poller.poller import Poller
from services.poller.settings import PollerSettings
from services.poller.witnesses import Witness
from shared.bus import Publisher
from shared.health import Health


def alone(
    inverter: RegisterSource, settings: PollerSettings, bus: Publisher, health: Health, clock: Callable[[], datetime]
) -> tuple[Poller, House]:
    """Return both at a first start."""
    track = grid.unknown_grid(clock())
    witness = Witness(settings.inverter_name, track)
    house = House(bus, health, track)
    poller = Poller(inverter, settings, bus, health, house, witness=witness, availability=None, clock=clock)
    return poller, house

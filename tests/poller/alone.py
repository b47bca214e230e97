"""A poller of the only inverter of a house."""

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
) -> Poller:
    """Return it at a first start."""
    track = grid.unknown_grid(clock())
    witness = Witness(settings.inverter_name, track)
    return Poller(
        inverter, settings, bus, health, House(bus, health, track), witness=witness, availability=None, clock=clock
    )

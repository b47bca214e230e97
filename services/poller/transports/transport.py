"""The interface of every way to the inverter, for the Modbus client."""

from collections.abc import Sequence
from typing import Protocol

from services.poller.modbus_frames import Framing
from services.poller.transports.connection import Connection
from shared.conditions import Reason


class Transport(Protocol):
    """Opens connections to the inverter, and knows what is usually wrong with them."""

    @property
    def gap_s(self) -> float:
        """The pause that the inverter needs between a response and the next request."""

    @property
    def framings(self) -> Sequence[Framing]:
        """The possible framings; of several, the first that gets a response is used."""

    @property
    def where(self) -> str:
        """The address of the other side, for texts."""

    @property
    def problem(self) -> Reason | None:
        """What is wrong with the transport although readings arrive."""

    async def open(self) -> Connection:
        """Return a new connection, or raise DeviceOfflineError."""

    def no_answer(self, unit: int, timeout_s: float) -> Reason:
        """Return why no inverter may answer on a connection that is open."""

    def bad_answer(self, framing: Framing) -> Reason:
        """Return why nothing but damaged data may arrive on a connection that is open."""

    def close(self) -> None:
        """Release everything."""

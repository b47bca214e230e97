"""A bleak backend without a radio: one JK in range, and whatever goes wrong is set on the classes."""

from typing import Any, ClassVar

from bleak.assigned_numbers import CharacteristicPropertyName
from bleak.backends.characteristic import BleakGATTCharacteristic
from bleak.backends.scanner import AdvertisementData
from bleak.backends.service import BleakGATTService, BleakGATTServiceCollection
from bleak.uuids import normalize_uuid_16

from services.bms.framing import Frame
from simulators.jk import backend
from tests.bms.jk import ADDRESS

JK_SERVICE = normalize_uuid_16(0xFFE0)


class Scanner(backend.Scanner):
    """Finds the batteries in range at once."""

    error: ClassVar[Exception | None] = None
    in_range: ClassVar[tuple[str, ...]] = (ADDRESS,)
    company: ClassVar[int] = 0x0B65
    details: ClassVar[Any] = None

    async def start(self) -> None:
        """Start, or fail."""
        self.seen_devices = {}
        if self.error:
            raise self.error
        for address in self.in_range:
            data = AdvertisementData("Pack", {self.company: b""}, {}, [JK_SERVICE], None, -60, ())
            self.call_detection_callbacks(
                self.create_or_update_device(address, address, "Pack", self.details, data), data
            )

    async def stop(self) -> None:
        """Stop."""


class Client(backend.Client):
    """Connects to anything."""

    connect_error: ClassVar[Exception | None] = None
    write_error: ClassVar[Exception | None] = None
    is_jk: ClassVar[bool] = True
    answers: ClassVar[tuple[Frame, ...]] = ()

    @property
    def is_connected(self) -> bool:
        """Always."""
        return True

    async def connect(self, pair: bool, **_: Any) -> None:
        """Connect, or fail."""
        if self.connect_error:
            raise self.connect_error
        self.services = BleakGATTServiceCollection()
        if self.is_jk:
            service = BleakGATTService(None, 1, JK_SERVICE)
            self.services.add_service(service)
            for handle, uuid in ((2, 0xFFE1), (4, 0xFFE2)):
                properties: list[CharacteristicPropertyName] = ["notify", "write-without-response"]
                self.services.add_characteristic(
                    BleakGATTCharacteristic(None, handle, normalize_uuid_16(uuid), properties, lambda: 20, service)
                )

    async def disconnect(self) -> None:
        """Disconnect."""

    async def unpair(self) -> None:
        """Forget what BlueZ remembers."""

    async def start_notify(self, characteristic: Any, callback: Any, **_: Any) -> None:
        """Subscribe."""
        self._notify = callback

    async def write_gatt_char(self, characteristic: Any, data: Any, response: bool) -> None:
        """Write, or fail."""
        if self.write_error:
            raise self.write_error
        for frame in self.answers:
            self._notify(bytearray(frame.data))

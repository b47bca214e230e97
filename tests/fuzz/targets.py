"""Everything that reads from outside."""

from tests.fuzz.broker import BROKER
from tests.fuzz.clouds import CLOUDS
from tests.fuzz.devices import DEVICES
from tests.fuzz.files import FILES
from tests.fuzz.target import Target

TARGETS: tuple[Target, ...] = (*DEVICES, *CLOUDS, *BROKER, *FILES)

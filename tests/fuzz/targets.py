"""Everything that reads from outside."""

from collections.abc import Mapping

from tests.fuzz.broker import BROKER
from tests.fuzz.clouds import CLOUDS
from tests.fuzz.devices import DEVICES
from tests.fuzz.disk import DISK
from tests.fuzz.files import FILES
from tests.fuzz.target import Target
from tests.fuzz.web import WEB

GROUPS: Mapping[str, tuple[Target, ...]] = {
    "inverters and batteries: Modbus, dongles, Bluetooth, RS485, GPS and display ports": DEVICES,
    "clouds: schedules, Telegram, ntfy, mail, Tuya, and plugs on the home network": CLOUDS,
    "MQTT: payloads of every topic, names of topics, discovery": BROKER,
    "what people write: lists in YAML, `.env`, environment, secrets": FILES,
    "what we wrote: state files, rows, a damaged database": DISK,
    "requests to the page: addresses, headers, commands": WEB,
}
TARGETS: tuple[Target, ...] = tuple(target for group in GROUPS.values() for target in group)

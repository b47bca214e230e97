"""What people write: lists in YAML, and `.env`."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from services.bms.device_list import device_list, listed_batteries
from services.bms.settings import BmsSettings
from services.bot.settings import BotSettings
from services.dashboard.settings import DashboardSettings
from services.homeassistant.settings import HomeAssistantSettings
from services.outlook.settings import OutlookSettings
from services.poller.inverter_list import inverter_list
from services.poller.profile_list import profile_list
from services.poller.settings import PollerSettings
from services.recorder.settings import RecorderSettings
from services.schedule.settings import ScheduleSettings
from services.tuya.plug_list import plug_list
from services.tuya.settings import TuyaSettings
from shared import env_file
from shared.known_settings import known_settings, remarks
from shared.list_file import ListFile
from shared.settings import MqttSettings, load
from tests.fuzz.folder import folder
from tests.fuzz.inputs import near_text
from tests.fuzz.target import Target

SERVICES = (
    PollerSettings, BmsSettings, ScheduleSettings, RecorderSettings, BotSettings, TuyaSettings, OutlookSettings,
    DashboardSettings, HomeAssistantSettings,
)  # fmt: skip


def listed(make: Callable[[Path], ListFile]) -> Callable[[bytes], None]:
    """Return what reads a list, adds to it what it reads, and changes the first entry."""

    def read(data: bytes) -> None:
        file = folder("files") / "list.yaml"
        file.write_bytes(data)
        written = make(file)
        try:
            entries = written.read()
            if make is device_list:
                listed_batteries(file)
            if entries:
                name = "shed" if make is inverter_list else "Гараж: №1"
                written.change(next(iter(written.unique.values()))(entries[0]), {"name": name})
                assert len(written.read()) == len(entries)
        finally:
            file.unlink(missing_ok=True)

    return read


def env(data: bytes) -> None:
    """Read a settings file as every service does, and write a value into it."""
    text = data.decode(errors="replace")
    values = env_file.values(text, {"HOME": "/root"})
    remarks(text, known_settings())
    wanted = {"LOG_LEVEL": "DEBUG", "A": 'x "$\\ #'}
    written = env_file.values(env_file.with_values(text, wanted))
    assert all(written.get(name) == value for name, value in wanted.items() if name not in values or name in written)


def settings(data: bytes) -> None:
    """Start a service with a settings file; the first byte chooses which."""
    file = folder("files") / "home.env"
    file.write_bytes(data[1:])
    with _environment(ENV_FILE=str(file)):
        load(SERVICES[data[0] % len(SERVICES) if data else 0])


def environment(data: bytes) -> None:
    """Start a service with the same in its environment, as Compose and systemd hand it over."""
    text = data[1:].decode(errors="replace").replace("\0", "")
    with _environment(**{name: value for name, value in env_file.values(text).items() if name.isprintable()}):
        load(SERVICES[data[0] % len(SERVICES) if data else 0])


def secrets(data: bytes) -> None:
    """Start the bot with a secret in a file, and ask for the password of its account at the broker.

    The first byte chooses which secret.
    """
    place = folder("files") / "secrets"
    place.mkdir(exist_ok=True)
    for name in SECRETS:
        (place / name).unlink(missing_ok=True)
    (place / "bot").write_bytes(b"password")
    (place / SECRETS[data[0] % len(SECRETS) if data else 0]).write_bytes(data[1:])
    with _environment(ENV_FILE="", SECRETS_DIR=str(place), MQTT_SECRETS_DIR=str(place)):
        load(BotSettings)
        load(MqttSettings).password_for("bot")


@contextmanager
def _environment(**given: str) -> Iterator[None]:
    kept = dict(os.environ)
    os.environ.clear()
    os.environ.update(given)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(kept)


INVERTERS = b"""inverters:
  - name: garage  # the old one
    model: auto
    transport: dongle
    host: 192.168.1.5
  - {name: house, transport: tcp, host: gw, port: 502, unit_id: 2}
"""
PROFILES = """profiles:
  - name: Зима
    settings: {output_priority: solar_first, max_charge_current_a: 30}
  - name: 12
    settings:
      beeper: "off"  # at night
""".encode()
BATTERIES = b"""batteries:
  - address: C8:47:80:12:34:56
    name: "Pack 1"
    enabled: true
    pin: "123456"
  - address: "/dev/ttyUSB0#1"
    dialect: trigger
    baud: 115200
"""
PLUGS = b"""plugs:
  - id: bf1
    name: Kettle
    enabled: true
    gangs: [switch_1, switch_2]
    names: {switch_1: Lamp}
    local_key: "key0of0plug00000"
"""
YAML = ("- ", "&a ", "&b [*a,*a,*a]\n", "a: &c [*b,*b,*b]\n", "*a", "<<: ", "!!python/object:os.system ", "? ", "|\n",
        ">-\n", "{", "}", "[", "]", "\t", "#",
        "'", '"', "---\n", "...\n", "!!int ", "0x", "1_000", "2026-11-30", "~", "yes\n", "\x85", "\ufeff", "\u2028",
        "name: &x [*x]\n", "9" * 5000, "- " * 300, "[" * 300, "1e400", ".nan", "!!binary x\n",
        "%YAML 3.0\n", "%YAML 1.2\n---\n", "!!timestamp ", "!!set ", "!!omap ", "!!null ", "=\n")  # fmt: skip
ENV = (
    *(f"{name}=" for name in known_settings()),
    *("export ", "=", '"', "'", "\\", "$", "${A:-x}", "${A", "#", " #", "\n", "\r\n", "\0", "\ufeff", "true", "auto"),
    *("5", "-1", "1e999", "nan", "Europe/Kyiv", "/dev/null", "23:00-07:00", "4242,7:viewer", "9" * 5000, "192.168.1.5"),
)
SECRETS = ("telegram_bot_token", "telegram_chat_id", "mqtt_port", "bot")
SECRET_SEEDS = (b"\x00123456:AAbb-cc_dd\n", b"\x014242,7:viewer\n", b"\x021883\n", b"\x03pass word\n")
ENV_SEED = b'MQTT_HOST=127.0.0.1\nDASHBOARD_PASSWORD="pa\\$\\$ \\"word\\""\n# A=b\nexport QUEUE_NUMBER=5.2 # mine\n'


def _target(name: str, run: Callable[[bytes], object], *seeds: bytes, words: tuple[str, ...]) -> Target:
    return Target(name, run, seeds, near_text(seeds, words))


FILES = (
    _target("the list of inverters", listed(inverter_list), INVERTERS, words=YAML),
    _target("the list of profiles", listed(profile_list), PROFILES, words=YAML),
    _target("the list of batteries", listed(device_list), BATTERIES, words=YAML),
    _target("the list of plugs", listed(plug_list), PLUGS, words=YAML),
    _target(".env: lines", env, ENV_SEED, words=ENV),
    _target(".env: settings of every service", settings, b"\0" + ENV_SEED, words=ENV),
    _target("environment of every service", environment, b"\0" + ENV_SEED, words=ENV),
    _target("secrets in files", secrets, *SECRET_SEEDS, words=ENV),
)

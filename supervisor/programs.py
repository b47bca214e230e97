"""The programs to run and their environment: pure data for the demo and for a real home."""

import sys
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).parent.parent


@dataclass(frozen=True)
class Program:
    """One process. A task (`once`) runs once; everything else is restarted when it exits."""

    name: str
    command: tuple[str, ...]
    env: dict[str, str] = field(repr=False)
    once: bool = False
    wait_for_port: int | None = None


@dataclass(frozen=True)
class Ports:
    """The port of each program."""

    mqtt: int
    dashboard: int
    modbus: int = 0
    control: int = 0
    radio: int = 0
    radio_control: int = 0
    outages: int = 0
    outages_control: int = 0
    plugs: int = 0
    plugs_control: int = 0
    cloud: int = 0
    telegram: int = 0


def python(
    name: str, module: str, env: dict[str, str], *arguments: str, once: bool = False, port: int | None = None
) -> Program:
    """Return a program that is one of our Python modules."""
    return Program(name, (sys.executable, "-m", module, *arguments), env, once=once, wait_for_port=port)


def services(env: dict[str, str], ports: Ports) -> tuple[Program, ...]:
    """Return recorder, poller, bms, schedule, tuya, outlook, bot, dashboard and homeassistant, in start order."""
    return (
        python("recorder", "services.recorder", env),
        python("poller", "services.poller", env),
        python("bms", "services.bms", env),
        python("schedule", "services.schedule", env),
        python("tuya", "services.tuya", env),
        python("outlook", "services.outlook", env),
        python("bot", "services.bot", env),
        python("dashboard", "services.dashboard", env, port=ports.dashboard),
        python("homeassistant", "services.homeassistant", env),
    )


def broker(env: dict[str, str], state_dir: Path, port: int) -> Program:
    """Return Mosquitto with our configuration."""
    settings = {"MQTT_STATE_DIR": str(state_dir), "MQTT_PORT": str(port)}
    return Program("mosquitto", (str(ROOT / "mosquitto/start.sh"),), env | settings, wait_for_port=port)


def demo_settings(state: Path, ports: Ports, days: int) -> dict[str, str]:
    """Return the settings of the demo: they name the simulated house only and replace the user's .env."""
    return {
        "ENV_FILE": "",
        "MQTT_HOST": "127.0.0.1",
        "MQTT_PORT": str(ports.mqtt),
        "MQTT_SECRETS_DIR": str(state / "mosquitto/secrets"),
        "DB_PATH": str(state / "easun.db"),
        "MODBUS_HOST": "127.0.0.1",
        "MODBUS_PORT": str(ports.modbus),
        "POLL_INTERVAL": "2",
        "INVERTERS_FILE": str(state / "inverters.yaml"),
        "DASHBOARD_HOST": "127.0.0.1",
        "DASHBOARD_PORT": str(ports.dashboard),
        "DASHBOARD_STATE_DIR": str(state / "dashboard"),
        "HOUSE_MODBUS_PORT": str(ports.modbus),
        "HOUSE_CONTROL_PORT": str(ports.control),
        "HOUSE_CONTROL_URL": f"http://127.0.0.1:{ports.control}",
        "HOUSE_DAYS": str(days),
        "HOUSE_GRID": "on",
        "INVERTER_CONTROL": "settings",
        "INVERTER_JOURNAL_DIR": str(state / "inverter_journal"),
        "HOUSE_KEPT_GRID": str(state / "inverter_journal/grid/last.json"),
        "INVERTER_PROFILES_FILE": str(state / "inverter_profiles.yaml"),
        "DEVICES_FILE": str(state / "jk_devices.yaml"),
        "JK_SCAN_INTERVAL": "2",
        "BLE_BACKEND": "simulators.jk.backend",
        "BLE_RADIO": f"127.0.0.1:{ports.radio}",
        "HOUSE_RADIO_PORT": str(ports.radio),
        "HOUSE_RADIO_CONTROL_PORT": str(ports.radio_control),
        "QUEUE_NUMBER": "5.2",
        "SCHEDULE_INTERVAL": "10",
        "SCHEDULE_RAW_DIR": str(state / "schedule"),
        "BE_SVITLO_URL": f"http://127.0.0.1:{ports.outages}",
        "GPV_JSON_URL": f"http://127.0.0.1:{ports.outages}/data/Prykarpattiaoblenerho.json",
        "HOUSE_SCHEDULE_PORT": str(ports.outages),
        "HOUSE_SCHEDULE_CONTROL_PORT": str(ports.outages_control),
        "TUYA_PLUGS_FILE": str(state / "plugs.yaml"),
        "TUYA_JOURNAL_FILE": str(state / "plugs_journal.json"),
        "TUYA_ENDPOINT": f"http://127.0.0.1:{ports.cloud}",
        "TUYA_ACCESS_ID": "simulated0client0id0",
        "TUYA_ACCESS_SECRET": "0123456789abcdef0123456789abcdef",
        "TUYA_USER_ID": "eu0simulated0user",
        "PLUG_RESTORE_DELAY": "5",
        "HOUSE_PLUGS_FILE": str(state / "plugs.yaml"),
        "HOUSE_PLUGS_PORT": str(ports.plugs),
        "HOUSE_PLUGS_CONTROL_PORT": str(ports.plugs_control),
        "HOUSE_CLOUD_PORT": str(ports.cloud),
        "HOUSE_TELEGRAM_PORT": str(ports.telegram),
        "TELEGRAM_API_URL": f"http://127.0.0.1:{ports.telegram}",
        "TELEGRAM_BOT_TOKEN": "1:demo",
        "TELEGRAM_CHAT_ID": "4242",
        "BOT_STATE_DIR": str(state / "bot"),
        "HOMEASSISTANT_ENERGY_FILE": str(state / "home_energy.json"),
        "OUTLOOK_STATE_DIR": str(state / "outlook"),
    }


PASTS = ("--account=poller", "--account=bms", "--account=schedule")


def demo(env: dict[str, str], state: Path, ports: Ports, days: int) -> list[Program]:
    """Return the simulated house and all services, in start order."""
    env = env | demo_settings(state, ports, days)
    recorder, poller, bms, schedule, tuya, outlook, bot, dashboard, homeassistant = services(env, ports)
    return [
        broker(env, state / "mosquitto", ports.mqtt),
        python("house", "simulators", env, "serve", port=ports.modbus),
        recorder,
        python("history", "simulators", env, "history", *PASTS, "--wait", once=True),
        poller,
        python("batteries", "simulators", env, "batteries"),
        python("outages", "simulators", env, "outages", port=ports.outages),
        bms,
        schedule,
        python("plugs", "simulators", env, "plugs", port=ports.cloud),
        tuya,
        outlook,
        python("telegram", "simulators", env, "telegram", port=ports.telegram),
        bot,
        dashboard,
        homeassistant,
    ]


def up(env: dict[str, str], state: Path, ports: Ports, *, own_broker: bool) -> list[Program]:
    """Return all services for the real devices of `.env`, and the broker unless MQTT_HOST names another machine."""
    home = Path(env.get("MQTT_STATE_DIR") or state / "mosquitto").absolute()
    env = {"MQTT_SECRETS_DIR": str(home / "secrets")} | env
    return [*([broker(env, home, ports.mqtt)] if own_broker else []), *services(env, ports)]

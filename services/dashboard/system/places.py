"""Where everything is set, which stays in files: the page only says where, pure."""

from pathlib import Path

from services.dashboard.settings import DashboardSettings
from services.dashboard.system.entries import Fact
from services.dashboard.wording import Clock


def places(settings: DashboardSettings, clock: Clock) -> list[Fact]:
    """Return what is set where: the file, and the variable that names another one."""
    database = settings.database
    history = f"{database} (DB_PATH)" if isinstance(database, Path) else "PostgreSQL (DATABASE_URL)"
    return [
        (clock("system.place_settings"), ".env"),
        (clock("system.place_batteries"), "jk_devices.yaml (DEVICES_FILE)"),
        (clock("system.place_plugs"), "plugs.yaml (TUYA_PLUGS_FILE)"),
        (clock("system.place_history"), history),
        (clock("system.place_broker"), f"{settings.mqtt_host}:{settings.mqtt_port} (MQTT_HOST, MQTT_PORT)"),
        (clock("system.place_passwords"), f"{settings.mqtt_secrets_dir} (MQTT_SECRETS_DIR)"),
        (clock("system.place_sessions"), f"{settings.dashboard_state_dir} (DASHBOARD_STATE_DIR)"),
    ]

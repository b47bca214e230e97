"""Which file or variable holds which settings, pure."""

from pathlib import Path

from services.dashboard.settings import DashboardSettings
from services.dashboard.system.entries import Fact
from shared.history.last_backup import LastBackup
from shared.texts.localizer import Localizer


def places(settings: DashboardSettings, backup: LastBackup | None, localizer: Localizer) -> list[Fact]:
    """Return each file, with the variable that names another one; backups are where the last one was made."""
    database = settings.database
    history = [(localizer("system.place_history"), "PostgreSQL (DATABASE_URL)")]
    if isinstance(database, Path):
        directory = backup.file.parent if backup else database.parent / "backups"
        history = [
            (localizer("system.place_history"), f"{database} (DB_PATH)"),
            (localizer("system.place_backups"), f"{directory} (BACKUP_DIR)"),
        ]
    return [
        (localizer("system.place_settings"), ".env"),
        (localizer("system.place_inverters"), "inverters.yaml (INVERTERS_FILE)"),
        (localizer("system.place_batteries"), "jk_devices.yaml (DEVICES_FILE)"),
        (localizer("system.place_plugs"), "plugs.yaml (TUYA_PLUGS_FILE)"),
        *history,
        (localizer("system.place_broker"), f"{settings.mqtt_host}:{settings.mqtt_port} (MQTT_HOST, MQTT_PORT)"),
        (localizer("system.place_passwords"), f"{settings.mqtt_secrets_dir} (MQTT_SECRETS_DIR)"),
        (localizer("system.place_sessions"), f"{settings.dashboard_state_dir} (DASHBOARD_STATE_DIR)"),
    ]

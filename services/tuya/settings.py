"""What the plug service reads from the environment."""

from datetime import timedelta
from pathlib import Path

from pydantic import Field, SecretStr

from services.tuya.cloud import Credentials
from services.tuya.grid_rules import Rules
from shared.settings import ServiceSettings


class TuyaSettings(ServiceSettings):
    """Which plugs there are, what the grid does to them, and how the cloud is reached."""

    tuya_plugs_file: Path = Path("data/plugs.yaml")
    tuya_journal_file: Path = Path("data/plugs_journal.json")
    tuya_turn_off_on_power_loss: bool = True
    tuya_turn_on_on_grid_back: bool = True
    plug_restore_delay: float = Field(default=60, ge=0, le=86_400)
    plug_restore_pause: float = Field(default=2, ge=0, le=600)
    plug_check_interval: float = Field(default=30, ge=0.2, le=86_400)
    tuya_local_timeout: float = Field(default=2, ge=0.1, le=30)
    tuya_all_devices: bool = False
    tuya_dry_run: bool = False
    tuya_access_id: str = Field(default="", pattern=r"^[!-~]*$")
    tuya_access_secret: SecretStr = SecretStr("")
    tuya_user_id: str = Field(default="", pattern=r"^[A-Za-z0-9_-]*$")
    tuya_endpoint: str = Field(default="https://openapi.tuyaeu.com", pattern=r"^https?://[^/\s]+/?$")
    tuya_app_schema: str = Field(default="", pattern=r"^[A-Za-z0-9_-]*$")

    def credentials(self) -> Credentials | None:
        """Return who we are at the cloud, None where no account is configured."""
        secret = self.tuya_access_secret.get_secret_value()
        if not self.tuya_access_id or not secret:
            return None
        ids = {"user_id": self.tuya_user_id, "schema": self.tuya_app_schema}
        return Credentials(self.tuya_endpoint, self.tuya_access_id, secret, **ids)

    def rules(self) -> Rules:
        """Return the rules for a change of the grid."""
        return Rules(
            turn_off=self.tuya_turn_off_on_power_loss,
            turn_on=self.tuya_turn_on_on_grid_back,
            restore_delay=timedelta(seconds=self.plug_restore_delay),
            restore_pause=timedelta(seconds=self.plug_restore_pause),
            all_devices=self.tuya_all_devices,
        )

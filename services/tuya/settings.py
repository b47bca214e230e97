"""Settings of the plug service."""

from datetime import timedelta
from pathlib import Path
from typing import Annotated

from pydantic import Field, SecretStr

from services.tuya.cloud import Credentials
from services.tuya.grid_rules import Policy, Rules
from shared.settings import ServiceSettings, ZoneSettings
from shared.settings_metadata import InCompose, Section
from shared.validation import form

WORD = r"[A-Za-z0-9_-]*"


class TuyaSettings(ServiceSettings, ZoneSettings):
    """Which plugs there are, what the grid does to them, and how the cloud is reached."""

    section = Section.PLUGS

    tuya_plugs_file: Annotated[Path, InCompose("/data/plugs.yaml")] = Field(
        default=Path("data/plugs.yaml"),
        description="The list of plugs, yours to edit. Plugs found in the account are added to it, disabled.",
    )
    tuya_journal_file: Annotated[Path, InCompose("/data/plugs_journal.json")] = Field(
        default=Path("data/plugs_journal.json"),
        description="Which plugs were switched off and are to be switched on again. Do not edit it.",
    )
    tuya_turn_off_on_power_loss: bool = Field(
        default=True,
        description="Whether enabled plugs are switched off when the grid goes. Where this or the next one is set to "
        "true and there is no list yet, as with a settings file of eamoon, the account's plugs are listed enabled.",
    )
    tuya_turn_on_on_grid_back: bool = Field(
        default=True,
        description="Whether they are switched on again when the grid is back (only those that were on and were "
        "switched off).",
    )
    plug_policy: Policy = Field(
        default=Policy.GRID,
        description="What decides which plugs are switched off in an outage: grid switches off all that are enabled; "
        "outlook only those with which the battery would not last, the highest priority number first, and gives them "
        "back when there is room. Without a forecast it does what grid does.",
    )
    plug_restore_delay: float = Field(
        default=60, ge=0, le=86_400, description="Seconds that the grid must be back before plugs are switched on."
    )
    plug_restore_pause: float = Field(
        default=2, ge=0, le=600, description="Seconds between switching on one plug and the next."
    )
    plug_check_interval: float = Field(
        default=30,
        ge=0.2,
        le=86_400,
        description="Seconds between checks of a plug over the home network. The cloud is never polled: requests to "
        "it are limited.",
    )
    tuya_local_timeout: float = Field(
        default=2, ge=0.1, le=30, description="Seconds to wait for a plug on the home network."
    )
    tuya_announce_ports: Annotated[str, form(r"([0-9]{1,5}(, *[0-9]{1,5})*)?", "6666,6667,7000")] = Field(
        default="6666,6667,7000",
        description="The UDP ports on which plugs announce where they are, so that one with a new address is found. "
        "Nothing is heard in a container with a network of its own. Empty: do not listen.",
    )
    tuya_all_devices: bool = Field(
        default=False,
        description="true switches every device of the account, enabled or not, that is not protected or excluded; one "
        "whose name is that of a router, a computer or a fridge waits for your decision.",
    )
    tuya_dry_run: bool = Field(
        default=False, description="true does everything except switching, and logs what would be switched."
    )
    tuya_access_id: Annotated[str, form(r"[!-~]*", "a1b2c3d4e5f6g7h8i9j0")] = Field(
        default="", description="The access ID of a cloud project at iot.tuya.com."
    )
    tuya_access_secret: SecretStr = Field(default=SecretStr(""), description="The access secret of that project.")
    tuya_user_id: Annotated[str, form(WORD, "eu1a2b3c4d5e6f7g8h9i")] = Field(
        default="",
        description="The app's user that is linked to the project. Empty: all linked ones.",
    )
    tuya_app_schema: Annotated[str, form(WORD, "smartlife")] = Field(
        default="",
        description="The app's schema, from which users are looked up; instead of TUYA_USER_ID.",
    )
    tuya_endpoint: Annotated[str, form(r"https?://[^/\s]+/?", "https://openapi.tuyaeu.com")] = Field(
        default="https://openapi.tuyaeu.com",
        description="The address of the cloud in your region.",
    )

    def credentials(self) -> Credentials | None:
        """Return who we are at the cloud, None if no account is configured."""
        secret = self.tuya_access_secret.get_secret_value()
        if not self.tuya_access_id or not secret:
            return None
        ids = {"user_id": self.tuya_user_id, "schema": self.tuya_app_schema}
        return Credentials(self.tuya_endpoint, self.tuya_access_id, secret, **ids)

    @property
    def announce_ports(self) -> list[int]:
        """The UDP ports to listen on."""
        return [int(port) for port in self.tuya_announce_ports.split(",") if port]

    @property
    def has_half_an_account(self) -> bool:
        """Whether one of access ID and secret is missing."""
        return bool(self.tuya_access_id) is not bool(self.tuya_access_secret.get_secret_value())

    @property
    def is_switching_asked_for(self) -> bool:
        """Whether one of the two switches is set to true, not only by default: eamoon then switched all plugs."""
        asked = {"tuya_turn_off_on_power_loss", "tuya_turn_on_on_grid_back"} & self.model_fields_set
        return any(getattr(self, name) for name in asked)

    def rules(self) -> Rules:
        """Return the rules for a change of the grid."""
        return Rules(
            turn_off=self.tuya_turn_off_on_power_loss,
            turn_on=self.tuya_turn_on_on_grid_back,
            restore_delay=timedelta(seconds=self.plug_restore_delay),
            restore_pause=timedelta(seconds=self.plug_restore_pause),
            all_devices=self.tuya_all_devices,
            policy=self.plug_policy,
        )

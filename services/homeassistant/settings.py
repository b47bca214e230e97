"""What the service for Home Assistant reads from the environment."""

from pathlib import Path
from typing import Annotated

from pydantic import Field

from shared.settings import ServiceSettings
from shared.settings_metadata import InCompose, Section
from shared.texts.language import Language
from shared.validation import form


class HomeAssistantSettings(ServiceSettings):
    """Whether devices are shown to Home Assistant, where, and in which language."""

    section = Section.HOME_ASSISTANT

    homeassistant_discovery: bool = Field(
        default=True,
        description="Whether Home Assistant finds our devices by itself, with energy counters and events of the grid. "
        "false removes them from it again.",
    )
    homeassistant_prefix: Annotated[str, form(r"[A-Za-z0-9_-]+(/[A-Za-z0-9_-]+)*", "homeassistant")] = Field(
        default="homeassistant",
        description="The discovery prefix that is set in Home Assistant. MQTT_TOPIC_PREFIX does not go in front of it.",
    )
    homeassistant_language: Language = Field(
        default=Language.UK, description="The language of the names of devices and entities, uk or en."
    )
    homeassistant_energy_file: Annotated[Path, InCompose("/data/home_energy.json")] = Field(
        default=Path("data/home_energy.json"), description="Where the home's energy counters are kept."
    )

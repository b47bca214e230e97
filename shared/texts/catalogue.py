"""Every sentence of the interface in Ukrainian and English, side by side, so that neither is forgotten."""

from shared.texts.bot import BOT
from shared.texts.events import EVENTS
from shared.texts.guests import GUESTS
from shared.texts.help import HELP
from shared.texts.homeassistant import HOMEASSISTANT
from shared.texts.inverter import INVERTER
from shared.texts.language import Language, plural
from shared.texts.outlook import OUTLOOK
from shared.texts.pages import PAGES
from shared.texts.tools import TOOLS
from shared.texts.units import UNITS
from shared.texts.wizard import WIZARD


def say(language: Language, name: str, /, **values: object) -> str:
    """Return a sentence in a language, with its values."""
    return TEXTS[name][language is Language.EN].format(**values)


def count(language: Language, name: str, number: int, /, **values: object) -> str:
    """Return a sentence in the plural form for a number; the forms are separated by bars."""
    return plural(language, number, TEXTS[name][language is Language.EN]).format(count=number, **values)


ROOMS: tuple[dict[str, tuple[str, str]], ...] = (
    UNITS,
    BOT,
    PAGES,
    EVENTS,
    GUESTS,
    INVERTER,
    OUTLOOK,
    WIZARD,
    TOOLS,
    HELP,
    HOMEASSISTANT,
)
TEXTS: dict[str, tuple[str, str]] = {key: texts for room in ROOMS for key, texts in room.items()}


def service_name(language: Language, service: str) -> str:
    """Return a service's subject with its name, as in Batteries (bms); an unknown name as it is."""
    known = f"first.{service}"
    return say(language, "service.named", name=say(language, known), program=service) if known in TEXTS else service

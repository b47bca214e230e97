"""The menu of commands in each language; Ukrainian is also what other languages see."""

from services.bot.answers import COMMANDS
from shared.texts.catalogue import say
from shared.texts.language import Language


def _menu(language: Language) -> list[tuple[str, str]]:
    return [(name, say(language, f"cmd_{name}")) for name in COMMANDS]


MENUS = {"": _menu(Language.UK), "uk": _menu(Language.UK), "en": _menu(Language.EN)}

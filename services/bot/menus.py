"""The menu of commands in each language; Ukrainian is also what other languages see."""

from services.bot.answers import COMMANDS
from shared.texts.catalogue import Language, say


def _menu(language: Language) -> list[tuple[str, str]]:
    return [(name, say(language, f"cmd_{name}")) for name in COMMANDS]


MENUS = {"": _menu(Language.UK), "uk": _menu(Language.UK), "en": _menu(Language.EN)}

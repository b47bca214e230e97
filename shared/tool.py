"""How a command-line tool prints, in the configured language, and ends with a code that says whether it worked."""

import argparse
import logging
import sys
from collections.abc import Callable
from typing import TypeVar

from shared.clock import utc_now
from shared.conditions import render
from shared.errors import ConfigError, EasunError, UsageError
from shared.service import EXIT_CONFIG
from shared.settings import LanguageSettings, Settings, load
from shared.texts.argparse_words import ARGPARSE
from shared.texts.language import Language
from shared.texts.localizer import Localizer

S = TypeVar("S", bound=Settings)


def use(settings_type: type[S], tool: Callable[[S, Localizer], str]) -> None:
    """Print what a tool returns; errors and exit codes are those of `speak`."""
    speak(lambda localizer: write(tool(load(settings_type), localizer)))


def speak(tool: Callable[[Localizer], object]) -> None:
    """Run a tool. Exit codes: 0 done, 1 it did not work, 78 only the user can fix it, 130 interrupted."""
    logging.basicConfig(level="WARNING", format="%(message)s")
    language = LanguageSettings.model_construct().bot_language  # if the settings cannot be read
    try:
        language = load(LanguageSettings).bot_language
        use_words_of(language)
        tool(Localizer(language, utc_now()))
    except EasunError as error:
        sys.stderr.write(f"{render(error.reason, language)}\n")
        sys.exit(EXIT_CONFIG if isinstance(error, ConfigError | UsageError) else 1)
    except KeyboardInterrupt:
        sys.exit(130)


def use_words_of(language: Language) -> None:
    """Make argparse use a language: it asks its module's gettext for every word of its own."""
    words = ARGPARSE if language is Language.UK else {}
    vars(argparse).update(
        _=lambda word: words.get(word, word),
        ngettext=lambda one, many, count: words.get(one, one) if count == 1 else words.get(many, many),
    )


def write(line: str) -> None:
    """Print a line at once, as somebody may be watching a long search."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()

"""The languages of the interface, and how each writes numbers and plurals, pure."""

from enum import StrEnum


class Language(StrEnum):
    """The languages of the interface."""

    UK = "uk"
    EN = "en"


DIGIT_MARKS = {
    Language.UK: str.maketrans({",": "\u202f", ".": ",", "-": "−"}),
    Language.EN: str.maketrans({",": "\u202f", "-": "−"}),
}
"""From Python's notation of a number to the language's: 1,234.5 becomes 1 234,5 in Ukrainian."""


def plural_form(language: Language, number: float) -> int:
    """Return the index of the plural form for a number.

    English has one and many; Ukrainian has one (1, 21), few (2 to 4, 22) and many (5, 11 to 14).
    """
    if language is Language.EN:
        return int(number != 1)
    if number % 10 == 1 and number % 100 != 11:
        return 0
    return 1 if number % 10 in (2, 3, 4) and number % 100 not in (12, 13, 14) else 2


def plural(language: Language, number: float, forms: str) -> str:
    """Return the form for a number; forms are separated by bars: message|messages."""
    return forms.split("|")[plural_form(language, number)]

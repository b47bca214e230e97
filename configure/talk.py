"""Questions on the terminal, and their answers."""

import getpass
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from shared.errors import ConfigError
from shared.texts.catalogue import say
from shared.texts.language import Language

YES = {"y", "yes", "т", "так", "д", "да"}
NO = {"n", "no", "н", "ні", "нет"}


@dataclass
class Talk:
    """A conversation in one language."""

    language: Language = Language.UK
    read: Callable[[str], str] = input
    tell: Callable[[str], None] = print

    def say(self, name: str, **values: object) -> None:
        """Say a sentence of the catalogue."""
        self.tell(self.words(name, **values))

    def words(self, name: str, **values: object) -> str:
        """Return a sentence of the catalogue."""
        return say(self.language, f"configure.{name}", **values)

    def ask(self, name: str, known: str = "", **values: object) -> str:
        """Return an answer; Enter keeps what is known, a dash empties it."""
        shown = f" [{known}]" if known else ""
        answer = self._answer(f"{self.words(name, **values)}{shown}: ").strip()
        return "" if answer == "-" else answer or known

    def ask_secret(self, name: str, known: str = "", **values: object) -> str:
        """Return an answer that is not shown while it is typed, nor what is known of it."""
        shown = f" [{self.words('kept')}]" if known else ""
        answer = self._answer(f"{self.words(name, **values)}{shown}: ", hidden=True).strip()
        return "" if answer == "-" else answer or known

    def yes(self, name: str, *, usual: bool = True, **values: object) -> bool:
        """Return whether the answer is yes; Enter is the usual one, which stands in capitals."""
        hint = self.words("yes_no" if usual else "no_yes")
        while True:
            answer = self._answer(f"{self.words(name, **values)} {hint} ").strip().lower()
            if not answer:
                return usual
            if answer in YES | NO:
                return answer in YES

    def choose(self, name: str, choices: Sequence[str], usual: int = 0) -> int:
        """Return the number of the choice, counted from 0."""
        for number, choice in enumerate(choices, start=1):
            self.tell(f"  {number}) {choice}")
        while True:
            answer = self._answer(f"{self.words(name)} [{usual + 1}]: ").strip()
            if not answer:
                return usual
            if answer.isdecimal() and 1 <= int(answer) <= len(choices):
                return int(answer) - 1

    def _answer(self, prompt: str, *, hidden: bool = False) -> str:
        try:
            return getpass.getpass(prompt) if hidden and sys.stdin.isatty() else self.read(prompt)
        except EOFError:
            raise ConfigError("The answers have ended before the questions: nothing was changed.") from None

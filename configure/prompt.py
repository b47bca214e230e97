"""Questions on the terminal, and their answers."""

import getpass
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from shared.clock import utc_now
from shared.errors import UsageError
from shared.texts.language import Language
from shared.texts.localizer import Localizer

YES = {"y", "yes", "т", "так", "д", "да"}
NO = {"n", "no", "н", "ні", "нет"}


@dataclass
class Prompt:
    """Asks in one language; `read` and `output` are the terminal."""

    language: Language = Language.UK
    read: Callable[[str], str] = input
    output: Callable[[str], None] = print

    def show(self, name: str, **values: object) -> None:
        """Print a text of the wizard."""
        self.output(self.text(name, **values))

    def text(self, name: str, **values: object) -> str:
        """Return a text of the wizard."""
        return Localizer(self.language, utc_now())(f"configure.{name}", **values)

    def ask(self, name: str, known: str = "", **values: object) -> str:
        """Return an answer; Enter keeps the known value, a dash clears it."""
        shown = f" [{known}]" if known else ""
        answer = self._answer(f"{self.text(name, **values)}{shown}: ").strip()
        return "" if answer == "-" else answer or known

    def ask_secret(self, name: str, known: str = "", **values: object) -> str:
        """Return an answer that is not shown while it is typed; nor is the known value."""
        shown = f" [{self.text('kept')}]" if known else ""
        answer = self._answer(f"{self.text(name, **values)}{shown}: ", hidden=True).strip()
        return "" if answer == "-" else answer or known

    def yes(self, name: str, *, usual: bool = True, **values: object) -> bool:
        """Return whether the answer is yes; Enter is the usual one, which is shown in capitals."""
        hint = self.text("yes_no" if usual else "no_yes")
        while True:
            answer = self._answer(f"{self.text(name, **values)} {hint} ").strip().lower()
            if not answer:
                return usual
            if answer in YES | NO:
                return answer in YES

    def choose(self, name: str, choices: Sequence[str], usual: int = 0) -> int:
        """Return the number of the choice, counted from 0."""
        for number, choice in enumerate(choices, start=1):
            self.output(f"  {number}) {choice}")
        while True:
            answer = self._answer(f"{self.text(name)} [{usual + 1}]: ").strip()
            if not answer:
                return usual
            if answer.isdecimal() and 1 <= int(answer) <= len(choices):
                return int(answer) - 1

    def _answer(self, prompt: str, *, hidden: bool = False) -> str:
        try:
            return getpass.getpass(prompt) if hidden and sys.stdin.isatty() else self.read(prompt)
        except EOFError:
            raise UsageError("The input ended before the last question: nothing was changed.") from None

"""Questions on the terminal, and their answers; `<` goes back to the question before."""

import getpass
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from configure.tool_runner import Outcome, run_tool
from shared.clock import utc_now
from shared.conditions import render
from shared.conditions.configure import INPUT_ENDED
from shared.conditions.settings import cannot_be_written
from shared.env_file import can_be_written
from shared.errors import ConfigError
from shared.texts.language import Language
from shared.texts.localizer import Localizer

YES = {"y", "yes", "т", "так", "д", "да"}
NO = {"n", "no", "н", "ні", "нет"}
BACK = "<"


class BackError(Exception):
    """The user wants the question before."""


@dataclass
class Prompt:
    """Asks in one language; `read` and `output` are the terminal, `tool` runs a service's tool.

    To go back, everything is asked anew: the answers so far, and what tools said after them, are taken from the journal
    without asking, running or showing anything, and so the next thing that is asked is the question before.
    """

    language: Language = Language.UK
    read: Callable[[str], str] = input
    output: Callable[[str], None] = print
    tool: Callable[[Mapping[str, str], Sequence[str], Callable[[str], None]], Outcome] = run_tool
    _journal: list[str | Outcome] = field(default_factory=list)
    _replayed: int = 0

    def with_a_way_back(self, ask: Callable[[], None]) -> None:
        """Ask until all is answered."""
        while True:
            self._replayed = 0
            try:
                return ask()
            except BackError:
                while self._journal and not isinstance(self._journal.pop(), str):
                    pass

    def show(self, name: str, **values: object) -> None:
        """Print a text of the wizard."""
        self.line(self.text(name, **values))

    def line(self, text: str) -> None:
        """Print a line that a tool or a file gave."""
        if not self._is_replaying:
            self.output(text)

    def text(self, name: str, **values: object) -> str:
        """Return a text of the wizard."""
        return Localizer(self.language, utc_now())(f"configure.{name}", **values)

    def run(
        self, answers: Mapping[str, str], tool: Sequence[str], on_line: Callable[[str], None] = lambda _: None
    ) -> Outcome:
        """Try the answers with a service's tool; `on_line` gets each line as it is printed."""
        if self._is_replaying and isinstance(outcome := self._next_replayed(), Outcome):
            return outcome
        outcome = self.tool(answers, tool, on_line)
        self._record(outcome)
        return outcome

    def ask(self, name: str, known: str = "", **values: object) -> str:
        """Return an answer; Enter keeps the known value, a dash clears it."""
        return self._value(self.text(name, **values), f" [{known}]" if known else "", known)

    def ask_secret(self, name: str, known: str = "", **values: object) -> str:
        """Return an answer that is not shown while it is typed; nor is the known value."""
        return self._value(self.text(name, **values), f" [{self.text('kept')}]" if known else "", known, hidden=True)

    def yes(self, name: str, *, usual: bool = True, **values: object) -> bool:
        """Return whether the answer is yes; Enter is the usual one, which is shown in capitals."""
        hint = self.text("yes_no" if usual else "no_yes")
        while True:
            answer = self._answer(f"{self.text(name, **values)} {hint} ").lower()
            if not answer:
                return usual
            if answer in YES | NO:
                return answer in YES

    def choose(self, name: str, choices: Sequence[str], usual: int = 0) -> int:
        """Return the number of the choice, counted from 0."""
        for number, choice in enumerate(choices, start=1):
            self.line(f"  {number}) {choice}")
        while True:
            answer = self._answer(f"{self.text(name)} [{usual + 1}]: ")
            if not answer:
                return usual
            if answer.isdecimal() and 1 <= int(answer) <= len(choices):
                return int(answer) - 1

    def _value(self, label: str, shown: str, known: str, *, hidden: bool = False) -> str:
        while True:
            answer = self._answer(f"{label}{shown}: ", hidden=hidden)
            if can_be_written(answer):
                return "" if answer == "-" else answer or known
            self.line(render(cannot_be_written(name=label), self.language))

    def _answer(self, prompt: str, *, hidden: bool = False) -> str:
        if self._is_replaying and isinstance(given := self._next_replayed(), str):
            return given
        try:
            answer = (getpass.getpass(prompt) if hidden and sys.stdin.isatty() else self.read(prompt)).strip()
        except EOFError:
            raise ConfigError(INPUT_ENDED()) from None
        if answer == BACK:
            raise BackError
        self._record(answer)
        return answer

    @property
    def _is_replaying(self) -> bool:
        return self._replayed < len(self._journal)

    def _next_replayed(self) -> str | Outcome:
        self._replayed += 1
        return self._journal[self._replayed - 1]

    def _record(self, happened: str | Outcome) -> None:
        self._journal.append(happened)
        self._replayed += 1

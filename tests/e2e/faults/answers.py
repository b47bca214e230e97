"""What page, bot and record say of the power, and whether it was true at that moment, pure."""

from collections.abc import Sequence
from dataclasses import dataclass

SLACK_S = 3.0
"""What was told so shortly before the question may still be on its way to who is asked."""

Told = Sequence[tuple[float, str]]
"""When which state of the power began to hold, oldest first."""


@dataclass(frozen=True)
class Answer:
    """One answer: on, off or unknown; None where none came in time."""

    who: str
    power: str | None
    asked_s: float
    answered_s: float


def verdict(answer: Answer, told: Told) -> str:
    """Return what is wrong with an answer, nothing where it was true at some moment between question and answer.

    Not to know is no contradiction, but is said where the others know.
    """
    if answer.power is None:
        return "did not answer"
    if answer.power in states_between(told, answer.asked_s - SLACK_S, answer.answered_s):
        return ""
    return "did not know" if answer.power == "unknown" else f"said {answer.power}"


def states_between(told: Told, from_s: float, to_s: float) -> set[str]:
    """Return every state that held at some moment between two."""
    before = [state for at, state in told if at <= from_s]
    return {*before[-1:], *(state for at, state in told if from_s < at <= to_s)}

"""Faults between the inverter and its reader, on demand, for all transports."""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from pydantic import BaseModel, ConfigDict, Field

from simulators.registers import IDENTITY, Words


class FaultKind(StrEnum):
    """One way to fail, as the reader sees it."""

    NONE = "none"
    SILENT = "silent"  # no answer, the connection stays open
    REFUSE = "refuse"  # nobody listens; with a probability below 1 the connection is closed instead
    EXCEPTION = "exception"  # a Modbus exception of the given code
    GARBAGE = "garbage"  # random bytes
    HALF = "half"  # half a frame, then nothing
    SLOW = "slow"  # the answer after latency_s
    CORRUPT = "corrupt"  # one flipped bit anywhere in the frame
    ZEROS = "zeros"  # all words 0, like a dongle without its cable
    LATE = "late"  # the answer arrives together with the next one
    DOUBLE = "double"  # the answer twice
    DROP = "drop"  # one byte of the answer is missing
    STALE = "stale"  # the previous answer again, before the right one
    STRAY = "stray"  # a well-formed frame that nobody asked for, before the answer
    OTHER_UNIT = "other_unit"  # the answer under unit 0, whoever was asked
    OWN_NUMBER = "own_number"  # the answer with a transaction id of its own; a bare serial line has none
    ZERO_IDENTITY = "zero_identity"  # type, protocol number and serial are 0, the rest is correct
    IGNORED_WRITE = "ignored_write"  # a write is acknowledged and not carried out
    LATE_WRITE = "late_write"  # a write is acknowledged, and carried out after latency_s
    REBOOT = "reboot"  # gone for latency_s, once; a dongle forgets its server
    UNPLUG = "unplug"  # gone until the fault is cleared


NEEDS_REGISTERS = frozenset(
    {
        FaultKind.EXCEPTION,
        FaultKind.ZEROS,
        FaultKind.ZERO_IDENTITY,
        FaultKind.IGNORED_WRITE,
        FaultKind.LATE_WRITE,
    }
)
"""Faults of register contents: impossible where there are no registers."""
ENDS_CONNECTION = frozenset({FaultKind.REFUSE, FaultKind.REBOOT, FaultKind.UNPLUG})
"""Faults that end the connection."""


class Fault(BaseModel):
    """A way to fail, how often (1.0 is always), and at which requests: those that touch registers first to last."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    kind: FaultKind
    probability: float = Field(default=1.0, ge=0, le=1, allow_inf_nan=False)
    code: int = Field(default=4, ge=1, le=255)
    latency_s: float = Field(default=1.0, ge=0, le=600, allow_inf_nan=False)
    first: int = Field(default=0, ge=0, le=0xFFFF)
    last: int = Field(default=0xFFFF, ge=0, le=0xFFFF)

    def concerns(self, asked: range) -> bool:
        """Whether it strikes a request for these registers; an empty range is a request for none."""
        return (self.first, self.last) == (0, 0xFFFF) or (asked.start <= self.last and self.first < asked.stop)

    @property
    def at_once(self) -> bool:
        """Whether it happens at once and not at the next request."""
        return self.kind in ENDS_CONNECTION and self.probability == 1


NO_FAULT = Fault(kind=FaultKind.NONE)


@dataclass(frozen=True)
class Answer:
    """The correct frame, the previous one, and unrelated frames."""

    frame: bytes
    previous: bytes
    strays: Callable[[], Sequence[bytes]]


def flipped(frame: bytes, dice: random.Random) -> bytes:
    """Return a frame with one wrong bit. Modbus TCP has no checksum: in the data it goes unnoticed."""
    bit = dice.randrange(8 * len(frame))
    return bytes(byte ^ (1 << bit % 8 if index == bit // 8 else 0) for index, byte in enumerate(frame))


def shortened(frame: bytes, dice: random.Random) -> bytes:
    """Return a frame without one of its bytes."""
    index = dice.randrange(len(frame))
    return frame[:index] + frame[index + 1 :]


def garbage(dice: random.Random) -> bytes:
    """Return random bytes."""
    return dice.randbytes(dice.randint(1, 60))


SPOILT: dict[FaultKind, Callable[[Answer, random.Random], bytes]] = {
    FaultKind.SILENT: lambda _answer, _dice: b"",
    FaultKind.GARBAGE: lambda _answer, dice: garbage(dice),
    FaultKind.HALF: lambda answer, _dice: answer.frame[: len(answer.frame) // 2],
    FaultKind.CORRUPT: lambda answer, dice: flipped(answer.frame, dice),
    FaultKind.DOUBLE: lambda answer, _dice: answer.frame + answer.frame,
    FaultKind.DROP: lambda answer, dice: shortened(answer.frame, dice),
    FaultKind.STALE: lambda answer, _dice: answer.previous + answer.frame,
    FaultKind.STRAY: lambda answer, dice: dice.choice(answer.strays()) + answer.frame,
}
"""How a fault changes the sent bytes; all other kinds leave the frame as it is."""

SPOILT_WORDS: dict[FaultKind, Callable[[Words], Words]] = {
    FaultKind.ZEROS: lambda _words: {},
    FaultKind.ZERO_IDENTITY: lambda words: {at: word for at, word in words.items() if at not in IDENTITY},
}
"""How a fault changes the registers; a missing one reads 0."""


@dataclass
class Faults:
    """The active faults; each request gets the first one that its probability selects."""

    active: tuple[Fault, ...] = ()
    dice: random.Random = field(default_factory=random.Random)

    def __str__(self) -> str:
        return ", ".join(f"{fault.kind} ({fault.probability:.0%})" for fault in self.active) or "nothing"

    def draw(self, asked: range = range(0)) -> Fault:
        """Draw the fault for one request, which asks for these registers."""
        concerned = (fault for fault in self.active if fault.concerns(asked))
        return next((fault for fault in concerned if self.dice.random() < fault.probability), NO_FAULT)

    def spoil(self, fault: Fault, answer: Answer) -> bytes:
        """Return the bytes to send in place of the correct frame."""
        spoilt = SPOILT.get(fault.kind)
        return spoilt(answer, self.dice) if spoilt else answer.frame

"""What can go wrong on the way between an inverter and its reader, on demand: written once for all wires."""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from pydantic import BaseModel, ConfigDict, Field

from simulators.registers import IDENTITY, Words


class FaultKind(StrEnum):
    """One way to fail, seen from the reader."""

    NONE = "none"
    SILENT = "silent"  # no answer, on a connection that stays
    REFUSE = "refuse"  # nobody listens; with a probability below 1 the connection is cut instead
    EXCEPTION = "exception"  # a Modbus exception of the given code
    GARBAGE = "garbage"  # random bytes
    HALF = "half"  # half a frame, then nothing
    SLOW = "slow"  # the answer after latency_s
    CORRUPT = "corrupt"  # one flipped bit anywhere in the frame
    ZEROS = "zeros"  # all words 0, as a dongle without its cable answers
    LATE = "late"  # the answer comes together with the next one
    DOUBLE = "double"  # the answer twice
    DROP = "drop"  # one byte of the answer is missing
    STALE = "stale"  # the answer before, once more, in front of the right one
    STRAY = "stray"  # something well-formed that nobody asked for, in front of the answer
    ZERO_IDENTITY = "zero_identity"  # type, protocol number and serial are 0, the rest is right
    REBOOT = "reboot"  # gone for latency_s, once; a dongle forgets whom it served
    UNPLUG = "unplug"  # gone until told otherwise


ABOUT_WORDS = frozenset({FaultKind.EXCEPTION, FaultKind.ZEROS, FaultKind.ZERO_IDENTITY})
"""What only something that knows registers can do."""
ABOUT_THE_WIRE = frozenset({FaultKind.REFUSE, FaultKind.REBOOT, FaultKind.UNPLUG})
"""What ends the connection."""


class Fault(BaseModel):
    """A way to fail and how often: 1.0 is always."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    kind: FaultKind
    probability: float = Field(default=1.0, ge=0, le=1, allow_inf_nan=False)
    code: int = Field(default=4, ge=1, le=255)
    latency_s: float = Field(default=1.0, ge=0, le=600, allow_inf_nan=False)

    @property
    def at_once(self) -> bool:
        """Whether the wire does not wait for a request to fail."""
        return self.kind in ABOUT_THE_WIRE and self.probability == 1


NO_FAULT = Fault(kind=FaultKind.NONE)


@dataclass(frozen=True)
class Answer:
    """The right frame, the right one of the time before, and what nobody has asked for."""

    frame: bytes
    previous: bytes
    strays: Callable[[], Sequence[bytes]]


def flipped(frame: bytes, dice: random.Random) -> bytes:
    """Return a frame with one wrong bit. Modbus TCP has no checksum: in the data nobody can notice."""
    bit = dice.randrange(8 * len(frame))
    return bytes(byte ^ (1 << bit % 8 if index == bit // 8 else 0) for index, byte in enumerate(frame))


def shortened(frame: bytes, dice: random.Random) -> bytes:
    """Return a frame without one of its bytes."""
    index = dice.randrange(len(frame))
    return frame[:index] + frame[index + 1 :]


def garbage(dice: random.Random) -> bytes:
    """Return some bytes that mean nothing."""
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
"""What the wire makes of an answer; by all other kinds the frame itself is left as it is."""

SPOILT_WORDS: dict[FaultKind, Callable[[Words], Words]] = {
    FaultKind.ZEROS: lambda _words: {},
    FaultKind.ZERO_IDENTITY: lambda words: {at: word for at, word in words.items() if at not in IDENTITY},
}
"""What becomes of the registers; one that is missing reads 0."""


@dataclass
class Faults:
    """What goes wrong at present; of several the first whose turn it is."""

    active: tuple[Fault, ...] = ()
    dice: random.Random = field(default_factory=random.Random)

    def __str__(self) -> str:
        return ", ".join(f"{fault.kind} ({fault.probability:.0%})" for fault in self.active) or "nothing"

    def draw(self) -> Fault:
        """Return what happens to one request."""
        return next((fault for fault in self.active if self.dice.random() < fault.probability), NO_FAULT)

    def spoil(self, fault: Fault, answer: Answer) -> bytes:
        """Return what is sent in place of the right frame."""
        spoilt = SPOILT.get(fault.kind)
        return spoilt(answer, self.dice) if spoilt else answer.frame

"""What can go wrong on the way between an inverter and its reader, on demand."""

import random
from dataclasses import dataclass, field
from enum import StrEnum

from pydantic import BaseModel, ConfigDict, Field


class FaultKind(StrEnum):
    """One way to fail, seen from the reader."""

    NONE = "none"
    SILENT = "silent"  # no answer
    REFUSE = "refuse"  # nobody listens; with a probability below 1 the connection is cut instead
    EXCEPTION = "exception"  # a Modbus exception of the given code
    GARBAGE = "garbage"  # random bytes
    HALF = "half"  # half a frame, then nothing
    SLOW = "slow"  # the answer after latency_s
    CORRUPT = "corrupt"  # one flipped bit anywhere in the frame
    ZEROS = "zeros"  # all words 0, as a dongle without its cable answers
    LATE = "late"  # the answer comes together with the next one
    DOUBLE = "double"  # the answer twice


class Fault(BaseModel):
    """A way to fail and how often: 1.0 is always."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    kind: FaultKind
    probability: float = Field(default=1.0, ge=0, le=1, allow_inf_nan=False)
    code: int = Field(default=4, ge=1, le=255)
    latency_s: float = Field(default=1.0, ge=0, le=600, allow_inf_nan=False)


NO_FAULT = Fault(kind=FaultKind.NONE)


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

    @property
    def closed(self) -> bool:
        """Whether the listener should be closed."""
        return any(fault.kind is FaultKind.REFUSE and fault.probability == 1 for fault in self.active)

    def garbage(self) -> bytes:
        """Return some bytes that mean nothing."""
        return self.dice.randbytes(self.dice.randint(1, 60))

    def corrupted(self, frame: bytes) -> bytes:
        """Return a frame with one bit flipped. Modbus TCP has no checksum: in the data nobody can notice."""
        bit = self.dice.randrange(8 * len(frame))
        return bytes(byte ^ (1 << bit % 8 if index == bit // 8 else 0) for index, byte in enumerate(frame))

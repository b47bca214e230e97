"""How the inverter is asked, on every wire alike: one request at a time, a pause between, and what is done when the
answer is lost, late, doubled or damaged."""

import asyncio
import random
from collections.abc import Sequence
from typing import Protocol

from services.poller.frames import Framing, Refusal, Request, Words, find_reply, is_damaged, speaks_pi30
from services.poller.pipe import Pipe
from services.poller.registers import next_command
from shared.errors import BadReplyError, DeviceOfflineError, RefusedReadError

TRIES = 3
SILENCES = 2
"""So many requests in a row without an answer, and the connection is made anew: it may be half open."""
QUIET_S = 0.3
"""Where damage has come and nothing follows for so long, the rest of the answer is not under way any more."""
GREETING_S = 0.5
LATE_S = 60.0
"""So long a lost answer may still come."""
READ_MOST = 125
NOT_THERE = (1, 2, 3)
"""Exceptions that mean the registers; all others pass, such as a gateway that does not reach the inverter just now."""
NOT_REACHED = (10, 11)
EXCEPTIONS = {
    1: "illegal function",
    2: "illegal data address",
    3: "illegal data value",
    4: "device failure",
    5: "acknowledge, still busy",
    6: "device busy",
    10: "gateway path unavailable",
    11: "gateway target does not respond",
}


class Wire(Protocol):
    """One way to the inverter."""

    @property
    def gap_s(self) -> float:
        """The pause that the inverter wants between an answer and the next request."""

    @property
    def framings(self) -> Sequence[Framing]:
        """How frames may look on it; where there are several, the first that brings an answer is it."""

    @property
    def where(self) -> str:
        """What the other side is called in a sentence."""

    async def open(self) -> Pipe:
        """Return a new connection, or raise DeviceOfflineError with a sentence that says what to do."""

    def silence(self, unit: int, timeout_s: float) -> str:
        """Return the sentence for a connection on which no inverter answers."""

    def noise(self, framing: Framing) -> str:
        """Return the sentence for a connection on which only nonsense comes."""

    @property
    def trouble(self) -> str | None:
        """What is wrong with the wire although readings come, in one sentence."""

    def close(self) -> None:
        """Let go of everything."""


class SilenceError(DeviceOfflineError):
    """The connection stands, and no answer comes."""


class LineLostError(DeviceOfflineError):
    """The connection has ended in the middle."""


class Conversation:
    """Reads holding registers over a wire; connects when asked for the first time, and anew where it must."""

    def __init__(self, wire: Wire, unit_id: int, timeout_s: float) -> None:
        self._wire = wire
        self._unit_id = unit_id
        self._timeout_s = timeout_s
        self._framings = list(wire.framings)
        self._framing_is_proven = False
        self._pipe: Pipe | None = None
        self._number = random.randrange(1, 0x10000)
        self._free_at = 0.0
        self._count_before = 0
        self._refused_before: tuple[int, int] | None = None
        self._unanswered: dict[int, float] = {}

    async def read(self, start: int, count: int) -> list[int]:
        """Return `count` words from address `start`.

        Raises DeviceOfflineError where nobody answers, RefusedReadError where the inverter has no such registers,
        BadReplyError where no answer can be trusted. Takes TRIES times the time-out at the most, and what connecting
        takes.
        """
        failure: DeviceOfflineError | BadReplyError | None = None
        silences = 0
        for _ in range(TRIES):
            pipe = await self._connected()
            try:
                return await self._ask(pipe, start, count)
            except RefusedReadError:
                raise
            except (DeviceOfflineError, BadReplyError) as error:
                failure = error
                silences += isinstance(error, SilenceError)
                if isinstance(error, LineLostError) or silences == SILENCES:
                    self._hang_up()
        self._hang_up()
        self._framing_is_proven = False
        assert failure  # noqa: S101
        raise failure

    def close(self) -> None:
        """Let go of the wire."""
        self._hang_up()
        self._wire.close()

    @property
    def trouble(self) -> str | None:
        """What is wrong with the wire although readings come, in one sentence."""
        return self._wire.trouble

    async def _connected(self) -> Pipe:
        if self._pipe is None or self._pipe.lost:
            self._hang_up()
            self._pipe = await self._wire.open()
        return self._pipe

    def _hang_up(self) -> None:
        if self._pipe:
            self._pipe.close()
            self._pipe = None

    async def _ask(self, pipe: Pipe, start: int, count: int) -> list[int]:
        """Ask once and wait for the answer, whatever else comes meanwhile."""
        framing = self._framings[0]
        await self._greet(pipe, framing)
        await asyncio.sleep(self._free_at - _now())
        request = self._request(framing, start, count)
        pipe.forget()
        pipe.send(framing.encode(request))
        try:
            reply = await self._reply(pipe, framing, request)
        except (SilenceError, BadReplyError):
            self._note_failure(request)
            raise
        finally:
            self._free_at = _now() + self._wire.gap_s
        self._framing_is_proven = True
        if isinstance(reply, Refusal):
            raise self._refusal(request, reply.code, was_longer=request.count > count, numbered=framing.numbered)
        skipped = start - request.start
        return list(reply.words[skipped : skipped + count])

    async def _greet(self, pipe: Pipe, framing: Framing) -> None:
        if framing.greeting and not pipe.greeted:
            pipe.greeted = True
            pipe.send(framing.greeting)
            await pipe.more(GREETING_S)

    def _request(self, framing: Framing, start: int, count: int) -> Request:
        """Number the request; where replies carry no number, make it as long as none that may still be answered.

        A late or doubled reply on a serial line says nothing about itself but its length, so a few more words are asked
        for than were wanted, and its length gives it away.
        """
        now = _now()
        self._unanswered = {asked: at for asked, at in self._unanswered.items() if now - at < LATE_S}
        self._number = self._number % 0xFFFF + 1
        first, asked = start, count
        if not framing.numbered:
            first, asked = _longer(start, count, {*self._unanswered, self._count_before})
        self._count_before = asked
        return Request(self._unit_id, first, asked, self._number)

    async def _reply(self, pipe: Pipe, framing: Framing, request: Request) -> Words | Refusal:
        deadline = _now() + self._timeout_s
        while True:
            if reply := find_reply(framing, pipe.received, request):
                return reply
            if pipe.lost:
                raise LineLostError(f"The connection to {self._wire.where} broke off in the middle of a question.")
            left = deadline - _now()
            damaged = is_damaged(framing, pipe.received, request)
            if left <= 0 or not await pipe.more(min(QUIET_S, left) if damaged else left):
                raise self._no_reply(pipe, framing, damaged=damaged)

    def _note_failure(self, request: Request) -> None:
        self._unanswered[request.count] = _now()  # after damage too: what came may have belonged to another request
        if not self._framing_is_proven:
            self._framings.append(self._framings.pop(0))

    def _no_reply(self, pipe: Pipe, framing: Framing, *, damaged: bool) -> DeviceOfflineError | BadReplyError:
        if speaks_pi30(pipe.received):
            return BadReplyError(
                f"The inverter behind {self._wire.where} speaks PI30, the protocol of another family (Easun SMW, SMH, "
                "SMR, SMT and others), which this program does not read."
            )
        if damaged:
            return BadReplyError(self._wire.noise(framing))
        return SilenceError(self._wire.silence(self._unit_id, self._timeout_s))

    def _refusal(self, request: Request, code: int, *, was_longer: bool, numbered: bool) -> BadReplyError:
        """Return what a no means. Without a number it may be a late one for another block, so it must come twice."""
        reason = f"exception {code} ({EXCEPTIONS.get(code, 'unknown')})"
        if code in NOT_REACHED:
            return BadReplyError(
                f"The gateway {self._wire.where} does not reach unit {self._unit_id}: {reason}; check the inverter's "
                "cable and MODBUS_UNIT_ID."
            )
        sentence = f"The inverter at {self._wire.where} refuses: {reason}."
        is_sure = numbered or self._refused_before == (request.start, code)
        self._refused_before = (request.start, code)
        if code in NOT_THERE and not was_longer and is_sure:
            return RefusedReadError(sentence)
        self._unanswered.clear()  # perhaps it was only what we asked for in addition
        return BadReplyError(sentence)


def _now() -> float:
    """Return the event loop's time, which tests let fly."""
    return asyncio.get_running_loop().time()


def _longer(start: int, count: int, taken: set[int]) -> tuple[int, int]:
    """Return a block that holds the wanted one, as long as none of `taken`, and without command registers."""
    room = next_command(start + count) - start
    for length in range(count, READ_MOST + 1):
        first = min(start, start + room - length)
        if length not in taken and first >= 0 and next_command(first) >= start:
            return first, length
    return start, count

"""Reads registers over any transport: one request at a time with a pause in between, and another attempt when the
response is lost, late, doubled or damaged. A write is sent once and never repeated."""

import asyncio
import random

from services.poller.modbus_frames import (
    ExceptionReply,
    Framing,
    ReadReply,
    Reply,
    Request,
    find_reply,
    is_damaged,
    mislabelled,
    speaks_pi30,
)
from services.poller.registers import COMMON_UNITS, PROTOCOL_NUMBER
from services.poller.request_span import Units, longer
from services.poller.transports.connection import Connection
from services.poller.transports.transport import Transport
from shared.conditions import Reason, inverter_settings, poller
from shared.conditions.condition import Condition
from shared.errors import BadReplyError, CommandRefusedError, DeviceOfflineError, RefusedReadError

ATTEMPTS = 3
TIMEOUTS_BEFORE_RECONNECT = 2
"""After this many requests in a row without a response, the connection may be half open."""
QUIET_S = 0.3
"""After damaged data, this much silence means that the rest of the response will not come."""
GREETING_S = 0.5
LATE_S = 60.0
"""How long a lost response may still arrive."""
RECENT = 1000
"""A reply with one of our last numbers, of which this many are remembered, is late; any other number is not ours."""
NO_SUCH_REGISTERS = (1, 2, 3)
"""Exceptions that are about the registers. All others are passing, such as a gateway that lost the inverter."""
NOT_REACHED = (10, 11)
EXCEPTIONS: dict[int, Condition[[]]] = {
    1: poller.ILLEGAL_FUNCTION,
    2: poller.ILLEGAL_DATA_ADDRESS,
    3: poller.ILLEGAL_DATA_VALUE,
    4: poller.DEVICE_FAILURE,
    5: poller.STILL_BUSY,
    6: poller.DEVICE_BUSY,
    10: poller.GATEWAY_PATH_UNAVAILABLE,
    11: poller.GATEWAY_TARGET_SILENT,
}


REFUSED_WRITES: dict[int, Condition[[]]] = {
    1: inverter_settings.READ_ONLY,
    2: inverter_settings.READ_ONLY,
    3: inverter_settings.VALUE_REFUSED,
    7: inverter_settings.MODE_REFUSED,
}
"""What exceptions to a write mean, by the inverters' documents; 2 is from other devices, for a missing register."""


UNDECIDED_WRITES = (5, 11)
"""Exceptions after which a write may still succeed: the inverter is busy with it, or has not answered a gateway that
had already passed it on."""


class NoAnswerError(DeviceOfflineError):
    """The connection is open, and no response comes."""


class ConnectionLostError(DeviceOfflineError):
    """The connection ended during a request."""


class ModbusClient:
    """Reads and writes holding registers; connects on the first request, and reconnects when it must."""

    def __init__(self, transport: Transport, unit_id: int, timeout_s: float) -> None:
        self._transport = transport
        self._unit_id = unit_id
        self._timeout_s = timeout_s
        self._framings = list(transport.framings)
        self._framing_is_proven = False
        self._connection: Connection | None = None
        self._number = random.randrange(1, 0x10000)
        self._free_at = 0.0
        self._last_count = 0
        self._last_refusal: tuple[int, int] | None = None
        self._unanswered: dict[int, float] = {}

    async def read(self, start: int, count: int, *, units: Units = COMMON_UNITS, attempts: int = ATTEMPTS) -> list[int]:
        """Return `count` words from address `start`; a longer request, where one is needed, cuts none of the units.

        Raises DeviceOfflineError if nobody answers, RefusedReadError if the inverter has no such registers, and
        BadReplyError if no response can be trusted. Takes at most the timeout for each
        attempt, and the time to connect.
        """
        failure: DeviceOfflineError | BadReplyError | None = None
        timeouts = 0
        for _ in range(attempts):
            connection = await self._connect()
            try:
                return await self._read_once(connection, start, count, units)
            except RefusedReadError:
                raise
            except (DeviceOfflineError, BadReplyError) as error:
                failure = error
                timeouts += isinstance(error, NoAnswerError)
                if isinstance(error, ConnectionLostError) or timeouts == TIMEOUTS_BEFORE_RECONNECT:
                    self._disconnect()
        if attempts > 1:
            self._disconnect()
            self._framing_is_proven = False
        assert failure  # noqa: S101
        raise failure

    async def write(self, address: int, *words: int) -> None:
        """Write words from an address on in one frame, once; return when it is acknowledged.

        It is sent on the connection that has just been read from. Raises CommandRefusedError if the inverter refuses,
        ConnectionLostError if the connection is gone, and NoAnswerError or BadReplyError if the outcome is unknown.
        None of these is a reason to try again.
        """
        connection = self._connection
        if connection is None or connection.lost or not self._framing_is_proven:
            raise ConnectionLostError(poller.connection_lost(where=self._transport.where))
        self._number = self._number % 0xFFFF + 1
        request = Request(self._unit_id, address, len(words), self._number, words)
        reply = await self._send(connection, self._framings[0], request)
        if isinstance(reply, ExceptionReply):
            if reply.code in UNDECIDED_WRITES:
                raise NoAnswerError(self._transport.no_answer(self._unit_id, self._timeout_s))
            known = REFUSED_WRITES.get(reply.code)
            raise CommandRefusedError(known() if known else inverter_settings.refused(code=reply.code))

    def close(self) -> None:
        """Disconnect and release the transport."""
        self._disconnect()
        self._transport.close()

    @property
    def problem(self) -> Reason | None:
        """What is wrong with the transport although readings arrive."""
        return self._transport.problem

    async def _connect(self) -> Connection:
        if self._connection is None or self._connection.lost:
            self._disconnect()
            self._connection = await self._transport.open()
        return self._connection

    def _disconnect(self) -> None:
        if self._connection:
            self._connection.close()
            self._connection = None

    async def _read_once(self, connection: Connection, start: int, count: int, units: Units) -> list[int]:
        framing = self._framings[0]
        await self._greet(connection, framing)
        request = self._request(framing, start, count, units)
        if request is None:
            await self._flush(connection, framing, units)
            request = self._request(framing, start, count, units) or Request(self._unit_id, start, count, self._number)
        reply = await self._exchange(connection, framing, request)
        if not isinstance(reply, ReadReply):
            code = reply.code if isinstance(reply, ExceptionReply) else 0
            raise self._refusal(request, code, was_longer=request.count > count, numbered=framing.numbered)
        skipped = start - request.start
        return list(reply.words[skipped : skipped + count])

    async def _flush(self, connection: Connection, framing: Framing, units: Units) -> None:
        """Get a response to another request: late responses to older ones have arrived before it, or never will.

        For a block that fits no other length, because its neighbours are commands or units.
        """
        request = self._request(framing, PROTOCOL_NUMBER, 1, units)
        if request is None:
            raise NoAnswerError(self._transport.no_answer(self._unit_id, self._timeout_s))
        await self._exchange(connection, framing, request)
        self._unanswered.clear()

    async def _exchange(self, connection: Connection, framing: Framing, request: Request) -> Reply:
        """Send a request once, and note the outcome: a lost response may still arrive, or the framing may be wrong."""
        self._last_count = request.count
        try:
            reply = await self._send(connection, framing, request)
        except (NoAnswerError, BadReplyError):
            self._note_failure(request)
            raise
        self._framing_is_proven = True
        return reply

    async def _send(self, connection: Connection, framing: Framing, request: Request) -> Reply:
        """Send one request and wait for its response, whatever else arrives meanwhile."""
        await asyncio.sleep(self._free_at - _now())
        connection.clear()
        connection.send(framing.encode(request))
        try:
            return await self._reply(connection, framing, request)
        finally:
            self._free_at = _now() + self._transport.gap_s

    async def _greet(self, connection: Connection, framing: Framing) -> None:
        if framing.greeting and not connection.greeted:
            connection.greeted = True
            connection.send(framing.greeting)
            await connection.wait_for_data(GREETING_S)

    def _request(self, framing: Framing, start: int, count: int, units: Units) -> Request | None:
        """Number the request; if replies carry no number, give it a length that no outstanding request has.

        On a serial line only its length distinguishes a late or doubled reply from the one that is awaited, so the
        request asks for a few more words than are needed. Returns None if no length is free.
        """
        now = _now()
        self._unanswered = {counted: at for counted, at in self._unanswered.items() if now - at < LATE_S}
        self._number = self._number % 0xFFFF + 1
        if framing.numbered:
            return Request(self._unit_id, start, count, self._number)
        span = longer(start, count, {*self._unanswered, self._last_count}, units)
        return Request(self._unit_id, span.start, span.count, self._number) if span else None

    async def _reply(self, connection: Connection, framing: Framing, request: Request) -> Reply:
        deadline = _now() + self._timeout_s
        while True:
            if reply := find_reply(framing, connection.received, request):
                return reply
            if connection.lost:
                raise ConnectionLostError(poller.connection_lost(where=self._transport.where))
            left = deadline - _now()
            damaged = is_damaged(framing, connection.received, request)
            if left <= 0 or not await connection.wait_for_data(min(QUIET_S, left) if damaged else left):
                raise self._no_reply(connection, framing, request, damaged=damaged)

    def _note_failure(self, request: Request) -> None:
        self._unanswered[request.count] = _now()  # after damage too: it may have belonged to another request
        if not self._framing_is_proven:
            self._framings.append(self._framings.pop(0))

    def _no_reply(
        self, connection: Connection, framing: Framing, request: Request, *, damaged: bool
    ) -> DeviceOfflineError | BadReplyError:
        if reason := self._mislabelled(framing, connection.received, request):
            return BadReplyError(reason)
        if speaks_pi30(connection.received):
            return BadReplyError(poller.other_protocol(where=self._transport.where))
        if damaged:
            return BadReplyError(self._transport.bad_answer(framing))
        return NoAnswerError(self._transport.no_answer(self._unit_id, self._timeout_s))

    def _mislabelled(self, framing: Framing, data: bytes, request: Request) -> Reason | None:
        other = mislabelled(framing, data, request)
        if other is None or (other.unit == request.unit and not framing.numbered):
            return None
        if other.unit != request.unit:
            return poller.answers_as_other_unit(where=self._transport.where, unit=request.unit, answered=other.unit)
        if (request.number - other.number) % 0xFFFF < RECENT:
            return None
        return poller.answers_with_other_number(where=self._transport.where)

    def _refusal(self, request: Request, code: int, *, was_longer: bool, numbered: bool) -> BadReplyError:
        """Return what an exception means. Without a number it may belong to another request, so it must come twice."""
        where = self._transport.where
        exception = poller.modbus_exception(number=code, meaning=EXCEPTIONS.get(code, poller.UNKNOWN_EXCEPTION)())
        if code in NOT_REACHED:
            return BadReplyError(
                poller.gateway_does_not_reach_inverter(where=where, unit=self._unit_id, exception=exception)
            )
        reason = poller.request_refused(where=where, exception=exception)
        is_sure = numbered or self._last_refusal == (request.start, code)
        self._last_refusal = (request.start, code)
        if code in NO_SUCH_REGISTERS and not was_longer and is_sure:
            return RefusedReadError(reason)
        self._unanswered.clear()  # the refusal may be about the extra words
        return BadReplyError(reason)


def _now() -> float:
    """Return the event loop's time, which tests can speed up."""
    return asyncio.get_running_loop().time()

"""Why a serial port of this machine does not open. Pure: the code that opens ports imports pyserial itself."""

import errno

from shared.conditions import Reason, poller
from shared.conditions.condition import Condition
from shared.conditions.system import BY_NUMBER, os_reason

CAUSES = {
    errno.EIO: poller.SERIAL_PORT_GONE,
    errno.EACCES: poller.SERIAL_PORT_FORBIDDEN,
    errno.EPERM: poller.SERIAL_PORT_FORBIDDEN,
    errno.EAGAIN: poller.SERIAL_PORT_IN_USE,
    errno.EBUSY: poller.SERIAL_PORT_IN_USE,
}


def serial_port_reason(error: Exception, *, missing: Condition[[]]) -> Reason:
    """Return the reason; `missing` is the one for a missing device, and names the setting to check.

    pyserial's errors carry the system's error number, if there is one.
    """
    number = error.errno if isinstance(error, OSError) else None
    if number == errno.ENOENT:
        return missing()
    if number in CAUSES:
        return CAUSES[number]()
    return os_reason(error) if number in BY_NUMBER else poller.NOT_A_SERIAL_PORT()

"""What the operating system reports, told apart by its number: its sentence depends on the language of the system."""

import errno
import socket

from shared.conditions.condition import Condition, Reason, condition, simple

CONNECTION_REFUSED = simple("system.connection_refused", uk="з'єднання відхилено", en="connection refused")
CONNECTION_LOST = simple("system.connection_lost", uk="з'єднання обірвалося", en="the connection broke")
HOST_UNREACHABLE = simple("system.host_unreachable", uk="немає шляху до цієї адреси", en="no route to this address")
NETWORK_UNREACHABLE = simple("system.network_unreachable", uk="немає мережі", en="the network is down")
NAME_UNKNOWN = simple(
    "system.name_unknown", uk="такого імені в мережі немає", en="the name is not known in the network"
)
TIMED_OUT = simple("system.timed_out", uk="немає відповіді", en="no answer in time")
NOT_PERMITTED = simple("system.not_permitted", uk="немає прав", en="permission denied")
NOT_FOUND = simple("system.not_found", uk="такого файлу немає", en="there is no such file")
NO_DEVICE = simple("system.no_device", uk="такого пристрою немає", en="there is no such device")
BUSY = simple("system.busy", uk="уже зайнято", en="already in use")
DISK_FULL = simple("system.disk_full", uk="на диску немає місця", en="the disk is full")
READ_ONLY = simple("system.read_only", uk="диск доступний лише для читання", en="the disk is read-only")
DISK_ERROR = simple(
    "system.disk_error", uk="диск не читається або не записується", en="the disk fails to read or write"
)
IS_DIRECTORY = simple("system.is_directory", uk="це тека, а не файл", en="it is a directory, not a file")
NOT_DIRECTORY = simple("system.not_directory", uk="це не тека", en="it is not a directory")
EXISTS = simple("system.exists", uk="там уже є щось інше", en="something else is already there")
NO_MEMORY = simple("system.no_memory", uk="бракує пам'яті", en="there is not enough memory")
TOO_MANY_FILES = simple("system.too_many_files", uk="відкрито забагато файлів", en="too many files are open")
NOT_TEXT = simple("system.not_text", uk="це не текст у кодуванні UTF-8", en="it is not a text in UTF-8")
BAD_ADDRESS = simple("system.bad_address", uk="такої адреси не може бути", en="that cannot be an address")


@condition("system.other", uk="системна помилка {number}", en="system error {number}")
def OTHER_ERROR(*, number: int) -> None:  # noqa: N802 - stands beside the constants above
    """An error of the operating system that has no text of its own here."""


BY_NUMBER: dict[int, Condition[[]]] = {
    errno.ECONNREFUSED: CONNECTION_REFUSED,
    errno.ECONNRESET: CONNECTION_LOST,
    errno.ECONNABORTED: CONNECTION_LOST,
    errno.EPIPE: CONNECTION_LOST,
    errno.ENOTCONN: CONNECTION_LOST,
    errno.EHOSTUNREACH: HOST_UNREACHABLE,
    errno.EHOSTDOWN: HOST_UNREACHABLE,
    errno.ENETUNREACH: NETWORK_UNREACHABLE,
    errno.ENETDOWN: NETWORK_UNREACHABLE,
    errno.ETIMEDOUT: TIMED_OUT,
    errno.EACCES: NOT_PERMITTED,
    errno.EPERM: NOT_PERMITTED,
    errno.ENOENT: NOT_FOUND,
    errno.ENODEV: NO_DEVICE,
    errno.ENXIO: NO_DEVICE,
    errno.EBUSY: BUSY,
    errno.EADDRINUSE: BUSY,
    errno.ENOSPC: DISK_FULL,
    errno.EDQUOT: DISK_FULL,
    errno.EROFS: READ_ONLY,
    errno.EIO: DISK_ERROR,
    errno.EEXIST: EXISTS,
    errno.EISDIR: IS_DIRECTORY,
    errno.ENOTDIR: NOT_DIRECTORY,
    errno.EMFILE: TOO_MANY_FILES,
    errno.ENFILE: TOO_MANY_FILES,
    errno.EADDRNOTAVAIL: BAD_ADDRESS,
}


def os_reason(error: BaseException) -> Reason:
    """Return what an error of the operating system means; its English sentence is never used."""
    if isinstance(error, UnicodeError):
        return NOT_TEXT() if isinstance(error, UnicodeDecodeError) else BAD_ADDRESS()
    if isinstance(error, socket.gaierror):
        return NAME_UNKNOWN()
    number = error.errno if isinstance(error, OSError) else None
    if number in BY_NUMBER:
        return BY_NUMBER[number]()
    if isinstance(error, TimeoutError):
        return TIMED_OUT()
    if isinstance(error, ConnectionError):
        return CONNECTION_LOST()
    return OTHER_ERROR(number=number or 0)

"""The few errors every service understands, named by what can be done about them."""

from pathlib import Path


class EasunError(Exception):
    """Base of all our errors; its text is one plain sentence for the user."""


class ConfigError(EasunError):
    """Only the user can mend this: a setting, a password, a path. The service says it and ends."""


class DeviceError(EasunError):
    """A device did not do what it was asked."""


class DeviceOfflineError(DeviceError):
    """No answer at all. Worth another try, later and later."""


class BadReplyError(DeviceError):
    """An answer that cannot be trusted: checksum, length, exception code."""


class RefusedReadError(BadReplyError):
    """The device understands and says no to this reading, by an exception code."""


class CommandRefusedError(DeviceError):
    """The device, or a safety limit of ours, said no. Never retried by itself."""


class BadMessageError(EasunError):
    """A payload on the broker that is not what its topic carries. Said, left out, and the next one is read."""


class StorageError(EasunError):
    """The database cannot be written at the moment: locked, full, read-only. Worth another try."""


class DamagedError(StorageError):
    """A file is no database any more. It is never mended, only set aside; `inode` tells it from a newer one."""

    def __init__(self, reason: str, file: Path, inode: int | None) -> None:
        super().__init__(reason)
        self.file = file
        self.inode = inode

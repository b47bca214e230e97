"""The few errors every service understands, named by what can be done about them."""

from pathlib import Path

from shared.conditions import Reason


class EasunError(Exception):
    """Base of all our errors: its reason is rendered in the reader's language, its text is the reason in English."""

    def __init__(self, reason: Reason) -> None:
        self.reason = reason
        super().__init__(reason.text)


class ConfigError(EasunError):
    """Only the user can correct this: a setting, a password, a path. The service reports it and ends."""


class TwinError(ConfigError):
    """Another process of this service was there before, and only one can be."""


class UsageError(EasunError):
    """A command-line tool cannot do what was typed: it is printed there, as a reason or in its reader's language."""

    def __init__(self, why: Reason | str) -> None:
        super().__init__(why if isinstance(why, Reason) else Reason.sentence(why))


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
    """A payload that does not fit its topic. It is reported and ignored, and the next one is read."""


class StorageError(EasunError):
    """The database cannot be written at the moment: locked, full, read-only. Worth another try."""


class DamagedError(StorageError):
    """A file is no database any more. It is never repaired, only set aside; `inode` tells it from a newer one."""

    def __init__(self, reason: Reason, file: Path, inode: int | None) -> None:
        super().__init__(reason)
        self.file = file
        self.inode = inode

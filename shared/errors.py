"""The few errors that every service knows, named by what can be done about them."""

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
    """Another process of this service was there first, and there can be only one."""


class UsageError(EasunError):
    """A command-line tool cannot do what was typed; it prints the reason, in its reader's language."""

    def __init__(self, why: Reason | str) -> None:
        super().__init__(why if isinstance(why, Reason) else Reason.sentence(why))


class DeviceError(EasunError):
    """A device did not do what it was asked to."""


class DeviceOfflineError(DeviceError):
    """No answer at all. Worth a retry, with growing pauses."""


class BadReplyError(DeviceError):
    """An answer that cannot be trusted: checksum, length, exception code."""


class RefusedReadError(BadReplyError):
    """The device understands, and refuses this reading with an exception code."""


class CommandRefusedError(DeviceError):
    """The device, or one of our safety limits, refused. Never retried automatically."""


class BadMessageError(EasunError):
    """A payload that does not fit its topic. It is reported and ignored, and the next one is read."""


class StorageError(EasunError):
    """The database cannot be written at the moment: locked, full, read-only. Worth a retry."""


class DamagedError(StorageError):
    """A file is no longer a database. It is never repaired, only set aside; `inode` tells it from a newer one."""

    def __init__(self, reason: Reason, file: Path, inode: int | None) -> None:
        super().__init__(reason)
        self.file = file
        self.inode = inode

"""The log: always to standard error, and to a file if LOG_DIR names a directory."""

import logging
from logging.handlers import RotatingFileHandler
from pathlib import Path

from shared.conditions.system import os_reason

log = logging.getLogger("logs")

FILE_BYTES = 5_000_000
FILES = 3


def to_stderr(name: str, level: str) -> None:
    """Write to standard error, which the journal, Docker or a terminal keeps."""
    logging.basicConfig(level=level, format=_format(name), datefmt="%Y-%m-%d %H:%M:%S", force=True)


def to_file(name: str, directory: Path) -> None:
    """Write to <name>.log as well; a directory that cannot be written is reported, but is no reason to stop."""
    try:
        directory.mkdir(parents=True, exist_ok=True)
        handler = LogFile(directory / f"{name}.log")
    except OSError as error:
        log.warning("LOG_DIR %s cannot be written (%s): there is no log file.", directory, os_reason(error))
        return
    handler.setFormatter(logging.Formatter(_format(name), datefmt="%Y-%m-%d %H:%M:%S"))
    logging.getLogger().addHandler(handler)


class LogFile(RotatingFileHandler):
    """At most three files of 5 MB. Lines that cannot be written, on a full disk for instance, are skipped."""

    def __init__(self, file: Path) -> None:
        super().__init__(file, maxBytes=FILE_BYTES, backupCount=FILES - 1, encoding="utf-8")
        self._reported = False

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: ARG002, N802
        """Report once, on standard error, that lines are missing: a traceback for every line would fill the journal."""
        if not self._reported:
            self._reported = True
            log.warning("The log file %s cannot be written: lines are missing in it.", self.baseFilename)


def _format(name: str) -> str:
    return f"%(asctime)s {name}: %(levelname)s: %(message)s"

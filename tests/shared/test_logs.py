"""The log file beside standard error."""

import logging
import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from shared import logs
from tests.support.stack import Stack
from tests.support.viewer import Viewer


@pytest.fixture(autouse=True)
def root_logger() -> Iterator[logging.Logger]:
    """The root logger, which loses here what a test adds to it."""
    root = logging.getLogger()
    before = list(root.handlers)
    yield root
    for handler in set(root.handlers) - set(before):
        root.removeHandler(handler)
        with suppress(OSError):  # /dev/full refuses what is left at the end, too
            handler.close()


def test_a_service_writes_its_log_there_too(stack: Stack, watcher: Viewer, tmp_path: Path) -> None:
    stack.poller.start(LOG_DIR=str(tmp_path / "logs"))
    watcher.wait_for("service/poller/status", state="disabled")
    assert stack.poller.end() == 0
    assert (tmp_path / "logs/poller.log").read_text() == stack.poller.log


def test_a_directory_that_cannot_be_written_is_reported_and_no_reason_to_stop(stack: Stack, watcher: Viewer) -> None:
    stack.poller.start(LOG_DIR="/proc/logs")
    watcher.wait_for("service/poller/status", state="disabled")
    assert "LOG_DIR /proc/logs cannot be written (" in stack.poller.log
    assert stack.poller.log.count("LOG_DIR") == 1


def test_it_stays_small(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logs, "FILE_BYTES", 2000)
    logs.to_file("poller", tmp_path)
    for number in range(200):
        logging.getLogger("test").warning("line %d of many", number)
    files = sorted(tmp_path.iterdir())
    assert [file.name for file in files] == ["poller.log", "poller.log.1", "poller.log.2"]
    assert all(file.stat().st_size <= 2000 for file in files)
    assert "line 199 of many" in files[0].read_text()


@pytest.mark.skipif(not os.access("/dev/full", os.W_OK), reason="this system has no /dev/full")
def test_a_full_disk_is_reported_once(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "poller.log").symlink_to("/dev/full")
    logs.to_file("poller", tmp_path)
    for _ in range(3):
        logging.getLogger("test").warning("a line")
    assert caplog.text.count("cannot be written: lines are missing in it") == 1
    assert "Traceback" not in capsys.readouterr().err

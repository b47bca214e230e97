"""In Compose the wizard is in the services' network, so that an answer is tested from where it will be used.

Only the host's network hears dongles, and only the host's D-Bus knows batteries, so the container `configure-host` runs
the tools that need them. A line of JSON asks for a tool; one comes back for each line that it prints, and one when it
ends.
"""

import json
import socket
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TextIO

from configure.tool_runner import Outcome, run_tool
from shared.conditions import render
from shared.conditions.configure import HOST_STOPPED
from shared.errors import ConfigError
from shared.texts.language import Language

SOCKET = Path("/host-tools/socket")
"""Where both containers see the volume that they share."""
START_S = 20.0
"""How long the wizard waits for the container, which is started before it: a Raspberry Pi takes some seconds."""
WIZARD_S = 300.0
"""How long the container waits for the wizard, whose container is made after it."""


OnLine = Callable[[str], None]


class HostNetwork:
    """Runs the tools that need it in the container `configure-host`, the others here."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._stream = connection.makefile("rw", encoding="utf-8")

    def close(self) -> None:
        """Let the container end."""
        self._stream.close()
        self._connection.close()

    def __call__(self, answers: Mapping[str, str], tool: Sequence[str], on_line: OnLine = lambda _: None) -> Outcome:
        """Run a tool as `run_tool` does. Raises ConfigError."""
        if not needs_the_host(answers, tool):
            return run_tool(answers, tool, on_line)
        try:
            _send(self._stream, {"answers": dict(answers), "tool": list(tool)})
            lines = []
            while "worked" not in (said := json.loads(self._stream.readline())):
                lines.append(said["line"])
                on_line(said["line"])
        except (OSError, ValueError):
            raise ConfigError(HOST_STOPPED()) from None
        return Outcome(said["worked"], [line for line in lines if line])


def needs_the_host(answers: Mapping[str, str], tool: Sequence[str]) -> bool:
    """Return whether a tool works on the host only: searching, and dongles, which call back."""
    return tool[1] == "scan" or (tool[0] == "poller" and answers.get("MODBUS_TRANSPORT") == "dongle")


def reach(place: Path = SOCKET, patience_s: float = START_S) -> HostNetwork | None:
    """Return the way to the container, None if there is none."""
    if not place.parent.is_dir():
        return None
    deadline = time.monotonic() + patience_s
    connection = socket.socket(socket.AF_UNIX)
    while True:
        try:
            connection.connect(str(place))
        except OSError:
            if time.monotonic() > deadline:
                connection.close()
                return None
            time.sleep(0.1)
        else:
            return HostNetwork(connection)


def serve(place: Path, patience_s: float = WIZARD_S) -> None:
    """Run tools for one wizard until it ends, or end when none comes."""
    place.unlink(missing_ok=True)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(place))
        place.chmod(0o600)  # the answers hold passwords
        listener.listen(1)
        listener.settimeout(patience_s)
        try:
            connection, _ = listener.accept()
        except TimeoutError:
            return
        finally:
            place.unlink()
    with connection, connection.makefile("rw", encoding="utf-8") as stream:
        for line in stream:
            asked = json.loads(line)
            _answer(stream, asked["answers"], asked["tool"])


def _answer(stream: TextIO, answers: Mapping[str, str], tool: Sequence[str]) -> None:
    try:
        outcome = run_tool(answers, tool, lambda line: _send(stream, {"line": line}))
        _send(stream, {"worked": outcome.worked})
    except ConfigError as error:
        _send(stream, {"line": render(error.reason, Language(answers["BOT_LANGUAGE"]))})
        _send(stream, {"worked": False})


def _send(stream: TextIO, message: Mapping[str, object]) -> None:
    stream.write(json.dumps(message) + "\n")
    stream.flush()


if __name__ == "__main__":
    serve(Path(sys.argv[1]))

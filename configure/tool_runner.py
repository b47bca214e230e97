"""Tries answers with the command-line tools of the services, which get them as they would get those of .env."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from shared.conditions.configure import tool_hangs
from shared.errors import ConfigError

PATIENCE_S = 180


@dataclass(frozen=True)
class Outcome:
    """What a tool printed, and whether it says of itself that it worked."""

    worked: bool
    lines: Sequence[str]


def parsed(line: str) -> dict[str, Any]:
    """Return what a tool said that was asked for JSON; an error is a sentence all the same."""
    found: dict[str, Any] = json.loads(line) if line.startswith("{") else {"text": line}
    return found


def run_tool(
    answers: Mapping[str, str],
    tool: Sequence[str],
    on_line: Callable[[str], None] = lambda _: None,
    *,
    easun: str = "",
) -> Outcome:
    """Run a tool, such as ["poller", "read"], with the answers as its settings and no others.

    `easun` is the command of an installation by install.sh, which runs it as the services' user. Raises ConfigError.
    """
    env = {name: value for name, value in os.environ.items() if name not in answers}
    env |= {name: value for name, value in answers.items() if value} | {"ENV_FILE": ""}
    service, *arguments = tool
    command = [easun, service, *arguments] if easun else [sys.executable, "-m", f"services.{service}", *arguments]
    lines = []
    with subprocess.Popen(
        command, env=env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as process:
        for line in process.stdout or ():
            lines.append(line.rstrip())
            on_line(line.rstrip())
        try:
            code = process.wait(PATIENCE_S)
        except subprocess.TimeoutExpired:
            process.kill()
            raise ConfigError(tool_hangs(tool=" ".join(tool))) from None
    return Outcome(code == 0, [line for line in lines if line])

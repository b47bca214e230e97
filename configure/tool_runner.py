"""Tests answers live with the command-line tools of the services, which read them as they would read .env."""

import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from configure.env_file import with_values
from shared.errors import UsageError

PATIENCE_S = 180


@dataclass(frozen=True)
class Outcome:
    """What a tool printed, and whether it worked."""

    worked: bool
    lines: Sequence[str]


def run_tool(
    answers: Mapping[str, str], tool: Sequence[str], on_line: Callable[[str], None] = lambda _: None
) -> Outcome:
    """Run a tool with the answers as its settings; `on_line` gets each line as it is printed."""
    with tempfile.TemporaryDirectory() as place:
        file = Path(place) / "answers.env"
        file.touch(mode=0o600)
        file.write_text(with_values("", answers))
        env = {name: value for name, value in os.environ.items() if name not in answers} | {"ENV_FILE": str(file)}
        lines = []
        command = [sys.executable, "-m", *tool]
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
                raise UsageError(f"`python -m {' '.join(tool)}` did not end in time.") from None
    return Outcome(code == 0, [line for line in lines if line])

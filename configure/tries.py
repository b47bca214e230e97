"""Tries answers live, by the tools that people also use by hand; each reads the answers as it would read .env."""

import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from configure.env_file import with_values
from shared.errors import ConfigError

PATIENCE_S = 180


@dataclass(frozen=True)
class Outcome:
    """What a tool said, and whether it worked."""

    worked: bool
    lines: Sequence[str]


def tried(answers: Mapping[str, str], tool: Sequence[str], hear: Callable[[str], None] = lambda _: None) -> Outcome:
    """Run a tool with the answers for its settings; `hear` gets each line as it is said."""
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
                hear(line.rstrip())
            try:
                code = process.wait(PATIENCE_S)
            except subprocess.TimeoutExpired:
                process.kill()
                raise ConfigError(f"`python -m {' '.join(tool)}` did not come to an end.") from None
    return Outcome(code == 0, [line for line in lines if line])

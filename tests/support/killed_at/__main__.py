"""The arguments: the program, the file's name, the step, and at which save of the file it is (1 for the first).

The steps of a save: `before` anything is written, `written` and not yet on disk, and `named` as the file.
"""

import os
import runpy
import signal
import sys
from itertools import count
from pathlib import Path
from typing import Any

from shared import files, state_file


def main(module: str, name: str, step: str, number: int) -> None:
    """Run the program until it saves the file for the number-th time."""
    save, sync = files.replace_atomically, os.fsync
    numbers = count(1)

    def replace_atomically(file: Path, *args: Any, **given: Any) -> None:
        if file.name == name and next(numbers) == number:
            if step == "before":
                os.kill(os.getpid(), signal.SIGKILL)
            vars(os).update(fsync=lambda handle: fsync(file, handle))
        save(file, *args, **given)

    def fsync(file: Path, handle: int) -> None:
        if step == ("written" if files.draft_of(file).exists() else "named"):
            os.kill(os.getpid(), signal.SIGKILL)
        sync(handle)

    vars(state_file).update(replace_atomically=replace_atomically)
    sys.argv = [module]
    runpy.run_module(module, run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    _, program, saved_file, last_step, which_save = sys.argv
    main(program, saved_file, last_step, int(which_save))

"""python -m configure: asks, tests each answer live, and writes .env. Run it again to change answers."""

import argparse
import os
import sys
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from configure import batteries, inverter, page, plugs, schedule, telegram
from configure.env_file import read, with_values
from configure.prompt import Prompt
from shared.conditions.system import os_reason
from shared.errors import EasunError, UsageError
from shared.files import OURS_ALONE, replace_atomically
from shared.known_settings import known_settings, remarks
from shared.service import EXIT_CONFIG
from shared.texts.language import Language

EXAMPLE = Path(__file__).parent.parent / ".env.example"


def main() -> None:
    """Ask everything. Exit codes: 0 done, 78 only the user can correct it, 130 interrupted."""
    options = _parser().parse_args()
    try:
        _configure(Prompt(), options.file, options.scan)
    except EasunError as error:
        print(error, file=sys.stderr)
        sys.exit(EXIT_CONFIG)
    except KeyboardInterrupt:
        sys.exit(130)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m configure", description="Asks, tests each answer, writes .env.")
    parser.add_argument("--file", type=Path, default=Path(".env"), help="the settings file (default: .env)")
    parser.add_argument("scan", nargs="*", help="after --: further arguments of `python -m services.poller scan`")
    return parser


def _configure(prompt: Prompt, file: Path, scan: Sequence[str]) -> None:
    before = _text(file)
    known = read(before)
    usual = 1 if known.get("BOT_LANGUAGE") == Language.EN else 0
    prompt.language = list(Language)[prompt.choose("language", ["українська", "English"], usual)]
    prompt.show("welcome")
    for remark in remarks(before, known_settings()):
        print(f"{file}: {remark}")
    answers = {"BOT_LANGUAGE": prompt.language.value}
    answers |= inverter.ask(prompt, known | answers, scan)
    answers |= batteries.ask(prompt, known | answers)
    answers |= schedule.ask(prompt, known | answers)
    answers |= telegram.ask(prompt, known | answers)
    answers |= plugs.ask(prompt, known | answers)
    answers |= page.ask(prompt, known | answers)
    _finish(prompt, file, before, answers)


def _text(file: Path) -> str:
    """Return the text of the file, or of the example where there is none yet."""
    try:
        return (file if file.exists() else EXAMPLE).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{file} cannot be read: {os_reason(error)}.") from None


def _finish(prompt: Prompt, file: Path, before: str, answers: dict[str, str]) -> None:
    known = read(before)
    changed = {name: value for name, value in answers.items() if value != known.get(name, "")}
    if not changed and file.exists():
        prompt.show("nothing")
        return
    prompt.show("changes", names=", ".join(changed))
    if not prompt.yes("write", file=file):
        return
    kept = _write(file, with_values(before, changed))
    prompt.show("written", file=file, before=kept or "–")
    prompt.show("next")


def _write(file: Path, text: str) -> Path | None:
    """Replace the file atomically, readable by its owner alone; return where the previous one is kept."""
    kept = None
    try:
        owner = file.stat() if file.exists() else file.absolute().parent.stat()
        if file.exists():
            kept = file.with_name(f"{file.name}.{datetime.now().astimezone():%Y%m%d-%H%M%S}")
            kept.hardlink_to(file)
            kept.chmod(OURS_ALONE)
        in_a_container = os.getuid() == 0  # writing a file of the host's user
        whose = (owner.st_uid, owner.st_gid) if in_a_container else None
        replace_atomically(file, text, mode=OURS_ALONE, owner=whose)
    except OSError as error:
        raise UsageError(f"{file} cannot be written: {os_reason(error)}.") from None
    return kept


if __name__ == "__main__":
    main()

"""python -m configure: asks, tries each answer live, and writes .env. It can be run again and keeps what is there."""

import argparse
import os
import sys
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from configure import batteries, inverter, page, plugs, schedule, telegram
from configure.env_file import read, with_values
from configure.talk import Talk
from shared.errors import ConfigError, EasunError
from shared.files import OURS_ALONE, replace_atomically
from shared.known_settings import known_settings, remarks
from shared.service import EXIT_CONFIG
from shared.texts.language import Language

EXAMPLE = Path(__file__).parent.parent / ".env.example"


def main() -> None:
    """Ask everything. Exit codes: 0 done, 78 only the user can mend it, 130 broken off."""
    options = _parser().parse_args()
    try:
        _configure(Talk(), options.file, options.scan)
    except EasunError as error:
        print(error, file=sys.stderr)
        sys.exit(EXIT_CONFIG)
    except KeyboardInterrupt:
        sys.exit(130)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m configure", description="Asks, tries each answer, writes .env.")
    parser.add_argument("--file", type=Path, default=Path(".env"), help="the settings file (default: .env)")
    parser.add_argument("scan", nargs="*", help="after --: more words for `python -m services.poller scan`")
    return parser


def _configure(talk: Talk, file: Path, scan: Sequence[str]) -> None:
    before = _text(file)
    known = read(before)
    usual = 1 if known.get("BOT_LANGUAGE") == Language.EN else 0
    talk.language = list(Language)[talk.choose("language", ["українська", "English"], usual)]
    talk.say("welcome")
    for remark in remarks(before, known_settings()):
        print(f"{file}: {remark}")
    answers = {"BOT_LANGUAGE": talk.language.value}
    answers |= inverter.ask(talk, known | answers, scan)
    batteries.ask(talk, known | answers)
    answers |= schedule.ask(talk, known | answers)
    answers |= telegram.ask(talk, known | answers)
    answers |= plugs.ask(talk, known | answers)
    answers |= page.ask(talk, known | answers)
    _finish(talk, file, before, answers)


def _text(file: Path) -> str:
    """Return what the file has now, the example where there is none yet."""
    try:
        return (file if file.exists() else EXAMPLE).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{file} cannot be read: {error}.") from None


def _finish(talk: Talk, file: Path, before: str, answers: dict[str, str]) -> None:
    known = read(before)
    changed = {name: value for name, value in answers.items() if value != known.get(name, "")}
    if not changed and file.exists():
        talk.say("nothing")
        return
    talk.say("changes", names=", ".join(changed))
    if not talk.yes("write", file=file):
        return
    kept = _write(file, with_values(before, changed))
    talk.say("written", file=file, before=kept or "–")
    talk.say("next")


def _write(file: Path, text: str) -> Path | None:
    """Write the file whole or not at all, readable by its owner alone; return where the one before is kept."""
    kept = None
    try:
        owner = file.stat() if file.exists() else file.absolute().parent.stat()
        if file.exists():
            kept = file.with_name(f"{file.name}.{datetime.now().astimezone():%Y%m%d-%H%M%S}")
            kept.hardlink_to(file)
            kept.chmod(OURS_ALONE)
        in_a_container = os.getuid() == 0  # on a file of somebody's home
        whose = (owner.st_uid, owner.st_gid) if in_a_container else None
        replace_atomically(file, text, mode=OURS_ALONE, owner=whose)
    except OSError as error:
        raise ConfigError(f"{file} cannot be written: {error.strerror}.") from None
    return kept


if __name__ == "__main__":
    main()

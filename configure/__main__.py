"""python -m configure: asks, tests each answer live, writes the settings file and restarts what it changes."""

import argparse
import os
import stat
import sys
from collections.abc import Collection, Sequence
from datetime import datetime
from pathlib import Path

from configure import batteries, inverter, page, plugs, schedule, telegram
from configure.installation import INSTALLED, Installation, Kind, find, readers, restart
from configure.prompt import Prompt
from shared.clock import utc_now
from shared.conditions import render
from shared.conditions.configure import unwritable
from shared.conditions.settings import unreadable
from shared.conditions.system import os_reason
from shared.env_file import values, with_values
from shared.errors import ConfigError, EasunError
from shared.files import OURS_ALONE, replace_atomically, second_name
from shared.known_settings import known_settings, remarks
from shared.service import EXIT_CONFIG
from shared.texts.language import Language
from shared.texts.localizer import Localizer
from shared.tool import use_words_of

EXAMPLE = Path(__file__).parent.parent / ".env.example"


def main() -> None:
    """Ask everything. Exit codes: 0 done, 78 only the user can correct it, 130 interrupted."""
    prompt = Prompt()
    use_words_of(prompt.language)
    options = _parser(Localizer(prompt.language, utc_now())).parse_args()
    try:
        home = find(options.file, in_compose=options.compose)
        prompt.tool = home.tool
        prompt.with_a_way_back(lambda: configure(prompt, home, options.scan))
    except EasunError as error:
        print(render(error.reason, prompt.language), file=sys.stderr)
        sys.exit(EXIT_CONFIG)
    except KeyboardInterrupt:
        print(f"\n{prompt.text('interrupted')}", file=sys.stderr)
        sys.exit(130)


def _parser(localizer: Localizer) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m configure", description=localizer("help.configure"))
    parser.add_argument("--file", type=Path, help=localizer("help.settings_file", installed=INSTALLED))
    parser.add_argument("--compose", action="store_true", help=localizer("help.compose"))
    parser.add_argument("scan", nargs="*", help=localizer("help.scan_arguments"))
    return parser


def configure(prompt: Prompt, home: Installation, scan: Sequence[str]) -> None:
    """Ask every question once, and write the file at the end."""
    before = _text(home.file)
    known = values(before)
    usual = 1 if known.get("BOT_LANGUAGE") == Language.EN else 0
    prompt.language = list(Language)[prompt.choose("language", ["українська", "English"], usual)]
    prompt.show("welcome")
    prompt.show("file", file=home.file)
    in_compose = home.kind is Kind.COMPOSE
    if in_compose and home.host is None:
        prompt.show("searched_from_here")
    for remark in remarks(before, known_settings(), str(home.file)):
        prompt.show("remark", file=home.file, what=render(remark, prompt.language))
    answers = {"BOT_LANGUAGE": prompt.language.value}
    answers |= inverter.ask(prompt, known | answers, scan, in_compose=in_compose)
    answers |= batteries.ask(prompt, known | answers, in_compose=in_compose)
    answers |= schedule.ask(prompt, known | answers)
    answers |= telegram.ask(prompt, known | answers)
    answers |= plugs.ask(prompt, known | answers)
    answers |= page.ask(prompt, known | answers)
    _finish(prompt, home, before, answers)


def _text(file: Path) -> str:
    """Return the text of the file, or of the example where there is none yet."""
    try:
        return (file if file.exists() else EXAMPLE).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(unreadable(file=str(file), cause=os_reason(error))) from None


def _finish(prompt: Prompt, home: Installation, before: str, answers: dict[str, str]) -> None:
    file, known = home.file, values(before)
    changed = {name: value for name, value in answers.items() if value != known.get(name, "")}
    if not changed and file.exists():
        prompt.show("nothing", file=file)
        return
    prompt.show("changes", names=", ".join(changed))
    if not prompt.yes("write", file=file):
        return
    kept = _write(home, with_values(before, changed))
    prompt.show("written", file=file, before=kept or "–")
    _restart(prompt, home, changed)


def _restart(prompt: Prompt, home: Installation, changed: Collection[str]) -> None:
    """Let the services that read what has changed start again, or say how."""
    units = readers(changed)
    if home.kind is not Kind.SYSTEMD or not units:
        prompt.show(f"next_{home.kind.value}")
    elif prompt.yes("restart", units=", ".join(units)):
        fault = restart(units)
        prompt.show("failed" if fault else "worked", what=fault or prompt.text("restarted", units=", ".join(units)))


def _write(home: Installation, text: str) -> Path | None:
    """Replace the file atomically, its owner, and under systemd its group, kept; return where the previous one is."""
    file, kept = home.file, None
    try:
        owner = file.stat() if file.exists() else file.absolute().parent.stat()
        mode = OURS_ALONE | (stat.S_IRGRP & owner.st_mode if home.kind is Kind.SYSTEMD else 0)
        if file.exists():
            kept = file.with_name(f"{file.name}.{datetime.now().astimezone():%Y%m%d-%H%M%S}")
            second_name(file, kept)
            kept.chmod(mode)
        whose = (owner.st_uid, owner.st_gid) if os.getuid() == 0 else None  # root writes a file of somebody else's
        replace_atomically(file, text, mode=mode, owner=whose)
    except OSError as error:
        raise ConfigError(unwritable(file=str(file), cause=os_reason(error))) from None
    return kept


if __name__ == "__main__":
    main()

"""python -m services.recorder export | unfold | backup | restore | import-eamoon | check"""

import argparse
import os
import sys
from collections.abc import Iterator
from pathlib import Path

from services.recorder.tools.backup import backup
from services.recorder.tools.check import check
from services.recorder.tools.export import WRITERS, ExportRequest, export, overview
from services.recorder.tools.import_eamoon import import_eamoon
from services.recorder.tools.period import period
from services.recorder.tools.restore import restore
from services.recorder.tools.settings import ToolSettings
from services.recorder.tools.unfold import unfold
from shared.conditions.recorder_tools import NAME_A_TABLE
from shared.errors import UsageError
from shared.settings import load
from shared.texts.localizer import Localizer
from shared.tool import speak, write


def main() -> None:
    """Run one tool. Exit codes: 0 done, 1 failed or found a fault, 78 only the user can fix it."""
    speak(lambda localizer: _run(_parser(localizer).parse_args(), localizer))


def _run(options: argparse.Namespace, localizer: Localizer) -> None:
    try:
        for line in _lines(options, load(ToolSettings), localizer):
            write(line)
        sys.stdout.flush()
    except BrokenPipeError:  # e.g. `| head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)


def _lines(options: argparse.Namespace, settings: ToolSettings, localizer: Localizer) -> Iterator[str]:
    place, now = settings.database, localizer.now
    match options.tool:
        case "export" if options.list:
            yield overview(place, localizer)
        case "export":
            _export(options, settings, localizer)
        case "unfold":
            yield unfold(place, options.file, localizer)
        case "backup":
            yield backup(place, options.file, localizer, force=options.force)
        case "restore":
            yield restore(place, options.file, now, localizer)
        case "import-eamoon":
            yield import_eamoon(place, options.file, options.device or settings.inverter_name, now, localizer)
        case _:
            yield from check(place, now, localizer)


def _export(options: argparse.Namespace, settings: ToolSettings, localizer: Localizer) -> None:
    if options.table is None:
        raise UsageError(NAME_A_TABLE())
    span = period(options.first, options.last, settings.zone)
    sys.stdout.reconfigure(encoding="utf-8", newline="")  # type: ignore[union-attr]
    request = ExportRequest(options.table, span, options.format, options.output, options.force)
    done = export(settings.database, request, localizer)
    sys.stderr.write(f"{done}\n")  # standard output may be the file


def _parser(localizer: Localizer) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m services.recorder",
        description=localizer("help.recorder"),
    )
    tools = parser.add_subparsers(dest="tool", required=True)
    _export_options(tools.add_parser("export", help=localizer("help.export")), localizer)
    plain = tools.add_parser("unfold", help=localizer("help.unfold"))
    plain.add_argument("file", type=Path)
    save = tools.add_parser("backup", help=localizer("help.backup"))
    save.add_argument("file", type=Path)
    save.add_argument("--force", action="store_true", help=localizer("help.overwrite"))
    back = tools.add_parser("restore", help=localizer("help.restore"))
    back.add_argument("file", type=Path)
    take = tools.add_parser("import-eamoon", help=localizer("help.import_eamoon"))
    take.add_argument("file", type=Path)
    take.add_argument("--device", help=localizer("help.import_device"))
    tools.add_parser("check", help=localizer("help.check"))
    return parser


def _export_options(parser: argparse.ArgumentParser, localizer: Localizer) -> None:
    parser.add_argument("table", nargs="?")
    parser.add_argument("--list", action="store_true", help=localizer("help.export_list"))
    parser.add_argument("--from", dest="first", metavar="WHEN", help=localizer("help.export_from"))
    parser.add_argument("--to", dest="last", metavar="WHEN", help=localizer("help.export_to"))
    parser.add_argument("--format", choices=sorted(WRITERS), default="csv")
    parser.add_argument("--output", metavar="FILE", default="-", help=localizer("help.export_output"))
    parser.add_argument("--force", action="store_true", help=localizer("help.overwrite"))

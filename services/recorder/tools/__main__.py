"""python -m services.recorder export | unfold | backup | restore | import-eamoon | check"""

import argparse
import logging
import os
import sys
from datetime import UTC, datetime
from pathlib import Path

from services.recorder.tools.backup import backup
from services.recorder.tools.check import check
from services.recorder.tools.export import WRITERS, ExportRequest, export, overview
from services.recorder.tools.import_eamoon import import_eamoon
from services.recorder.tools.period import period
from services.recorder.tools.restore import restore
from services.recorder.tools.settings import ToolSettings
from services.recorder.tools.unfold import unfold
from shared.errors import ConfigError, EasunError, UsageError
from shared.service import EXIT_CONFIG
from shared.settings import load


def main() -> None:
    """Run one tool. Exit codes: 0 done, 1 failed or found a fault, 78 only the user can fix it."""
    options = _parser().parse_args()
    logging.basicConfig(level="WARNING", format="%(message)s")
    try:
        _run(options, load(ToolSettings))
        sys.stdout.flush()
    except EasunError as error:
        print(error, file=sys.stderr)
        sys.exit(EXIT_CONFIG if isinstance(error, ConfigError | UsageError) else 1)
    except BrokenPipeError:  # e.g. `| head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(130)


def _run(options: argparse.Namespace, settings: ToolSettings) -> None:
    place, now = settings.database, datetime.now(UTC)
    if options.tool == "export":
        _export(options, settings)
    elif options.tool == "unfold":
        print(unfold(place, options.file))
    elif options.tool == "backup":
        print(backup(place, options.file, force=options.force))
    elif options.tool == "restore":
        print(restore(place, options.file, now))
    elif options.tool == "import-eamoon":
        print(import_eamoon(place, options.file, options.device or settings.inverter_name, now))
    else:
        for sentence in check(place, now):
            print(sentence, flush=True)


def _export(options: argparse.Namespace, settings: ToolSettings) -> None:
    if options.list:
        print(overview(settings.database))
        return
    if options.table is None:
        raise UsageError("Name a table: `python -m services.recorder export --list` lists them.")
    span = period(options.first, options.last, settings.zone)
    sys.stdout.reconfigure(encoding="utf-8", newline="")  # type: ignore[union-attr]
    request = ExportRequest(options.table, span, options.format, options.output, options.force)
    print(export(settings.database, request), file=sys.stderr)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m services.recorder",
        description="Without a tool: record. The tools use the database named in .env.",
    )
    tools = parser.add_subparsers(dest="tool", required=True)
    _export_options(tools.add_parser("export", help="write the rows of a table as CSV or JSON Lines"))
    plain = tools.add_parser("unfold", help="add all readings to a SQLite file of its own, for queries of your own")
    plain.add_argument("file", type=Path)
    save = tools.add_parser("backup", help="write a consistent copy, even while the recorder runs")
    save.add_argument("file", type=Path)
    save.add_argument("--force", action="store_true", help="overwrite an existing file")
    back = tools.add_parser("restore", help="replace the database by a backup and set the old one aside")
    back.add_argument("file", type=Path)
    take = tools.add_parser("import-eamoon", help="import the readings of x-mentat/eamoon from its SQLite file")
    take.add_argument("file", type=Path)
    take.add_argument("--device", help="the name of the inverter here; default: INVERTER_NAME")
    tools.add_parser("check", help="check the integrity of the database and summarize it")
    return parser


def _export_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("table", nargs="?")
    parser.add_argument("--list", action="store_true", help="list the tables with their first and last rows")
    parser.add_argument("--from", dest="first", metavar="WHEN", help="2026-11-20, or 2026-11-20T18:30 in TIME_ZONE")
    parser.add_argument("--to", dest="last", metavar="WHEN", help="up to this time; a day is included whole")
    parser.add_argument("--format", choices=sorted(WRITERS), default="csv")
    parser.add_argument("--output", metavar="FILE", default="-", help="default: -, the standard output")
    parser.add_argument("--force", action="store_true", help="overwrite an existing file")

"""python -m services.schedule: the service; `show` asks once and prints the plan, changing nothing."""

import sys

from services.schedule.serve import serve
from services.schedule.settings import ScheduleSettings
from services.schedule.show import show
from shared.errors import EasunError
from shared.service import EXIT_CONFIG, run
from shared.settings import load

if __name__ == "__main__":
    if sys.argv[1:] == ["show"]:
        try:
            print(show(load(ScheduleSettings)))
        except EasunError as error:
            print(error, file=sys.stderr)
            sys.exit(EXIT_CONFIG)
    elif sys.argv[1:]:
        sys.exit(f"Usage: {__doc__}")
    else:
        run("schedule", ScheduleSettings, serve)

"""python -m services.schedule: the service; `show` asks once and prints the plan, changing nothing."""

import sys

from services.schedule.serve import serve
from services.schedule.settings import ScheduleSettings
from services.schedule.show import show
from shared.service import run, use

if __name__ == "__main__":
    if sys.argv[1:] == ["show"]:
        use(ScheduleSettings, show)
    elif sys.argv[1:]:
        sys.exit(f"Usage: {__doc__}")
    else:
        run("schedule", ScheduleSettings, serve)

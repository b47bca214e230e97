"""python -m services.schedule: the service.

`show` asks once and prints the plan, changing nothing; `check [REGION ...]` asks every source of every region, or of
those that are named, and prints which of them live.
"""

import sys
from functools import partial

from services.schedule.check import check
from services.schedule.fetch import fetch
from services.schedule.serve import serve
from services.schedule.settings import ScheduleSettings
from services.schedule.show import show
from shared.clock import utc_now
from shared.service import run, use

if __name__ == "__main__":
    if sys.argv[1:] == ["show"]:
        use(ScheduleSettings, show)
    elif sys.argv[1:2] == ["check"]:
        say = partial(print, flush=True)
        use(ScheduleSettings, lambda settings: check(settings, sys.argv[2:], fetch=fetch, say=say, now=utc_now()))
    elif sys.argv[1:]:
        sys.exit(f"Usage: {__doc__}")
    else:
        run("schedule", ScheduleSettings, serve)

"""python -m services.schedule: the service.

`show` asks once and prints the plan without changing anything; `show --json` prints it for programs, one object a line.
`check [REGION ...]` asks every source of every region, or of the named ones, and prints which of them work.
"""

import sys
from functools import partial
from operator import attrgetter

from services.schedule.check import check
from services.schedule.fetch import fetch
from services.schedule.serve import serve
from services.schedule.settings import ScheduleSettings
from services.schedule.show import Line, show
from shared.clock import utc_now
from shared.service import run
from shared.tool import use, write

if __name__ == "__main__":
    if sys.argv[1:] in (["show"], ["show", "--json"]):
        shown = Line.to_json if "--json" in sys.argv else attrgetter("text")
        use(ScheduleSettings, lambda settings, localizer: "\n".join(map(shown, show(settings, localizer))))
    elif sys.argv[1:2] == ["check"]:
        ask = partial(check, fetch=fetch, say=write, now=utc_now())
        use(ScheduleSettings, lambda settings, localizer: ask(settings, sys.argv[2:], localizer=localizer))
    elif sys.argv[1:]:
        sys.exit(f"Usage: {__doc__}")
    else:
        run("schedule", ScheduleSettings, serve)

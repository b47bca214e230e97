"""python -m services.poller, or with a tool behind it: scan, read, dump, replay"""

import sys

from services.poller.serve import SESSION_S, serve
from services.poller.settings import PollerSettings
from shared.service import run

if __name__ == "__main__":
    if sys.argv[1:]:
        from services.poller.tools.__main__ import main  # the service does not load the tools

        main()
    else:
        run("poller", PollerSettings, serve, session_s=SESSION_S)

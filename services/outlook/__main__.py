"""python -m services.outlook: the service; `replay HISTORY [--at MOMENT]` prints the forecast of a past moment."""

import sys

from services.outlook.replay import main
from services.outlook.serve import serve
from services.outlook.settings import OutlookSettings
from shared.service import run

if __name__ == "__main__":
    if sys.argv[1:2] == ["replay"]:
        main(sys.argv[2:])
    elif sys.argv[1:]:
        sys.exit(f"Usage: {__doc__}")
    else:
        run("outlook", OutlookSettings, serve)

"""python -m services.bms: run the service; with `scan`, list the batteries in range without changing anything."""

import sys

from services.bms.scan import scan
from services.bms.serve import serve
from services.bms.settings import BmsSettings
from shared.service import run, use

if __name__ == "__main__":
    if sys.argv[1:] == ["scan"]:
        use(BmsSettings, scan)
    elif sys.argv[1:]:
        sys.exit(f"Usage: {__doc__}")
    else:
        run("bms", BmsSettings, serve)

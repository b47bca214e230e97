"""python -m services.bms: run the service.

With `scan`, list the batteries in range; with `read`, read those at JK_LINE_PORT once; neither changes anything.
"""

import sys

from services.bms.read import read
from services.bms.scan import scan
from services.bms.serve import serve
from services.bms.settings import BmsSettings
from shared.service import run
from shared.tool import use

TOOLS = {"scan": scan, "read": read}

if __name__ == "__main__":
    if len(sys.argv) == 2 and sys.argv[1] in TOOLS:
        use(BmsSettings, TOOLS[sys.argv[1]])
    elif sys.argv[1:]:
        sys.exit(f"Usage: {__doc__}")
    else:
        run("bms", BmsSettings, serve)

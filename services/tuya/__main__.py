"""python -m services.tuya [scan | list | on ID | off ID | simulate off]"""

import sys

from services.tuya.service import serve
from services.tuya.settings import TuyaSettings
from services.tuya.tools import main
from shared.service import run

if __name__ == "__main__":
    if len(sys.argv) > 1:
        main(sys.argv[1:])
    else:
        run("tuya", TuyaSettings, serve)

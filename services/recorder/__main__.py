"""python -m services.recorder, or with a tool behind it: export, backup, restore, import-eamoon, check"""

import sys

from services.recorder.record import serve
from services.recorder.settings import RecorderSettings
from shared.service import run

KEEP_FOR_S = 7 * 24 * 3600
"""How long the broker keeps readings for a recorder that is away."""

if __name__ == "__main__":
    if sys.argv[1:]:
        from services.recorder.tools.__main__ import main  # only whoever uses a tool loads it

        main()
    else:
        run("recorder", RecorderSettings, serve, session_s=KEEP_FOR_S)

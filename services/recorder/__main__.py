"""python -m services.recorder [export | unfold | backup | restore | import-eamoon | check]"""

import sys

from services.recorder.ingest import serve
from services.recorder.settings import RecorderSettings
from shared.service import run

SESSION_S = 7 * 24 * 3600
"""How long the broker queues messages while the recorder is away; persistent_client_expiration in mosquitto.conf."""

if __name__ == "__main__":
    if sys.argv[1:]:
        from services.recorder.tools.__main__ import main  # not loaded by the service

        main()
    else:
        run("recorder", RecorderSettings, serve, session_s=SESSION_S, mqtt5=False)

"""python -m services.recorder"""

from services.recorder.record import serve
from services.recorder.settings import RecorderSettings
from shared.service import run

KEEP_FOR_S = 7 * 24 * 3600
"""How long the broker keeps readings for a recorder that is away."""

if __name__ == "__main__":
    run("recorder", RecorderSettings, serve, session_s=KEEP_FOR_S)

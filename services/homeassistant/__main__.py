"""python -m services.homeassistant: the service."""

import sys

from services.homeassistant.serve import serve
from services.homeassistant.settings import HomeAssistantSettings
from shared.service import run

if __name__ == "__main__":
    if sys.argv[1:]:
        sys.exit(f"Usage: {__doc__}")
    run("homeassistant", HomeAssistantSettings, serve)

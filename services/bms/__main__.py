"""python -m services.bms"""

from services.bms.serve import serve
from services.bms.settings import BmsSettings
from shared.service import run

if __name__ == "__main__":
    run("bms", BmsSettings, serve)

"""python -m services.outlook replay HISTORY [--at MOMENT]"""

import sys

from services.outlook.replay import main

if __name__ == "__main__":
    if sys.argv[1:2] != ["replay"]:
        sys.exit(__doc__)
    main(sys.argv[2:])

"""python -m bench [recorder] [services] [latency] [page] [wires]: prints the figures; all of them if none is named."""

import sys

from bench import latency, page, recorder, services, wires

BENCHES = {
    "recorder": recorder.main,
    "services": services.main,
    "latency": latency.main,
    "page": page.main,
    "wires": wires.main,
}


def main() -> None:
    """Run the benches that were named."""
    for name in sys.argv[1:] or BENCHES:
        print(f"\n## {name}\n", flush=True)
        BENCHES[name]()


if __name__ == "__main__":
    main()

"""python -m bench [NAME ...]: prints the figures of the benches that are named, or of all of them."""

import sys

from bench import (
    batteries,
    bot,
    charge_ahead,
    clocks,
    damage,
    fleet,
    history,
    homeassistant,
    ingest,
    inverter_settings,
    inverters,
    kills,
    latency,
    one_truth,
    outlook,
    page,
    plugs,
    recorder,
    security,
    services,
    wires,
)

BENCHES = {
    "recorder": recorder.main,
    "ingest": ingest.main,
    "history": history.main,
    "kills": kills.main,
    "clocks": clocks.main,
    "damage": damage.main,
    "fleet": fleet.main,
    "services": services.main,
    "latency": latency.main,
    "page": page.main,
    "wires": wires.main,
    "inverters": inverters.main,
    "inverter_settings": inverter_settings.main,
    "charge_ahead": charge_ahead.main,
    "batteries": batteries.main,
    "bot": bot.main,
    "plugs": plugs.main,
    "one_truth": one_truth.main,
    "outlook": outlook.main,
    "homeassistant": homeassistant.main,
    "security": security.main,
}


def main() -> None:
    """Run the benches that were named."""
    for name in sys.argv[1:] or BENCHES:
        print(f"\n## {name}\n", flush=True)
        BENCHES[name]()


if __name__ == "__main__":
    main()

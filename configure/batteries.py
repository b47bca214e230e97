"""Whether batteries can be found over Bluetooth."""

from configure.prompt import Prompt

FOUND = " dBm"
"""What the line of a battery has in it."""


def ask(prompt: Prompt, known: dict[str, str]) -> None:
    """Search for batteries and show where they are listed; they need no settings."""
    prompt.show("batteries")
    if not prompt.yes("batteries_search"):
        return
    outcome = prompt.run(known, ["bms", "scan"])
    for line in outcome.lines:
        prompt.show("worked" if FOUND in line else "failed", what=line)
    if any(FOUND in line for line in outcome.lines):
        prompt.show("batteries_own", file=known.get("DEVICES_FILE") or "data/jk_devices.yaml")

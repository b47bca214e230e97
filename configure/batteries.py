"""Whether batteries can be heard over Bluetooth."""

from configure.talk import Talk
from configure.tries import tried


def ask(talk: Talk, known: dict[str, str]) -> None:
    """Look for batteries and tell where they are listed; nothing has to be set for them."""
    talk.say("batteries")
    if not talk.yes("batteries_search"):
        return
    outcome = tried(known, ["services.bms", "scan"])
    for line in outcome.lines:
        talk.say("worked" if outcome.worked else "failed", what=line)
    if outcome.worked and any(" dBm" in line for line in outcome.lines):
        talk.say("batteries_own", file=known.get("DEVICES_FILE") or "data/jk_devices.yaml")

"""Whether batteries can be heard over Bluetooth."""

from configure.talk import Talk
from configure.tries import tried


def ask(talk: Talk, known: dict[str, str], profile: str) -> dict[str, str]:
    """Return the profile of Compose that reads batteries, where one can be heard; they are listed by themselves."""
    talk.say("batteries")
    if not talk.yes("batteries_search"):
        return {}
    outcome = tried(known, ["services.bms", "scan"])
    for line in outcome.lines:
        talk.say("worked" if outcome.worked else "failed", what=line)
    if not outcome.worked or not any(" dBm" in line for line in outcome.lines):
        return {}
    talk.say("batteries_own", file=known.get("DEVICES_FILE") or "data/jk_devices.yaml")
    return {"COMPOSE_PROFILES": with_profile(known, profile)}


def with_profile(known: dict[str, str], profile: str) -> str:
    """Return the profiles with one more."""
    profiles = [one for one in known.get("COMPOSE_PROFILES", "").split(",") if one]
    return ",".join(dict.fromkeys([*profiles, profile]))

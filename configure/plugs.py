"""The account at Tuya, with its plugs listed."""

from configure.talk import Talk
from configure.tries import tried

ENDPOINT = "https://openapi.tuyaeu.com"


def ask(talk: Talk, known: dict[str, str]) -> dict[str, str]:
    """Return the settings of the plugs."""
    talk.say("plugs")
    if not talk.yes("plugs_want", usual=bool(known.get("TUYA_ACCESS_ID"))):
        return {}
    answers = {
        "TUYA_ACCESS_ID": talk.ask("access_id", known.get("TUYA_ACCESS_ID", "")),
        "TUYA_ACCESS_SECRET": talk.ask_secret("access_secret", known.get("TUYA_ACCESS_SECRET", "")),
        "TUYA_USER_ID": talk.ask("user_id", known.get("TUYA_USER_ID", "")),
        "TUYA_ENDPOINT": talk.ask("endpoint", known.get("TUYA_ENDPOINT") or ENDPOINT),
    }
    outcome = tried(known | answers, ["services.tuya", "list"])
    for line in outcome.lines:
        talk.say("worked" if outcome.worked else "failed", what=line)
    if not outcome.worked and not talk.yes("keep_anyway", usual=False):
        return ask(talk, known | answers)
    talk.say("plugs_own", file=known.get("TUYA_PLUGS_FILE") or "data/plugs.yaml")
    return answers

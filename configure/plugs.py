"""The Tuya account, with its plugs listed."""

from configure.prompt import Prompt

ENDPOINT = "https://openapi.tuyaeu.com"


def ask(prompt: Prompt, known: dict[str, str]) -> dict[str, str]:
    """Return the settings of the plugs."""
    prompt.show("plugs")
    if not prompt.yes("plugs_want", usual=bool(known.get("TUYA_ACCESS_ID"))):
        return {}
    answers = {
        "TUYA_ACCESS_ID": prompt.ask("access_id", known.get("TUYA_ACCESS_ID", "")),
        "TUYA_ACCESS_SECRET": prompt.ask_secret("access_secret", known.get("TUYA_ACCESS_SECRET", "")),
        "TUYA_USER_ID": prompt.ask("user_id", known.get("TUYA_USER_ID", "")),
        "TUYA_ENDPOINT": prompt.ask("endpoint", known.get("TUYA_ENDPOINT") or ENDPOINT),
    }
    outcome = prompt.run(known | answers, ["tuya", "list"])
    for line in outcome.lines:
        prompt.show("worked" if outcome.worked else "failed", what=line)
    if outcome.worked and not outcome.lines:
        prompt.show("failed", what=prompt.text("plugs_none"))
    if not outcome.worked and not prompt.yes("keep_anyway", usual=False):
        return ask(prompt, known | answers)
    prompt.show("plugs_own", file=known.get("TUYA_PLUGS_FILE") or "data/plugs.yaml")
    if outcome.worked and outcome.lines and prompt.yes("plugs_follow", usual=False):
        answers["TUYA_TURN_OFF_ON_POWER_LOSS"] = answers["TUYA_TURN_ON_ON_GRID_BACK"] = "true"
        prompt.show("plugs_protect")
    return answers

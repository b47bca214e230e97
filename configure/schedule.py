"""Which queue the home is in, and who publishes its outages."""

from configure.talk import Talk
from configure.tries import tried

REGIONS: dict[str, dict[str, str]] = {
    "region_if": {"SCHEDULE_PROVIDERS": "be_svitlo,gpv_json"},
    "region_kyiv": {"SCHEDULE_PROVIDERS": "yasno", "YASNO_REGION": "25", "YASNO_DSO": "902"},
    "region_dnem": {"SCHEDULE_PROVIDERS": "yasno", "YASNO_REGION": "3", "YASNO_DSO": "301"},
    "region_cek": {"SCHEDULE_PROVIDERS": "yasno", "YASNO_REGION": "3", "YASNO_DSO": "303"},
}
"""Numbers as docs/schedule.md has them, which names the files of the other regions too."""


def ask(talk: Talk, known: dict[str, str]) -> dict[str, str]:
    """Return the settings of the schedule, with the plan shown as it is published now."""
    talk.say("schedule")
    queue = talk.ask("queue", known.get("QUEUE_NUMBER", ""))
    if not queue:
        return {"QUEUE_NUMBER": ""}
    answers = {"QUEUE_NUMBER": queue} | _region(talk, known)
    outcome = tried(known | answers, ["services.schedule", "show"])
    for line in outcome.lines:
        talk.say("worked" if outcome.worked else "failed", what=line.strip())
    if outcome.worked or talk.yes("keep_anyway"):
        return answers
    return ask(talk, known | answers)


def _region(talk: Talk, known: dict[str, str]) -> dict[str, str]:
    before = known.get("SCHEDULE_PROVIDERS")
    kept = [talk.words("as_it_is", known=before)] if before else []
    choice = talk.choose("region", [*kept, *map(talk.words, REGIONS)])
    return {} if kept and choice == 0 else list(REGIONS.values())[choice - len(kept)]

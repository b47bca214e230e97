"""Which queue the home is in, and who publishes its outages."""

import re

from configure.prompt import Prompt
from shared.schedule_regions import REGIONS
from shared.texts.language import Language

HEADING = re.compile(r"\S+, queue .*:")
DAY = re.compile(r"\d\d\.\d\d\.\d{4}  .*")
NOTHING = "  nothing published"


def ask(prompt: Prompt, known: dict[str, str]) -> dict[str, str]:
    """Return the settings of the schedule, and show it as it is published now."""
    prompt.show("schedule")
    queue = prompt.ask("queue", known.get("QUEUE_NUMBER", ""))
    if not queue:
        return {"QUEUE_NUMBER": ""}
    region = _region(prompt, known)
    if region is None:
        return {"QUEUE_NUMBER": ""}
    answers = {"QUEUE_NUMBER": queue} | region
    outcome = prompt.run(known | answers, ["schedule", "show"])
    for line in outcome.lines:
        _show(prompt, line.strip())
    if outcome.worked or prompt.yes("keep_anyway"):
        return answers
    return ask(prompt, known | answers)


def _show(prompt: Prompt, line: str) -> None:
    """Show a line of `schedule show`: only a day of which a source knows something is a success."""
    if HEADING.fullmatch(line) or line.endswith(NOTHING):
        prompt.line(f"  {line}")
    else:
        prompt.show("worked" if DAY.fullmatch(line) else "failed", what=line)


def _region(prompt: Prompt, known: dict[str, str]) -> dict[str, str] | None:
    """Return the settings of the region, None where the user's is not listed or nothing may be used for it."""
    before = known.get("SCHEDULE_REGION") or known.get("SCHEDULE_PROVIDERS")
    kept = [prompt.text("as_it_is", known=before)] if before else []
    offered = [one for one in REGIONS if one.origins]
    names = [one.uk if prompt.language is Language.UK else one.en for one in offered]
    choice = prompt.choose("region", [*kept, *names, prompt.text("region_other")])
    if kept and choice == 0:
        return {}
    if choice - len(kept) == len(offered):
        prompt.show("region_not_listed")
        return None
    chosen = offered[choice - len(kept)]
    unlicensed = [one.url for one in chosen.origins if not one.is_free]
    agreed = bool(unlicensed) and prompt.yes("unlicensed", usual=False, mirrors=", ".join(unlicensed))
    if not agreed and len(unlicensed) == len(chosen.origins):
        return None
    return {"SCHEDULE_REGION": chosen.slug, "SCHEDULE_UNLICENSED": str(agreed).lower()}

"""Which queue the home is in, and who publishes its outages."""

from configure.prompt import Prompt
from configure.tool_runner import parsed
from shared.schedule_regions import REGIONS
from shared.texts.language import Language


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
    outcome = prompt.run(known | answers, ["schedule", "show", "--json"])
    for line in outcome.lines:
        _show(prompt, **parsed(line))
    if outcome.worked or prompt.yes("keep_anyway"):
        return answers
    return ask(prompt, known | answers)


def _show(prompt: Prompt, text: str, *, is_good: bool | None = False) -> None:
    """Show a line of `schedule show`; an error is all that it says without judging it."""
    if is_good is None:
        prompt.line(f"  {text.strip()}")
    else:
        prompt.show("worked" if is_good else "failed", what=text.strip())


def _region(prompt: Prompt, known: dict[str, str]) -> dict[str, str] | None:
    """Return the settings of the region, None if the user's is not listed or nothing may be used for it."""
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

"""Which queue the home is in, and who publishes its outages."""

from configure.prompt import Prompt
from configure.tool_runner import run_tool

REGIONS: dict[str, dict[str, str]] = {
    "region_if": {"SCHEDULE_PROVIDERS": "be_svitlo,gpv_json"},
    "region_kyiv": {"SCHEDULE_PROVIDERS": "yasno", "YASNO_REGION": "25", "YASNO_DSO": "902"},
    "region_dnem": {"SCHEDULE_PROVIDERS": "yasno", "YASNO_REGION": "3", "YASNO_DSO": "301"},
    "region_cek": {"SCHEDULE_PROVIDERS": "yasno", "YASNO_REGION": "3", "YASNO_DSO": "303"},
}
"""The numbers of docs/schedule.md, which also names the files of the other regions."""


def ask(prompt: Prompt, known: dict[str, str]) -> dict[str, str]:
    """Return the settings of the schedule, and show it as it is published now."""
    prompt.show("schedule")
    queue = prompt.ask("queue", known.get("QUEUE_NUMBER", ""))
    if not queue:
        return {"QUEUE_NUMBER": ""}
    answers = {"QUEUE_NUMBER": queue} | _region(prompt, known)
    outcome = run_tool(known | answers, ["services.schedule", "show"])
    for line in outcome.lines:
        prompt.show("worked" if outcome.worked else "failed", what=line.strip())
    if outcome.worked or prompt.yes("keep_anyway"):
        return answers
    return ask(prompt, known | answers)


def _region(prompt: Prompt, known: dict[str, str]) -> dict[str, str]:
    before = known.get("SCHEDULE_PROVIDERS")
    kept = [prompt.text("as_it_is", known=before)] if before else []
    choice = prompt.choose("region", [*kept, *map(prompt.text, REGIONS)])
    return {} if kept and choice == 0 else list(REGIONS.values())[choice - len(kept)]

"""Whether batteries can be found over Bluetooth."""

from configure.prompt import Prompt
from configure.tool_runner import run_tool


def ask(prompt: Prompt, known: dict[str, str]) -> None:
    """Search for batteries and show where they are listed; they need no settings."""
    prompt.show("batteries")
    if not prompt.yes("batteries_search"):
        return
    outcome = run_tool(known, ["services.bms", "scan"])
    for line in outcome.lines:
        prompt.show("worked" if outcome.worked else "failed", what=line)
    if outcome.worked and any(" dBm" in line for line in outcome.lines):
        prompt.show("batteries_own", file=known.get("DEVICES_FILE") or "data/jk_devices.yaml")

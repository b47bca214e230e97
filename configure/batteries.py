"""The batteries: found over Bluetooth, or read on a wire, which is tried at once."""

from configure.compose_files import compose_files
from configure.prompt import Prompt

OVERLAY = "docker-compose.batteries.yml"
PORT, PACKS, DIALECT = "JK_LINE_PORT", "JK_LINE_PACKS", "JK_LINE_DIALECT"
DIALECTS = ("auto", "nw", "display")
PACKS_OF_A_TOWER = "1-4"


def ask(prompt: Prompt, known: dict[str, str], *, in_compose: bool = False) -> dict[str, str]:
    """Search for batteries, which need no settings, and return those of batteries on a wire.

    in_compose is whether they will be read in a container, which gets a serial port only once the answers are written.
    """
    prompt.show("batteries")
    if prompt.yes("batteries_search"):
        outcome = prompt.run(known, ["bms", "scan"])
        for line in outcome.lines:
            prompt.show("worked" if outcome.worked else "failed", what=line)
        if outcome.worked:
            prompt.show("batteries_own", file=known.get("DEVICES_FILE") or "data/jk_devices.yaml")
    if prompt.yes("batteries_wire", usual=bool(known.get(PORT))):
        return _wire(prompt, known, in_compose=in_compose)
    if not known.get(PORT):
        return {}
    return {PORT: "", PACKS: "", DIALECT: ""} | compose_files(known.get("COMPOSE_FILE", ""), "", (OVERLAY,))


def _wire(prompt: Prompt, known: dict[str, str], *, in_compose: bool) -> dict[str, str]:
    before = known.get(DIALECT, "")
    usual = DIALECTS.index(before) if before in DIALECTS else 0
    dialect = DIALECTS[prompt.choose("batteries_at", [prompt.text(f"batteries_{one}") for one in DIALECTS], usual)]
    stays = dialect == "auto" and before not in ("", *DIALECTS)  # trigger, registers, listen
    answers = {
        DIALECT: before if stays else dialect,
        PORT: prompt.ask("batteries_port", known.get(PORT, "")),
        PACKS: prompt.ask("batteries_packs", known.get(PACKS) or PACKS_OF_A_TOWER) if dialect == "auto" else "",
    }
    overlay = OVERLAY if answers[PORT].startswith("/") else ""
    if in_compose and overlay:
        prompt.show("tried_later", service="bms")
    else:
        outcome = prompt.run(known | answers, ["bms", "read"])
        for line in outcome.lines:
            prompt.show("worked" if outcome.worked else "failed", what=line)
        if not outcome.worked and not prompt.yes("keep_anyway", usual=False):
            return ask(prompt, known, in_compose=in_compose)
    return answers | compose_files(known.get("COMPOSE_FILE", ""), overlay, (OVERLAY,))

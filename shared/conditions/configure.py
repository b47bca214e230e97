"""What ends the questions of `make configure` early."""

from shared.conditions.condition import Reason, condition, simple

INPUT_ENDED = simple(
    "configure.input_ended",
    uk="Введення закінчилося раніше за останнє запитання: нічого не змінено.",
    en="The input ended before the last question: nothing was changed.",
)
HOST_STOPPED = simple(
    "configure.host_stopped",
    uk="Контейнер `configure-host` зупинився, тож шукати нічим.",
    en="The container `configure-host` has stopped, so nothing can be searched for.",
)


@condition("configure.tool_hangs", uk="`{tool}` не закінчилося вчасно.", en="`{tool}` did not end in time.")
def tool_hangs(*, tool: str) -> None:
    """A tool that tries an answer runs for too long."""


@condition("configure.unwritable", uk="{file} не записується: {cause}.", en="{file} cannot be written: {cause}.")
def unwritable(*, file: str, cause: Reason) -> None:
    """The settings file cannot be written."""


@condition(
    "configure.only_root",
    uk="Служби цієї машини читають {file}, який змінює лише `root`: виконайте `sudo easun configure`. (Для .env у цій "
    "теці: `python -m configure --file .env`.)",
    en="The services of this machine read {file}, which only root may change: run `sudo easun configure`. (For the "
    ".env of this directory: `python -m configure --file .env`.)",
)
def only_root(*, file: str) -> None:
    """The installed settings are there, and somebody else than root starts the questions."""

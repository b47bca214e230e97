"""The wizard's questions about plugs, with the simulated cloud to try the answers on."""

import pytest

from configure import plugs
from configure.prompt import Prompt
from shared.texts.language import Language
from simulators.tuya.cloud import CLIENT_ID, SECRET
from tests.support.stack import Stack


@pytest.mark.parametrize(("follow", "switches"), [("", None), ("y", "true")])
def test_id_and_secret_are_enough_and_all_may_be_switched_at_once(
    stack: Stack, follow: str, switches: str | None
) -> None:
    endpoint = f"http://127.0.0.1:{stack.start_plugs()['cloud_port']}"
    given = iter(["y", CLIENT_ID, "", "", endpoint, follow])
    said: list[str] = []
    known = {"BOT_LANGUAGE": "en", "TUYA_PLUGS_FILE": str(stack.directory / "none.yaml"), "TUYA_ACCESS_SECRET": SECRET}
    answers = plugs.ask(Prompt(Language.EN, lambda _: next(given), said.append), known)
    assert answers["TUYA_USER_ID"] == ""
    assert answers.get("TUYA_TURN_OFF_ON_POWER_LOSS") == switches
    assert "Boiler" in "\n".join(said)
    assert SECRET not in "\n".join(said)

"""The list of plugs, a YAML file that its owner edits and to which discovered plugs are added."""

from collections.abc import Mapping
from pathlib import Path

from services.tuya.plug import Plug
from shared.files import OURS_ALONE
from shared.list_file import ListFile

HEAD = """\
# The plugs of easun-bridge. Plugs found in the account are added at the end, disabled; the rest stays as it is.
# Settings of a plug: enabled, protected (true: nobody may switch it; router, host), mode (local, cloud, auto), host,
# version (3.1 to 3.5), local_key, gangs ([switch_1]), names ({switch_1: Lamp}), priority (the lowest is restored
# first), name. `seen: false`: enabled by itself, until you have decided about it on the page System or in the bot.
# excluded (true: not switched, not even by TUYA_ALL_DEVICES).
plugs:
"""


def plug_list(file: Path) -> ListFile[Plug]:
    """Return the list file. It holds keys, so only its owner may read it."""
    return ListFile("TUYA_PLUGS_FILE", file, "plugs", Plug, _row, {"id": lambda plug: plug.id}, HEAD, OURS_ALONE)


def _row(plug: Plug) -> Mapping[str, object]:
    row: dict[str, object] = {"id": plug.id, "name": plug.name, "enabled": plug.enabled, "gangs": list(plug.gangs)}
    key = plug.local_key.get_secret_value()
    row |= {"names": plug.names} if plug.names else {}
    row |= {} if plug.seen else {"seen": False}
    row |= {"excluded": True} if plug.excluded else {}
    return row | {"local_key": key} if key else row

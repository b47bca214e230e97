"""What the simulated Telegram keeps when it is started anew."""

from pathlib import Path

from simulators.telegram.chat import TelegramState


def test_chats_outlive_a_restart_where_there_is_a_file(tmp_path: Path) -> None:
    file = tmp_path / "chat.json"
    before = TelegramState(file=file)
    before.add(4242, "Power is out", is_from_bot=True)
    before.save()
    after = TelegramState(file=file)
    assert after.messages == before.messages
    assert after.add(4242, "Power is back", is_from_bot=True).message_id > before.messages[0].message_id
    assert TelegramState().messages == []

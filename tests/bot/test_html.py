"""Long texts are split so that Telegram takes them."""

from services.bot.texts.html import split


def test_nothing_is_lost_by_splitting_eight_kilobytes_of_emoji() -> None:
    text = "\n".join(f"🪫 08:{number % 60:02} – 11:00 (~3 год)" for number in range(300))
    parts = split(text)
    assert "\n".join(parts) == text
    assert all(len(part.encode("utf-16-le")) / 2 <= 4096 for part in parts)


def test_a_plan_of_eight_kilobytes_is_split_at_its_lines() -> None:
    text = "\n".join(f"<b>{number}</b> " + "x" * 90 for number in range(90))
    parts = split(text)
    assert len(parts) > 1
    assert all(len(part) <= 4000 and part.count("<b>") == part.count("</b>") for part in parts)
    assert "\n".join(parts) == text


def test_a_line_that_is_too_long_by_itself_is_cut() -> None:
    assert all(len(part) <= 4000 for part in split("<b>" + "&lt;" * 3000 + "</b>"))

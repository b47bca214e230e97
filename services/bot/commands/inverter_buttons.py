"""Answers the buttons of `/inverter`: what may be changed to what, what would happen, and the outcome."""

from collections.abc import Awaitable, Callable
from typing import Any

from pydantic import ValidationError

from services.bot.chats import Chats
from services.bot.commands import inverter_keyboards as keyboards
from services.bot.commands.buttons import ButtonApi, not_allowed, too_late, wait_until
from services.bot.commands.keyboards import ButtonPress
from services.bot.telegram.api import Incoming, Keyboard
from services.bot.texts.html import lines
from shared.broker_state import BrokerState
from shared.conditions import Reason
from shared.inverter_questions import InverterCommand, Question
from shared.messages import ProfileCommand, SettingCommand
from shared.texts.inverter_sentences import charge_ahead_sentences, name_of, outcome_words, profile_words
from shared.texts.localizer import Localizer

PATIENCE_S = 45.0

Send = Callable[[str, InverterCommand], None]


class InverterButtons:
    """One method per kind of button. Only owners may press them."""

    def __init__(self, api: ButtonApi, snapshot: Callable[[], BrokerState], chats: Chats, send: Send) -> None:
        self._api = api
        self._snapshot = snapshot
        self._chats = chats
        self._send = send

    async def press(self, incoming: Incoming, localizer: Localizer, press: ButtonPress) -> None:
        """Answer a button."""
        if not self._chats.may_switch(incoming.chat, incoming.user):
            await self._api.answer_button(incoming.button_id, not_allowed(localizer, self._chats, incoming))
            return
        await self._api.answer_button(incoming.button_id)
        answers: dict[str, Callable[[Incoming, Localizer, str], Awaitable[None]]] = {
            "pick": self._pick,
            "want": self._want,
            "do": self._do,
        }
        await answers[press.action](incoming, localizer, press.value)

    async def _pick(self, incoming: Incoming, localizer: Localizer, value: str) -> None:
        """Show what a setting may be changed to."""
        inverter, _, setting = value.partition("|")
        keyboard = keyboards.choice(localizer, self._snapshot(), inverter, setting)
        text = localizer("bot.inverter_choose", name=name_of(localizer, setting))
        await self._edit(incoming, text, keyboard)

    async def _want(self, incoming: Incoming, localizer: Localizer, wish: str) -> None:
        """Say what would happen, and ask for a confirmation."""
        found = self._question(incoming, localizer, wish)
        text: str = localizer.reason(found) if isinstance(found, Reason) else ""
        keyboard: Keyboard = ()
        if isinstance(found, Question):
            text = lines(localizer("bot.inverter_title", title=found.title), *found.sentences)
            keyboard = keyboards.confirmation(localizer, wish, found)
        # in a separate message: its time is that of the question
        await self._api.send(incoming.chat, text, keyboard=keyboard, topic=incoming.topic)

    async def _do(self, incoming: Incoming, localizer: Localizer, value: str) -> None:
        """Send the command, if the confirmation comes soon after the question and the question is still the same."""
        wish, _, mark = value.rpartition("|")
        found = self._question(incoming, localizer, wish)
        if refusal := too_late(localizer, incoming):
            await self._edit(incoming, refusal)
        elif isinstance(found, Reason):
            await self._edit(incoming, localizer.reason(found))
        elif not keyboards.is_confirmed(found, mark):
            await self._edit(incoming, localizer("inverter.stands_differently"))
        else:
            await self._sent(incoming, localizer, found)

    async def _sent(self, incoming: Incoming, localizer: Localizer, question: Question) -> None:
        before = _outcome(self._snapshot(), question)
        self._send(question.name, question.command)
        title = localizer("bot.inverter_title", title=question.title)
        await self._edit(incoming, lines(title, localizer("inverter.asking")))
        has_outcome = await wait_until(lambda: _outcome(self._snapshot(), question) not in (None, before), PATIENCE_S)
        words = _words(localizer, self._snapshot(), question) if has_outcome else [localizer("inverter.no_outcome")]
        await self._edit(incoming, lines(title, *words))

    def _question(self, incoming: Incoming, localizer: Localizer, wish: str) -> Question | Reason:
        try:
            return keyboards.question(self._snapshot(), localizer, wish, f"telegram:{incoming.user}")
        except ValidationError:
            return keyboards.NONSENSE

    async def _edit(self, incoming: Incoming, text: str, keyboard: Keyboard = ()) -> None:
        await self._api.edit(incoming.chat, incoming.message_id, text, keyboard=keyboard)


def _outcome(state: BrokerState, question: Question) -> Any:
    """Return what changes as soon as a command has an outcome."""
    if isinstance(question.command, SettingCommand):
        return state.setting_changes.get(question.name)
    if isinstance(question.command, ProfileCommand):
        profiles = state.inverter_profiles.get(question.name)
        return profiles.last if profiles else None
    ahead = state.charge_ahead.get(question.name)
    return (ahead.phase, ahead.since) if ahead else None


def _words(localizer: Localizer, state: BrokerState, question: Question) -> list[str]:
    """Return the outcome of a command in words."""
    if isinstance(question.command, SettingCommand):
        return [outcome_words(localizer, state.setting_changes[question.name])]
    if isinstance(question.command, ProfileCommand):
        words = profile_words(localizer, state.inverter_profiles[question.name], question.command.profile)
        return [words or localizer("inverter.no_outcome")]
    return charge_ahead_sentences(localizer, state.charge_ahead[question.name])

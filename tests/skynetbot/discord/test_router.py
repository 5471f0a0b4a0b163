"""Slash commands: permission, errors as answers, autocomplete, and odd payloads."""

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest

from skynetbot.discord.commands import (
    MANAGE_GUILD,
    Command,
    CommandContext,
    CommandOption,
    Reply,
    Subcommand,
    UserError,
)
from skynetbot.discord.interactions import Interaction, read_interaction
from skynetbot.discord.publish import command_builder
from skynetbot.discord.router import CommandRouter
from skynetbot.observability.metrics import Metrics


class RecordingResponder:
    def __init__(self) -> None:
        self.replies: list[Reply] = []
        self.offered: list[Sequence[tuple[str, str]]] = []

    async def reply(self, interaction: Interaction, reply: Reply) -> None:
        self.replies.append(reply)

    async def choices(self, interaction: Interaction, choices: Sequence[tuple[str, str]]) -> None:
        self.offered.append(choices)


async def echo(context: CommandContext) -> Reply:
    return Reply(content=repr(dict(context.options)))


async def fail(_: CommandContext) -> Reply:
    raise ZeroDivisionError


async def refuse(_: CommandContext) -> Reply:
    raise UserError("Not today.")


async def complete(_: CommandContext, option: str, typed: str) -> Sequence[tuple[str, str]]:
    return [(f"{option} {typed} {n}", str(n)) for n in range(40)]


OPTION = CommandOption(name="what", description="x", autocomplete=True)
COMMANDS = [
    Command(name="echo", description="x", handler=echo, options=(OPTION,), completer=complete),
    Command(name="fail", description="x", handler=fail),
    Command(name="refuse", description="x", handler=refuse),
    Command(
        name="admin",
        description="x",
        permissions=MANAGE_GUILD,
        guild_only=True,
        subcommands=(Subcommand(name="echo", description="x", handler=echo, options=(OPTION,)),),
    ),
]


@pytest.fixture
def responder() -> RecordingResponder:
    return RecordingResponder()


@pytest.fixture
async def router(responder: RecordingResponder) -> CommandRouter:
    return CommandRouter(COMMANDS, responder, Metrics(), latency_s=lambda: 0.05)


def payload(name: str, options: list[dict[str, Any]] | None = None, **changes: Any) -> dict[str, Any]:
    return {
        "id": "100",
        "token": "t",
        "type": 2,
        "application_id": "1",
        "guild_id": "5",
        "channel_id": "6",
        "member": {"user": {"id": "9", "username": "ada"}, "roles": [], "permissions": "0"},
        "data": {"id": "1", "name": name, "type": 1, "options": options or []},
        **changes,
    }


async def ask(router: CommandRouter, asked: dict[str, Any]) -> None:
    router.on_interaction(asked)
    await router.drain()


async def test_options_reach_the_handler_with_their_types(router: CommandRouter, responder: RecordingResponder) -> None:
    await ask(router, payload("echo", [{"name": "what", "type": 3, "value": "5"}]))
    await ask(router, payload("echo", [{"name": "what", "type": 4, "value": 5}]))
    assert [reply.content for reply in responder.replies] == ["{'what': '5'}", "{'what': 5}"]


async def test_a_refusal_is_told_to_the_invoker_alone(router: CommandRouter, responder: RecordingResponder) -> None:
    await ask(router, payload("refuse"))
    assert responder.replies == [Reply(content="Not today.", ephemeral=True)]


async def test_a_failing_handler_still_gives_an_answer_with_a_reference(
    router: CommandRouter, responder: RecordingResponder
) -> None:
    await ask(router, payload("fail"))
    (reply,) = responder.replies
    assert "100" in reply.content
    assert reply.ephemeral


async def test_an_unknown_command_is_answered(router: CommandRouter, responder: RecordingResponder) -> None:
    await ask(router, payload("gone"))
    assert "/gone" in responder.replies[0].content


@pytest.mark.parametrize(
    ("permissions", "allowed"), [(0, False), (1 << 4, False), (MANAGE_GUILD, True), (1 << 3, True)]
)
async def test_permissions_are_checked_here_too(
    router: CommandRouter, responder: RecordingResponder, permissions: int, allowed: bool
) -> None:
    asked = payload("admin", [{"name": "echo", "type": 1, "options": []}])
    asked["member"]["permissions"] = str(permissions)
    await ask(router, asked)
    assert (responder.replies[0].content == "{}") is allowed


async def test_a_server_command_is_refused_in_direct_messages(
    router: CommandRouter, responder: RecordingResponder
) -> None:
    asked = payload("admin", [{"name": "echo", "type": 1, "options": []}], guild_id=None, member=None)
    await ask(router, {**asked, "user": {"id": "9", "username": "ada"}})
    assert "only in a server" in responder.replies[0].content


async def test_autocomplete_offers_at_most_25(router: CommandRouter, responder: RecordingResponder) -> None:
    options = [{"name": "what", "type": 3, "value": "so", "focused": True}]
    await ask(router, payload("echo", options, type=4))
    assert len(responder.offered[0]) == 25
    assert responder.offered[0][0] == ("what so 0", "0")


@pytest.mark.parametrize("broken", [{}, {"id": "x", "token": "t", "type": 2}, payload("echo", [{"type": 3}])])
async def test_an_unreadable_interaction_is_counted_and_harms_nothing(
    router: CommandRouter, responder: RecordingResponder, broken: dict[str, Any]
) -> None:
    await ask(router, broken)
    assert responder.replies == []


def test_missing_and_null_fields_are_tolerated() -> None:
    interaction = read_interaction({"id": "1", "token": "t", "type": 2, "member": None, "data": None})
    assert interaction.invoker_name == "0"
    assert interaction.path() == ((), [])


def test_what_discord_is_told_has_every_subcommand_and_option() -> None:
    built = command_builder(COMMANDS[3])
    assert built.options[0].name == "echo"
    assert [option.name for option in built.options[0].options or ()] == ["what"]
    assert int(built.default_member_permissions or 0) == MANAGE_GUILD


async def test_too_many_at_once_are_told_to_try_again(responder: RecordingResponder) -> None:
    gate = asyncio.Event()

    async def slow(_: CommandContext) -> Reply:
        await gate.wait()
        return Reply(content="done")

    router = CommandRouter(
        [Command(name="slow", description="x", handler=slow)], responder, Metrics(), latency_s=lambda: 0.0
    )
    for _ in range(501):
        router.on_interaction(payload("slow"))
    await asyncio.sleep(0.01)
    assert ["busy" in reply.content for reply in responder.replies] == [True]
    gate.set()
    await router.drain()
    assert len(responder.replies) == 501

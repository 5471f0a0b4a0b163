"""The test's bot on hikari: REST base and token are its arguments; each thing it sees is a line of JSON."""

import json
import logging
import sys
from typing import Any

import hikari

rest_url, _, token = sys.argv[1:]
bot = hikari.GatewayBot(token, intents=hikari.Intents.ALL, banner=None, logs=None, rest_url=rest_url)


def tell(event: str, **more: Any) -> None:
    print(json.dumps({"event": event, **more}), flush=True)


class Problems(logging.Handler):
    """What the library complains of fails the test."""

    def emit(self, record: logging.LogRecord) -> None:
        tell("problem", text=self.format(record))


logging.getLogger().addHandler(Problems(logging.ERROR))


@bot.listen()
async def started(_: hikari.StartedEvent) -> None:
    me = bot.get_me()
    assert me is not None
    hello = bot.rest.slash_command_builder("hello", "Say hello").add_option(
        hikari.CommandOption(type=hikari.OptionType.STRING, name="name", description="Whom", is_required=True)
    )
    await bot.rest.set_application_commands(me.id, [hello])
    # The cache may still be filling here; REST knows.
    tell("ready", guilds=sorted([guild.name async for guild in bot.rest.fetch_my_guilds()]))


@bot.listen()
async def resumed(_: hikari.ShardResumedEvent) -> None:
    tell("resumed")


@bot.listen()
async def message(event: hikari.GuildMessageCreateEvent) -> None:
    if event.is_human:
        tell("message", content=event.content, author=event.author.username)
        await event.message.respond(f"heard {event.content}", reply=True)


@bot.listen()
async def command(event: hikari.CommandInteractionCreateEvent) -> None:
    tell("command", name=event.interaction.command_name, user=event.interaction.user.username)
    row = bot.rest.build_message_action_row()
    row.add_interactive_button(hikari.ButtonStyle.PRIMARY, "again", label="Again")
    options = {option.name: option.value for option in event.interaction.options or ()}
    await event.interaction.create_initial_response(
        hikari.ResponseType.MESSAGE_CREATE, f"Hello {options['name']}", component=row
    )


@bot.listen()
async def button(event: hikari.ComponentInteractionCreateEvent) -> None:
    tell("button", custom_id=event.interaction.custom_id, user=event.interaction.user.username)
    await event.interaction.create_initial_response(hikari.ResponseType.MESSAGE_UPDATE, "Pressed", components=[])


bot.run(check_for_updates=False)

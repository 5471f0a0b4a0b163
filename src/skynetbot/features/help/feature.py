"""/help, with a page for each command."""

from collections.abc import Iterator, Sequence

from skynetbot.discord.commands import Command, CommandContext, CommandOption, Reply, UserError
from skynetbot.features.contract import Feature, FeatureServices

__all__ = ["build"]


def build(services: FeatureServices) -> Feature:
    def commands() -> Iterator[tuple[Feature, Command]]:
        for feature in services.features():
            for command in feature.commands:
                yield feature, command

    async def help_(context: CommandContext) -> Reply:
        asked = context.text("command")
        if asked is not None:
            return _one(asked.strip().removeprefix("/"), list(commands()))
        fields = tuple(
            (f"/{command.name}", command.description + _who(command), False)
            for _, command in sorted(commands(), key=lambda pair: pair[1].name)
        )
        return Reply(
            title="What I can do",
            description="Type `/` to use a command, or `/help command:<name>` to read more about one.",
            fields=fields,
            ephemeral=True,
        )

    async def complete(_: CommandContext, __: str, typed: str) -> Sequence[tuple[str, str]]:
        wanted = typed.strip().removeprefix("/").lower()
        return [(f"/{c.name}", c.name) for _, c in commands() if wanted in c.name][:25]

    return Feature(
        name="help",
        title="Help",
        summary="Lists every command and explains each.",
        commands=(
            Command(
                name="help",
                description="What can this bot do?",
                handler=help_,
                completer=complete,
                options=(CommandOption(name="command", description="A command to read more about", autocomplete=True),),
            ),
        ),
    )


def _who(command: Command) -> str:
    return " (needs Manage Server)" if command.permissions else ""


def _one(name: str, commands: list[tuple[Feature, Command]]) -> Reply:
    for feature, command in commands:
        if command.name == name:
            return Reply(
                title=f"/{command.name}",
                description=f"{command.description}{_who(command)}\n\n{feature.summary}",
                fields=tuple(
                    (
                        "/" + " ".join(path) + "".join(f" {_shown(option)}" for option in leaf.options),
                        "\n".join([leaf.description, *(f"• `{o.name}`: {o.description}" for o in leaf.options)]),
                        False,
                    )
                    for path, leaf in command.leaves().items()
                ),
                ephemeral=True,
            )
    known = ", ".join(f"/{command.name}" for _, command in commands)
    raise UserError(f"There is no command /{name}. There are: {known}.")


def _shown(option: CommandOption) -> str:
    return f"<{option.name}>" if option.required else f"[{option.name}]"

"""Declared commands in the form in which hikari sends them to Discord."""

import hikari
from hikari.impl import special_endpoints

from skynetbot.discord.commands import Command, CommandOption

__all__ = ["command_builder"]


def command_builder(command: Command) -> hikari.api.SlashCommandBuilder:
    """One entry of ``PUT /applications/{id}/commands``."""
    builder = special_endpoints.SlashCommandBuilder(command.name, command.description)
    for sub in command.subcommands:
        builder.add_option(
            hikari.CommandOption(
                type=hikari.OptionType.SUB_COMMAND,
                name=sub.name,
                description=sub.description,
                options=[_option(option) for option in sub.options],
            )
        )
    for option in command.options:
        builder.add_option(_option(option))
    if command.permissions:
        builder.set_default_member_permissions(hikari.Permissions(command.permissions))
    if command.guild_only:
        builder.set_context_types([hikari.ApplicationContextType.GUILD])
    return builder


def _option(option: CommandOption) -> hikari.CommandOption:
    return hikari.CommandOption(
        type=hikari.OptionType(option.type),
        name=option.name,
        description=option.description,
        is_required=option.required,
        choices=[hikari.CommandChoice(name=label, value=value) for label, value in option.choices] or None,
        autocomplete=option.autocomplete,
        min_value=option.minimum,
        max_value=option.maximum,
    )

"""/settings show and /settings set, with autocomplete for features, fields and values."""

from collections.abc import Sequence
from typing import Any, Final

from skynetbot.discord.commands import (
    MANAGE_GUILD,
    Command,
    CommandContext,
    CommandOption,
    Reply,
    Subcommand,
    UserError,
)
from skynetbot.features.contract import Feature, FeatureServices
from skynetbot.guildconfig.schema import FieldSpec, Schema, SettingsRejected
from skynetbot.guildconfig.service import UnknownFeature

__all__ = ["build", "shown_value"]

_FEATURE: Final = CommandOption(name="feature", description="Which feature", required=True, autocomplete=True)
_MAX_SHOWN: Final = 900


def build(services: FeatureServices) -> Feature:
    commands = _SettingsCommands(services)
    return Feature(
        name="serversettings",
        title="Settings",
        summary="Shows and changes this server's settings; the dashboard shows the same ones as forms.",
        commands=(
            Command(
                name="settings",
                description="Show or change this server's settings",
                permissions=MANAGE_GUILD,
                guild_only=True,
                subcommands=(
                    Subcommand(
                        name="show",
                        description="Show a feature's settings",
                        handler=commands.show,
                        completer=commands.complete,
                        options=(_FEATURE,),
                    ),
                    Subcommand(
                        name="set",
                        description="Change one setting",
                        handler=commands.set,
                        completer=commands.complete,
                        options=(
                            _FEATURE,
                            CommandOption(
                                name="setting", description="Which setting", required=True, autocomplete=True
                            ),
                            CommandOption(
                                name="value",
                                description="The new value; separate words of a list with commas",
                                required=True,
                                autocomplete=True,
                            ),
                        ),
                    ),
                ),
            ),
        ),
    )


class _SettingsCommands:
    def __init__(self, services: FeatureServices) -> None:
        self._services = services
        self._settings = services.settings

    async def show(self, context: CommandContext) -> Reply:
        schema = self._schema(context)
        snapshot = await self._settings.snapshot(context.guild_id)
        value = snapshot.get(schema.struct)
        return Reply(
            title=schema.title,
            description=schema.help,
            fields=tuple(
                (f"{spec.label} (`{spec.name}`)", shown_value(spec, getattr(value, spec.name)), False)
                for spec in schema.fields
            ),
            footer=f"Version {snapshot.version(schema.feature)} · change with /settings set",
            ephemeral=True,
        )

    async def set(self, context: CommandContext) -> Reply:
        schema = self._schema(context)
        name = context.text("setting") or ""
        spec = schema.field(name)
        if spec is None:
            raise UserError(f"{schema.title} has no setting {name!r}. It has: {_names(schema)}.")
        raw = _typed(spec, context.text("value") or "")
        if spec.kind in ("channel", "channels", "roles"):
            self._require_known(context.guild_id, spec, raw)
        try:
            value, version = await self._settings.update(
                context.guild_id,
                schema.feature,
                {name: raw},
                author_id=context.interaction.invoker.id,
                author_name=context.interaction.invoker_name,
            )
        except SettingsRejected as rejected:
            raise UserError("\n".join(rejected.errors.values())) from rejected
        shown = shown_value(spec, getattr(value, name))
        return Reply(content=f"Saved (version {version}). **{spec.label}** is now: {shown}", ephemeral=True)

    async def complete(self, context: CommandContext, option: str, typed: str) -> Sequence[tuple[str, str]]:
        wanted = typed.lower()
        if option == "feature":
            pairs = [(schema.title, schema.feature) for schema in self._settings.schemas.values()]
        else:
            schema = self._settings.schemas.get(context.text("feature") or "")
            if schema is None:
                return ()
            if option == "setting":
                pairs = [(spec.label, spec.name) for spec in schema.fields]
            else:
                pairs = self._value_choices(context, schema.field(context.text("setting") or ""))
        return [pair for pair in pairs if wanted in pair[0].lower() or wanted in pair[1].lower()][:25]

    def _schema(self, context: CommandContext) -> Schema[Any]:
        try:
            return self._settings.schema(context.text("feature") or "")
        except UnknownFeature as error:
            raise UserError(str(error)) from error

    def _value_choices(self, context: CommandContext, spec: FieldSpec | None) -> list[tuple[str, str]]:
        match spec.kind if spec else None:
            case "bool":
                return [("On", "on"), ("Off", "off")]
            case "choice":
                return [(label, value) for value, label in spec.choices] if spec else []
            case "channel" | "channels":
                channels = self._services.guilds.channels(context.guild_id)
                return [(f"#{ref.name}", str(ref.id)) for ref in channels]
            case "roles":
                return [(f"@{ref.name}", str(ref.id)) for ref in self._services.guilds.roles(context.guild_id)]
            case _:
                return []

    def _require_known(self, guild_id: int, spec: FieldSpec, raw: Any) -> None:
        is_role = spec.kind == "roles"
        refs = self._services.guilds.roles(guild_id) if is_role else self._services.guilds.channels(guild_id)
        known = {str(ref.id) for ref in refs}
        for item in raw if isinstance(raw, list) else [raw]:
            if item and item not in known:
                what = "role" if is_role else "text channel"
                raise UserError(f"{item!r} is no {what} of this server. Choose one from the list.")


def _typed(spec: FieldSpec, text: str) -> Any:
    """What was typed in one line, in the form that the schema takes."""
    text = text.strip()
    if spec.kind == "lines":
        return [part.strip() for part in text.split(",")]
    if spec.kind in ("channels", "roles"):
        return [_bare_id(part) for part in text.split(",") if part.strip()]
    if spec.kind == "channel":
        return "" if text.lower() in ("none", "off", "-") else _bare_id(text)
    return text


def _bare_id(text: str) -> str:
    """The id in a mention such as ``<#123>`` or ``<@&123>``; other text as it is."""
    return text.strip().removeprefix("<").lstrip("#@&").removesuffix(">")


def shown_value(spec: FieldSpec, value: Any) -> str:
    """A value as people read it in Discord."""
    match spec.kind:
        case "bool":
            return "on" if value else "off"
        case "channel":
            return f"<#{value}>" if value else "none"
        case "channels":
            return " ".join(f"<#{item}>" for item in value) or "none"
        case "roles":
            return " ".join(f"<@&{item}>" for item in value) or "none"
        case "lines":
            joined = ", ".join(value)
            return (joined[:_MAX_SHOWN] + "…" if len(joined) > _MAX_SHOWN else joined) or "none"
        case "choice":
            return dict(spec.choices).get(value, str(value))
        case _:
            return str(value) or "empty"


def _names(schema: Schema[Any]) -> str:
    return ", ".join(spec.name for spec in schema.fields)

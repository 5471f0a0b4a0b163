"""The message of the day, and /motd, which shows how it stands."""

from skynetbot.discord.commands import Command, CommandContext, Reply, UserError
from skynetbot.features.contract import Feature, FeatureServices
from skynetbot.features.membership import level_here
from skynetbot.features.motd.keeper import QUEUE, Keeper
from skynetbot.features.motd.memory import Memory
from skynetbot.features.motd.posting import Poster
from skynetbot.features.motd.settings import SCHEMA, MotdSettings
from skynetbot.guildconfig.levels import LOOK_LEVEL, level_name

__all__ = ["SCHEMA", "build"]


def build(services: FeatureServices) -> Feature:
    memory = Memory(services.documents)
    keeper, poster = Keeper(services, memory), Poster(services, memory)
    services.settings.on_changed(keeper.changed)

    async def show(context: CommandContext) -> Reply:
        snapshot = await services.settings.snapshot(context.guild_id)
        level = await level_here(services, context)
        if level < LOOK_LEVEL:
            raise UserError(f"Looking at this needs {level_name(LOOK_LEVEL)}; you have {level_name(level)}.")
        settings = snapshot.get(MotdSettings)
        if not settings.enabled:
            return Reply(
                content="There is no message of the day here. Switch it on with `/settings set feature:motd`.",
                ephemeral=True,
            )
        _, kept = await memory.read(context.guild_id)
        job = await services.jobs.find(QUEUE, str(context.guild_id))
        lines = [
            f"In <#{settings.channel}>, daily at {settings.time} ({settings.zone}), {len(settings.messages)} texts."
        ]
        lines.append("It is being scheduled." if job is None else f"Next: <t:{int(job.due)}:F>")
        if kept.due is not None:
            lines.append(f"Last: <t:{int(kept.due)}:F>")
        if kept.problem:
            lines.append(f"⚠️ <t:{int(kept.problem_at)}:R> it was not posted: {kept.problem}")
        return Reply(title="Message of the day", description="\n".join(lines), ephemeral=True)

    return Feature(
        name="motd",
        title="Message of the day",
        summary="Posts one of your messages every day at the same time; set it up in the settings.",
        schema=SCHEMA,
        commands=(
            Command(name="motd", description="Show how the message of the day stands", handler=show, guild_only=True),
        ),
        jobs=(poster.kind(),),
        events={
            "READY": keeper.ready,
            "RESUMED": keeper.resumed,
            "GUILD_CREATE": keeper.named,
            "GUILD_DELETE": keeper.left,
        },
        close=keeper.close,
    )

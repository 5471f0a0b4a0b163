"""/stats for the server or one member: what is stored, with what is counted and not stored yet."""

from typing import Final

from skynetbot.discord.commands import Command, CommandContext, CommandOption, OptionType, Reply
from skynetbot.features.activity.ranks import next_rank, parse_ranks, rank_of
from skynetbot.features.activity.settings import ActivitySettings
from skynetbot.features.contract import Feature, FeatureServices

__all__ = ["build"]

_TOP: Final = 5


def build(services: FeatureServices) -> Feature:
    async def stats(context: CommandContext) -> Reply:
        guild_id = context.guild_id
        member_id = context.snowflake("member")
        if member_id is not None:
            return await _member(services, guild_id, member_id)
        totals = await services.pages.totals(guild_id)
        top = await services.pages.top(guild_id, _TOP)
        guild = services.guilds.get(guild_id)
        lines = [f"{place}. <@{row.user_id}> — {row.messages:,}" for place, row in enumerate(top, 1)]
        return Reply(
            title=f"Activity of {guild.name if guild else 'this server'}",
            fields=(
                ("Messages today", f"{totals.messages_today:,}", True),
                ("Messages counted", f"{totals.messages_total:,}", True),
                ("Members seen", f"{totals.members_seen:,}", True),
                ("Most active", "\n".join(lines) or "Nobody has written yet.", False),
            ),
            footer="Days are counted in UTC.",
        )

    return Feature(
        name="stats",
        title="Statistics",
        summary="Shows how active the server or a member is.",
        commands=(
            Command(
                name="stats",
                description="How active is this server, or a member?",
                handler=stats,
                guild_only=True,
                options=(CommandOption(name="member", description="Whose activity to show", type=OptionType.USER),),
            ),
        ),
    )


async def _member(services: FeatureServices, guild_id: int, member_id: int) -> Reply:
    messages = await services.pages.messages_of(guild_id, member_id)
    settings = (await services.settings.snapshot(guild_id)).get(ActivitySettings)
    ranks = parse_ranks(settings.ranks)
    rank = rank_of(messages, ranks)
    following = next_rank(messages, ranks)
    return Reply(
        title="Activity",
        description=f"<@{member_id}>",
        fields=(
            ("Messages", f"{messages:,}", True),
            ("Rank", rank.name if rank else "none yet", True),
            (
                "Next rank",
                f"{following.name} after {following.messages - messages:,} more" if following else "—",
                True,
            ),
        ),
    )

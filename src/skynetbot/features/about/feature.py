"""/about."""

from skynetbot.discord.commands import Command, CommandContext, Reply
from skynetbot.features.contract import Feature, FeatureServices

__all__ = ["build", "duration_words"]


def duration_words(seconds: float) -> str:
    """The two largest units of a duration, for people: ``1 d 3 h``, ``4 min 9 s``."""
    rest = int(max(0.0, seconds))
    parts: list[str] = []
    for unit, size in (("d", 86_400), ("h", 3_600), ("min", 60), ("s", 1)):
        amount, rest = divmod(rest, size)
        if amount or (unit == "s" and not parts):
            parts.append(f"{amount} {unit}")
    return " ".join(parts[:2])


def build(services: FeatureServices) -> Feature:
    async def about(_: CommandContext) -> Reply:
        process = services.process
        guilds = services.guilds.all()
        return Reply(
            title="SkynetBot",
            description=(
                "An open community bot: moderation, activity and more, with a dashboard for every setting. "
                "Nothing is lost, nothing is silent, nothing waits."
            ),
            fields=(
                ("Version", process.version, True),
                ("Up for", duration_words(services.now() - process.started_at), True),
                ("Servers", str(len(guilds)), True),
                ("Members", str(sum(guild.member_count for guild in guilds)), True),
                ("Shards", str(process.shard_count()), True),
            ),
        )

    return Feature(
        name="about",
        title="About",
        summary="Says what this bot is, its version and how long it has been up.",
        commands=(Command(name="about", description="What is this bot?", handler=about),),
    )

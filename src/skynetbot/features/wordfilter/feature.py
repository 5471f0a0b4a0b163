"""The word filter's stage."""

from typing import Final

from skynetbot.discord.messages import Message
from skynetbot.features.contract import Feature, FeatureServices
from skynetbot.features.wordfilter.rules import WordMatcher
from skynetbot.features.wordfilter.settings import SCHEMA, WordFilterSettings
from skynetbot.guildconfig.snapshot import GuildSettings
from skynetbot.pipeline.plans import Stage, StageSpec
from skynetbot.pipeline.verdicts import DeleteMessage, Effect, LogToChannel, Verdict, WarnMember

__all__ = ["SCHEMA", "build", "compile_stage"]

_EXCERPT: Final = 200
_WARNING: Final = "please mind your words: that message had one that this server does not want."


def build(_: FeatureServices) -> Feature:
    return Feature(
        name="wordfilter",
        title="Word filter",
        summary="Deletes, warns about and logs messages with words that the server does not want.",
        schema=SCHEMA,
        stages=(StageSpec(name="wordfilter", order=100, compile=compile_stage),),
    )


def compile_stage(snapshot: GuildSettings) -> Stage | None:
    """The check for one server; None where the filter is off, so that it costs nothing there."""
    settings = snapshot.get(WordFilterSettings)
    if not settings.enabled or not settings.words:
        return None
    matcher = WordMatcher(settings.words)
    exempt_roles = frozenset(settings.exempt_roles)
    exempt_channels = frozenset(settings.exempt_channels)
    version = snapshot.version(SCHEMA.feature)

    def stage(message: Message) -> Verdict | None:
        if not message.content or message.channel_id in exempt_channels:
            return None
        if exempt_roles and not exempt_roles.isdisjoint(message.role_ids):
            return None
        match = matcher.search(message.content)
        if match is None:
            return None
        effects: list[Effect] = []
        if settings.delete:
            effects.append(DeleteMessage())
        if settings.warn:
            effects.append(WarnMember(_WARNING, settings.warn_where))
        if settings.log and settings.log_channel is not None:
            effects.append(LogToChannel(settings.log_channel, _log_line(message, match.word)))
        return Verdict(
            feature="wordfilter",
            rule="word filter",
            summary=_summary(settings),
            reason=f"Unwanted word “{match.word}”",
            settings_version=version,
            effects=tuple(effects),
            evidence={"word": match.word, "found": match.found, "text": message.content[:_EXCERPT]},
        )

    return stage


def _summary(settings: WordFilterSettings) -> str:
    done = [
        name for name, on in (("deleted", settings.delete), ("warned", settings.warn), ("logged", settings.log)) if on
    ]
    return ", ".join(done).capitalize()


def _log_line(message: Message, word: str) -> str:
    author_id = message.author.id if message.author else 0
    quoted = message.text[:_EXCERPT].replace("`", "'")
    return f"🧹 Word filter: <@{author_id}> in <#{message.channel_id}> used “{word}”\n> `{quoted}`"

"""The word filter: what it finds, what it leaves alone, whom it exempts."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from skynetbot.discord.messages import Author, Message, PartialMember
from skynetbot.features.wordfilter.feature import SCHEMA, compile_stage
from skynetbot.features.wordfilter.rules import WordMatcher, normalise
from skynetbot.features.wordfilter.settings import WordFilterSettings
from skynetbot.guildconfig.schema import SettingsRejected
from skynetbot.guildconfig.service import GuildSettings
from skynetbot.pipeline.verdicts import DeleteMessage, LogToChannel, Verdict, WarnMember

ON = WordFilterSettings(enabled=True, words=("spoiler", "bad phrase", "hate*", "été"))


@pytest.mark.parametrize(
    "text",
    [
        "spoiler",
        "A SPOILER!",
        "no (spoiler) please",
        "spoiler.",
        "line\nspoiler\nline",
        "sp0il3r",
        "$poiler",
        "ｓｐｏｉｌｅｒ",
        "𝓼𝓹𝓸𝓲𝓵𝓮𝓻",
        "spo\u200biler",
        "spóiler",
        "s̶p̶o̶i̶l̶e̶r̶",
        "bad   phrase",
        "BAD\nPHRASE",
        "hater",
        "hateful",
        "ete",
        "ÉTÉ",
    ],
)
def test_unwanted_words_are_found_however_they_are_written(text: str) -> None:
    assert WordMatcher(ON.words).search(text) is not None


@pytest.mark.parametrize("text", ["", "spoilers", "nospoiler", "badphrase", "whatever", "whate", "1337 days", "étés"])
def test_other_words_are_left_alone(text: str) -> None:
    assert WordMatcher(ON.words).search(text) is None


def test_the_entry_of_the_list_is_reported() -> None:
    match = WordMatcher(["hate*", "Spoiler"]).search("what a SPOILER")
    assert match is not None
    assert (match.word, match.found) == ("Spoiler", "spoiler")


def test_entries_with_regex_characters_are_plain_text() -> None:
    matcher = WordMatcher(["c++", "(x)", "a.b"])
    assert matcher.search("I like c++ more") is not None
    assert matcher.search("axb") is None


def test_an_empty_list_finds_nothing() -> None:
    assert WordMatcher(["", "  ", "*"]).search("anything * here") is None


@given(st.text())
def test_normalising_is_idempotent_enough_to_never_raise(text: str) -> None:
    assert isinstance(normalise(normalise(text)), str)
    WordMatcher(["spoiler"]).search(text)


@given(st.text(alphabet=st.characters(categories=["Ll"]), min_size=1, max_size=12))
def test_a_listed_word_is_found_as_itself(word: str) -> None:
    assert WordMatcher([word]).search(f"so {word} it is") is not None


def message(text: str, *, roles: tuple[int, ...] = (), channel: int = 10) -> Message:
    return Message(
        id=1,
        channel_id=channel,
        guild_id=5,
        content=text,
        author=Author(id=9, username="ada"),
        member=PartialMember(roles=list(roles)),
    )


def judge(settings: WordFilterSettings, judged: Message) -> Verdict | None:
    stage = compile_stage(GuildSettings(5, {WordFilterSettings: settings}, {"wordfilter": 3}))
    return stage(judged) if stage else None


def changed(**changes: object) -> WordFilterSettings:
    return SCHEMA.apply(ON, changes)


def test_a_hit_deletes_and_warns_with_evidence_and_settings_version() -> None:
    verdict = judge(ON, message("a spoiler"))
    assert verdict is not None
    assert [type(effect) for effect in verdict.effects] == [DeleteMessage, WarnMember]
    assert verdict.settings_version == 3
    assert verdict.evidence == {"word": "spoiler", "found": "spoiler", "text": "a spoiler"}


def test_logging_posts_to_the_chosen_channel() -> None:
    verdict = judge(changed(log=True, log_channel="77", warn=False), message("a spoiler"))
    assert verdict is not None
    (_, log) = verdict.effects
    assert isinstance(log, LogToChannel)
    assert log.channel_id == 77
    assert "spoiler" in log.text


def test_exempt_roles_and_channels_may_write_anything() -> None:
    assert judge(changed(exempt_roles=["42"]), message("spoiler", roles=(41, 42))) is None
    assert judge(changed(exempt_roles=["42"]), message("spoiler", roles=(41,))) is not None
    assert judge(changed(exempt_channels=["10"]), message("spoiler")) is None


def test_a_filter_that_is_off_does_not_exist_in_the_plan() -> None:
    assert compile_stage(GuildSettings(5, {WordFilterSettings: WordFilterSettings()}, {})) is None


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"words": ""}, "words"),
        ({"log": True}, "log_channel"),
        ({"delete": False, "warn": False}, "delete"),
        ({"words": "***"}, "words"),
    ],
)
def test_settings_that_make_no_sense_are_refused(changes: dict[str, object], field: str) -> None:
    with pytest.raises(SettingsRejected) as caught:
        changed(**changes)
    assert field in caught.value.errors

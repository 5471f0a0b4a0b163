"""The draw: fair, repeatable, and any change of it is noticed; requirements; texts that fit into Discord's limits."""

import hashlib
import subprocess
import sys
from collections import Counter
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from skynetbot.discord.commands import UserError
from skynetbot.features.giveaways.explain import explanation, script
from skynetbot.features.giveaways.posts import giveaway_post, result_post, shown_prize
from skynetbot.features.giveaways.records import FEATURE, Giveaway, GiveawayBody, State, encode
from skynetbot.features.giveaways.requirements import Requirements, Standing, account_made_at, missing, spoken
from skynetbot.features.giveaways.rules import (
    Draw,
    commitment,
    draw,
    list_hash,
    list_text,
    new_seed,
    problems,
    remaining,
)
from skynetbot.features.giveaways.starting import end_of
from skynetbot.storage.documents import DocumentRow

IDS = st.integers(1, 2**63 - 1)
PEOPLE = st.sets(IDS, max_size=60)
SEEDS = st.binary(min_size=32, max_size=32).map(bytes.hex)
NOW = 1_800_000_000.0
DAY = 86_400


def rounds_of(seed: str, people: set[int], wanted: list[int]) -> list[Draw]:
    draws: list[Draw] = []
    for number, count in enumerate(wanted):
        draws.append(draw(seed, remaining(people, draws), number, count))
    return draws


def test_the_draw_is_what_the_documentation_says() -> None:
    """Written out by hand once, so that the published rule cannot drift."""
    seed = "00" * 32
    listed = hashlib.sha256(b"5\n7\n40").hexdigest()
    tickets = {person: hashlib.sha256(f"{seed}:{listed}:0:{person}".encode()).hexdigest() for person in (5, 7, 40)}
    done = draw(seed, [40, 7, 5], 0, 2)
    assert done.list_hash == listed == list_hash({7, 5, 40})
    assert list(done.winners) == sorted(tickets, key=lambda person: tickets[person])[:2]
    assert commitment(seed) == hashlib.sha256(seed.encode()).hexdigest()


@given(SEEDS, PEOPLE, st.integers(1, 50))
def test_winners_are_entrants_and_nobody_wins_twice(seed: str, people: set[int], wanted: int) -> None:
    done = draw(seed, people, 0, wanted)
    assert len(done.winners) == min(wanted, len(people)) == len(set(done.winners))
    assert set(done.winners) <= people
    assert done == draw(seed, sorted(people, reverse=True), 0, wanted), "the order of joining does not matter"


@given(SEEDS, PEOPLE, st.lists(st.integers(1, 5), min_size=2, max_size=6))
def test_a_reroll_leaves_former_winners_out(seed: str, people: set[int], wanted: list[int]) -> None:
    winners = [winner for done in rounds_of(seed, people, wanted) for winner in done.winners]
    assert len(winners) == len(set(winners)) == min(len(people), sum(wanted))


def test_everybody_wins_about_equally_often() -> None:
    people, draws = list(range(1, 11)), 20_000
    first = Counter(draw(f"{n:064x}", people, 0, 1).winners[0] for n in range(draws))
    # Chi-squared with 9 degrees of freedom passes 27.9 by chance once in a thousand times; the seeds are fixed.
    expected = draws / len(people)
    assert sum((first[person] - expected) ** 2 / expected for person in people) < 27.9


@pytest.mark.parametrize("round_", [0, 1])
def test_pairs_of_winners_are_about_equally_likely(round_: int) -> None:
    people, draws = range(1, 6), 10_000
    pairs = Counter(draw(f"{n:064x}", people, round_, 2).winners for n in range(draws))
    assert len(pairs) == 20
    assert sum((pairs[pair] - draws / 20) ** 2 / (draws / 20) for pair in pairs) < 43.8  # 19 degrees of freedom


@given(SEEDS, st.sets(IDS, min_size=1, max_size=30), st.lists(st.integers(1, 4), min_size=1, max_size=4))
def test_an_honest_draw_has_no_problems(seed: str, people: set[int], wanted: list[int]) -> None:
    assert problems(seed, commitment(seed), sorted(people), rounds_of(seed, people, wanted)) == []


@given(SEEDS, st.sets(IDS, min_size=3, max_size=30), st.data())
def test_every_change_is_noticed(seed: str, people: set[int], data: st.DataObject) -> None:
    draws = rounds_of(seed, people, [1, 1])
    listed = sorted(people)
    which = data.draw(st.integers(0, 1))
    stranger = data.draw(IDS.filter(lambda person: person not in people))
    done = draws[which]
    other = next(person for person in listed if person not in done.winners)
    forged = {
        "winner": msgspec.structs.replace(done, winners=(other,)),
        "stranger": msgspec.structs.replace(done, winners=(stranger,)),
        "nobody": msgspec.structs.replace(done, winners=()),
        "hash": msgspec.structs.replace(done, list_hash=commitment("x")),
        "count": msgspec.structs.replace(done, entrants=done.entrants + 1),
        "round": msgspec.structs.replace(done, round=done.round + 1),
        "left out": msgspec.structs.replace(done, left_out=(next(p for p in listed if p not in draws[0].winners),)),
    }
    for change in forged.values():
        changed = [change if number == which else draws[number] for number in range(2)]
        assert problems(seed, commitment(seed), listed, changed)
    assert problems(seed, commitment(seed), [*listed, stranger], draws), "one entrant more"
    assert problems(seed, commitment(seed), listed[1:], draws), "one entrant fewer"
    assert problems(seed, commitment(seed), [*listed, listed[0]], draws), "somebody twice"
    assert problems(new_seed(), commitment(seed), listed, draws), "another seed"
    assert problems(seed, commitment(new_seed()), listed, draws), "another promise"


def test_one_entrant_more_deals_all_tickets_anew() -> None:
    """So an account that joins last cannot be chosen without knowing the seed."""
    moved = sum(
        draw(f"{n:064x}", range(20), 0, 1).winners != draw(f"{n:064x}", range(21), 0, 1).winners for n in range(200)
    )
    assert moved > 150


# -- requirements


def standing(**changes: object) -> Standing:
    good = Standing(has_role=True, messages=100, joined_at=NOW - 100 * DAY, made_at=NOW - 1_000 * DAY)
    return msgspec.structs.replace(good, **changes)


ALL = Requirements(role_id=7, min_messages=10, joined_days=3, account_days=30)


def test_who_has_everything_lacks_nothing() -> None:
    assert missing(ALL, standing(), NOW) == []
    assert missing(Requirements(), standing(has_role=False, messages=0, joined_at=None, made_at=NOW), NOW) == []


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"has_role": False}, "<@&7>"),
        ({"messages": 9}, "I counted 9"),
        ({"joined_at": NOW - 3 * DAY + 1}, f"<t:{int(NOW) + 1}:f>"),
        ({"joined_at": None}, "Discord does not tell me"),
        ({"made_at": NOW - 29 * DAY}, "30 days old"),
    ],
)
def test_each_missing_requirement_is_named(changes: dict[str, object], said: str) -> None:
    (lack,) = missing(ALL, standing(**changes), NOW)
    assert said in lack


def test_all_that_is_missing_is_named_at_once() -> None:
    assert (
        len(missing(ALL, standing(has_role=False, messages=0, joined_at=NOW, made_at=NOW), NOW))
        == 4
        == len(spoken(ALL))
    )


def test_the_day_is_reached_to_the_second() -> None:
    assert missing(Requirements(joined_days=3), standing(joined_at=NOW - 3 * DAY), NOW) == []


def test_an_account_is_as_old_as_its_id() -> None:
    # The example of https://discord.com/developers/docs/reference#snowflakes
    assert account_made_at(175928847299117063) == 1462015105.796


# -- durations


@pytest.mark.parametrize(("text", "seconds"), [("1h30m", 5_400), ("2d", 2 * DAY), ("90 minutes", 5_400), ("3s", 3)])
def test_durations_are_understood(text: str, seconds: float) -> None:
    assert end_of(text, NOW, 90) == NOW + seconds


@pytest.mark.parametrize(
    ("text", "said"),
    [("soon", "no duration"), ("", "no duration"), ("0s", "a second"), ("91d", "90 days"), ("-2h", "second")],
)
def test_other_lengths_are_refused_with_a_reason(text: str, said: str) -> None:
    with pytest.raises(UserError, match=said):
        end_of(text, NOW, 90)


# -- texts


def giveaway(state: State, people: set[int], wanted: list[int], prize: str = "A boat") -> Giveaway:
    seed = "ab" * 32
    body = GiveawayBody(
        prize=prize,
        winners=wanted[0],
        channel_id=2**63 - 1,
        ends_at=NOW,
        requirements=ALL,
        seed=seed,
        commitment=commitment(seed),
        message_id=2**63 - 1,
        draws=tuple(rounds_of(seed, people, wanted)) if state == "ended" else (),
    )
    row = DocumentRow(
        id=2**40, feature=FEATURE, guild_id=1, user_id=2, state=state, version=1, body=encode(body), at=NOW
    )
    return Giveaway(id=row.id, guild_id=1, host_id=2, state=state, row=row, body=body)


CROWD = set(range(2**62, 2**62 + 2_000))


def test_the_largest_draw_fits_into_a_message_and_pings_its_winners_only() -> None:
    big = giveaway("ended", CROWD, [50] * 12, prize="x" * 200)
    post = result_post(big, big.body.draws[0])
    assert len(post.content) <= 2_000
    assert post.pings.users == big.body.draws[0].winners
    assert not post.pings.roles
    for shown in (giveaway_post(big, 2_000), explanation(big, sorted(CROWD))):
        assert len(shown.description) <= 4_096
        assert all(len(value) <= 1_024 for _, value, _ in shown.fields)
        assert len(shown.title) + len(shown.description) + sum(len(n) + len(v) for n, v, _ in shown.fields) <= 6_000


def test_the_seed_is_secret_until_the_draw() -> None:
    for state in ("open", "closing", "cancelled"):
        one = giveaway(state, CROWD, [1])
        assert one.body.seed not in str(giveaway_post(one, 3))
        assert one.body.seed not in str(explanation(one, []))


def test_too_few_entrants_are_told() -> None:
    few = giveaway("ended", {5, 6}, [3])
    assert "too few" in result_post(few, few.body.draws[0]).content
    none = giveaway("ended", set(), [3])
    assert "nobody took part" in result_post(none, none.body.draws[0]).content


def test_a_forged_draw_is_called_wrong() -> None:
    honest = giveaway("ended", {5, 6, 7}, [1])
    assert "✅" in explanation(honest, [5, 6, 7]).description
    assert "❌" in explanation(honest, [5, 6]).description


def test_the_script_agrees_without_us_and_notices_a_change(tmp_path: Path) -> None:
    one = giveaway("ended", set(range(100, 130)), [3, 1, 1])
    (tmp_path / "check.py").write_text(script(one))
    entrants = tmp_path / "entrants.txt"
    entrants.write_text(list_text(range(100, 130)))
    good = subprocess.run([sys.executable, tmp_path / "check.py"], capture_output=True, text=True)
    assert good.stdout.endswith("All is right.\n"), good.stderr
    assert str(list(one.body.draws[0].winners)) in good.stdout
    entrants.write_text(list_text(range(100, 131)))
    bad = subprocess.run([sys.executable, tmp_path / "check.py"], capture_output=True, text=True)
    assert "another list" in bad.stderr


def test_a_prize_hides_no_link() -> None:
    assert "](" not in shown_prize("free [nitro](https://evil.example)\nreally")
    assert "\n" not in shown_prize("a\nb")

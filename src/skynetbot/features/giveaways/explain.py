"""`/giveaway verify` in words, and a script with which anybody checks a draw without us."""

from collections.abc import Sequence
from typing import Final

from skynetbot.discord.commands import Reply
from skynetbot.discord.posts import PostFile
from skynetbot.features.giveaways.posts import mentions
from skynetbot.features.giveaways.records import Giveaway
from skynetbot.features.giveaways.rules import list_text, problems

__all__ = ["explanation", "script"]

_GREEN: Final = 0x3BA55C
_RED: Final = 0xED4245
_ROUNDS_SHOWN: Final = 6
"""The last ones; the script has them all."""
_HOW: Final = (
    "1. The seed's SHA-256 was in the post from the start, so the seed could not be exchanged.\n"
    "2. The list is every entrant's id, ascending, one a line; its SHA-256 was published with the draw.\n"
    "3. Each entrant's ticket is the SHA-256 of `seed:list hash:round:id`. The lowest tickets win.\n"
    "4. A reroll is the next round, without those who won before.\n"
    "`entrants.txt` is the list; `python check.py` beside it computes all of this again, without me."
)
_SCRIPT: Final = '''\
"""Checks giveaway {id}. Put entrants.txt beside this file and run: python check.py"""

from hashlib import sha256
from pathlib import Path

SEED = "{seed}"
COMMITMENT = "{commitment}"  # compare it with the giveaway's post
ROUNDS = [  # (winners wanted, hash of the list, left out, winners)
{rounds}]


def digest(text):
    return sha256(text.encode()).hexdigest()


assert digest(SEED) == COMMITMENT, "the seed is not the promised one"
people = set(map(int, Path(__file__).with_name("entrants.txt").read_text().split()))
won = set()
for number, (wanted, list_hash, left_out, winners) in enumerate(ROUNDS):
    listed = sorted(people - won - set(left_out))
    assert digest("\\n".join(map(str, listed))) == list_hash, f"round {{number}}: another list"
    listed.sort(key=lambda id: (digest(f"{{SEED}}:{{list_hash}}:{{number}}:{{id}}"), id))
    assert listed[:wanted] == winners, f"round {{number}}: other winners"
    won.update(winners)
    print(f"round {{number}}: {{winners}}")
print("All is right.")
'''


def explanation(giveaway: Giveaway, first_list: Sequence[int]) -> Reply:
    """What a person gets who wants to check a draw; before the draw, what was promised."""
    body = giveaway.body
    post = f"[its post]({giveaway.link})" if giveaway.link else "its post"
    if giveaway.state == "cancelled":
        return Reply(content=f"Giveaway {giveaway.id} was cancelled; nothing was drawn.", ephemeral=True)
    if not body.draws:
        return Reply(
            title=f"Giveaway {giveaway.id}: not drawn yet",
            description=f"The seed is secret until the draw. What is promised, here and in {post}:",
            fields=(("SHA-256 of the seed", f"`{body.commitment}`", False), ("How winners are drawn", _HOW, False)),
            ephemeral=True,
        )
    wrong = problems(body.seed, body.commitment, first_list, body.draws)
    verdict = "✅ Computed again: everything is as published."
    if wrong:
        verdict = "❌ " + "\n".join(wrong)
    rounds = tuple(
        (
            "Draw" if done.round == 0 else f"Reroll {done.round}",
            f"{done.entrants:,} on the list, SHA-256 `{done.list_hash}`\n{_named(done.winners) or 'nobody'}",
            False,
        )
        for done in body.draws[-_ROUNDS_SHOWN:]
    )
    return Reply(
        title=f"Giveaway {giveaway.id}: {body.prize}",
        description=f"{verdict}\nCompare the seed's SHA-256 with what stands in {post}.",
        fields=(
            ("Seed", f"`{body.seed}`", False),
            ("SHA-256 of the seed", f"`{body.commitment}`", False),
            *rounds,
            ("How winners are drawn", _HOW, False),
        ),
        files=(
            PostFile("entrants.txt", list_text(first_list).encode()),
            PostFile("check.py", script(giveaway).encode()),
        ),
        color=_RED if wrong else _GREEN,
        ephemeral=True,
    )


def script(giveaway: Giveaway) -> str:
    """A program of a page, for Python without anything installed."""
    rounds = "".join(
        f'    ({done.wanted}, "{done.list_hash}", {list(done.left_out)}, {list(done.winners)}),\n'
        for done in giveaway.body.draws
    )
    body = giveaway.body
    return _SCRIPT.format(id=giveaway.id, seed=body.seed, commitment=body.commitment, rounds=rounds)


def _named(winners: tuple[int, ...]) -> str:
    text, limit = mentions(winners), 450
    return text if len(text) <= limit else text[:limit].rpartition(",")[0] + " …"

"""Every Scottish council election of the shared data: plurality, instant runoff, Schulze and the seats, as recorded."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from skynetbot.ballots.ballot import Ranked, first_choices, ranked
from skynetbot.ballots.instant_runoff import instant_runoff
from skynetbot.ballots.pairwise import condorcet_loser, condorcet_winner, pairwise
from skynetbot.ballots.plurality import plurality
from skynetbot.ballots.schulze import schulze
from skynetbot.ballots.scottish import scottish_vote

try:
    from compression import zstd
except ImportError:
    from backports import zstd


class Election:
    """Candidates are numbers in the record, for some share a name."""

    def __init__(self, record: dict[str, Any]) -> None:
        self.id: str = record["id"]
        self.seats: int = record["seats"]
        self.expected: dict[str, Any] = record["expected"]
        self.candidates = tuple(str(number) for number in range(1, len(record["candidates"]) + 1))
        self.ballots: list[Ranked] = [ranked(*map(str, order), papers=papers) for papers, order in record["ballots"]]

    def names(self, numbers: list[int]) -> list[str]:
        return [str(number) for number in numbers]


@pytest.fixture(scope="module")
def elections(shared_data: Path) -> list[Election]:
    path = shared_data / "elections" / "dev" / "scottish_stv_1099.jsonl.zst"
    if not path.is_file():
        pytest.skip(f"outside data is not here: {path}")
    return [Election(json.loads(line)) for line in zstd.decompress(path.read_bytes()).splitlines()]


def runoff_rounds(election: Election) -> tuple[list[dict[str, int]], int | None]:
    """The rounds and the winner; the record names none where the last two are equal, for it draws no lots."""
    result = instant_runoff(election.ballots, election.candidates)
    rounds = [{name: int(votes) for name, votes in round_.tally.items()} for round_ in result.rounds]
    if any(tie.purpose == "to be elected" for tie in result.ties):
        assert len(set(rounds[-1].values())) == 1
        return rounds, None
    return rounds, int(result.winners[0])


def wrong(elections: list[Election]) -> Iterator[str]:
    for election in elections:
        expected, candidates, ballots = election.expected, election.candidates, election.ballots
        matrix = pairwise(ballots, candidates)
        rounds, winner = runoff_rounds(election)
        first = plurality(first_choices(ballots), candidates)
        for what, ours, recorded in (
            ("first preferences", dict(first.rounds[0].tally), expected["first_preferences"]),
            ("plurality", list(first.winners), election.names(expected["plurality_winners"])),
            ("runoff rounds", rounds, expected["irv_rounds"]),
            ("runoff winner", winner, expected["irv_winner"]),
            ("pairwise", [list(row) for row in matrix], expected["pairwise"]),
            ("Condorcet winner", int(condorcet_winner(matrix, candidates) or 0), expected["condorcet_winner"] or 0),
            ("Condorcet loser", int(condorcet_loser(matrix, candidates) or 0), expected["condorcet_loser"] or 0),
            (
                "Schulze",
                sorted(schulze(ballots, candidates).winners),
                sorted(election.names(expected["schulze_winners"])),
            ),
        ):
            if ours != recorded:
                yield f"{election.id}, {what}: {ours} instead of {recorded}"


@pytest.mark.slow
def test_single_winner_methods_agree_with_every_record(elections: list[Election]) -> None:
    assert list(wrong(elections)) == []
    assert len(elections) == 516


def test_seats_agree_with_every_record(elections: list[Election]) -> None:
    different: list[str] = []
    compared = 0
    for election in elections:
        recorded = election.expected.get("stv_scotland_winners")
        if recorded is None:
            continue
        compared += 1
        result = scottish_vote(election.ballots, election.candidates, election.seats)
        if set(result.winners) != set(election.names(recorded)):
            different.append(f"{election.id}: {result.winners} instead of {recorded}; {result.ties}")
        assert all(round_.total == result.rounds[0].total for round_ in result.rounds)
    assert different == []
    assert compared == 515

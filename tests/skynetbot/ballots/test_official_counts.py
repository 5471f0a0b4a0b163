"""Every RCTab contest of the shared data, counted again: each round's tally, quota, transfers, and the winners."""

import json
from collections.abc import Mapping, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from skynetbot.ballots.ballot import Ranked, ranked
from skynetbot.ballots.bottoms_up import BottomsUpRules, bottoms_up
from skynetbot.ballots.instant_runoff import RunoffRules, instant_runoff, sequential_runoff
from skynetbot.ballots.reading import Overvotes, Reading
from skynetbot.ballots.result import Inactive, Result, Round
from skynetbot.ballots.ties import DrawnOrder, EarlierRounds, ListedOrder, Lot, TieStep
from skynetbot.ballots.transferable import TransferRules, single_transferable

try:
    from compression import zstd
except ImportError:
    from backports import zstd

WRITE_INS = "Undeclared Write-ins"
OVERVOTES: Mapping[str, Overvotes] = {
    "exhaustImmediately": "exhaust",
    "alwaysSkipToNextRank": "skip",
    "exhaustIfMultipleContinuing": "exhaust if several continue",
}
UNSAID: Mapping[str, Any] = {
    "batchElimination": False,
    "continueUntilTwoCandidatesRemain": False,
    "cutoffElimination": False,
    "doesFirstRoundDetermineThreshold": False,
    "exhaustOnDuplicateCandidate": False,
    "hareQuota": False,
    "minimumVoteThreshold": "0",
    "nonIntegerWinningThreshold": False,
    "randomSeed": "",
    "stopTabulationEarlyAfterRound": "",
}
REASONS = {
    "exhaustedChoices": Inactive.EXHAUSTED,
    "overvotes": Inactive.OVERVOTED,
    "repeatedRankings": Inactive.REPEATED,
    "skippedRankings": Inactive.SKIPPED,
    "finalRoundSurplus": Inactive.FINAL_SURPLUS,
}


@pytest.fixture(scope="module")
def contests(shared_data: Path) -> list[dict[str, Any]]:
    path = shared_data / "elections" / "dev" / "rctab_cases.jsonl.zst"
    if not path.is_file():
        pytest.skip(f"outside data is not here: {path}")
    return [json.loads(line) for line in zstd.decompress(path.read_bytes()).splitlines()]


def test_every_official_count_is_repeated_exactly(contests: list[dict[str, Any]]) -> None:
    different = {case["id"]: found for case in contests if (found := differences(case, counted(case)))}
    assert not different, json.dumps(different, indent=1)
    assert len(contests) == 18


def counted(case: Mapping[str, Any]) -> Result:
    rules = {**UNSAID, **case["rules"]}
    candidates = [*case["candidates"]]
    if WRITE_INS in case["expected"]["rounds"][0]["tally"]:
        candidates.append(WRITE_INS)
    write_in = WRITE_INS if WRITE_INS in candidates else None
    ballots = [ballot(entry, candidates) for entry in case["ballots"]]
    skips = rules["maxSkippedRanksAllowed"]
    reading = Reading(
        overvotes=OVERVOTES[rules["overvoteRule"]],
        skips=None if skips == "unlimited" else int(skips),
        end_at_repeat=rules["exhaustOnDuplicateCandidate"],
    )
    ties = tie_steps(rules, candidates)
    minimum = int(rules["minimumVoteThreshold"] or 0)
    out = case["excluded"]
    mode = rules["winnerElectionMode"]
    if mode in ("singleWinnerMajority", "multiPassIrv"):
        runoff = RunoffRules(
            reading=reading,
            fixed_quota=rules["doesFirstRoundDetermineThreshold"],
            batch=rules["batchElimination"],
            minimum=minimum,
            down_to_two=rules["continueUntilTwoCandidatesRemain"],
            last_round=int(rules["stopTabulationEarlyAfterRound"] or 0) or None,
            write_in=write_in,
        )
        if mode == "multiPassIrv":
            # The official file has the first pass only.
            return sequential_runoff(ballots, candidates, int(rules["numberOfWinners"]), runoff, ties, out)[0]
        return instant_runoff(ballots, candidates, runoff, ties, out)
    if mode in ("bottomsUp", "bottomsUpUsingPercentageThreshold"):
        percent = Fraction(rules["multiSeatBottomsUpPercentageThreshold"]) if mode != "bottomsUp" else None
        until = BottomsUpRules(
            reading=reading,
            seats=None if percent else int(rules["numberOfWinners"]),
            percent=percent,
            fixed_threshold=rules["doesFirstRoundDetermineThreshold"],
            cutoff=rules["cutoffElimination"],
            minimum=minimum,
            write_in=write_in,
        )
        return bottoms_up(ballots, candidates, until, ties, out)
    transfers = TransferRules(
        seats=int(rules["numberOfWinners"]),
        reading=reading,
        quota="hare" if rules["hareQuota"] else "droop",
        fractional_quota=rules["nonIntegerWinningThreshold"],
        digits=int(rules["decimalPlacesForVoteArithmetic"]),
        one_a_round=mode == "multiWinnerAllowOnlyOneWinnerPerRound",
        batch=rules["batchElimination"],
        minimum=minimum,
        write_in=write_in,
    )
    return single_transferable(ballots, candidates, transfers, ties, out)


def ballot(entry: tuple[int, list[str | list[str] | None]], candidates: Sequence[str]) -> Ranked:
    papers, places = entry
    # Scanners report some over-votes without the names; which names they were makes no difference to these rules.
    special: dict[str, str | list[str]] = {"OVERVOTE": [*candidates[:2]], "UWI": WRITE_INS}
    return ranked(*(special.get(p, p) if isinstance(p, str) else p for p in places), papers=papers)


def tie_steps(rules: Mapping[str, Any], candidates: Sequence[str]) -> tuple[TieStep, ...]:
    """RCTab numbers the tied by name for a plain lot, and in Java's order of a hash set after earlier rounds."""
    seed = str(rules["randomSeed"])
    match rules["tiebreakMode"]:
        case "useCandidateOrder":
            return (ListedOrder(),)
        case "random":
            return (Lot(seed, "java", tuple(sorted(candidates))),)
        case "generatePermutation":
            return (DrawnOrder(seed, "java", tuple(sorted(candidates))),)
        case "previousRoundCountsThenRandom":
            return EarlierRounds(), Lot(seed, "java", tuple(sorted(candidates, key=lambda name: (bucket(name), name))))
        case other:
            raise NotImplementedError(other)


def bucket(name: str) -> int:
    """Where `java.util.HashMap` with 16 buckets keeps a string."""
    code = 0
    for letter in name:
        code = (31 * code + ord(letter)) & 0xFFFFFFFF
    return (code ^ code >> 16) & 15


def differences(case: Mapping[str, Any], result: Result) -> list[str]:
    expected = case["expected"]
    found: list[str] = []
    if sorted(result.winners) != sorted(expected["winners"]):
        found.append(f"winners {result.winners} instead of {expected['winners']}")
    if len(result.rounds) != len(expected["rounds"]):
        found.append(f"{len(result.rounds)} rounds instead of {len(expected['rounds'])}")
    for ours, official in zip(result.rounds, expected["rounds"], strict=False):
        for what, mine, theirs in compared(ours, official):
            if mine != theirs:
                found.append(f"round {ours.number}, {what}: {mine} instead of {theirs}")
    blank = result.rounds[0].inactive.get(Inactive.BLANK, 0)
    if blank != expected["summary"]["undervotes"]:
        found.append(f"{blank} blank instead of {expected['summary']['undervotes']}")
    return found


def compared(ours: Round, official: Mapping[str, Any]) -> list[tuple[str, object, object]]:
    return [
        ("tally", ours.tally, {name: Fraction(votes) for name, votes in official["tally"].items()}),
        ("quota", ours.quota, Fraction(official["threshold"])),
        (
            "inactive",
            {why: votes for why, votes in ours.inactive.items() if why != Inactive.BLANK},
            {REASONS[why]: Fraction(votes) for why, votes in official["inactive"].items() if Fraction(votes)},
        ),
        ("moves", our_moves(ours), official_moves(official["events"])),
    ]


def our_moves(ours: Round) -> dict[str, tuple[str, dict[str, Fraction]]]:
    moves: dict[str, tuple[str, dict[str, Fraction]]] = {}
    for move in ours.moves:
        votes = {**move.to, "exhausted": move.inactive, "residual surplus": move.lost}
        what = "eliminated" if move.what == "excluded" else "elected"
        moves[move.candidate] = what, {name: number for name, number in votes.items() if number}
    return moves


def official_moves(events: Sequence[Mapping[str, Any]]) -> dict[str, tuple[str, dict[str, Fraction]]]:
    moves: dict[str, tuple[str, dict[str, Fraction]]] = {}
    for event in events:
        what = "elected" if "elected" in event else "eliminated"
        votes = {name: Fraction(number) for name, number in event["transfers"].items()}
        moves[event[what]] = what, {name: number for name, number in votes.items() if number}
    return moves

"""The journal: what it gives back after any end, however abrupt."""

import os
import random
from pathlib import Path

import pytest

from skynetbot.writes.journal import Journal, JournalError, claim, orphans
from skynetbot.writes.operations import Append, Increment, Operation, Set
from skynetbot.writes.records import UnknownOperation, encode_group, encode_record


def group(number: int) -> list[Operation]:
    return [
        Increment("members", (1, number), "messages", number),
        Set("members", (1, number), "name", "é" * (number % 40)),
        Append("logs", (1, "x"), "lines", {"n": number}, 5),
    ]


def fill(journal: Journal, first: int, last: int, per_record: int = 1) -> None:
    number = first
    while number <= last:
        groups = [encode_group(group(n)) for n in range(number, min(number + per_record, last + 1))]
        journal.append(number, groups)
        number += len(groups)


def abandon(journal: Journal) -> None:
    """As kill -9 leaves it: the lock goes with the process, nothing else is done."""
    assert journal._lock is not None
    os.close(journal._lock)
    journal._lock = None


def test_what_was_appended_comes_back_in_order(tmp_path: Path) -> None:
    journal = claim(tmp_path)
    fill(journal, 1, 300, per_record=7)
    abandon(journal)
    again = claim(tmp_path)
    assert again.writer == journal.writer
    replayed = list(again.replay(0))
    assert [g.sequence for g in replayed] == list(range(1, 301))
    assert replayed[41].operations == group(42)
    assert [g.sequence for g in claim_again(again, tmp_path).replay(298)] == [299, 300]


def claim_again(journal: Journal, root: Path) -> Journal:
    abandon(journal)
    return claim(root)


def test_a_torn_tail_is_cut_at_any_byte(tmp_path: Path) -> None:
    journal = claim(tmp_path)
    fill(journal, 1, 20)
    abandon(journal)
    (segment,) = journal.folder.glob("*.journal")
    whole = segment.read_bytes()
    ends = [36 - 4, *_record_ends(whole)]
    for cut in sorted({*random.sample(range(len(whole)), 60), 0, 10, len(whole) - 1}):
        segment.write_bytes(whole[:cut])
        again = claim(tmp_path)
        expected = max(0, sum(end <= cut for end in ends) - 1)
        assert [g.sequence for g in again.replay(0)] == list(range(1, expected + 1)), cut
        # Life goes on after the cut, and both parts are there the next time.
        fill(again, expected + 1, expected + 3)
        abandon(again)
        third = claim(tmp_path)
        assert [g.sequence for g in third.replay(0)] == list(range(1, expected + 4)), cut
        abandon(third)
        for path in journal.folder.glob("*.journal"):
            path.unlink()


def _record_ends(data: bytes) -> list[int]:
    ends, offset = [], 32
    while offset < len(data):
        offset += 8 + int.from_bytes(data[offset : offset + 4], "little")
        ends.append(offset)
    return ends


def test_a_flipped_bit_never_gives_a_wrong_operation(tmp_path: Path) -> None:
    journal = claim(tmp_path)
    fill(journal, 1, 30)
    abandon(journal)
    (segment,) = journal.folder.glob("*.journal")
    whole = segment.read_bytes()
    for _ in range(200):
        broken = bytearray(whole)
        place = random.randrange(len(broken))
        broken[place] ^= 1 << random.randrange(8)
        segment.write_bytes(broken)
        again = claim(tmp_path)
        replayed = list(again.replay(0))
        assert [g.operations for g in replayed] == [group(g.sequence) for g in replayed]
        assert [g.sequence for g in replayed] == list(range(1, len(replayed) + 1))
        abandon(again)


def test_damage_before_the_last_segment_is_kept_aside_and_said(tmp_path: Path) -> None:
    journal = claim(tmp_path)
    fill(journal, 1, 10)
    journal._next_segment(11)
    fill(journal, 11, 20)
    abandon(journal)
    first, _ = sorted(journal.folder.glob("*.journal"))
    data = bytearray(first.read_bytes())
    data[-3] ^= 0xFF
    first.write_bytes(data)
    again = claim(tmp_path)
    assert [g.sequence for g in again.replay(0)] == [*range(1, 10), *range(11, 21)]
    assert again.damaged == 1
    assert first.with_suffix(".damaged").read_bytes() == data


def test_committed_segments_go_and_a_clean_end_leaves_none(tmp_path: Path) -> None:
    journal = claim(tmp_path)
    fill(journal, 1, 10)
    journal._next_segment(11)
    fill(journal, 11, 20)
    journal.drop(9)
    assert len(list(journal.folder.glob("*.journal"))) == 2, "operation 10 is not committed"
    journal.drop(10)
    assert len(list(journal.folder.glob("*.journal"))) == 1
    journal.close(committed=20)
    assert not list(journal.folder.glob("*.journal"))
    assert list(orphans(tmp_path)) == []


def test_two_processes_never_share_a_journal(tmp_path: Path) -> None:
    first, second = claim(tmp_path), claim(tmp_path)
    assert first.folder != second.folder
    assert first.writer != second.writer
    fill(first, 1, 3)
    assert list(orphans(tmp_path)) == [], "its owner lives"
    abandon(first)
    (left,) = orphans(tmp_path)
    assert left.writer == first.writer
    assert [g.sequence for g in left.replay(1)] == [2, 3]


def test_a_full_disk_leaves_nothing_half_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    journal = claim(tmp_path)
    fill(journal, 1, 5)
    real = os.write

    def full(file: int, data: bytes) -> int:
        if len(data) > 10:
            real(file, data[:10])
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "write", full)
    with pytest.raises(JournalError, match="No space left"):
        fill(journal, 6, 6)
    monkeypatch.setattr(os, "write", real)
    fill(journal, 6, 7)
    abandon(journal)
    assert [g.sequence for g in claim(tmp_path).replay(0)] == list(range(1, 8))


def test_an_operation_of_a_newer_version_stops_the_start_and_says_so(tmp_path: Path) -> None:
    journal = claim(tmp_path)
    journal.append(1, [b"\x91\x95\x63\xa1m\x91\x01\xa1f\x01"])  # [[99, "m", [1], "f", 1]]
    abandon(journal)
    with pytest.raises(UnknownOperation, match="newer version"):
        list(claim(tmp_path).replay(0))


def test_an_unusable_folder_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(JournalError, match="file"):
        claim(tmp_path / "file" / "journal")


def test_a_record_says_how_long_it_is() -> None:
    record = encode_record(1, [encode_group(group(1))])
    assert int.from_bytes(record[:4], "little") == len(record) - 8

"""One writer's journal: a folder of append-only segments, locked by the process that writes it.

``append`` puts bytes into the kernel before it returns, so that they outlive the process; `durability` moves them to
the disk. Segments whose operations are committed are deleted.
"""

import os
import uuid
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Final

from skynetbot.errors import SkynetBotError
from skynetbot.observability.logs import get_logger
from skynetbot.writes.filelock import lock_file
from skynetbot.writes.records import HEADER_SIZE, Group, encode_record, header, read_header, read_records

__all__ = ["Journal", "JournalError", "claim", "orphans"]

_log = get_logger(__name__)
_SUFFIX: Final = ".journal"
_ROTATE_BYTES: Final = 4 << 20
_MAX_WRITERS: Final = 1_000


class JournalError(SkynetBotError):
    """The journal could not take the operation: it is not acknowledged."""


class Journal:
    """The segments of one writer. Not for several threads; only ``unsynced`` files are synced elsewhere."""

    def __init__(self, folder: Path, lock: int) -> None:
        self._folder = folder
        self._lock: int | None = lock
        self._writer = _writer_id(folder)
        self._segments: list[tuple[int, Path]] = _segments(folder)
        """(first sequence number, file), oldest first; the last one is being written when ``_file`` is open."""
        self._file: int | None = None
        self._size = 0
        self._retired: list[int] = []
        self._folder_unsynced = False
        self.appended = 0
        """The highest sequence number whose bytes the kernel has."""
        self.cut_bytes = 0
        """What was cut off at the end of the last segment when it was opened."""
        self.damaged = 0
        """Segments that broke off before the last one; they are kept aside as ``*.damaged``."""

    @property
    def writer(self) -> str:
        """The name under which the database keeps this journal's position."""
        return self._writer.hex()

    @property
    def folder(self) -> Path:
        return self._folder

    def replay(self, after: int) -> Iterator[Group]:
        """Every whole group after that position, in order; torn tails are cut, damage is put aside and logged."""
        for place, (first, path) in enumerate(self._segments):
            data = path.read_bytes()
            found = read_header(data)
            end = HEADER_SIZE if found is not None else 0
            if found is not None and found == (self._writer, first):
                for after_record, groups in read_records(data):
                    end = after_record
                    for group in groups:
                        self.appended = max(self.appended, group.sequence)
                        if group.sequence > after:
                            yield group
            if end < len(data):
                self._broken(path, data, end, last=place == len(self._segments) - 1)
        self.appended = max(self.appended, after)

    def read(self, after: int, upto: int) -> Iterator[Group]:
        """The groups with ``after < sequence <= upto`` that are still on file; changes nothing."""
        for _, path in self._segments:
            data = path.read_bytes()
            for _, groups in read_records(data):
                yield from (group for group in groups if after < group.sequence <= upto)

    def append(self, first_sequence: int, groups: Sequence[bytes]) -> None:
        """Write one record.

        Raises:
            JournalError: the file system refused; nothing of the record is left in the file.
        """
        record = encode_record(first_sequence, groups)
        try:
            if self._file is None or self._size >= _ROTATE_BYTES:
                self._next_segment(first_sequence)
            self._write(record)
        except OSError as error:
            message = f"The journal {self._folder} cannot be written: {error.strerror}. Check its space and rights."
            raise JournalError(message) from error
        self._size += len(record)
        self.appended = first_sequence + len(groups) - 1

    def take_unsynced(self) -> Callable[[], None]:
        """What moves all that was appended to the disk, to be called once, in the thread that syncs."""
        retired, self._retired = self._retired, []
        files = retired if self._file is None else [*retired, self._file]
        folder = self._folder if self._folder_unsynced else None
        self._folder_unsynced = False

        def sync() -> None:
            try:
                for file in files:
                    os.fdatasync(file)
                if folder is not None:
                    _sync_folder(folder)
            finally:
                for file in retired:
                    os.close(file)

        return sync

    def drop(self, upto: int) -> None:
        """Delete the segments whose every operation is committed."""
        while len(self._segments) > 1 and self._segments[1][0] <= upto + 1:
            self._segments.pop(0)[1].unlink(missing_ok=True)

    def bytes_on_disk(self) -> int:
        """What the segments hold now."""
        older = sum(path.stat().st_size for _, path in self._segments[:-1] if path.exists())
        return older + self._size

    def close(self, committed: int) -> None:
        """Release the folder; without anything uncommitted its segments go too."""
        if self._lock is None:
            return
        if self._file is not None:
            os.fdatasync(self._file)
            os.close(self._file)
            self._file = None
        for file in self._retired:
            os.close(file)
        self._retired = []
        if committed >= self.appended:
            for _, path in self._segments:
                path.unlink(missing_ok=True)
            self._segments = []
        os.close(self._lock)
        self._lock = None

    def _write(self, record: bytes) -> None:
        file = self._file
        assert file is not None  # noqa: S101
        written = 0
        try:
            # One call nearly always; a full disk or a signal may take part of it.
            while written < len(record):
                written += os.write(file, record[written:] if written else record)
        except OSError:
            os.ftruncate(file, self._size)
            raise

    def _next_segment(self, first_sequence: int) -> None:
        path = self._folder / f"{first_sequence:020d}{_SUFFIX}"
        # TRUNC: a file of this name can only be one that held nothing whole.
        file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_APPEND, 0o600)
        try:
            os.write(file, header(self._writer, first_sequence))
        except OSError:
            os.close(file)
            path.unlink(missing_ok=True)
            raise
        if self._file is not None:
            self._retired.append(self._file)
        if self._segments and self._segments[-1][0] == first_sequence:
            self._segments.pop()
        self._segments.append((first_sequence, path))
        self._file, self._size = file, HEADER_SIZE
        self._folder_unsynced = True

    def _broken(self, path: Path, data: bytes, end: int, *, last: bool) -> None:
        if last:
            self.cut_bytes += len(data) - end
            _log.warning("a torn journal tail was cut", file=path.name, bytes=len(data) - end)
            with path.open("r+b") as file:
                file.truncate(end)
                os.fsync(file.fileno())
            return
        self.damaged += 1
        aside = path.with_suffix(".damaged")
        aside.write_bytes(data)
        _log.error("a journal segment is damaged; what follows the damage was not applied", kept=str(aside), offset=end)


def claim(root: Path) -> Journal:
    """The first journal folder under ``root`` that no living process holds, made when there is none.

    Raises:
        JournalError: the folder cannot be used.
    """
    try:
        root.mkdir(parents=True, exist_ok=True)
        for number in range(1, _MAX_WRITERS + 1):
            journal = _take(root / f"writer-{number:03d}", make=True)
            if journal is not None:
                return journal
    except OSError as error:
        message = f"The journal {root} cannot be opened: {error.strerror}. Check the folder's rights and space."
        raise JournalError(message) from error
    raise JournalError(f"More than {_MAX_WRITERS} processes write below {root}.")


def orphans(root: Path) -> Iterator[Journal]:
    """Journals that processes left behind which are gone now; each must be closed by the caller."""
    for folder in sorted(root.glob("writer-*")):
        if any(folder.glob(f"*{_SUFFIX}")):
            journal = _take(folder, make=False)
            if journal is not None:
                yield journal


def _take(folder: Path, *, make: bool) -> Journal | None:
    if make:
        folder.mkdir(exist_ok=True)
    lock = lock_file(folder / "lock")
    return None if lock is None else Journal(folder, lock)


def _writer_id(folder: Path) -> bytes:
    path = folder / "writer"
    if path.exists():
        known = bytes.fromhex(path.read_text(encoding="ascii").strip())
        if len(known) == 16:
            return known
    # A name of its own for ever: positions in the database belong to it.
    made = uuid.uuid4().bytes
    beside = folder / "writer.new"
    with beside.open("w", encoding="ascii") as file:
        file.write(made.hex())
        file.flush()
        os.fsync(file.fileno())
    beside.replace(path)
    _sync_folder(folder)
    return made


def _segments(folder: Path) -> list[tuple[int, Path]]:
    return sorted((int(path.stem), path) for path in folder.glob(f"*{_SUFFIX}"))


def _sync_folder(folder: Path) -> None:
    file = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(file)
    finally:
        os.close(file)

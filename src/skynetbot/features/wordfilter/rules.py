"""Pure rules of the word filter: normalise a text, then match whole words of a server's list in it.

Normalising folds case, accents, full-width and styled letters (Unicode NFKD), drops invisible characters, and
reads common digit-for-letter spellings. ``*`` at either end of a word matches any letters there.
"""

import re
import unicodedata
from collections.abc import Iterable
from typing import Final

import msgspec

__all__ = ["Match", "WordMatcher", "normalise"]

_LEET: Final = str.maketrans({"0": "o", "1": "i", "3": "e", "4": "a", "5": "s", "7": "t", "@": "a", "$": "s"})
_DROPPED: Final = frozenset({"Mn", "Cf", "Me"})
"""Combining marks and invisible format characters, which hide words from a plain comparison."""
_WORD_LIMIT: Final = r"(?<!\w)", r"(?!\w)"


class Match(msgspec.Struct, frozen=True):
    word: str
    """The list's entry."""
    found: str
    """What stood in the normalised text."""


def normalise(text: str) -> str:
    """Fold what looks or reads alike; plain ASCII only changes case."""
    if text.isascii():
        return text.lower()
    decomposed = unicodedata.normalize("NFKD", text)
    kept = "".join(c for c in decomposed if unicodedata.category(c) not in _DROPPED)
    return unicodedata.normalize("NFKC", kept).casefold()


class WordMatcher:
    """A server's list, compiled once; ``search`` is linear in the text."""

    def __init__(self, words: Iterable[str]) -> None:
        self._words: dict[str, str] = {}
        patterns: list[str] = []
        for word in words:
            folded = " ".join(normalise(word).split())
            core = folded.strip("*").strip()
            if not core:
                continue
            before = r"\w*" if folded.startswith("*") else ""
            after = r"\w*" if folded.endswith("*") else ""
            body = r"\s+".join(re.escape(part) for part in core.split())
            group = f"w{len(self._words)}"
            self._words[group] = word
            patterns.append(f"(?P<{group}>{before}{body}{after})")
        start, end = _WORD_LIMIT
        # Longer entries first: of two that start alike the more telling one is reported.
        patterns.sort(key=len, reverse=True)
        self._pattern = re.compile(f"{start}(?:{'|'.join(patterns)}){end}") if patterns else None

    def __len__(self) -> int:
        return len(self._words)

    def search(self, text: str) -> Match | None:
        """The first unwanted word of the text; None when it is clean."""
        if self._pattern is None:
            return None
        folded = normalise(text)
        found = self._pattern.search(folded)
        if found is None:
            spelled_out = folded.translate(_LEET)
            if spelled_out == folded:
                return None
            found = self._pattern.search(spelled_out)
            if found is None:
                return None
        return Match(self._words[found.lastgroup or ""], found.group())

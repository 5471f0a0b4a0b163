"""What a count refuses to do, and why."""

from typing import Final

from skynetbot.errors import SkynetBotError

__all__ = ["BallotError", "RuleError", "TieUnbroken"]

_SHOWN: Final = 20
"""Problems in a message; a poll of thousands may repeat one mistake thousands of times."""


class BallotError(SkynetBotError):
    """Ballots that the method cannot count; ``problems`` holds one sentence for each mistake, all of them."""

    def __init__(self, problems: list[str]) -> None:
        rest = len(problems) - _SHOWN
        super().__init__(" ".join(problems[:_SHOWN]) + (f" And {rest} more." if rest > 0 else ""))
        self.problems = problems


class RuleError(SkynetBotError):
    """The rules of the count contradict themselves or its candidates."""


class TieUnbroken(SkynetBotError):
    """Candidates are equal in all that the stated tie-breaks look at; ``tied`` holds them."""

    def __init__(self, tied: tuple[str, ...], purpose: str, number: int) -> None:
        super().__init__(
            f"Round {number}: {', '.join(tied)} are tied ({purpose}) and no stated tie-break separates them; "
            "add the listed order or a lot."
        )
        self.tied = tied

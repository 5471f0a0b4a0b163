"""Natural time phrases: pure rules that read "every other monday at 9" and say what they understood."""

from skynetbot.timephrases.durations import Length, duration
from skynetbot.timephrases.parse import parse
from skynetbot.timephrases.recurrence import Recurrence, next_occurrence
from skynetbot.timephrases.results import Habits, Refused, Understood
from skynetbot.timephrases.shown import describe, moment

__all__ = [
    "Habits",
    "Length",
    "Recurrence",
    "Refused",
    "Understood",
    "describe",
    "duration",
    "moment",
    "next_occurrence",
    "parse",
]

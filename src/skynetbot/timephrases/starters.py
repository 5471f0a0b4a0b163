"""The words that a phrase can begin with, so that every other word is passed over with one look."""

from typing import Final

from skynetbot.timephrases.words import FRACTIONS, HOLIDAYS, MONTHS, NUMBERS, ORDINALS, PARTS, VAGUE, WEEKDAYS

__all__ = ["STARTERS"]

_OTHERS: Final = (
    "the a an another today tomorrow tomorow tommorow tommorrow tmr tmrw tomo yesterday overmorrow tonight tonite this "
    "next last past coming upcoming previous following current day week now right atm immediately asap noon midday "
    "noontime mid midnight midnite lunch lunchtime early late end close eod cob eom eoy eow beginning start middle "
    "closest nearest every each once hourly daily everyday weekly biweekly fortnightly monthly quarterly yearly annually anually "
    "nightly weekdays weekends workdays final"
).split()

STARTERS: Final = (
    frozenset(_OTHERS)
    | frozenset(NUMBERS)
    | frozenset(ORDINALS)
    | frozenset(VAGUE)
    | frozenset(FRACTIONS)
    | frozenset(MONTHS)
    | frozenset(WEEKDAYS)
    | frozenset(word + "s" for word in WEEKDAYS)
    | frozenset(PARTS)
    | frozenset(words[0] for words in HOLIDAYS)
)

"""Reminders in plain words: once or again and again, in one's own time zone, with snoozing."""

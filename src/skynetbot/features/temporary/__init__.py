"""Bans, mutes, roles, locks and slow mode that end when they are to end, and the cases that say so."""

"""Announcements: typed in a form, looked at, then posted now, later or again and again."""

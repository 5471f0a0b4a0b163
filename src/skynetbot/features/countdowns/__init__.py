"""Countdowns: something has a name and a time, and the bot says when it has come."""

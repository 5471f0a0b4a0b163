"""Counts messages per member and day, and gives ranks for them, each once."""

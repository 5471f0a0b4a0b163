"""The message of the day: one of a list, posted once a day at a time of the server's choice."""

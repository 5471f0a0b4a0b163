"""Messages between the parts of the bot; in-process today, between processes behind the same interface."""

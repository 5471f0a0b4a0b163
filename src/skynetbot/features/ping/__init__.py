"""/ping: is the bot there, and how far away is Discord."""

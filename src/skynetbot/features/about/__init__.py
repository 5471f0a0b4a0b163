"""/about: what this bot is, which version, how long it has been up."""

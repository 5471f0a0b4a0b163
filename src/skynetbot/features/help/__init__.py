"""/help: every command, from the registry, so it can never be out of date."""

"""The outside world: shards, typed events, REST, slash commands, on hikari's parts."""

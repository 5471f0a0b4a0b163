"""The gateway, version 10: connections, sessions, shards, intents."""

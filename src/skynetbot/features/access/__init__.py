"""Which roles may change settings and moderate."""

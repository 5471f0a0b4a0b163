"""/stats: the server's counters, or one member's."""

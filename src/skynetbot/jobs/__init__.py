"""Durable work: due times, leases, retries, schedules; and the short waits in memory, each with an owner."""

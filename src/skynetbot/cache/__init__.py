"""Read-through snapshots: immutable values, asked for once, never older than promised, bounded by bytes."""

"""The clients of the gateway bench, a process each."""

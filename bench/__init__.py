"""Every performance claim of the project as a command: ours, the naive way and the peers, in one run."""

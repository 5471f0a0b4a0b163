"""Words that a server does not want: delete, warn and log."""

"""/settings: every feature's settings in Discord, from the same schemas as the dashboard."""

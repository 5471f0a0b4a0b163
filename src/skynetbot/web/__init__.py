"""The dashboard: pages, JSON routes and live updates over what the rest of the bot passes in as ports."""

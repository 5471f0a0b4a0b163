"""What the bot knows of its servers: packed, a tenth of what the libraries keep, decoded when somebody asks."""

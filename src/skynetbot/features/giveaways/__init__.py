"""Giveaways: join by button, requirements, winners drawn in a way that everybody can check."""

"""Servers' settings: one typed struct per feature, and everything that follows from it."""

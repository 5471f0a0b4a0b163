"""Polls: plain, approval and ranked ones, counted by stated rules, with every round and broken tie on record."""

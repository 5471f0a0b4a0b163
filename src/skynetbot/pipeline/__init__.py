"""One message's way through the house: compiled plans, stages, verdicts, and carrying them out."""

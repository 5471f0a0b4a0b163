"""One folder per feature. `contract` says what a feature declares, `registry` finds them all."""

"""The comparison that `python -m sklearn_twolayer` prints; the core does not import it."""

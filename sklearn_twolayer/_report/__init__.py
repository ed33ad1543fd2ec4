"""The comparison that `python -m sklearn_twolayer` prints; nothing of the core imports it."""

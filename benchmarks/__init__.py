"""Measurements of sklearn_twolayer beside what one would use instead."""

"""Benchmarks of sklearn_twolayer and its alternatives."""

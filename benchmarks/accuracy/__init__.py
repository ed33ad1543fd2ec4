"""Comparison of default estimators on real tables that anyone can install."""

"""Default estimators side by side on real tables that anyone can install."""

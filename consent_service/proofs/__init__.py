"""Proofs: what logs show to outsiders, and the check that a log is what it says."""

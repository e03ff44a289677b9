"""Notices: what visitors are shown, published as immutable, numbered snapshots."""

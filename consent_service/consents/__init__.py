"""Consents: what visitors decide, recorded as events that are only ever added."""

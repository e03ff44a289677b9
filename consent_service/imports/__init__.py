"""Imports: older consents, taken over from elsewhere."""

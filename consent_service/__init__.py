"""Self-hosted consent service: versioned policies, a banner, and consents that can be proved."""

__version__ = "0.1.0"

"""The worker: what goes on beside requests."""

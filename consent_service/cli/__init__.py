"""The `consent-service` command."""

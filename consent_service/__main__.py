"""`python -m consent_service` is the `consent-service` command."""

from consent_service.cli.main import main

main()

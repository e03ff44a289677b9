"""The verifier's command: `consent-verify`, or `python -m consent_service.evidence`."""

import sys


def main() -> None:
    """Check what the arguments name, and exit with the verdict."""
    # The processes that share the work import this module too, and need none of that.
    from consent_service.evidence.command import run  # noqa: PLC0415

    sys.exit(run(sys.argv[1:]))


if __name__ == "__main__":
    main()

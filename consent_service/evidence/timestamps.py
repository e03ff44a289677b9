"""RFC 3161 time stamps of a checkpoint, checked against a named authority."""

from datetime import datetime

from cryptography.x509 import (
    Certificate,
    ExtendedKeyUsage,
    ExtensionNotFound,
    load_pem_x509_certificates,
)
from cryptography.x509.oid import ExtendedKeyUsageOID


class TimestampError(ValueError):
    """A time stamp that does not hold, or cannot be checked here."""


def check_timestamp(response: bytes, stamped: bytes, authority: bytes, chain: bytes) -> datetime:
    """Return when some bytes were stamped; `authority` and `chain` are certificates in PEM.

    Raises:
        TimestampError: the stamp is not one of these bytes by this authority.
    """
    try:
        from rfc3161_client import (  # noqa: PLC0415 - an optional package
            VerificationError,
            VerifierBuilder,
            decode_timestamp_response,
        )
    except ImportError:
        message = (
            "checking time stamps needs the package rfc3161-client: install the extra timestamps"
        )
        raise TimestampError(message) from None
    try:
        roots = load_pem_x509_certificates(authority)
    except ValueError:
        raise TimestampError("the certificate of the authority is not PEM") from None
    try:
        decoded = decode_timestamp_response(response)
        builder = VerifierBuilder()
        for root in roots:
            builder = builder.add_root_certificate(root)
        stampers, others = _sorted_out(chain)
        for certificate in others:
            builder = builder.add_intermediate_certificate(certificate)
        if stampers:
            builder = builder.tsa_certificate(stampers[0])
        builder.build().verify_message(decoded, stamped)
        stamped_at: datetime = decoded.tst_info.gen_time
    except (ValueError, VerificationError) as error:
        raise TimestampError(f"the time stamp does not hold: {error}"[:300]) from error
    return stamped_at


def _sorted_out(chain: bytes) -> tuple[list[Certificate], list[Certificate]]:
    """Return the certificates that stamp, and the others."""
    stampers: list[Certificate] = []
    others: list[Certificate] = []
    for certificate in dict.fromkeys(load_pem_x509_certificates(chain) if chain else ()):
        (stampers if _stamps(certificate) else others).append(certificate)
    return stampers, others


def _stamps(certificate: Certificate) -> bool:
    try:
        usage = certificate.extensions.get_extension_for_class(ExtendedKeyUsage)
    except ExtensionNotFound:
        return False
    return ExtendedKeyUsageOID.TIME_STAMPING in usage.value

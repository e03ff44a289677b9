"""Checks of how a site is embedded: where the service answers, and who is sent its cookies."""

from collections.abc import Iterator
from urllib.parse import urlsplit

from consent_service.core.errors import FieldError
from consent_service.publishing.model import SiteSource

_BASE_URL, _COOKIE_DOMAIN = "site.yaml: embed.base_url", "site.yaml: embed.cookie_domain"


def embed_problems(source: SiteSource) -> Iterator[FieldError]:
    """Yield why a site cannot be embedded as it says."""
    embed = source.embed
    if embed.mode == "external":
        return
    if not embed.base_url:
        yield FieldError(_BASE_URL, f"is needed in mode {embed.mode}")
    elif embed.mode == "path" and _origin(embed.base_url) not in source.origins:
        yield FieldError(_BASE_URL, "must begin with one of the site's origins in mode path")
    if embed.mode == "subdomain" and not embed.cookie_domain:
        yield FieldError(_COOKIE_DOMAIN, "is needed in mode subdomain")
    elif embed.mode == "subdomain" and embed.cookie_domain:
        yield from _domain_problems(source, embed.cookie_domain)


def _domain_problems(source: SiteSource, domain: str) -> Iterator[FieldError]:
    """Browsers take a cookie for the domain of the host that sets it, or one above (RFC 6265)."""
    if "." not in domain and domain != "localhost":
        yield FieldError(_COOKIE_DOMAIN, f"no browser keeps cookies for all of {domain}")
    host = urlsplit(source.embed.base_url or "").hostname
    if host and not _is_under(host, domain):
        yield FieldError(_COOKIE_DOMAIN, f"must be {host}, where base_url leads, or above it")
    for position, origin in enumerate(source.origins):
        if not _is_under(urlsplit(origin).hostname or "", domain):
            message = f"lies outside of {domain}, so that its pages have no cookie"
            yield FieldError(f"site.yaml: origins.{position}", message)


def _origin(address: str) -> str:
    """Return the origin of an address as browsers send it."""
    parts = urlsplit(address)
    default = {"http": ":80", "https": ":443"}[parts.scheme]
    return f"{parts.scheme}://{parts.netloc.lower().removesuffix(default)}"


def _is_under(host: str, domain: str) -> bool:
    """Tell whether a host is a domain or lies below it; an address in numbers has none above."""
    is_address = ":" in host or host.replace(".", "").isdigit()
    return host == domain or (host.endswith(f".{domain}") and not is_address)

"""Security headers, by surface."""

from flask import Response

API_POLICY = "default-src 'none'; frame-ancestors 'none'; base-uri 'none'"
_EVERYWHERE = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
}


def page_policy(form_targets: tuple[str, ...] = ()) -> str:
    """Return the policy of a page for people: own style sheets, no script, forms to itself.

    `form_targets` are origins that an answer to the form may redirect to.
    """
    targets = " ".join(("'self'", *form_targets))
    return (
        "default-src 'none'; style-src 'self'; img-src 'self'; "
        f"form-action {targets}; frame-ancestors 'none'; base-uri 'none'"
    )


def add(answer: Response) -> Response:
    """Add the headers that a view has not set itself."""
    for name, value in _EVERYWHERE.items():
        answer.headers.setdefault(name, value)
    answer.headers.setdefault("Content-Security-Policy", API_POLICY)
    answer.headers.setdefault("Cross-Origin-Resource-Policy", "cross-origin")
    answer.headers.setdefault("Cache-Control", "no-store")
    return answer

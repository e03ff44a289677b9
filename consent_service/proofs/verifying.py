"""`/v1/verify`: what a receipt proves, for programs and on a page for people."""

from flask import Response, jsonify, request
from flask.typing import ResponseReturnValue

from consent_service.core.clock import parse_time
from consent_service.core.errors import InvalidRequestError, MalformedRequestError
from consent_service.http.body import load, read_json
from consent_service.http.languages import wanted_locale
from consent_service.http.origins import allow_everyone
from consent_service.http.pages import languages, moment, page, page_locales
from consent_service.http.routes import Access, Answer, Route
from consent_service.proofs.schemas import VerificationOut, VerifyIn
from consent_service.proofs.telling import record_rows, tell, told_locales, words_of
from consent_service.proofs.verification import Checked, VerificationService

_PATH = "/v1/verify"
_FORMS = ("multipart/form-data", "application/x-www-form-urlencoded")
_body = VerifyIn()


class VerifyApi:
    """Checks receipts that somebody shows."""

    def __init__(self, verification: VerificationService) -> None:
        self._verification = verification

    def show(self) -> Response:
        """Return the page, empty."""
        return _page()

    def check(self) -> ResponseReturnValue:
        """Check a receipt: JSON is answered with JSON, the page's form with the page."""
        if request.mimetype in _FORMS:
            return self._check_form()
        checked = self._verification.check(*_wanted(load(_body, read_json())))
        told = tell(checked, wanted_locale(told_locales()))
        report = checked.report.to_json()
        return allow_everyone(
            jsonify(
                verdict=report["verdict"],
                summary=told.summary,
                proves=list(told.proves),
                does_not_prove=list(told.does_not_prove),
                facts=report["facts"],
                findings=report["findings"],
            )
        )

    def _check_form(self) -> Response:
        content = _sent()
        if not content:
            return _page(missing=True)
        return _page(content, self._verification.check(content))

    def routes(self) -> list[Route]:
        """Return the routes of checking."""
        shown = Answer(status=200, description="The page", media=("text/html",))
        told = Answer(status=200, description="What it proves", schema=VerificationOut())
        return [
            Route(
                method="GET",
                path=_PATH,
                view=self.show,
                access=Access.PUBLIC,
                tag="Log",
                summary="A page that checks receipts",
                answers=(shown,),
            ),
            Route(
                method="POST",
                path=_PATH,
                view=self.check,
                access=Access.PUBLIC,
                tag="Log",
                summary="Check a receipt, and say what it proves",
                request=_body,
                answers=(told,),
                problems=(InvalidRequestError, MalformedRequestError),
            ),
        ]


def _wanted(body: dict[str, str]) -> tuple[str, str | None]:
    return body["receipt"], body.get("proof")


def _sent() -> str:
    """Return what the form sent: the file, or else the text."""
    file = request.files.get("file")
    content = file.read().decode("utf-8", "replace") if file else ""
    return (content or request.form.get("receipt", "")).strip()


def _page(content: str = "", checked: Checked | None = None, *, missing: bool = False) -> Response:
    locale = wanted_locale(page_locales())
    record = record_rows(checked.report.facts) if checked and checked.site else None
    ts = record["ts"] if record else None
    return page(
        "verify.html",
        locale,
        site=None,
        languages=languages(told_locales(), locale),
        v=words_of(locale),
        content=content,
        told=tell(checked, locale) if checked else None,
        record=record,
        when=moment(parse_time(ts), locale, with_time=True) if ts else None,
        missing=missing,
    )

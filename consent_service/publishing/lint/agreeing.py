"""Rules about agreeing: it is an act, it is free, it is about one thing at a time."""

from collections.abc import Iterator

from consent_service.publishing.checks import profile_problems
from consent_service.publishing.lint.findings import Breach
from consent_service.publishing.lint.view import Examined, Shown


def implied_consent(site: Examined) -> Iterator[Breach]:
    """Find texts that take use, silence or staying for consent."""
    for shown in site.by_locale():
        for field, text in shown.prose():
            yield from said(shown, "implied_consent", field, text)


def consent_wall(site: Examined) -> Iterator[Breach]:
    """Find texts that let nobody in without consent."""
    for shown in site.by_locale():
        for field, text in shown.prose():
            yield from said(shown, "consent_wall", field, text)


def bundled_with_terms(site: Examined) -> Iterator[Breach]:
    """Find terms or policies that are agreed to in the same act as uses of data."""
    for shown in site.by_locale():
        for field, text in shown.question():
            yield from said(shown, "agreement_to_terms", field, text)


def pre_ticked(site: Examined) -> Iterator[Breach]:
    """Find what runs before the choice although it stores or reads without being exempt."""
    for shown in site.variants:
        for position, purpose in enumerate(shown.body["purposes"]):
            if purpose["before_choice"] != "allowed":
                continue
            use = site.source.notice.purposes[position].get("use")
            if purpose["choice"] and use not in shown.profile.objection_uses:
                yield Breach(
                    message=f"{purpose['key']} is on before the visitor allowed it",
                    field=f"purposes.{position}.legal_basis",
                )
            elif not purpose["choice"] and _stores_without_exemption(site, purpose["key"]):
                yield Breach(
                    message=f"{purpose['key']} sets cookies on the basis of "
                    f"{purpose['legal_basis']}, without asking and without an exemption",
                    field=f"purposes.{position}.legal_basis",
                )


def no_purposes(site: Examined) -> Iterator[Breach]:
    """Find sites that ask for consent to nothing."""
    if not any(site.consents()):
        yield Breach(
            message="no purpose rests on consent, so there is nothing to consent to",
            field="purposes",
        )


def child_directed(site: Examined) -> Iterator[Breach]:
    """Find purposes that only a child could consent to."""
    notice = site.source.notice
    if notice.child_directed:
        age = max(shown.profile.adult_age for shown in site.variants)
        for position, purpose in site.consents():
            yield Breach(
                message=f"{purpose['key']} rests on consent, which a child under {age} cannot "
                "give: it stays off for everybody",
                field=f"purposes.{position}.legal_basis",
            )


def notice_only_with_consent(site: Examined) -> Iterator[Breach]:
    """Find purposes that need consent on a site that asks for none."""
    for problem in profile_problems(site.source):
        yield Breach(message=problem.message, field="profiles")


def said(shown: Shown, what: str, field: str, text: str) -> Iterator[Breach]:
    """Yield a breach where a text says something, in languages that are known."""
    found = shown.wording and shown.wording.find(what, text)
    if found:
        yield Breach(message=f"says “{found}”", field=field)


def _stores_without_exemption(site: Examined, key: str) -> bool:
    purpose = next(each for each in site.source.notice.purposes if each["key"] == key)
    if purpose["legal_basis"] in {"consent", "not_required"} or purpose.get("exemption"):
        return False
    return any(service["cookies"] for _, service in site.services_of(key))

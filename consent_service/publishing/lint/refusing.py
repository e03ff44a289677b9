"""Rules about refusing: as easy as accepting, and remembered."""

from collections.abc import Iterator

from consent_service.core.colours import READABLE, contrast
from consent_service.publishing.lint.agreeing import said
from consent_service.publishing.lint.findings import Breach
from consent_service.publishing.lint.view import Examined
from consent_service.publishing.lint.wording import plain

_LONGEST_REFUSAL = 40
"""Characters; "Continue without accepting" and its like in other languages are below."""
_TIMES_LONGER = 3
_ASK_AGAIN_AFTER = 184
_ASK_AGAIN_WITHIN = 365


def no_refusal(site: Examined) -> Iterator[Breach]:
    """Find questions that can only be answered with yes."""
    if site.source.notice.child_directed:
        return
    for shown in site.variants:
        if not shown.choices():
            yield Breach(
                message="the first layer offers nothing that could be refused", field="purposes"
            )
        if not has_words(shown.text("reject")):
            yield Breach(
                message="the button that refuses has no words", field=shown.field("reject")
            )


def unequal_refusal(site: Examined) -> Iterator[Breach]:
    """Find refusals that are made to look worse than acceptance."""
    for shown in site.by_locale():
        reject, accept = plain(shown.text("reject")), plain(shown.text("accept"))
        yield from said(shown, "hedged_refusal", shown.field("reject"), reject)
        if len(reject) > max(_LONGEST_REFUSAL, _TIMES_LONGER * len(accept)):
            yield Breach(
                message=f"refusing takes {len(reject)} characters, accepting {len(accept)}",
                field=shown.field("reject"),
            )


def shaming_refusal(site: Examined) -> Iterator[Breach]:
    """Find words that make visitors feel bad about refusing."""
    for shown in site.by_locale():
        for field, text in shown.question():
            yield from said(shown, "shaming", field, text)


def low_contrast(site: Examined) -> Iterator[Breach]:
    """Find colours in which the words on buttons are hard to read."""
    theme = site.source.notice.theme
    accent, ink = theme.get("accent"), theme.get("on_accent")
    if not accent or not ink:
        return
    ratio = contrast(accent, ink)
    if ratio is None:
        yield Breach(message="is no opaque colour such as #1f6f54", field="theme.accent")
    elif ratio < READABLE:
        yield Breach(
            message=f"has a contrast of {ratio:.1f}:1 on accent; the banner takes black or white "
            f"below {READABLE}:1",
            field="theme.on_accent",
        )


def refusal_memory(site: Examined) -> Iterator[Breach]:
    """Find refusals that are forgotten too soon, and consents that are kept too long."""
    retention = site.source.notice.retention
    consent, refusal = retention["consent_days"], retention["refusal_days"]
    if refusal < _ASK_AGAIN_AFTER:
        yield Breach(
            message=f"who refuses is asked again after {refusal} days",
            field="retention.refusal_days",
        )
    if refusal < consent:
        yield Breach(
            message=f"a refusal holds {refusal} days, a consent {consent}",
            field="retention.refusal_days",
        )
    if consent > _ASK_AGAIN_WITHIN:
        yield Breach(message=f"a consent holds {consent} days", field="retention.consent_days")


def no_reopen_control(site: Examined) -> Iterator[Breach]:
    """Find banners whose control to come back has no words."""
    for shown in site.by_locale():
        if not has_words(shown.text("reopen")):
            yield Breach(
                message="the control that brings the choices back has no words",
                field=shown.field("reopen"),
            )


def no_withdrawal(site: Examined) -> Iterator[Breach]:
    """Find questions, and explanations of withdrawal, that do not tell of it."""
    for shown in site.by_locale():
        texts = {
            shown.field("body"): shown.text("body"),
            f"withdrawal.{shown.locale}": shown.body["withdrawal"],
        }
        for field, text in texts.items():
            if shown.wording and not shown.wording.find("withdrawal", text):
                yield Breach(
                    message="does not say that consent can be withdrawn, nor how", field=field
                )


def has_words(text: str) -> bool:
    """Tell whether a text has a letter or a digit."""
    return any(character.isalnum() for character in text)

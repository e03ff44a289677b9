"""The linter: what each rule finds, where it says so, and what it leaves alone."""

from copy import deepcopy
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from consent_service.core.colours import contrast
from consent_service.notices.texts import built_in
from consent_service.publishing.folder import folder_files, read_files, read_folder
from consent_service.publishing.lint import RULES, Finding, Severity, blocking, findings_of, lint
from consent_service.publishing.model import InvalidSiteError, SiteSource, Waiver
from consent_service.publishing.positions import Positions
from consent_service.publishing.starter import KINDS, write_starter
from consent_service.resources import bundled
from tests.unit.folders import Change, document, make

ROOT = Path(__file__).parents[2]
BODY = {
    "en": "Shop Ltd would like to count visits. One company receives data: Tally. "
    "You can change your choice at any time. [Privacy](privacy-policy)",
    "de": "Shop Ltd möchte Besuche zählen. Ein Unternehmen erhält Daten: Tally. "
    "Sie können Ihre Wahl jederzeit ändern. [Datenschutz](privacy-policy)",
}
NECESSARY: dict[str, Any] = {
    "key": "necessary",
    "legal_basis": "not_required",
    "exemption": {"en": "Keeps the basket.", "de": "Hält den Warenkorb."},
    "name": {"en": "Necessary", "de": "Notwendig"},
    "description": {"en": "Keeps your basket.", "de": "Hält Ihren Warenkorb."},
    "data_categories": [{"en": "Basket", "de": "Warenkorb"}],
    "recipients": [],
    "storage": {"location": ["DE"], "retention": "1 day"},
}
BASKET: dict[str, Any] = {
    "key": "basket",
    "purpose": "necessary",
    "name": "Basket",
    "provider": {"name": "Shop Ltd", "country": "DE"},
    "description": {"en": "Keeps it.", "de": "Hält ihn."},
    "cookies": [
        {
            "name": "basket",
            "domain": "shop.example",
            "duration": "14 days",
            "description": {"en": "Names it", "de": "Benennt ihn"},
        }
    ],
}
POLICIES = {
    "privacy-policy__en": document("Privacy Policy", "What we do with your data."),
    "privacy-policy__de": document("Datenschutzerklärung", "Was wir mit Ihren Daten tun."),
}
REASON = "Our counsel looked at it on 3 November."


def good(site: dict[str, Any]) -> None:
    """Write what the linter has nothing to say about."""
    site["texts"] = {locale: {"body": body} for locale, body in BODY.items()}
    site["purposes"].insert(0, deepcopy(NECESSARY))
    site["services"].insert(0, deepcopy(BASKET))
    site["withdrawal"] = {
        "en": "Open the privacy choices and withdraw there.",
        "de": "Öffnen Sie die Datenschutz-Auswahl und widerrufen Sie dort.",
    }


@pytest.fixture
def examined(tmp_path: Path) -> "Examined":
    return Examined(tmp_path / "site")


class Examined:
    """A folder that is changed and linted."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def source(self, *changes: Change, **files: str | None) -> SiteSource:
        def change(site: dict[str, Any]) -> None:
            good(site)
            for each in changes:
                each(site)

        return read_folder(make(self._folder, change, **(POLICIES | files)))

    def lint(self, *changes: Change, **files: str | None) -> list[Finding]:
        return lint(self.source(*changes, **files))

    def found(self, *changes: Change, **files: str | None) -> set[tuple[str, str]]:
        return {(each.rule, each.field) for each in self.lint(*changes, **files)}

    def line_of(self, text: str) -> int:
        lines = (self._folder / "site.yaml").read_text("utf-8").splitlines()
        return next(number for number, line in enumerate(lines, 1) if text in line)


def put(path: str, value: object) -> Change:
    """Return a change that sets what stands at a path of site.yaml, such as `purposes.1.name`."""
    *steps, last = [int(step) if step.isdigit() else step for step in path.split(".")]

    def change(site: dict[str, Any]) -> None:
        found: Any = site
        for step in steps:
            found = found.setdefault(step, {}) if isinstance(found, dict) else found[step]
        found[last] = value

    return change


def without(path: str) -> Change:
    *steps, last = path.split(".")

    def change(site: dict[str, Any]) -> None:
        found: Any = site
        for step in steps:
            found = found[int(step) if step.isdigit() else step]
        del found[last]

    return change


def every(*changes: Change) -> Change:
    def change(site: dict[str, Any]) -> None:
        for each in changes:
            each(site)

    return change


def body(text: str) -> Change:
    return put("texts.en.body", text)


def text(key: str, value: str, locale: str = "en") -> Change:
    """Return a change that sets a text in a locale, and writes the built-in one in the other."""
    other = "de" if locale == "en" else "en"
    return every(
        put(f"texts.{locale}.{key}", value), put(f"texts.{other}.{key}", built_in(other)[key])
    )


COUNTED = "One company receives data. You can withdraw at any time."
LONG_GERMAN = (
    "Wir möchten gern wissen, welche Seiten gelesen werden und wie oft Sie wiederkommen, "
    "damit wir den Shop verbessern können."
)
SAME = "Counts the pages that visitors read."
FOUND: list[tuple[Change, str, str]] = [
    (
        body(f"By using Shop you accept cookies. {COUNTED}"),
        "implied-consent",
        "texts.en.body",
    ),
    (
        put("withdrawal.de", "Durch die Nutzung stimmen Sie zu, jederzeit widerruflich."),
        "implied-consent",
        "withdrawal.de",
    ),
    (
        put("purposes.1.description.en", "By continuing to browse you consent."),
        "implied-consent",
        "purposes.1.description.en",
    ),
    (body(f"Shop: you must accept to read on. {COUNTED}"), "consent-wall", "texts.en.body"),
    (
        text("accept", "I accept cookies and the terms of use"),
        "bundled-with-terms",
        "texts.en.accept",
    ),
    (
        every(
            put("purposes.0.legal_basis", "legitimate_interests"), without("purposes.0.exemption")
        ),
        "pre-ticked",
        "purposes.0.legal_basis",
    ),
    (
        every(put("purposes.0.legal_basis", "contract"), without("purposes.0.exemption")),
        "pre-ticked",
        "purposes.0.legal_basis",
    ),
    (put("purposes.1.legal_basis", "contract"), "no-purposes", "purposes"),
    (put("purposes.1.legal_basis", "contract"), "no-refusal", "purposes"),
    (text("reject", " ... ", "de"), "no-refusal", "texts.de.reject"),
    (put("child_directed", True), "child-directed", "purposes.1.legal_basis"),
    (
        text("reject", "Refuse and lose features"),
        "unequal-refusal",
        "texts.en.reject",
    ),
    (
        text("reject", "Hier klicken und alle weiteren Angaben ohne Ausnahme ablehnen", "de"),
        "unequal-refusal",
        "texts.de.reject",
    ),
    (
        text("reject", "No, I don\u2019t care about my privacy"),
        "shaming-refusal",
        "texts.en.reject",
    ),
    (
        put("theme", {"accent": "#777777", "on_accent": "#ffffff"}),
        "low-contrast",
        "theme.on_accent",
    ),
    (
        put("theme", {"accent": "#1f6f5480", "on_accent": "#ffffff"}),
        "low-contrast",
        "theme.accent",
    ),
    (put("retention", {"refusal_days": 183}), "refusal-memory", "retention.refusal_days"),
    (
        put("retention", {"refusal_days": 185, "consent_days": 186}),
        "refusal-memory",
        "retention.refusal_days",
    ),
    (
        body("Shop would like to count. One company receives data."),
        "no-withdrawal",
        "texts.en.body",
    ),
    (put("withdrawal.en", "Write to us."), "no-withdrawal", "withdrawal.en"),
    (text("reopen", "…"), "no-reopen-control", "texts.en.reopen"),
    (
        every(
            text("title", "Your choice"),
            body("We would like to count visits. One company receives data. Withdraw any time."),
        ),
        "controller-not-named",
        "texts.en.body",
    ),
    (
        put("purposes.1.name.en", "Improve your experience"),
        "purposes-not-named",
        "purposes.1.name.en",
    ),
    (put("purposes.1.name.de", "Sonstiges"), "purposes-not-named", "purposes.1.name.de"),
    (put("purposes.1.name.en", "!"), "purposes-not-named", "purposes.1.name.en"),
    (
        put("purposes.1.description.en", "measurement"),
        "purposes-not-named",
        "purposes.1.description.en",
    ),
    (put("purposes.1.recipients", []), "recipients-not-named", "purposes.1.recipients"),
    (
        put("purposes.1.recipients", ["Our provider"]),
        "provider-not-a-recipient",
        "purposes.1.recipients",
    ),
    (
        body("Shop would like to count visits. You can withdraw at any time."),
        "third-parties-not-counted",
        "texts.en.body",
    ),
    (put("services.1.cookies", []), "cookie-duration-missing", "services.1"),
    (lambda site: site["services"].pop(1), "cookie-duration-missing", "purposes.1"),
    (without("purposes.0.exemption"), "exemption-missing", "purposes.0.legal_basis"),
    (
        put("purposes.0.special_categories", [{"en": "Health", "de": "Gesundheit"}]),
        "special-categories",
        "purposes.0.legal_basis",
    ),
    (
        put("purposes.1.storage.retention", "11 years"),
        "retention-without-end",
        "purposes.1.storage.retention",
    ),
    (put("retention", {"proof_months": 130}), "retention-without-end", "retention.proof_months"),
    (
        put("services.1.cookies.0.duration", "25 months"),
        "cookie-too-long",
        "services.1.cookies.0.duration",
    ),
    (
        put("purposes.1.description.en", LONG_GERMAN),
        "mixed-languages",
        "purposes.1.description.en",
    ),
    (put("purposes.1.description", SAME), "mixed-languages", "purposes.1.description.de"),
    (
        every(put("locales", ["en", "fr", "de"]), without("texts.de")),
        "locale-not-offered",
        "locales.1",
    ),
    (put("purposes.1.sale_or_sharing", True), "sale-without-opt-out", "purposes.1.sale_or_sharing"),
    (
        every(put("profiles", ["uk"]), put("purposes.1.use", "statistics")),
        "runs-until-objection",
        "purposes.1.use",
    ),
    (
        every(
            put("purposes.0.use", "statistics"), put("purposes.0.storage.retention", "26 months")
        ),
        "audience-measurement",
        "purposes.0.storage.retention",
    ),
    (
        every(
            put("purposes.0.use", "statistics"), put("services.0.cookies.0.duration", "14 months")
        ),
        "audience-measurement",
        "services.0.cookies.0.duration",
    ),
    (
        every(put("purposes.0.use", "statistics"), put("purposes.0.sale_or_sharing", True)),
        "audience-measurement",
        "purposes.0.sale_or_sharing",
    ),
    (put("signals", {"mode": "advanced"}), "head-stub-missing", "signals.mode"),
    (
        every(
            put("signals", {"gpp": {"cmp_id": 5, "sections": ["usnat"]}}),
            put("profiles", ["eu-opt-in", "us-opt-out"]),
            put("purposes.1.sale_or_sharing", True),
        ),
        "head-stub-missing",
        "signals.gpp",
    ),
    (
        put("signals", {"mode": "advanced", "head": True}),
        "pings-before-consent",
        "signals.mode",
    ),
]
LEFT_ALONE: list[Change] = [
    put("signals", {"google": {"analytics_storage": "analytics"}}),
    put("signals", {"head": True, "matomo": {"purpose": "analytics"}}),
    put("purposes.0.legal_basis", "legitimate_interests"),
    put("profiles", ["eu-opt-in", "italy", "uk", "brazil", "quebec", "india"]),
    put("profiles", ["switzerland", "us-opt-out"]),
    put("theme", {"accent": "#1f6f54", "on_accent": "#fff"}),
    put("theme", {"accent": "#1f6f54"}),
    put("retention", {"refusal_days": 184, "consent_days": 184, "proof_months": 120}),
    put("purposes.1.storage.retention", "10 years"),
    put("services.1.cookies.0.duration", "732 days"),
    text("reject", "Continue without accepting"),
    text("accept", "OK", "de"),
    body("{name} counts visits with Tally if you like. Withdraw at any time."),
    every(put("purposes.0.use", "statistics"), put("purposes.0.storage.retention", "25 months")),
    lambda site: site["services"][1]["cookies"][0].update(duration="session"),
]


def test_a_good_site_gives_no_finding(examined: Examined) -> None:
    assert examined.lint() == []


@pytest.mark.parametrize(
    ("change", "rule", "field"), FOUND, ids=[f"{rule}-{field}" for _, rule, field in FOUND]
)
def test_a_breach_is_found_where_it_is(
    examined: Examined, change: Change, rule: str, field: str
) -> None:
    assert (rule, field) in examined.found(change)


@pytest.mark.parametrize("change", LEFT_ALONE)
def test_another_good_site_gives_none_either(examined: Examined, change: Change) -> None:
    assert examined.lint(change) == []


def test_a_finding_says_what_the_law_says_and_how_to_mend_it(examined: Examined) -> None:
    (finding,) = examined.lint(body(f"By using Shop you accept cookies. {COUNTED}"))
    assert finding == Finding(
        rule="implied-consent",
        severity=Severity.ERROR,
        message="says \u201cBy using Shop you accept\u201d",
        mend=finding.mend,
        sources=finding.sources,
        file="site.yaml",
        line=examined.line_of("By using Shop"),
        field="texts.en.body",
    )
    assert "GDPR Article 4(11) and recital 32" in finding.sources
    assert "buttons" in finding.mend


def test_a_breach_is_told_once_however_many_profiles_show_it(examined: Examined) -> None:
    profiles = put("profiles", ["eu-opt-in", "italy", "uk", "india"])
    assert len(examined.lint(profiles, text("reject", "Maybe later"))) == 1


def test_rules_go_by_the_model_of_the_profile(examined: Examined) -> None:
    implied = body("By using Shop you accept cookies.")
    assert examined.found(implied, put("profiles", ["us-opt-out"])) == set()
    assert ("implied-consent", "texts.en.body") in examined.found(implied)
    hedged = text("reject", "Maybe later")
    found = examined.found(hedged, put("profiles", ["us-opt-out"]))
    assert found == {("unequal-refusal", "texts.en.reject")}


def test_what_runs_until_the_visitor_objects_is_not_pre_ticked(examined: Examined) -> None:
    found = examined.found(put("profiles", ["uk"]), put("purposes.1.use", "statistics"))
    assert found == {("runs-until-objection", "purposes.1.use")}


def test_a_site_for_children_asks_nothing_so_nothing_can_be_refused(examined: Examined) -> None:
    found = examined.found(put("child_directed", True))
    assert found == {("child-directed", "purposes.1.legal_basis")}


def test_the_controller_is_no_third_party(examined: Examined) -> None:
    own = every(
        put("services.1.provider.name", "Shop Ltd"), put("purposes.1.recipients", ["Shop Ltd"])
    )
    uncounted = body("Shop would like to count visits. You can withdraw at any time.")
    assert examined.found(own, uncounted) == set()
    assert examined.found(uncounted) == {("third-parties-not-counted", "texts.en.body")}


def test_a_document_that_is_asked_about_in_an_act_of_its_own_is_not_bundled(
    examined: Examined,
) -> None:
    terms = {
        "terms__en": document("Terms", accept="agree"),
        "terms__de": document("AGB"),
    }
    assert examined.lint(**terms) == []


def test_a_notice_without_a_privacy_policy_is_found(examined: Examined) -> None:
    plain = every(put("texts.en.body", BODY["en"][:-26]), put("texts.de.body", BODY["de"][:-31]))
    gone: dict[str, str | None] = {"privacy-policy__en": None, "privacy-policy__de": None}
    assert examined.found(plain, **gone) == {("policy-not-linked", "texts")}
    named = {"imprint__en": document("Your privacy"), "imprint__de": document("Ihre Daten")}
    assert examined.found(plain, **gone, **named) == set()


def test_a_document_in_another_language_is_found(examined: Examined) -> None:
    german = " ".join([LONG_GERMAN] * 3)
    (finding,) = examined.lint(**{"privacy-policy__en": document("Privacy", german)})
    assert (finding.rule, finding.file, finding.line) == (
        "mixed-languages",
        "privacy-policy.en.md",
        1,
    )
    copied = {
        f"privacy-policy__{each}": document("Privacy", "Ask us for our rules.")
        for each in ("en", "de")
    }
    assert [each.file for each in lint(examined.source(**copied))] == ["privacy-policy.de.md"]


def test_a_site_for_india_without_english_is_found(examined: Examined) -> None:
    def german(site: dict[str, Any]) -> None:
        site["locales"] = ["de"]
        del site["texts"]["en"]

    files: dict[str, str | None] = {"privacy-policy__en": None, "terms__en": None}
    india = put("profiles", ["eu-opt-in", "india"])
    assert examined.found(german, india, **files) == {("english-missing", "locales")}
    assert examined.found(german, **files) == set()


def news(tmp_path: Path) -> SiteSource:
    """Return the plain notice of the example as if it asked for consent."""
    files = folder_files(bundled("examples") / "news")
    return read_files(
        {**files, "site.yaml": files["site.yaml"].replace("notice-only", "eu-opt-in")}
    )


def test_a_plain_notice_is_no_consent(tmp_path: Path) -> None:
    source = news(tmp_path)
    found = {each.rule: each for each in lint(source)}
    assert set(found) == {
        "implied-consent",
        "no-refusal",
        "no-purposes",
        "no-withdrawal",
        "bundled-with-terms",
    }
    text = source.files["site.yaml"].splitlines()
    assert "By using" in text[found["implied-consent"].line - 1]
    assert "purposes:" in text[found["no-purposes"].line - 1]
    for finding in found.values():
        assert finding.severity is Severity.ERROR
        assert finding.sources
        assert finding.mend
        assert finding.file in source.files
        assert finding.line >= 1
    assert len(blocking(lint(source))) == len(lint(source))


@pytest.mark.parametrize("example", ["news", "shop"])
def test_the_examples_have_no_error(example: str) -> None:
    findings = lint(read_folder(bundled("examples") / example))
    assert {each.rule for each in findings} <= {"language-not-known", "sale-without-opt-out"}
    assert blocking(findings) == []


def test_a_language_that_is_not_known_is_told_once() -> None:
    findings = lint(read_folder(bundled("examples") / "shop"))
    (told,) = [each for each in findings if each.rule == "language-not-known"]
    assert (told.severity, told.field) == (Severity.INFO, "locales.2")
    assert "ar" in told.message


@pytest.mark.parametrize("kind", KINDS)
def test_what_a_new_site_begins_with_gives_no_finding(tmp_path: Path, kind: str) -> None:
    write_starter(tmp_path, kind, key="mine", name="Mine", origin="https://a.example")
    assert lint(read_folder(tmp_path)) == []


IMPLIED = body(f"By using Shop you accept cookies. {COUNTED}")


def waive(*rules: str) -> Change:
    return put(
        "waivers",
        [{"rule": rule, "officer": "ada@shop.example", "reason": REASON} for rule in rules],
    )


def test_a_waived_error_blocks_nothing_and_names_who_answers(examined: Examined) -> None:
    (finding,) = examined.lint(IMPLIED, waive("implied-consent"))
    assert finding.waived
    assert finding.waiver
    assert finding.waiver.officer == "ada@shop.example"
    assert finding.waiver.reason == REASON
    assert blocking([finding]) == []


def test_a_waiver_goes_for_its_rule_only(examined: Examined) -> None:
    hedged = text("reject", "Maybe later")
    findings = examined.lint(IMPLIED, hedged, waive("implied-consent"))
    assert [each.rule for each in blocking(findings)] == ["unequal-refusal"]


def test_a_waiver_that_waives_nothing_is_told(examined: Examined) -> None:
    (finding,) = examined.lint(waive("implied-consent"))
    assert (finding.rule, finding.severity) == ("unused-waiver", Severity.WARNING)
    assert finding.line == examined.line_of("rule: implied-consent")
    assert blocking([finding]) == []


def test_the_second_waiver_of_a_rule_is_told(examined: Examined) -> None:
    findings = examined.lint(IMPLIED, waive("implied-consent", "implied-consent"))
    assert [(each.rule, each.field) for each in findings if not each.waived] == [
        ("unused-waiver", "waivers.1.rule")
    ]


@pytest.mark.parametrize("rule", ["implied-consents", "state-token-size", "invalid-site"])
def test_a_waiver_of_what_cannot_be_waived_blocks(examined: Examined, rule: str) -> None:
    (finding,) = blocking(examined.lint(waive(rule)))
    assert (finding.rule, finding.field) == ("unknown-waiver", "waivers.0.rule")
    assert rule in finding.message


def test_a_warning_takes_no_waiver(examined: Examined) -> None:
    long = put("purposes.1.storage.retention", "11 years")
    findings = examined.lint(long, waive("retention-without-end"))
    assert [each.rule for each in findings if each.waived] == []
    assert "unused-waiver" in {each.rule for each in findings}


def test_what_breaks_the_service_is_found_in_an_unchecked_site(examined: Examined) -> None:
    source = examined.source()
    many = [
        {**source.notice.purposes[1], "key": f"a-purpose-with-a-long-key-{number}"}
        for number in range(40)
    ]
    large = replace(source, notice=replace(source.notice, purposes=many, services=[]))
    assert "state-token-size" in {each.rule for each in blocking(lint(large))}
    waiver = Waiver(rule="state-token-size", officer="ada@shop.example", reason=REASON)
    waived = replace(large, waivers=(waiver,))
    assert {"state-token-size", "unknown-waiver"} <= {each.rule for each in blocking(lint(waived))}
    notice_only = read_folder(bundled("examples") / "news").notice.profiles
    plain = replace(source, notice=replace(source.notice, profiles=notice_only))
    assert "notice-only-with-consent" in {each.rule for each in blocking(lint(plain))}


def test_consents_that_are_kept_too_long_are_found_in_an_unchecked_site(
    examined: Examined,
) -> None:
    source = examined.source()
    kept = {"consent_days": 366, "refusal_days": 366, "proof_months": 36}
    long = replace(source, notice=replace(source.notice, retention=kept))
    assert [each.field for each in lint(long)] == ["retention.consent_days"]


def test_positions_that_are_known_are_taken(examined: Examined) -> None:
    source = examined.source(IMPLIED)
    (finding,) = lint(source, Positions({"site.yaml": {"": 1, "texts": 7}}))
    assert finding.line == 7


def test_a_default_locale_with_gaps_is_refused(examined: Examined) -> None:
    with pytest.raises(InvalidSiteError) as caught:
        examined.lint(put("withdrawal", {"de": "Widerrufen Sie dort."}))
    line = examined.line_of("withdrawal:")
    assert [each.field for each in caught.value.fields] == [f"site.yaml:{line}: withdrawal"]
    (finding,) = findings_of(caught.value)
    assert (finding.rule, finding.line, finding.field) == ("invalid-site", line, "withdrawal")
    assert finding.message == "withdrawal has no text in en"


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ("#000000", "#ffffff", 21.0),
        ("#fff", "#000", 21.0),
        ("#777777", "#ffffff", 4.48),
        ("#767676", "#ffffff", 4.54),
        ("#1f6f54", "#1f6f54", 1.0),
    ],
)
def test_contrast_is_that_of_wcag(one: str, other: str, expected: float) -> None:
    assert contrast(one, other) == pytest.approx(expected, abs=0.01)


def test_every_rule_is_tested_and_has_its_law() -> None:
    assert len({rule.name for rule in RULES}) == len(RULES)
    elsewhere = {
        "policy-not-linked",
        "english-missing",
        "language-not-known",
        "state-token-size",
        "notice-only-with-consent",
    }
    assert {rule.name for rule in RULES} == {rule for _, rule, _ in FOUND} | elsewhere
    assert all(rule.sources and rule.mend.endswith(".") for rule in RULES)


def test_every_rule_is_documented_with_its_severity() -> None:
    text = (ROOT / "docs" / "linter.md").read_text()
    for rule in RULES:
        assert f"| `{rule.name}` | {rule.severity} |" in text, rule.name
    for name in ("invalid-site", "unknown-waiver", "unused-waiver"):
        assert f"`{name}`" in text

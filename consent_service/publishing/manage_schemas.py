"""Schemas of what the management interface is sent and answers about sites."""

from marshmallow import Schema, fields, validate

from consent_service.sites.model import Manager

_AUTHOR = validate.Length(min=1, max=200)


class HandOverIn(Schema):
    """Who is to manage the site."""

    managed_by = fields.Enum(Manager, by_value=True, required=True)


class DraftIn(Schema):
    """A file as it is to be published; `null` takes the file away."""

    text = fields.String(required=True, allow_none=True)
    author = fields.String(validate=_AUTHOR)


class PageQuery(Schema):
    limit = fields.Integer(load_default=50, validate=validate.Range(1, 200))


class SitesQuery(PageQuery):
    after = fields.String(load_default=None)


class NoticesQuery(PageQuery):
    after = fields.Integer(load_default=0, validate=validate.Range(0, 2**31 - 1))


class EmbedOut(Schema):
    mode = fields.String(required=True)
    base_url = fields.String(required=True, allow_none=True)
    cookie_domain = fields.String(required=True, allow_none=True)


class RetentionOut(Schema):
    proof_months = fields.Integer(required=True)
    openings_days = fields.Integer(required=True, allow_none=True)


class SiteSummaryOut(Schema):
    key = fields.String(required=True)
    name = fields.String(required=True)
    managed_by = fields.Enum(Manager, by_value=True, required=True)
    revision = fields.Integer(required=True)
    origins = fields.List(fields.String(), required=True)
    embed = fields.Nested(EmbedOut, required=True)
    locales = fields.List(fields.String(), required=True)
    profiles = fields.List(fields.String(), required=True)
    erasure = fields.String(required=True)
    erasure_reason = fields.Dict(fields.String(), fields.String(), required=True)
    retention = fields.Nested(RetentionOut, required=True)
    log = fields.String(required=True)
    controller = fields.Dict(fields.String(), fields.String(), required=True)


class SiteListOut(Schema):
    """Sites by key; `next` is there while more follow, and goes into `after`."""

    sites = fields.List(fields.Nested(SiteSummaryOut), required=True)
    next = fields.String()


class SiteOut(SiteSummaryOut):
    """A site; `head` names the state of its files, `notice` is the number of the one in force."""

    head = fields.String(required=True)
    notice = fields.Integer()


class FileOut(Schema):
    name = fields.String(required=True)
    sha256 = fields.String(required=True)


class FileListOut(Schema):
    """The applied files of a site's folder."""

    head = fields.String(required=True)
    files = fields.List(fields.Nested(FileOut), required=True)


class FileTextOut(FileOut):
    text = fields.String(required=True)


class DraftSummaryOut(Schema):
    """A draft; one that is `deleting` takes its file away when it is published.

    `base_sha256` is that of the applied file which it was written over, where there was one.
    """

    name = fields.String(required=True)
    author = fields.String()
    base_sha256 = fields.String()
    revision = fields.Integer(required=True)
    updated_at = fields.String(required=True)
    deleting = fields.Boolean(required=True)


class DraftListOut(Schema):
    drafts = fields.List(fields.Nested(DraftSummaryOut), required=True)


class DraftOut(DraftSummaryOut):
    text = fields.String(required=True, allow_none=True)


class SettingChangeOut(Schema):
    field = fields.String(required=True)
    old = fields.Raw(required=True, allow_none=True)
    new = fields.Raw(required=True, allow_none=True)


class FileChangeOut(Schema):
    name = fields.String(required=True)
    state = fields.String(required=True, validate=validate.OneOf(["new", "changed", "gone"]))
    added = fields.Integer(required=True)
    removed = fields.Integer(required=True)


class NewVersionOut(Schema):
    kind = fields.String(required=True)
    number = fields.Integer(required=True)
    sha256 = fields.String(required=True)
    change = fields.String(
        required=True, validate=validate.OneOf(["first", "material", "cosmetic"])
    )
    locales = fields.List(fields.String(), required=True)
    effective_at = fields.String(required=True)


class NewNoticeOut(Schema):
    number = fields.Integer(required=True)
    sha256 = fields.String(required=True)
    effective_at = fields.String(required=True)
    asks_again = fields.List(fields.String(), required=True)
    visitors = fields.Integer()


class LocalesOut(Schema):
    offered = fields.List(fields.String(), required=True)
    dropped = fields.List(fields.String(), required=True)


class FindingOut(Schema):
    rule = fields.String(required=True)
    severity = fields.String(required=True)
    message = fields.String(required=True)
    mend = fields.String(required=True)
    sources = fields.List(fields.String(), required=True)
    file = fields.String(required=True)
    line = fields.Integer(required=True)
    field = fields.String(required=True)
    waived = fields.Boolean(required=True)


class RefusalOut(Schema):
    code = fields.String(required=True)
    detail = fields.String(required=True)


class PlanOut(Schema):
    """What publishing changes; it replaces `head`, and `refusal` says why it cannot be done."""

    site = fields.String(required=True)
    new = fields.Boolean(required=True)
    head = fields.String()
    changes_nothing = fields.Boolean(required=True)
    settings_changed = fields.Boolean(required=True)
    settings = fields.List(fields.Nested(SettingChangeOut), required=True)
    files = fields.List(fields.Nested(FileChangeOut), required=True)
    documents = fields.List(fields.Nested(NewVersionOut), required=True)
    notices = fields.List(fields.Nested(NewNoticeOut), required=True)
    locales = fields.Nested(LocalesOut, required=True)
    warnings = fields.List(fields.String(), required=True)
    findings = fields.List(fields.Nested(FindingOut), required=True)
    refusal = fields.Nested(RefusalOut)


class VersionOut(Schema):
    """A published version with what only managers see of it.

    One that never comes into force names the version that it is `replaced_by`.
    """

    kind = fields.String(required=True)
    number = fields.Integer(required=True)
    sha256 = fields.String(required=True)
    change = fields.String(required=True)
    accept = fields.String(required=True)
    affects = fields.List(fields.String(), required=True)
    author = fields.String()
    locales = fields.List(fields.String(), required=True)
    effective_at = fields.String(required=True)
    published_at = fields.String(required=True)
    replaced_by = fields.Integer()


class VersionListOut(Schema):
    versions = fields.List(fields.Nested(VersionOut), required=True)


class NoticeSummaryOut(Schema):
    number = fields.Integer(required=True)
    sha256 = fields.String(required=True)
    effective_at = fields.String(required=True)
    published_at = fields.String(required=True)


class NoticeListOut(Schema):
    """Notices by number; `next` is there while more follow, and goes into `after`."""

    notices = fields.List(fields.Nested(NoticeSummaryOut), required=True)
    next = fields.Integer()


class NoticeVariantOut(Schema):
    profile = fields.String(required=True)
    locale = fields.String(required=True)
    sha256 = fields.String(required=True)


class NoticeOut(NoticeSummaryOut):
    """A notice; `snapshot` is the text whose SHA-256 is the notice's."""

    snapshot = fields.String(required=True)
    variants = fields.List(fields.Nested(NoticeVariantOut), required=True)
